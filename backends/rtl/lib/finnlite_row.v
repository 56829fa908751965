// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A step of a row's sum: `next` is the dot product of LATENCY cycles earlier (see finnlite_dot), and
/// `start` of the first, else `sum`. It keeps no sum and does not know its steps. No reset.
/// Longest path: the adder of the sum, a LUT a bit.
module finnlite_row #(
    parameter integer SIMD = 64,
    parameter integer X_BITS = 1,
    parameter integer W_BITS = 1,
    parameter integer KIND = 0,
    parameter integer X_SIGNED = 0,
    parameter integer W_SIGNED = 0,
    parameter integer COUNT_LATENCY = 3,
    parameter integer OPERANDS = 71,
    parameter integer SHIFT = 0,  // by which the dot product is
    parameter integer SUM_BITS = 12
) (
    input  wire                   aclk,
    input  wire [   OPERANDS-1:0] operands,
    input  wire [SIMD*W_BITS-1:0] weights,
    input  wire                   first,
    input  wire [   SUM_BITS-1:0] start,
    input  wire [   SUM_BITS-1:0] sum,
    output wire [   SUM_BITS-1:0] next
);
  localparam integer TERMS = KIND == 0 ? X_BITS : X_BITS + W_BITS - 1;
  localparam integer COUNTED = SIMD * (KIND == 0 || W_BITS < X_BITS ? W_BITS : X_BITS);
  localparam integer DOT = KIND == 2 ? X_BITS + W_BITS + 1 + $clog2(SIMD) : $clog2(COUNTED) + TERMS;

  wire [DOT-1:0] dot;
  finnlite_dot #(
      .SIMD(SIMD),
      .X_BITS(X_BITS),
      .W_BITS(W_BITS),
      .KIND(KIND),
      .X_SIGNED(X_SIGNED),
      .W_SIGNED(W_SIGNED),
      .COUNT_LATENCY(COUNT_LATENCY),
      .OPERANDS(OPERANDS)
  ) dot_product (
      .aclk(aclk),
      .operands(operands),
      .weights(weights),
      .dot(dot)
  );

  wire [SHIFT+DOT-1:0] shifted;
  generate
    if (SHIFT == 0) begin : g_plain
      assign shifted = dot;
    end else begin : g_shifted
      assign shifted = {dot, {SHIFT{1'b0}}};
    end
  endgenerate
  wire [SUM_BITS-1:0] operand;
  generate
    if (SHIFT + DOT >= SUM_BITS) begin : g_lowest
      assign operand = shifted[SUM_BITS-1:0];
      wire unused = &{1'b0, shifted};
    end else begin : g_extended
      assign operand = {{(SUM_BITS - SHIFT - DOT) {KIND == 2 && dot[DOT-1]}}, shifted};
    end
  endgenerate

  // a - ~b is a + b + 1, here of twice the numbers, and says which of them goes past the LUTs of the carry
  // chain: the dot product, so that the choice of the other fits into them.
  wire unused_bit;
  assign {next, unused_bit} = {operand, 1'b0} - ~{first ? start : sum, 1'b0};
endmodule

`default_nettype wire
