// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts the ones among N bits; `count` is that of the bits LATENCY cycles earlier, LATENCY being at least
/// 3, or 2 of up to seven bits. Full adders of three bits come first, so that what makes a bit of two
/// others is in their LUTs. No reset.
/// Longest path: see finnlite_sums.
module finnlite_count #(
    parameter integer N = 64,
    parameter integer LATENCY = 3,
    parameter integer BITS = $clog2(N + 1)
) (
    input  wire            aclk,
    input  wire [   N-1:0] bits,
    output wire [BITS-1:0] count
);
`ifdef VERILATOR
  // The same, some times as fast.
  wire [31:0] total = $countones(bits);
  wire unused = &{1'b0, total[31:BITS]};
  finnlite_delay #(
      .WIDTH (BITS),
      .CYCLES(LATENCY)
  ) delay (
      .aclk(aclk),
      .d(total[BITS-1:0]),
      .q(count)
  );
`else
  localparam integer TWOS = N / 3;
  localparam integer ONES = N - 2 * TWOS;  // a sum of each three, and what is left

  generate
    if (N <= 7) begin : g_few
      reg [N-1:0] bits_q;
      wire [BITS-1:0] number;
      always @(posedge aclk) bits_q <= bits;
      finnlite_ones #(.N(N)) counted (.aclk(aclk), .bits(bits_q), .count(number));
      finnlite_delay #(.WIDTH(BITS), .CYCLES(LATENCY - 2)) delay (.aclk(aclk), .d(number), .q(count));
    end else begin : g_many
      reg [TWOS+ONES-1:0] bits_q;
      wire [TWOS-1:0] a = bits[TWOS-1:0];
      wire [TWOS-1:0] b = bits[2*TWOS-1:TWOS];
      wire [TWOS-1:0] c = bits[3*TWOS-1:2*TWOS];
      always @(posedge aclk) begin
        bits_q[TWOS-1:0] <= a & b | c & (a | b);
        bits_q[2*TWOS-1:TWOS] <= a ^ b ^ c;
      end
      if (ONES > TWOS) begin : g_left
        always @(posedge aclk) bits_q[TWOS+ONES-1:2*TWOS] <= bits[N-1:3*TWOS];
      end
      finnlite_sums #(
          .ONES(ONES),
          .TWOS(TWOS),
          .LATENCY(LATENCY - 1)
      ) sums (
          .aclk (aclk),
          .ones (bits_q[TWOS+ONES-1:TWOS]),
          .twos (bits_q[TWOS-1:0]),
          .count(count)
      );
    end
  endgenerate
`endif
endmodule

`default_nettype wire
