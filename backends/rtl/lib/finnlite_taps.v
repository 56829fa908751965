// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The handshake of a unit that goes through windows of TAPS pixels of FOLDS words, pixel by pixel: it reads
/// in every step and writes in those of the last pixel. `first` tells a window's first pixel.
/// Longest path: two LUT levels.
module finnlite_taps #(
    parameter integer TAPS  = 4,
    parameter integer FOLDS = 8
) (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire s0_valid,
    output wire s0_ready,
    output wire m0_valid,
    input  wire m0_ready,
    output reg  first
);
  wire fold_last, last;

  assign s0_ready = !last || m0_ready;
  assign m0_valid = s0_valid && last;
  assign step = s0_valid && s0_ready;

  finnlite_lap #(
      .COUNT(FOLDS)
  ) fold (
      .aclk(aclk),
      .restart(!aresetn),
      .enable(step),
      .last(fold_last)
  );
  finnlite_lap #(
      .COUNT(TAPS)
  ) tap (
      .aclk(aclk),
      .restart(!aresetn),
      .enable(step && fold_last),
      .last(last)
  );

  always @(posedge aclk) begin
    if (!aresetn) first <= 1'b1;
    else if (step && fold_last) first <= last;
  end
endmodule

`default_nettype wire
