// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The windows of an image, one at once: a pixel comes in every step, and a window of KH x KW pixels goes out
/// in the step that completes it. It pads nothing.
/// KH - 1 memories hold DH lines each, side by side at one address; a register holds each pixel between the
/// window's edges.
/// PIPE: LAG + 1.
/// Longest path: two LUT levels to the counters' enables, three to their resets; or the lines' memory.
module finnlite_swu_parallel #(
    parameter integer H = 8,
    parameter integer W = 8,
    parameter integer KH = 3,
    parameter integer KW = 3,
    parameter integer SH = 1,
    parameter integer SW = 1,
    parameter integer DH = 1,
    parameter integer DW = 1,
    parameter integer BITS = 8,  // of a pixel
    parameter integer LAG = 1,  // of the lines, see finnlite_loop; 0 if there are none
    parameter RAM_STYLE = "distributed"
) (
    input  wire                  aclk,
    input  wire                  aresetn,
    output wire                  step,
    input  wire [      BITS-1:0] s0_data,
    input  wire                  s0_valid,
    output wire                  s0_ready,
    output wire [KH*KW*BITS-1:0] m0_data,
    output wire                  m0_valid,
    input  wire                  m0_ready
);
  localparam integer BOTTOM = (KH - 1) * DH;  // where the first window is complete
  localparam integer RIGHT = (KW - 1) * DW;
  localparam integer COLUMN = KH * BITS;

  wire row_end, frame_end, in_column, in_row;
  wire writes = in_column && in_row;

  assign s0_ready = !writes || m0_ready;
  assign m0_valid = s0_valid && writes;
  assign step = s0_valid && s0_ready;

  finnlite_lap #(
      .COUNT(W)
  ) x (
      .aclk(aclk),
      .restart(!aresetn),
      .enable(step),
      .last(row_end)
  );
  finnlite_lap #(
      .COUNT(H)
  ) y (
      .aclk(aclk),
      .restart(!aresetn),
      .enable(step && row_end),
      .last(frame_end)
  );
  finnlite_every #(
      .FIRST (RIGHT),
      .PERIOD(SW)
  ) columns (
      .aclk(aclk),
      .restart(!aresetn || (step && row_end)),
      .enable(step),
      .now(in_column)
  );
  finnlite_every #(
      .FIRST (BOTTOM),
      .PERIOD(SH)
  ) rows (
      .aclk(aclk),
      .restart(!aresetn || (step && row_end && frame_end)),
      .enable(step && row_end),
      .now(in_row)
  );

  // The pixel that comes in and those above it, the topmost in the low bits.
  wire late;
  wire [COLUMN-1:0] column;
  generate
    if (KH == 1) begin : g_one
      assign late = step;
      assign column = s0_data;
    end else begin : g_several
      finnlite_delay #(
          .WIDTH (BITS),
          .CYCLES(LAG)
      ) newest (
          .aclk(aclk),
          .d(s0_data),
          .q(column[COLUMN-1-:BITS])
      );
      finnlite_loop #(
          .WIDTH(COLUMN - BITS),
          .DEPTH(DH * W),
          .LAG(LAG),
          .RAM_STYLE(RAM_STYLE)
      ) lines (
          .aclk(aclk),
          .aresetn(aresetn),
          .step(step),
          .late(late),
          .old(column[COLUMN-BITS-1:0]),
          .fresh(column[COLUMN-1:BITS])
      );
    end
  endgenerate

  // The columns of the window, the leftmost in the low bits.
  (* shreg_extract = "no" *)
  reg  [(RIGHT+1)*COLUMN-1:0] window;
  wire [(RIGHT+1)*COLUMN-1:0] next;
  wire [          COLUMN-1:0] unused;  // leaves the window
  assign {next, unused} = {column, window};
  always @(posedge aclk) if (late) window <= next;

  genvar ky, kx;
  generate
    for (ky = 0; ky < KH; ky = ky + 1) begin : g_row
      for (kx = 0; kx < KW; kx = kx + 1) begin : g_tap
        assign m0_data[(ky*KW+kx)*BITS+:BITS] = window[kx*DW*COLUMN+ky*BITS+:BITS];
      end
    end
  endgenerate
endmodule

`default_nettype wire
