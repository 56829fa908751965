// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// mvtu_fc_1_2a8f0d05, node "fc 1": matrix-vector-threshold unit, 8 inputs by 6 outputs, 8 by 3 a step.
module mvtu_fc_1_2a8f0d05 (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [15:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [2:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  wire row;
  wire fold;
  wire [20:0] sums;
  wire unused = &{1'b0, row, fold, sums};
  wire [20:0] start;
  finnlite_rom #(
      .WIDTH(21),
      .DEPTH(2),
      .STYLE("distributed"),
      .FILE("mvtu_fc_1_2a8f0d05_start.hex")
  ) start_rom (
      .aclk(aclk),
      .address(row),
      .data(start[20:0])
  );
  wire [2:0] flip;
  finnlite_rom #(
      .WIDTH(3),
      .DEPTH(2),
      .STYLE("distributed"),
      .FILE("mvtu_fc_1_2a8f0d05_flip.hex")
  ) flip_rom (
      .aclk(aclk),
      .address(row),
      .data(flip[2:0])
  );
  wire [2:0] late;
  finnlite_delay #(
      .WIDTH(3),
      .CYCLES(1)
  ) flip_delay (
      .aclk(aclk),
      .d(flip),
      .q(late)
  );
  wire [2:0] fires;
  assign fires[0] = ~sums[6];
  assign fires[1] = ~sums[13];
  assign fires[2] = ~sums[20];
  wire [2:0] outputs;
  finnlite_code #(
      .PE(3),
      .COUNT(1),
      .OUT_BITS(1),
      .LEVEL_0(0),
      .LEVEL_STEP(1),
      .REGISTERED(0)
  ) code (
      .aclk(aclk),
      .counts(fires),
      .flip(late),
      .codes(outputs)
  );
  wire [71:0] weights;
  finnlite_rom #(
      .WIDTH(36),
      .DEPTH(2),
      .STYLE("distributed"),
      .FILE("mvtu_fc_1_2a8f0d05_weights_0.hex")
  ) weights_rom_0 (
      .aclk(aclk),
      .address(fold),
      .data(weights[35:0])
  );
  finnlite_rom #(
      .WIDTH(36),
      .DEPTH(2),
      .STYLE("distributed"),
      .FILE("mvtu_fc_1_2a8f0d05_weights_1.hex")
  ) weights_rom_1 (
      .aclk(aclk),
      .address(fold),
      .data(weights[71:36])
  );

  finnlite_mvtu #(
      .SIMD(8),
      .PE(3),
      .SF(1),
      .NF(2),
      .X_BITS(2),
      .W_BITS(3),
      .KIND(1),
      .X_SIGNED(0),
      .W_SIGNED(1),
      .COUNT_LATENCY(3),
      .DOT_LATENCY(4),
      .SHIFT(0),
      .SUM_BITS(7),
      .OUT_BITS(1),
      .ROW_PIPE(6),
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
