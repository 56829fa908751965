// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// windowsum_8, node "WindowSum_8": sum of 4 pixels of 8 channels, 2 a step.
module windowsum_8 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [5:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [9:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_window_sum #(
      .TAPS(4),
      .FOLDS(4),
      .PE(2),
      .BITS(3),
      .SIGNED(1),
      .BIPOLAR(0),
      .SUM_BITS(5),
      .LAG(1),
      .RAM_STYLE("distributed")
  ) unit (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .s0_data(s0_data),
      .s0_valid(s0_valid),
      .s0_ready(s0_ready),
      .m0_data(m0_data),
      .m0_valid(m0_valid),
      .m0_ready(m0_ready)
  );

endmodule

`default_nettype wire
