// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// swu_4, node "SWU_4": windows of 3 by 3 pixels in 6 by 6 of 8 channels, 2 a step.
module swu_4 (
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

  finnlite_swu #(
      .H(6),
      .W(6),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .FOLDS(4),
      .CAPACITY(60),
      .DEPTH(64),
      .BITS(6),
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
