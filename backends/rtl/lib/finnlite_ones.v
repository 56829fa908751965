// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts the ones among N bits; `count` is that of the bits one cycle earlier. A short carry chain counts
/// seven bits in three LUTs: one that it adds to, five whose count fits into its LUTs, and one as its
/// carry. A second one adds four and a carry to that, behind registers: twelve bits in six LUTs. Chains
/// that join two counts, or add a few bits to one, take a further bit as their carry. `a - ~b` is a + b + 1
/// and says which of them goes past the LUTs of the chain: a, which is there already. No reset.
/// Longest path: behind the registers the chains of a leaf's end and of $clog2((N + 1) / 13) joins.
module finnlite_ones #(
    parameter integer N = 12
) (
    input  wire                   aclk,
    input  wire [          N-1:0] bits,
    output wire [$clog2(N+1)-1:0] count
);
  localparam integer BITS = $clog2(N + 1);
  localparam integer LEAF = 12;
  localparam integer LEAVES = (N + 1) / (LEAF + 1);  // full ones
  localparam integer FULL = (LEAF + 1) * LEAVES - 1;  // with a carry for each of their joins
  localparam integer LEFT = (LEAF + 1) * ((N + LEAF + 1) / (LEAF + 1) / 2) - 1;

  // verilator lint_off WIDTH
  // Operands of the sums are extended to them.
  generate
    if (N <= 2) begin : g_bits
      reg [N-1:0] bits_q;
      always @(posedge aclk) bits_q <= bits;
      if (N == 1) begin : g_one
        assign count = bits_q;
      end else begin : g_two
        assign count = {&bits_q, ^bits_q};
      end
    end else if (N <= 7) begin : g_seven
      wire [2:0] five;
      wire [3:0] sum;
      reg [BITS-1:0] count_q;
      finnlite_five #(.N(N - 2)) table_of_five (.bits(bits[N-1:2]), .count(five));
      assign sum = {bits[0], bits[1]} - ~{five, bits[1]};
      always @(posedge aclk) count_q <= sum[BITS:1];
      assign count = count_q;
      wire unused = &{1'b0, sum};
    end else if (N <= LEAF || LEAVES > 0 && FULL < N && N <= FULL + 5) begin : g_added
      localparam integer BASE = N <= LEAF ? 7 : FULL;
      localparam integer REST = N - BASE;
      wire [$clog2(BASE+1)-1:0] base;
      reg [REST-1:0] rest;
      wire [BITS:0] sum;
      finnlite_ones #(.N(BASE)) ones (.aclk(aclk), .bits(bits[BASE-1:0]), .count(base));
      always @(posedge aclk) rest <= bits[N-1:BASE];
      if (REST == 1) begin : g_carry
        assign sum = {base, rest[0]} + rest[0];
      end else begin : g_few
        wire [2:0] few;
        finnlite_five #(.N(REST - 1)) table_of_few (.bits(rest[REST-1:1]), .count(few));
        assign sum = {base, rest[0]} - ~{few, rest[0]};
      end
      assign count = sum[BITS:1];
      wire unused = sum[0];
    end else begin : g_joined
      localparam integer RIGHT = N - 1 - LEFT;
      wire [$clog2(LEFT+1)-1:0] left;
      wire [$clog2(RIGHT+1)-1:0] right;
      reg carry;
      wire [BITS:0] sum;
      finnlite_ones #(.N(LEFT)) ones (.aclk(aclk), .bits(bits[LEFT-1:0]), .count(left));
      finnlite_ones #(.N(RIGHT)) more (.aclk(aclk), .bits(bits[N-2:LEFT]), .count(right));
      always @(posedge aclk) carry <= bits[N-1];
      assign sum = {left, carry} + {right, carry};
      assign count = sum[BITS:1];
      wire unused = sum[0];
    end
  endgenerate
  // verilator lint_on WIDTH
endmodule

`default_nettype wire
