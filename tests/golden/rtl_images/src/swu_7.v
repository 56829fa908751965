// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// swu_7, node "SWU_7": windows of 2 by 2 pixels in 4 by 4 of 8 channels, 2 a step.
module swu_7 (
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
      .H(4),
      .W(4),
      .KH(2),
      .KW(2),
      .SH(2),
      .SW(2),
      .DH(1),
      .DW(1),
      .FOLDS(4),
      .CAPACITY(48),
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
