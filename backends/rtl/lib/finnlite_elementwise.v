// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The steps of a function of each element: a word in and one out a step. What makes `outputs` of s0_data is
/// outside; `row` counts the words until the function's constants repeat.
/// PIPE: what the outputs take.
/// Longest path: the handshake.
module finnlite_elementwise #(
    parameter integer X_BITS = 8,  // of a word
    parameter integer OUT_BITS = 8,
    parameter integer FOLDS = 4,
    parameter integer ROW_BITS = FOLDS > 2 ? $clog2(FOLDS) : 1  // not to be set
) (
    input  wire                aclk,
    input  wire                aresetn,
    output wire                step,
    input  wire [  X_BITS-1:0] s0_data,
    input  wire                s0_valid,
    output wire                s0_ready,
    output wire [OUT_BITS-1:0] m0_data,
    output wire                m0_valid,
    input  wire                m0_ready,
    output wire [ROW_BITS-1:0] row,
    input  wire [OUT_BITS-1:0] outputs
);
  assign step = s0_valid && m0_ready;
  assign s0_ready = m0_ready;
  assign m0_valid = s0_valid;
  assign m0_data = outputs;

  wire unused_last;
  wire unused = &{1'b0, s0_data, unused_last};  // the data are taken from the stream itself
  finnlite_counter #(.MODULUS(FOLDS)) folds (
      .aclk(aclk),
      .aresetn(aresetn),
      .enable(step),
      .count(row),
      .last(unused_last)
  );
endmodule

`default_nettype wire
