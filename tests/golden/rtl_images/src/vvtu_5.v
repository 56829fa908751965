// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// vvtu_5, node "VVTU_5": vector-vector-threshold unit, 9 taps of 8 channels, 2 a step.
module vvtu_5 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [5:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [17:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  wire [1:0] row;
  wire [5:0] fold;
  wire [17:0] sums;
  wire unused = &{1'b0, row, fold, sums};
  wire [17:0] start;
  finnlite_rom #(
      .WIDTH(18),
      .DEPTH(4),
      .STYLE("distributed"),
      .FILE("vvtu_5_start.hex")
  ) start_rom (
      .aclk(aclk),
      .address(row),
      .data(start[17:0])
  );
  wire [17:0] outputs;
  assign outputs = sums;
  wire [5:0] weights;
  finnlite_rom #(
      .WIDTH(6),
      .DEPTH(36),
      .STYLE("distributed"),
      .FILE("vvtu_5_weights.hex")
  ) weights_rom (
      .aclk(aclk),
      .address(fold),
      .data(weights[5:0])
  );

  finnlite_vvtu #(
      .TAPS(9),
      .PE(2),
      .FOLDS(4),
      .X_BITS(3),
      .W_BITS(3),
      .KIND(1),
      .X_SIGNED(1),
      .W_SIGNED(1),
      .COUNT_LATENCY(2),
      .DOT_LATENCY(3),
      .SHIFT(0),
      .SUM_BITS(9),
      .OUT_BITS(9),
      .ROW_PIPE(3),
      .SUMS_STYLE("distributed"),
      .SUMS_LAG(1)
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
