// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// FILLER around an image of H by W pixels of FOLDS words: TOP and BOTTOM lines, LEFT and RIGHT pixels. A
/// word has PE elements; FROM bits, KIND (see `finnlite_recode`), become TO bits. FILLER is an element's
/// code.
/// PIPE = 1. Longest path: from the counters of lines and pixels, both compared with the image's edges,
/// to the handshake. The filler is the reset value of the output register.
module finnlite_pad #(
    parameter integer H = 4,
    parameter integer W = 4,
    parameter integer FOLDS = 1,
    parameter integer TOP = 1,
    parameter integer LEFT = 1,
    parameter integer BOTTOM = 1,
    parameter integer RIGHT = 1,
    parameter integer PE = 1,
    parameter integer FROM = 8,
    parameter integer TO = 8,
    parameter integer KIND = 0,
    parameter [63:0] FILLER = 0
) (
    input  wire               aclk,
    input  wire               aresetn,
    output wire               step,

    input  wire [PE*FROM-1:0] s0_data,
    input  wire               s0_valid,
    output wire               s0_ready,

    output reg  [  PE*TO-1:0] m0_data,
    output wire               m0_valid,
    input  wire               m0_ready
);

  wire fold_last, line_last, inside_line, inside_image;
  wire reads = inside_line && inside_image;
  wire [PE*TO-1:0] word;

  assign step = (!reads || s0_valid) && m0_ready;
  assign s0_ready = reads && m0_ready;
  assign m0_valid = !reads || s0_valid;

  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(FOLDS)) folds (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(), .last(fold_last)
  );
  finnlite_within #(.BEFORE(LEFT), .INSIDE(W), .BEHIND(RIGHT)) pixels (
      .aclk(aclk), .aresetn(aresetn), .enable(step && fold_last), .inner(inside_line), .last(line_last)
  );
  finnlite_within #(.BEFORE(TOP), .INSIDE(H), .BEHIND(BOTTOM)) lines (
      .aclk(aclk), .aresetn(aresetn), .enable(step && fold_last && line_last),
      .inner(inside_image), .last()
  );
  // verilator lint_on PINCONNECTEMPTY

  finnlite_recode #(.ELEMENTS(PE), .FROM(FROM), .TO(TO), .KIND(KIND)) recode (.x(s0_data), .y(word));

  always @(posedge aclk) begin
    if (!reads) m0_data <= {PE{FILLER[TO-1:0]}};
    else m0_data <= word;
  end

endmodule

`default_nettype wire
