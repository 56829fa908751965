// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts the positions at which N bits of x and of w are equal; `count` is that of LATENCY cycles earlier,
/// LATENCY being at least 3, or 2 of up to three bits. No reset.
///
/// The sum bit of three equalities is whether x's and w's parities of the three are equal. So both words hold
/// {rest, a ^ b ^ c, b, a} instead of {rest, c, b, a}, a, b and c being their thirds: the sum is there then,
/// and the carry is a LUT6. Weights are stored so, finnlite_operands makes it of x. Of w's parities and rest
/// three are added again in the same way; `parities` are x's of those.
/// Longest path: a LUT6, registers, and what finnlite_sums says.
module finnlite_equal #(
    parameter integer N = 64,
    parameter integer LATENCY = 3,
    parameter integer BITS = $clog2(N + 1),
    parameter integer TWOS = N / 3,  // these are not to be set
    parameter integer ONES = N - 2 * TWOS,
    parameter integer MORE = ONES / 3,
    parameter integer PARITIES = MORE > 0 ? MORE : 1
) (
    input  wire                aclk,
    input  wire [       N-1:0] x,
    input  wire [PARITIES-1:0] parities,
    input  wire [       N-1:0] w,
    output wire [    BITS-1:0] count
);
  wire [N-1:0] equal = x ~^ w;

`ifdef VERILATOR
  // The same, some times as fast.
  localparam [N-1:0] ONE = 1;
  localparam [N-1:0] THIRD = (ONE << TWOS) - ONE;
  wire [N-1:0] plain = equal ^ (((equal >> TWOS ^ equal) & THIRD) << 2 * TWOS);
  wire [31:0] total = $countones(plain);
  wire unused = &{1'b0, total[31:BITS], parities};
  finnlite_delay #(
      .WIDTH (BITS),
      .CYCLES(LATENCY)
  ) delay (
      .aclk(aclk),
      .d(total[BITS-1:0]),
      .q(count)
  );
`else
  generate
    if (TWOS == 0) begin : g_few
      wire unused = parities[0];
      finnlite_count #(
          .N(N),
          .LATENCY(LATENCY)
      ) few (
          .aclk (aclk),
          .bits (equal),
          .count(count)
      );
    end else begin : g_many
      wire [TWOS-1:0] a = equal[TWOS-1:0];
      wire [TWOS-1:0] b = equal[2*TWOS-1:TWOS];
      wire [ONES-1:0] sums = equal[N-1:2*TWOS];
      reg [TWOS+MORE-1:0] twos;
      reg [ONES-2*MORE-1:0] ones;
      always @(posedge aclk) twos[TWOS-1:0] <= a & b | (a ^ b) & ~sums[TWOS-1:0];
      if (MORE == 0) begin : g_plain
        wire unused = parities[0];
        always @(posedge aclk) ones <= sums;
      end else begin : g_twice
        wire [MORE-1:0] c = sums[MORE-1:0];
        wire [MORE-1:0] d = sums[2*MORE-1:MORE];
        wire [MORE-1:0] odd;
        wire unused = &{1'b0, sums};
        assign odd = parities ~^ w[2*TWOS+:MORE] ^ w[2*TWOS+MORE+:MORE] ^ w[2*TWOS+2*MORE+:MORE];
        always @(posedge aclk) begin
          twos[TWOS+MORE-1:TWOS] <= c & d | (c ^ d) & ~odd;
          ones[MORE-1:0] <= odd;
        end
        if (ONES > 3 * MORE) begin : g_rest
          always @(posedge aclk) ones[ONES-2*MORE-1:MORE] <= sums[ONES-1:3*MORE];
        end
      end
      finnlite_sums #(
          .ONES(ONES - 2 * MORE),
          .TWOS(TWOS + MORE),
          .LATENCY(LATENCY - 1)
      ) counts (
          .aclk (aclk),
          .ones (ones),
          .twos (twos),
          .count(count)
      );
    end
  endgenerate
`endif
endmodule

`default_nettype wire
