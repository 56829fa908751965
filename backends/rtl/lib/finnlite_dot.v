// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The dot product of SIMD elements (see finnlite_operands) and SIMD weights of a row, LATENCY cycles
/// later. By KIND:
/// 0: weights are sums of signs. How many of all their bits equal that bit of the element, counted for each
///    bit of the elements. `weights` are folded as finnlite_equal wants them.
/// 1: the sum of the products of unsigned elements and weights, bit by bit; where the weights' sign bits
///    count, inverted products: W_SIGNED adds (2^X_BITS - 1) * 2^(W_BITS - 1) for each of the SIMD.
///    `weights` is bit 0 of all, then bit 1, ….
/// 2: the sum of products, signed, in DSP slices. `weights` are element after element.
/// What an output stands for, an affine function of it, is for who asks to know. No reset.
/// Longest path: see finnlite_equal, finnlite_count, finnlite_sum.
module finnlite_dot #(
    parameter integer SIMD = 64,
    parameter integer X_BITS = 1,
    parameter integer W_BITS = 1,
    parameter integer KIND = 0,
    parameter integer X_SIGNED = 0,  // of KIND 2
    parameter integer W_SIGNED = 0,  // of KINDs 1 and 2
    parameter integer COUNT_LATENCY = 3,  // of finnlite_equal or finnlite_count; 2 of KIND 2
    parameter integer OPERANDS = 71,  // bits of the operands
    parameter integer TERMS = KIND == 0 ? X_BITS : KIND == 1 ? X_BITS + W_BITS - 1 : SIMD,  // not to be set
    parameter integer PAIRS = X_BITS < W_BITS ? X_BITS : W_BITS,
    parameter integer COUNTED = KIND == 0 ? SIMD * W_BITS : SIMD * PAIRS,
    parameter integer TERM = KIND == 2 ? X_BITS + W_BITS + 1 : $clog2(COUNTED) + 1,
    parameter integer BITS = KIND == 2 ? TERM + $clog2(TERMS) : TERM + TERMS - 1
) (
    input  wire                   aclk,
    input  wire [   OPERANDS-1:0] operands,
    input  wire [SIMD*W_BITS-1:0] weights,
    output wire [       BITS-1:0] dot
);
  // Numbers weighted by their places have bits weighted by theirs: if they are fewer, of each bit of all
  // numbers one is made.
  localparam integer COUNT_BITS = $clog2(COUNTED + 1);
  localparam integer TURNED = KIND != 2 && COUNT_BITS < TERMS ? 1 : 0;

  wire [TERMS*TERM-1:0] terms;

  genvar k, j;
  generate
    if (TURNED != 0) begin : g_turned
      localparam integer OUT = COUNT_BITS > 1 ? COUNT_BITS + TERMS : TERMS;
      wire [COUNT_BITS*TERMS-1:0] numbers;
      wire [OUT-1:0] sum;
      wire unused = &{1'b0, sum, terms};
      for (j = 0; j < COUNT_BITS; j = j + 1) begin : g_place
        for (k = 0; k < TERMS; k = k + 1) begin : g_number
          assign numbers[j*TERMS+k] = terms[k*TERM+j];
        end
      end
      finnlite_sum #(
          .TERMS(COUNT_BITS),
          .BITS(TERMS),
          .WEIGHTED(1),
          .FULL(1)
      ) sum_of_places (
          .aclk (aclk),
          .terms(numbers),
          .sum  (sum)
      );
      assign dot = sum[BITS-1:0];
    end else begin : g_terms
      finnlite_sum #(
          .TERMS(TERMS),
          .BITS(TERM),
          .WEIGHTED(KIND == 2 ? 0 : 1),
          .SIGNED(KIND == 2 ? 1 : 0)
      ) sum_of_terms (
          .aclk (aclk),
          .terms(terms),
          .sum  (dot)
      );
    end
  endgenerate

  generate
    if (KIND == 0) begin : g_equal
      localparam integer N = SIMD * W_BITS;
      localparam integer PARITIES = OPERANDS / X_BITS - N;
      for (k = 0; k < TERMS; k = k + 1) begin : g_bit
        wire [$clog2(N+1)-1:0] count;
        finnlite_equal #(
            .N(N),
            .LATENCY(COUNT_LATENCY)
        ) equal_bits (
            .aclk(aclk),
            .x(operands[k*(N+PARITIES)+:N]),
            .parities(operands[k*(N+PARITIES)+N+:PARITIES]),
            .w(weights),
            .count(count)
        );
        // verilator lint_off WIDTH
        assign terms[k*TERM+:TERM] = count;  // at most one bit wider
        // verilator lint_on WIDTH
      end
    end else if (KIND == 1) begin : g_and
      for (k = 0; k < TERMS; k = k + 1) begin : g_weight
        // Bit j of the weights and bit k - j of the elements, for all j of which there are both.
        localparam integer FIRST = k < X_BITS ? 0 : k - X_BITS + 1;
        localparam integer LAST = k < W_BITS ? k : W_BITS - 1;
        localparam integer N = SIMD * (LAST - FIRST + 1);
        wire [N-1:0] products;
        wire [$clog2(N+1)-1:0] count;
        for (j = FIRST; j <= LAST; j = j + 1) begin : g_pair
          assign products[(j-FIRST)*SIMD+:SIMD] = operands[(k-j)*SIMD+:SIMD] & weights[j*SIMD+:SIMD]
              ^ {SIMD{W_SIGNED != 0 && j == W_BITS - 1}};
        end
        finnlite_count #(
            .N(N),
            .LATENCY(COUNT_LATENCY)
        ) ones_of_products (
            .aclk (aclk),
            .bits (products),
            .count(count)
        );
        // verilator lint_off WIDTH
        assign terms[k*TERM+:TERM] = count;  // extended
        // verilator lint_on WIDTH
      end
    end else begin : g_multiply
      for (k = 0; k < TERMS; k = k + 1) begin : g_element
        reg signed [X_BITS:0] x;
        reg signed [W_BITS:0] w;
        (* use_dsp = "yes" *)
        reg signed [TERM-1:0] product;
        always @(posedge aclk) begin
          x <= {X_SIGNED != 0 & operands[k*X_BITS+X_BITS-1], operands[k*X_BITS+:X_BITS]};
          w <= {W_SIGNED != 0 & weights[k*W_BITS+W_BITS-1], weights[k*W_BITS+:W_BITS]};
          product <= x * w;
        end
        assign terms[k*TERM+:TERM] = product;
      end
    end
  endgenerate
endmodule

`default_nettype wire
