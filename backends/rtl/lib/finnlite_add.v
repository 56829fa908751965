// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A constant times a stream and another times a second one, PE elements of BITS bits a word, two's
/// complement. A constant is the sum of the powers of two in PLUS less those in MINUS; each takes an adder.
/// The elements have BITS_0 and BITS_1 bits, see `finnlite_recode` for KIND_0 and KIND_1. The sum must fit:
/// nothing saturates.
/// PIPE is 2 if PRODUCTS is set, which registers the products, else 1.
/// Longest path: a carry chain of BITS bits for every power of two of a constant, or two without products.
module finnlite_add #(
    parameter integer PE = 1,
    parameter integer BITS = 9,
    parameter integer BITS_0 = 8,
    parameter integer KIND_0 = 0,
    parameter [63:0] PLUS_0 = 1,
    parameter [63:0] MINUS_0 = 0,
    parameter integer BITS_1 = 8,
    parameter integer KIND_1 = 0,
    parameter [63:0] PLUS_1 = 1,
    parameter [63:0] MINUS_1 = 0,
    parameter integer PRODUCTS = 0
) (
    input  wire                 aclk,
    input  wire                 aresetn,
    output wire                 step,

    input  wire [PE*BITS_0-1:0] s0_data,
    input  wire                 s0_valid,
    output wire                 s0_ready,

    input  wire [PE*BITS_1-1:0] s1_data,
    input  wire                 s1_valid,
    output wire                 s1_ready,

    output reg  [  PE*BITS-1:0] m0_data,
    output wire                 m0_valid,
    input  wire                 m0_ready
);

  // verilator lint_off UNUSED
  wire unused = aresetn;  // it has no state
  // verilator lint_on UNUSED

  wire [PE*BITS-1:0] x0, x1, sum;

  assign step = s0_valid && s1_valid && m0_ready;
  assign s0_ready = s1_valid && m0_ready;
  assign s1_ready = s0_valid && m0_ready;
  assign m0_valid = s0_valid && s1_valid;

  finnlite_recode #(.ELEMENTS(PE), .FROM(BITS_0), .TO(BITS), .KIND(KIND_0)) first (.x(s0_data), .y(x0));
  finnlite_recode #(.ELEMENTS(PE), .FROM(BITS_1), .TO(BITS), .KIND(KIND_1)) second (.x(s1_data), .y(x1));

  // The powers of two that are set in `plus` less those in `minus`, times x, added to start.
  function [BITS-1:0] times(
      input [BITS-1:0] start, input [BITS-1:0] x, input [63:0] plus, input [63:0] minus
  );
    integer bit_index;
    begin
      times = start;
      for (bit_index = 0; bit_index < 64; bit_index = bit_index + 1) begin
        if (plus[bit_index]) times = times + (x << bit_index);
        if (minus[bit_index]) times = times - (x << bit_index);
      end
    end
  endfunction

  genvar i;
  generate
    for (i = 0; i < PE; i = i + 1) begin : g_element
      if (PRODUCTS != 0) begin : g_products
        reg [BITS-1:0] product_0, product_1;
        always @(posedge aclk) begin
          product_0 <= times({BITS{1'b0}}, x0[i*BITS+:BITS], PLUS_0, MINUS_0);
          product_1 <= times({BITS{1'b0}}, x1[i*BITS+:BITS], PLUS_1, MINUS_1);
        end
        assign sum[i*BITS+:BITS] = product_0 + product_1;
      end else begin : g_sum
        assign sum[i*BITS+:BITS] = times(
            times({BITS{1'b0}}, x0[i*BITS+:BITS], PLUS_0, MINUS_0), x1[i*BITS+:BITS], PLUS_1, MINUS_1);
      end
    end
  endgenerate

  always @(posedge aclk) m0_data <= sum;

endmodule

`default_nettype wire
