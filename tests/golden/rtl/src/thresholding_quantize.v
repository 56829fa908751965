// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// thresholding_quantize, node "quantize": thresholds of 8 channels, 8 a step.
module thresholding_quantize (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [31:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [15:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  wire row;
  wire [39:0] numbers;
  assign numbers = {1'b0, s0_data[31], s0_data[30:28], 1'b0, s0_data[27], s0_data[26:24], 1'b0, s0_data[23], s0_data[22:20], 1'b0, s0_data[19], s0_data[18:16], 1'b0, s0_data[15], s0_data[14:12], 1'b0, s0_data[11], s0_data[10:8], 1'b0, s0_data[7], s0_data[6:4], 1'b0, s0_data[3], s0_data[2:0]};
  wire [39:0] values;
  finnlite_delay #(
      .WIDTH(40),
      .CYCLES(2)
  ) values_delay (
      .aclk(aclk),
      .d(numbers),
      .q(values)
  );
  wire [119:0] thresholds;
  assign thresholds = 120'h6210c42188431086210c4218843108;
  wire [7:0] flip;
  assign flip = 8'h0;
  wire [7:0] late;
  finnlite_delay #(
      .WIDTH(8),
      .CYCLES(1)
  ) flip_delay (
      .aclk(aclk),
      .d(flip),
      .q(late)
  );
  wire [15:0] counts;
  finnlite_compare #(
      .PE(8),
      .BITS(5),
      .COUNT(3)
  ) compare (
      .aclk(aclk),
      .values(values),
      .thresholds(thresholds),
      .counts(counts)
  );
  wire [15:0] outputs;
  finnlite_code #(
      .PE(8),
      .COUNT(3),
      .OUT_BITS(2),
      .LEVEL_0(0),
      .LEVEL_STEP(1),
      .REGISTERED(1)
  ) code (
      .aclk(aclk),
      .counts(counts),
      .flip(late),
      .codes(outputs)
  );
  wire unused = &{1'b0, row, values};

  finnlite_elementwise #(
      .X_BITS(32),
      .OUT_BITS(16),
      .FOLDS(1)
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
      .row(row),
      .outputs(outputs)
  );

endmodule

`default_nettype wire
