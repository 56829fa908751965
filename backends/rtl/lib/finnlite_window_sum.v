// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The sum of each window, channel by channel, PE channels a step: words come over (pixel of the window,
/// fold of the channels), and one goes out in each step of the last pixel. It does not divide.
/// PIPE: LAG + 1.
/// Longest path: an addition of SUM_BITS bits behind a LUT level, between flip-flops and the memory.
module finnlite_window_sum #(
    parameter integer TAPS = 4,  // pixels of a window
    parameter integer FOLDS = 8,  // words of a pixel
    parameter integer PE = 1,
    parameter integer BITS = 4,  // of an element
    parameter integer SIGNED = 0,
    parameter integer BIPOLAR = 0,  // elements of one bit: 0 is -1, 1 is +1
    parameter integer SUM_BITS = 6,
    parameter integer LAG = 1,  // of the memory, see finnlite_loop
    parameter RAM_STYLE = "distributed"
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    output wire                   step,
    input  wire [    PE*BITS-1:0] s0_data,
    input  wire                   s0_valid,
    output wire                   s0_ready,
    output reg  [PE*SUM_BITS-1:0] m0_data,
    output wire                   m0_valid,
    input  wire                   m0_ready
);
  wire first, late, late_first;
  wire [PE*BITS-1:0] values;
  wire [PE*SUM_BITS-1:0] kept, sums;

  finnlite_taps #(
      .TAPS (TAPS),
      .FOLDS(FOLDS)
  ) taps (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .s0_valid(s0_valid),
      .s0_ready(s0_ready),
      .m0_valid(m0_valid),
      .m0_ready(m0_ready),
      .first(first)
  );
  finnlite_delay #(
      .WIDTH (1 + PE * BITS),
      .CYCLES(LAG)
  ) inputs (
      .aclk(aclk),
      .d({first, s0_data}),
      .q({late_first, values})
  );
  finnlite_loop #(
      .WIDTH(PE * SUM_BITS),
      .DEPTH(FOLDS),
      .LAG(LAG),
      .RAM_STYLE(RAM_STYLE)
  ) memory (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .late(late),
      .old(kept),
      .fresh(sums)
  );

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_channel
      wire [BITS-1:0] code = values[pe*BITS+:BITS];
      wire signed [BITS:0] value;
      wire signed [SUM_BITS-1:0] rest = kept[pe*SUM_BITS+:SUM_BITS] & {SUM_BITS{!late_first}};
      if (BIPOLAR != 0) begin : g_bipolar
        assign value = {!code[0], 1'b1};
      end else begin : g_number
        assign value = {SIGNED != 0 && code[BITS-1], code};
      end
      // verilator lint_off WIDTH
      // The narrow operand is extended by the addition itself: so it takes a LUT a bit.
      assign sums[pe*SUM_BITS+:SUM_BITS] = value + rest;
      // verilator lint_on WIDTH
    end
  endgenerate

  wire unused = late;
  always @(posedge aclk) m0_data <= sums;
endmodule

`default_nettype wire
