// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// axiin_0, node "AxiIn_0": 64-bit beats to words of 16 elements, 128 a frame.
module axiin_0 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [64:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [47:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready,
    output wire m1_data,
    output wire m1_valid,
    input  wire m1_ready
);

  finnlite_axi_in #(
      .N(128),
      .ELEMENTS(16),
      .BITS(3),
      .CONTAINER(4)
  ) unit (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .s0_data(s0_data),
      .s0_valid(s0_valid),
      .s0_ready(s0_ready),
      .m0_data(m0_data),
      .m0_valid(m0_valid),
      .m0_ready(m0_ready),
      .m1_data(m1_data),
      .m1_valid(m1_valid),
      .m1_ready(m1_ready)
  );

endmodule

`default_nettype wire
