// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// labelselect_0, node "LabelSelect_0": index of the largest of 2 elements, 1 a step.
module labelselect_0 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [4:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_label_select #(
      .C(2),
      .PE(1),
      .BITS(5),
      .SIGNED(1),
      .INDEX_BITS(1)
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
