// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// duplicate_1, node "Duplicate_1": a stream of 2 elements a word to 2 streams.
module duplicate_1 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [5:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [5:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready,
    output wire [5:0] m1_data,
    output wire m1_valid,
    input  wire m1_ready
);

  finnlite_duplicate #(
      .WIDTH(6),
      .COPIES(2)
  ) unit (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(step),
      .s0_data(s0_data),
      .s0_valid(s0_valid),
      .s0_ready(s0_ready),
      .m_data({m1_data, m0_data}),
      .m_valid({m1_valid, m0_valid}),
      .m_ready({m1_ready, m0_ready})
  );

endmodule

`default_nettype wire
