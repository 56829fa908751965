// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// add_10, node "Add_10": 1 times a stream and 3 times another, 4 elements a step.
module add_10 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [35:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    input  wire [19:0] s1_data,
    input  wire s1_valid,
    output wire s1_ready,
    output wire [39:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  finnlite_add #(
      .PE(4),
      .BITS(10),
      .BITS_0(9),
      .KIND_0(1),
      .PLUS_0(1),
      .MINUS_0(0),
      .BITS_1(5),
      .KIND_1(1),
      .PLUS_1(4),
      .MINUS_1(1),
      .PRODUCTS(1)
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
