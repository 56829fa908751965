// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// SH - 1 lines and SW - 1 pixels of zeros between those of an image of H by W pixels of FOLDS words;
/// none behind the last. A word has PE elements; FROM bits, KIND (see `finnlite_recode`), become TO bits.
/// PIPE = 1. Longest path: from the counters to the handshake. Zero is the reset value of the output
/// register.
module finnlite_insert_zeros #(
    parameter integer H = 4,
    parameter integer W = 4,
    parameter integer FOLDS = 1,
    parameter integer SH = 2,
    parameter integer SW = 2,
    parameter integer PE = 1,
    parameter integer FROM = 8,
    parameter integer TO = 8,
    parameter integer KIND = 0
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

  wire fold_last;
  wire pixel, line;                       // one of the image's, not between them
  wire gap_last, gaps_last;               // of the way from a pixel, a line to the next
  wire x_last, y_last;                    // the last pixel of a line, the last line: the way ends with them
  wire reads = pixel && line;
  wire [PE*TO-1:0] word;
  wire next = step && fold_last;          // pixel
  wire next_line = next && x_last;

  assign step = (!reads || s0_valid) && m0_ready;
  assign s0_ready = reads && m0_ready;
  assign m0_valid = !reads || s0_valid;

  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(FOLDS)) folds (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(), .last(fold_last)
  );
  finnlite_within #(.BEFORE(0), .INSIDE(1), .BEHIND(SW - 1)) across (
      .aclk(aclk), .aresetn(aresetn), .enable(next && !x_last), .inner(pixel), .last(gap_last)
  );
  finnlite_counter #(.MODULUS(W)) pixels (
      .aclk(aclk), .aresetn(aresetn), .enable(next && (gap_last || x_last)), .count(), .last(x_last)
  );
  finnlite_within #(.BEFORE(0), .INSIDE(1), .BEHIND(SH - 1)) down (
      .aclk(aclk), .aresetn(aresetn), .enable(next_line && !y_last), .inner(line), .last(gaps_last)
  );
  finnlite_counter #(.MODULUS(H)) lines (
      .aclk(aclk), .aresetn(aresetn), .enable(next_line && (gaps_last || y_last)), .count(), .last(y_last)
  );
  // verilator lint_on PINCONNECTEMPTY

  finnlite_recode #(.ELEMENTS(PE), .FROM(FROM), .TO(TO), .KIND(KIND)) recode (.x(s0_data), .y(word));

  always @(posedge aclk) begin
    if (!reads) m0_data <= {PE * TO{1'b0}};
    else m0_data <= word;
  end

endmodule

`default_nettype wire
