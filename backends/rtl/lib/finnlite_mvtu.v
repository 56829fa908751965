// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Matrix-vector unit: one fold a step, PE rows by SIMD columns. Steps run over (vector, nf, sf); a word is
/// read only while nf = 0 and is replayed from a buffer after that, a word is written only when sf = SF - 1.
/// Weights and what follows the sums are outside: `weights` is the word of `fold`, `start` what the sums of
/// neuron fold `row` begin with, each two cycles later; `outputs` are made of `sums`, of which the last
/// fold's are there SUM_PIPE cycles after their step. `row` is `nf` ROW_PIPE cycles ago. `sums` are exact
/// modulo 2^SUM_BITS. It does not activate, and does not stream weights.
/// PIPE: SUM_PIPE and what the outputs take; SUM_PIPE = (NF > 1 ? 4 : 2) + DOT_LATENCY + 1.
/// Longest path: of the sums, their adder; else see finnlite_dot.
module finnlite_mvtu #(
    parameter integer SIMD = 64,
    parameter integer PE = 32,
    parameter integer SF = 16,
    parameter integer NF = 32,
    parameter integer X_BITS = 1,
    parameter integer W_BITS = 1,
    parameter integer KIND = 0,  // these: see finnlite_dot
    parameter integer X_SIGNED = 0,
    parameter integer W_SIGNED = 0,
    parameter integer COUNT_LATENCY = 3,
    parameter integer DOT_LATENCY = 3,
    parameter integer SHIFT = 0,  // of the dot products in the sums
    parameter integer SUM_BITS = 12,
    parameter integer OUT_BITS = 1,
    parameter integer ROW_PIPE = 5,
    parameter BUFFER_STYLE = "distributed",
    parameter integer FOLD_BITS = SF * NF > 2 ? $clog2(SF * NF) : 1,  // these are not to be set
    parameter integer ROW_BITS = NF > 2 ? $clog2(NF) : 1
) (
    input  wire                      aclk,
    input  wire                      aresetn,
    output wire                      step,
    input  wire [   SIMD*X_BITS-1:0] s0_data,
    input  wire                      s0_valid,
    output wire                      s0_ready,
    output wire [   PE*OUT_BITS-1:0] m0_data,
    output wire                      m0_valid,
    input  wire                      m0_ready,
    output wire [     FOLD_BITS-1:0] fold,
    input  wire [PE*SIMD*W_BITS-1:0] weights,
    output wire [      ROW_BITS-1:0] row,
    input  wire [   PE*SUM_BITS-1:0] start,
    output wire [   PE*SUM_BITS-1:0] sums,
    input  wire [   PE*OUT_BITS-1:0] outputs
);
  localparam integer SF_BITS = SF > 2 ? $clog2(SF) : 1;
  localparam integer WORD = NF > 1 ? 3 : 1;  // cycles from a step to its word
  localparam integer LAG = WORD + 1 + DOT_LATENCY;  // to its dot products
  localparam integer FOLDED = SIMD * W_BITS;
  localparam integer SUMMED = FOLDED - 2 * (FOLDED / 3);
  localparam integer OPERANDS = X_BITS * (KIND == 0 ? FOLDED + (SUMMED > 2 ? SUMMED / 3 : 1) : SIMD);

  wire [SF_BITS-1:0] sf;
  wire [ROW_BITS-1:0] nf;
  wire last_sf;
  wire last_nf;
  wire reading = nf == {ROW_BITS{1'b0}};

  assign step = (!reading || s0_valid) && (!last_sf || m0_ready);
  assign s0_ready = reading && (!last_sf || m0_ready);
  assign m0_valid = last_sf && (!reading || s0_valid);

  finnlite_counter #(.MODULUS(SF)) synapse_folds (
      .aclk(aclk),
      .aresetn(aresetn),
      .enable(step),
      .count(sf),
      .last(last_sf)
  );
  finnlite_counter #(.MODULUS(NF)) neuron_folds (
      .aclk(aclk),
      .aresetn(aresetn),
      .enable(step && last_sf),
      .count(nf),
      .last(last_nf)
  );

  // The address of the weights, which are there when the operands are.
  wire [FOLD_BITS-1:0] fold_now;
  generate
    if (NF == 1) begin : g_fold_sf
      assign fold_now = sf;
      wire unused = last_nf;
    end else if (SF == 1) begin : g_fold_nf
      assign fold_now = nf;
      wire unused = last_nf;
    end else if (SF == 1 << $clog2(SF)) begin : g_fold_both
      assign fold_now = {nf, sf};
      wire unused = last_nf;
    end else begin : g_fold_counter
      reg [FOLD_BITS-1:0] count;
      always @(posedge aclk) begin
        if (!aresetn) count <= {FOLD_BITS{1'b0}};
        else if (step) count <= last_sf && last_nf ? {FOLD_BITS{1'b0}} : count + 1'b1;
      end
      assign fold_now = count;
    end
  endgenerate
  finnlite_delay #(.WIDTH(FOLD_BITS), .CYCLES(WORD - 1)) fold_delay (.aclk(aclk), .d(fold_now), .q(fold));
  finnlite_delay #(.WIDTH(ROW_BITS), .CYCLES(ROW_PIPE)) row_delay (.aclk(aclk), .d(nf), .q(row));

  // The word: of the stream, or of the buffer, in which it is written before it is read.
  wire [SIMD*X_BITS-1:0] word;
  generate
    if (NF == 1) begin : g_word
      finnlite_delay #(.WIDTH(SIMD * X_BITS), .CYCLES(1)) word_delay (.aclk(aclk), .d(s0_data), .q(word));
    end else if (SF == 1) begin : g_kept
      reg [SIMD*X_BITS-1:0] kept;
      always @(posedge aclk) if (reading && s0_valid) kept <= s0_data;
      finnlite_delay #(.WIDTH(SIMD * X_BITS), .CYCLES(2)) word_delay (.aclk(aclk), .d(kept), .q(word));
    end else begin : g_buffer
      reg [SF_BITS-1:0] address;
      always @(posedge aclk) address <= sf;
      finnlite_ram #(
          .WIDTH(SIMD * X_BITS),
          .DEPTH(SF),
          .LAG(2),
          .RAM_STYLE(BUFFER_STYLE)
      ) buffer (
          .aclk(aclk),
          .write(reading),
          .write_address(sf),
          .write_data(s0_data),
          .read_address(address),
          .read_data(word)
      );
    end
  endgenerate

  wire [OPERANDS-1:0] operands;
  finnlite_operands #(
      .SIMD(SIMD),
      .X_BITS(X_BITS),
      .W_BITS(W_BITS),
      .KIND(KIND),
      .FLIP(KIND < 2 ? X_SIGNED : 0)
  ) elements (
      .aclk(aclk),
      .x(word),
      .operands(operands)
  );

  wire summed;
  wire first;
  finnlite_delay #(
      .WIDTH (2),
      .CYCLES(LAG)
  ) flags (
      .aclk(aclk),
      .d({step, sf == {SF_BITS{1'b0}}}),
      .q({summed, first})
  );

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_row
      wire [SUM_BITS-1:0] next;
      reg  [SUM_BITS-1:0] sum;
      always @(posedge aclk) if (summed) sum <= next;
      assign sums[pe*SUM_BITS+:SUM_BITS] = sum;
      finnlite_row #(
          .SIMD(SIMD),
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
          .weights(weights[pe*SIMD*W_BITS+:SIMD*W_BITS]),
          .first(first),
          .start(start[pe*SUM_BITS+:SUM_BITS]),
          .sum(sum),
          .next(next)
      );
    end
  endgenerate

  assign m0_data = outputs;
endmodule

`default_nettype wire
