// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// `count` = ones of `ones` + twice those of `twos`, LATENCY cycles earlier, LATENCY being at least 2, or
/// 1 of one bit each. No reset.
/// Longest path: see finnlite_ones, and an adder behind it, which has its own cycle from LATENCY 3 on.
module finnlite_sums #(
    parameter integer ONES = 22,
    parameter integer TWOS = 21,
    parameter integer BITS = $clog2(ONES + 2 * TWOS + 1),
    parameter integer LATENCY = 2
) (
    input  wire            aclk,
    input  wire [ONES-1:0] ones,
    input  wire [TWOS-1:0] twos,
    output wire [BITS-1:0] count
);
  localparam integer LOW = $clog2(ONES + 1);
  localparam integer HIGH = $clog2(TWOS + 1);

  generate
    if (ONES == 1 && TWOS == 1) begin : g_bits
      finnlite_delay #(
          .WIDTH (2),
          .CYCLES(LATENCY)
      ) delay (
          .aclk(aclk),
          .d({twos, ones}),
          .q(count)
      );
    end else begin : g_counts
      wire [ LOW-1:0] ones_count;
      wire [HIGH-1:0] twos_count;
      wire [ LOW-1:0] low;
      wire [HIGH-1:0] high;
      reg  [BITS-1:0] sum;

      finnlite_ones #(.N(ONES)) count_of_ones (.aclk(aclk), .bits(ones), .count(ones_count));
      finnlite_ones #(.N(TWOS)) count_of_twos (.aclk(aclk), .bits(twos), .count(twos_count));
      finnlite_delay #(
          .WIDTH (HIGH + LOW),
          .CYCLES(LATENCY - 2)
      ) delay (
          .aclk(aclk),
          .d({twos_count, ones_count}),
          .q({high, low})
      );
      // verilator lint_off WIDTH
      always @(posedge aclk) sum <= {high, 1'b0} + low;  // both are extended to the sum
      // verilator lint_on WIDTH
      assign count = sum;
    end
  endgenerate
endmodule

`default_nettype wire
