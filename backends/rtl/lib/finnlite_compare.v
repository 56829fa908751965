// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// How many of COUNT ascending thresholds each of PE unsigned values reaches, all compared at once;
/// `counts` are those of one cycle earlier. Thresholds are of all values' first, then of the second, …:
/// value by value. No reset.
/// Longest path: a comparison of BITS bits; behind the registers the choice of a bit of COUNT.
module finnlite_compare #(
    parameter integer PE = 4,
    parameter integer BITS = 12,
    parameter integer COUNT = 3,
    parameter integer COUNT_BITS = $clog2(COUNT + 1)  // not to be set
) (
    input  wire                     aclk,
    input  wire [      PE*BITS-1:0] values,
    input  wire [PE*COUNT*BITS-1:0] thresholds,
    output wire [PE*COUNT_BITS-1:0] counts
);
  genvar pe, t, b;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_value
      // Those that fire come first, so that the bits of their number are chosen, not added.
      reg [COUNT-1:0] fires;
      wire [(1<<COUNT_BITS)-2:0] all;
      for (t = 0; t < COUNT; t = t + 1) begin : g_threshold
        always @(posedge aclk) begin
          fires[t] <= values[pe*BITS+:BITS] >= thresholds[(pe*COUNT+t)*BITS+:BITS];
        end
      end
      assign all[COUNT-1:0] = fires;
      if (COUNT < (1 << COUNT_BITS) - 1) begin : g_fill
        assign all[(1<<COUNT_BITS)-2:COUNT] = {((1 << COUNT_BITS) - 1 - COUNT) {1'b0}};
      end
      for (b = 0; b < COUNT_BITS; b = b + 1) begin : g_bit
        // The upper b + 1 bits of the count; the last of them is that of the threshold that those above
        // lead to.
        wire [(1<<b)-1:0] places;
        wire [b:0] upper;
        for (t = 0; t < 1 << b; t = t + 1) begin : g_place
          assign places[t] = all[((2*t+1)<<(COUNT_BITS-1-b))-1];
        end
        if (b == 0) begin : g_first
          assign upper = places;
        end else begin : g_further
          assign upper = {g_bit[b-1].upper, places[g_bit[b-1].upper]};
        end
      end
      assign counts[pe*COUNT_BITS+:COUNT_BITS] = g_bit[COUNT_BITS-1].upper;
    end
  endgenerate
endmodule

`default_nettype wire
