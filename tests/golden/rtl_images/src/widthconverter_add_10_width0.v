// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// widthconverter_add_10_width0, node "Add_10_width0": words of 2 elements to words of 4, 128 a frame.
module widthconverter_add_10_width0 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [17:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [35:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_width_converter #(
      .N(128),
      .IN(2),
      .OUT(4),
      .BITS(9)
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
