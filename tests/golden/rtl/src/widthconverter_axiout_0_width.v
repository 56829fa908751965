// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// widthconverter_axiout_0_width, node "AxiOut_0_width": words of 1 elements to words of 64, 1 a frame.
module widthconverter_axiout_0_width (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [63:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_width_converter #(
      .N(1),
      .IN(1),
      .OUT(64),
      .BITS(1)
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
