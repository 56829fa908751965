// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// widthconverter_duplicate_1_width, node "Duplicate_1_width": words of 16 elements to words of 2, 128 a frame.
module widthconverter_duplicate_1_width (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [47:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [5:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_width_converter #(
      .N(128),
      .IN(16),
      .OUT(2),
      .BITS(3)
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
