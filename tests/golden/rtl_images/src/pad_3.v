// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// pad_3, node "Pad_3": 0 around 4 by 4 pixels of 8 channels, 2 a step.
module pad_3 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [5:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [5:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_pad #(
      .H(4),
      .W(4),
      .FOLDS(4),
      .TOP(1),
      .LEFT(1),
      .BOTTOM(1),
      .RIGHT(1),
      .PE(2),
      .FROM(3),
      .TO(3),
      .KIND(0),
      .FILLER(0)
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
