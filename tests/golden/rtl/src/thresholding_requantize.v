// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// thresholding_requantize, node "requantize": thresholds of 2 channels, 1 a step.
module thresholding_requantize (
    input  wire aclk,
    input  wire aresetn,
    output wire step,
    input  wire [3:0] s0_data,
    input  wire s0_valid,
    output wire s0_ready,
    output wire [4:0] m0_data,
    output wire m0_valid,
    input  wire m0_ready
);

  wire row;
  wire [4:0] numbers;
  assign numbers = {1'b0, ~s0_data[3], s0_data[2:0]};
  wire [4:0] values;
  finnlite_delay #(
      .WIDTH(5),
      .CYCLES(0)
  ) values_delay (
      .aclk(aclk),
      .d(numbers),
      .q(values)
  );
  wire [4:0] level0_0;
  finnlite_rom #(
      .WIDTH(5),
      .DEPTH(2),
      .STYLE("distributed"),
      .FILE("thresholding_requantize_level0_0.hex")
  ) level0_0_rom (
      .aclk(aclk),
      .address(row),
      .data(level0_0[4:0])
  );
  wire [4:0] values1;
  wire row1;
  wire found1;
  wire [4:0] level0;
  assign level0 = {level0_0};
  finnlite_level #(
      .PE(1),
      .BITS(5),
      .ROW_BITS(1),
      .FOUND(0)
  ) level0_search (
      .aclk(aclk),
      .values(values),
      .row(row),
      .found(1'b0),
      .thresholds(level0),
      .next_values(values1),
      .next_row(row1),
      .next_found(found1)
  );
  wire [4:0] level1_0;
  finnlite_rom #(
      .WIDTH(5),
      .DEPTH(4),
      .STYLE("distributed"),
      .FILE("thresholding_requantize_level1_0.hex")
  ) level1_0_rom (
      .aclk(aclk),
      .address({row1, found1}),
      .data(level1_0[4:0])
  );
  wire [4:0] values2;
  wire row2;
  wire [1:0] found2;
  wire [4:0] level1;
  assign level1 = {level1_0};
  finnlite_level #(
      .PE(1),
      .BITS(5),
      .ROW_BITS(1),
      .FOUND(1)
  ) level1_search (
      .aclk(aclk),
      .values(values1),
      .row(row1),
      .found(found1),
      .thresholds(level1),
      .next_values(values2),
      .next_row(row2),
      .next_found(found2)
  );
  wire [4:0] level2_0;
  finnlite_rom #(
      .WIDTH(5),
      .DEPTH(8),
      .STYLE("distributed"),
      .FILE("thresholding_requantize_level2_0.hex")
  ) level2_0_rom (
      .aclk(aclk),
      .address({row2, found2[1:0]}),
      .data(level2_0[4:0])
  );
  wire [4:0] values3;
  wire row3;
  wire [2:0] found3;
  wire [4:0] level2;
  assign level2 = {level2_0};
  finnlite_level #(
      .PE(1),
      .BITS(5),
      .ROW_BITS(1),
      .FOUND(2)
  ) level2_search (
      .aclk(aclk),
      .values(values2),
      .row(row2),
      .found(found2),
      .thresholds(level2),
      .next_values(values3),
      .next_row(row3),
      .next_found(found3)
  );
  wire [4:0] level3_0;
  finnlite_rom #(
      .WIDTH(5),
      .DEPTH(16),
      .STYLE("distributed"),
      .FILE("thresholding_requantize_level3_0.hex")
  ) level3_0_rom (
      .aclk(aclk),
      .address({row3, found3[2:0]}),
      .data(level3_0[4:0])
  );
  wire [4:0] values4;
  wire row4;
  wire [3:0] found4;
  wire [4:0] level3;
  assign level3 = {level3_0};
  finnlite_level #(
      .PE(1),
      .BITS(5),
      .ROW_BITS(1),
      .FOUND(3)
  ) level3_search (
      .aclk(aclk),
      .values(values3),
      .row(row3),
      .found(found3),
      .thresholds(level3),
      .next_values(values4),
      .next_row(row4),
      .next_found(found4)
  );
  wire [4:0] level4_0;
  finnlite_rom #(
      .WIDTH(5),
      .DEPTH(32),
      .STYLE("distributed"),
      .FILE("thresholding_requantize_level4_0.hex")
  ) level4_0_rom (
      .aclk(aclk),
      .address({row4, found4[3:0]}),
      .data(level4_0[4:0])
  );
  wire [4:0] values5;
  wire row5;
  wire [4:0] found5;
  wire [4:0] level4;
  assign level4 = {level4_0};
  finnlite_level #(
      .PE(1),
      .BITS(5),
      .ROW_BITS(1),
      .FOUND(4)
  ) level4_search (
      .aclk(aclk),
      .values(values4),
      .row(row4),
      .found(found4),
      .thresholds(level4),
      .next_values(values5),
      .next_row(row5),
      .next_found(found5)
  );
  wire flip;
  assign flip = 1'h0;
  wire unused_search = &{1'b0, values5, row5};
  wire [4:0] outputs;
  finnlite_code #(
      .PE(1),
      .COUNT(17),
      .OUT_BITS(5),
      .LEVEL_0(24),
      .LEVEL_STEP(1),
      .REGISTERED(1)
  ) code (
      .aclk(aclk),
      .counts(found5),
      .flip(flip),
      .codes(outputs)
  );
  wire unused = &{1'b0, row, values};

  finnlite_elementwise #(
      .X_BITS(4),
      .OUT_BITS(5),
      .FOLDS(2)
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
