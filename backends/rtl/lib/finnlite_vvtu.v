// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Vector-vector unit: a small dot product a channel, PE channels of one tap a step. A pixel's steps run over
/// (tap, fold of channels); a word is written in the steps of the last tap.
/// Weights and what follows the sums are outside, as of finnlite_mvtu: `weights` is the word of `fold`,
/// `start` what the sums of the channels' fold `row` begin with, each two cycles later; of `sums`, those of
/// a step are there SUM_PIPE cycles after it. `row` is `nf` ROW_PIPE cycles ago. `sums` are exact modulo
/// 2^SUM_BITS.
/// PIPE: SUM_PIPE and what the outputs take; SUM_PIPE = DOT_LATENCY + 3.
/// Longest path: the adder of the sums, or the choice of one of few; else see finnlite_dot.
module finnlite_vvtu #(
    parameter integer TAPS = 9,
    parameter integer PE = 8,
    parameter integer FOLDS = 4,
    parameter integer X_BITS = 1,
    parameter integer W_BITS = 1,
    parameter integer KIND = 0,  // these: see finnlite_dot
    parameter integer X_SIGNED = 0,
    parameter integer W_SIGNED = 0,
    parameter integer COUNT_LATENCY = 2,
    parameter integer DOT_LATENCY = 2,
    parameter integer SHIFT = 0,  // of the dot products in the sums
    parameter integer SUM_BITS = 12,
    parameter integer OUT_BITS = 1,
    parameter integer ROW_PIPE = 3,
    parameter SUMS_STYLE = "distributed",
    parameter integer SUMS_LAG = 1,  // 2 of block RAM
    parameter integer FOLD_BITS = TAPS * FOLDS > 2 ? $clog2(TAPS * FOLDS) : 1,  // these are not to be set
    parameter integer ROW_BITS = FOLDS > 2 ? $clog2(FOLDS) : 1
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    output wire                   step,
    input  wire [  PE*X_BITS-1:0] s0_data,
    input  wire                   s0_valid,
    output wire                   s0_ready,
    output wire [PE*OUT_BITS-1:0] m0_data,
    output wire                   m0_valid,
    input  wire                   m0_ready,
    output wire [  FOLD_BITS-1:0] fold,
    input  wire [  PE*W_BITS-1:0] weights,
    output wire [   ROW_BITS-1:0] row,
    input  wire [PE*SUM_BITS-1:0] start,
    output wire [PE*SUM_BITS-1:0] sums,
    input  wire [PE*OUT_BITS-1:0] outputs
);
  localparam integer TAP_BITS = TAPS > 2 ? $clog2(TAPS) : 1;
  localparam integer LAG = 2 + DOT_LATENCY;  // from a step to its dot products
  localparam integer SUMMED = W_BITS - 2 * (W_BITS / 3);
  localparam integer OPERANDS = X_BITS * (KIND == 0 ? W_BITS + (SUMMED > 2 ? SUMMED / 3 : 1) : 1);

  wire [TAP_BITS-1:0] tap;
  wire [ROW_BITS-1:0] nf;
  wire last_tap;
  wire last_nf;

  assign step = s0_valid && (!last_tap || m0_ready);
  assign s0_ready = !last_tap || m0_ready;
  assign m0_valid = last_tap && s0_valid;

  finnlite_counter #(.MODULUS(FOLDS)) folds_of_channels (
      .aclk(aclk),
      .aresetn(aresetn),
      .enable(step),
      .count(nf),
      .last(last_nf)
  );
  finnlite_counter #(.MODULUS(TAPS)) taps (
      .aclk(aclk),
      .aresetn(aresetn),
      .enable(step && last_nf),
      .count(tap),
      .last(last_tap)
  );
  generate
    if (FOLDS == 1) begin : g_fold_tap
      assign fold = tap;
    end else if (TAPS == 1) begin : g_fold_nf
      assign fold = nf;
    end else if (FOLDS == 1 << $clog2(FOLDS)) begin : g_fold_both
      assign fold = {tap, nf};
    end else begin : g_fold_counter
      reg [FOLD_BITS-1:0] count;
      always @(posedge aclk) begin
        if (!aresetn) count <= {FOLD_BITS{1'b0}};
        else if (step) count <= last_tap && last_nf ? {FOLD_BITS{1'b0}} : count + 1'b1;
      end
      assign fold = count;
    end
  endgenerate
  finnlite_delay #(.WIDTH(ROW_BITS), .CYCLES(ROW_PIPE)) row_delay (.aclk(aclk), .d(nf), .q(row));

  reg [PE*X_BITS-1:0] word;
  always @(posedge aclk) word <= s0_data;

  wire summed;
  wire first;
  finnlite_delay #(
      .WIDTH (2),
      .CYCLES(LAG)
  ) flags (
      .aclk(aclk),
      .d({step, tap == {TAP_BITS{1'b0}}}),
      .q({summed, first})
  );

  wire [PE*SUM_BITS-1:0] last_sums;  // of these channels
  wire [PE*SUM_BITS-1:0] next_sums;
  reg  [PE*SUM_BITS-1:0] sums_q;
  always @(posedge aclk) if (summed) sums_q <= next_sums;
  assign sums = sums_q;
  generate
    if (FOLDS == 1) begin : g_one
      assign last_sums = sums_q;
    end else begin : g_memory
      wire [ROW_BITS-1:0] read_address;
      wire [ROW_BITS-1:0] write_address;
      finnlite_delay #(
          .WIDTH (ROW_BITS),
          .CYCLES(LAG - SUMS_LAG)
      ) read_delay (
          .aclk(aclk),
          .d(nf),
          .q(read_address)
      );
      finnlite_delay #(
          .WIDTH (ROW_BITS),
          .CYCLES(SUMS_LAG)
      ) write_delay (
          .aclk(aclk),
          .d(read_address),
          .q(write_address)
      );
      finnlite_ram #(
          .WIDTH(PE * SUM_BITS),
          .DEPTH(FOLDS),
          .LAG(SUMS_LAG),
          .RAM_STYLE(SUMS_STYLE)
      ) memory (
          .aclk(aclk),
          .write(summed),
          .write_address(write_address),
          .write_data(next_sums),
          .read_address(read_address),
          .read_data(last_sums)
      );
    end
  endgenerate

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_channel
      wire [OPERANDS-1:0] operands;
      finnlite_operands #(
          .SIMD(1),
          .X_BITS(X_BITS),
          .W_BITS(W_BITS),
          .KIND(KIND),
          .FLIP(KIND < 2 ? X_SIGNED : 0)
      ) element (
          .aclk(aclk),
          .x(word[pe*X_BITS+:X_BITS]),
          .operands(operands)
      );
      finnlite_row #(
          .SIMD(1),
          .X_BITS(X_BITS),
          .W_BITS(W_BITS),
          .KIND(KIND),
          .X_SIGNED(X_SIGNED),
          .W_SIGNED(W_SIGNED),
          .COUNT_LATENCY(COUNT_LATENCY),
          .OPERANDS(OPERANDS),
          .SHIFT(SHIFT),
          .SUM_BITS(SUM_BITS)
      ) row_step (
          .aclk(aclk),
          .operands(operands),
          .weights(weights[pe*W_BITS+:W_BITS]),
          .first(first),
          .start(start[pe*SUM_BITS+:SUM_BITS]),
          .sum(last_sums[pe*SUM_BITS+:SUM_BITS]),
          .next(next_sums[pe*SUM_BITS+:SUM_BITS])
      );
    end
  endgenerate

  assign m0_data = outputs;
endmodule

`default_nettype wire
