// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Every pixel SW times, every line SH times, of an image of W pixels of FOLDS words of WIDTH bits. A line is
/// kept in a `finnlite_loop` with LINE_LAG and LINE_STYLE, a pixel in one with PIXEL_LAG and PIXEL_STYLE;
/// there is none where nothing is repeated. They go round only with words that come for a pixel's first time,
/// so that the loops' distances are those of the words.
/// PIPE = LINE_LAG + PIXEL_LAG, of those loops that there are. Longest path: a 2:1 multiplexer behind the
/// line's memory and one behind the pixel's, or both with registers.
module finnlite_upsample #(
    parameter integer W = 4,
    parameter integer FOLDS = 1,
    parameter integer SH = 2,
    parameter integer SW = 2,
    parameter integer WIDTH = 8,
    parameter integer LINE_LAG = 1,
    parameter LINE_STYLE = "distributed",
    parameter integer PIXEL_LAG = 0,
    parameter PIXEL_STYLE = "registers"
) (
    input  wire             aclk,
    input  wire             aresetn,
    output wire             step,

    input  wire [WIDTH-1:0] s0_data,
    input  wire             s0_valid,
    output wire             s0_ready,

    output wire [WIDTH-1:0] m0_data,
    output wire             m0_valid,
    input  wire             m0_ready
);

  localparam LINE_DELAY = SH > 1 ? LINE_LAG : 0;

  wire fold_last, pixel_last, line_last;
  wire new_pixel, new_line;               // for its first time
  wire reads = new_pixel && new_line;
  wire ends = fold_last && pixel_last && line_last;

  assign step = (!reads || s0_valid) && m0_ready;
  assign s0_ready = reads && m0_ready;
  assign m0_valid = !reads || s0_valid;

  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(FOLDS)) folds (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(), .last(fold_last)
  );
  finnlite_within #(.BEFORE(0), .INSIDE(1), .BEHIND(SW - 1)) across (
      .aclk(aclk), .aresetn(aresetn), .enable(step && fold_last), .inner(new_pixel), .last(pixel_last)
  );
  finnlite_counter #(.MODULUS(W)) pixels (
      .aclk(aclk), .aresetn(aresetn), .enable(step && fold_last && pixel_last), .count(), .last(line_last)
  );
  finnlite_within #(.BEFORE(0), .INSIDE(1), .BEHIND(SH - 1)) down (
      .aclk(aclk), .aresetn(aresetn), .enable(step && ends), .inner(new_line), .last()
  );

  // The line's words: a new one or that of the line before, and who wants it.
  wire [WIDTH-1:0] line_word;
  wire line_step, line_first;
  finnlite_late #(.CYCLES(LINE_DELAY)) step_late (.aclk(aclk), .aresetn(aresetn), .d(step), .q(line_step));
  finnlite_delay #(.WIDTH(1), .CYCLES(LINE_DELAY)) first_late (.aclk(aclk), .d(new_pixel), .q(line_first));

  generate
    if (SH == 1) begin : g_line
      assign line_word = s0_data;
    end else begin : g_lines
      wire [WIDTH-1:0] new_word, old_word;
      wire is_new;
      finnlite_delay #(.WIDTH(WIDTH), .CYCLES(LINE_LAG)) word_late (.aclk(aclk), .d(s0_data), .q(new_word));
      finnlite_delay #(.WIDTH(1), .CYCLES(LINE_LAG)) new_late (.aclk(aclk), .d(new_line), .q(is_new));
      finnlite_loop #(.WIDTH(WIDTH), .DEPTH(W * FOLDS), .LAG(LINE_LAG), .RAM_STYLE(LINE_STYLE)) loop (
          .aclk(aclk), .aresetn(aresetn), .step(step && new_pixel), .late(),
          .old(old_word), .fresh(line_word)
      );
      assign line_word = is_new ? new_word : old_word;
    end

    if (SW == 1) begin : g_pixel
      // verilator lint_off UNUSED
      wire unused = line_step && line_first;  // every pixel is taken once
      // verilator lint_on UNUSED
      assign m0_data = line_word;
    end else begin : g_pixels
      wire [WIDTH-1:0] new_word, old_word;
      wire is_new;
      finnlite_delay #(.WIDTH(WIDTH), .CYCLES(PIXEL_LAG)) word_late (
          .aclk(aclk), .d(line_word), .q(new_word)
      );
      finnlite_delay #(.WIDTH(1), .CYCLES(PIXEL_LAG)) new_late (.aclk(aclk), .d(line_first), .q(is_new));
      finnlite_loop #(.WIDTH(WIDTH), .DEPTH(FOLDS), .LAG(PIXEL_LAG), .RAM_STYLE(PIXEL_STYLE)) loop (
          .aclk(aclk), .aresetn(aresetn), .step(line_step), .late(),
          .old(old_word), .fresh(m0_data)
      );
      assign m0_data = is_new ? new_word : old_word;
    end
  endgenerate
  // verilator lint_on PINCONNECTEMPTY

endmodule

`default_nettype wire
