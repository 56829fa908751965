// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The greatest element of each window, channel by channel, PE channels a step: words come over (pixel of
/// the window, fold of the channels), and one goes out in each step of the last pixel.
/// PIPE: LAG + 1.
/// Longest path: a comparison of BITS bits and a LUT level, between flip-flops and the memory.
module finnlite_window_max #(
    parameter integer TAPS = 4,  // pixels of a window
    parameter integer FOLDS = 8,  // words of a pixel
    parameter integer PE = 1,
    parameter integer BITS = 4,  // of an element
    parameter integer SIGNED = 0,
    parameter integer LAG = 1,  // of the memory, see finnlite_loop
    parameter RAM_STYLE = "distributed"
) (
    input  wire               aclk,
    input  wire               aresetn,
    output wire               step,
    input  wire [PE*BITS-1:0] s0_data,
    input  wire               s0_valid,
    output wire               s0_ready,
    output reg  [PE*BITS-1:0] m0_data,
    output wire               m0_valid,
    input  wire               m0_ready
);
  wire first, late, late_first;
  wire [PE*BITS-1:0] values, kept, greatest;

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
      .WIDTH(PE * BITS),
      .DEPTH(FOLDS),
      .LAG(LAG),
      .RAM_STYLE(RAM_STYLE)
  ) memory (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .late(late),
      .old(kept),
      .fresh(greatest)
  );

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_channel
      wire [BITS-1:0] value = values[pe*BITS+:BITS];
      wire [BITS-1:0] most = kept[pe*BITS+:BITS];
      wire greater = SIGNED != 0 ? $signed(value) > $signed(most) : value > most;
      assign greatest[pe*BITS+:BITS] = late_first || greater ? value : most;
    end
  endgenerate

  wire unused = late;
  always @(posedge aclk) m0_data <= greatest;
endmodule

`default_nettype wire
