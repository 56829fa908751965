// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// mvtu_fc2, node "fc2": matrix-vector-threshold unit, 6 inputs by 2 outputs, 3 by 1 a step.
module mvtu_fc2 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [2:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [3:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  wire row;
  wire [1:0] fold;
  wire [3:0] sums;
  wire unused = &{1'b0, row, fold, sums};
  wire [3:0] start;
  assign start = 4'ha;
  wire [3:0] outputs;
  assign outputs = sums;
  wire [2:0] weights;
  finnlite_rom #(
      .WIDTH(3),
      .DEPTH(4),
      .STYLE("distributed"),
      .FILE("mvtu_fc2_weights.hex")
  ) weights_rom (
      .aclk(aclk),
      .address(fold),
      .data(weights[2:0])
  );

  finnlite_mvtu #(
      .SIMD(3),
      .PE(1),
      .SF(2),
      .NF(2),
      .X_BITS(1),
      .W_BITS(1),
      .KIND(0),
      .X_SIGNED(0),
      .W_SIGNED(0),
      .COUNT_LATENCY(2),
      .DOT_LATENCY(2),
      .SHIFT(1),
      .SUM_BITS(4),
      .OUT_BITS(4),
      .ROW_PIPE(4),
      .BUFFER_STYLE("registers")
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
      .fold(fold),
      .weights(weights),
      .row(row),
      .start(start),
      .sums(sums),
      .outputs(outputs)
  );

endmodule

`default_nettype wire
