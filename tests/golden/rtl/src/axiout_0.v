// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// axiout_0, node "AxiOut_0": words to 64-bit beats of 64 elements, 1 a frame.
module axiout_0 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [63:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    input  wire s1_data,
    input  wire s1_valid,
    output wire s1_ready,
    output wire [64:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_axi_out #(
      .N(1),
      .ELEMENTS(64),
      .BITS(1),
      .CONTAINER(1),
      .SIGNED(0)
  ) unit (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .s0_data(s0_data),
      .s0_valid(s0_valid),
      .s0_ready(s0_ready),
      .s1_data(s1_data),
      .s1_valid(s1_valid),
      .s1_ready(s1_ready),
      .m0_data(m0_data),
      .m0_valid(m0_valid),
      .m0_ready(m0_ready)
  );

endmodule

`default_nettype wire
