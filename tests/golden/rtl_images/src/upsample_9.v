// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// upsample_9, node "Upsample_9": each of 2 by 2 pixels of 8 channels, 2 a step, 2 by 2 times.
module upsample_9 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [9:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [9:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_upsample #(
      .W(2),
      .FOLDS(4),
      .SH(2),
      .SW(2),
      .WIDTH(10),
      .PIXEL_LAG(1),
      .PIXEL_STYLE("distributed"),
      .LINE_LAG(1),
      .LINE_STYLE("distributed")
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
