// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A level of the binary search for how many ascending thresholds PE unsigned values reach. Of the number
/// FOUND bits are there, the upper ones; the thresholds they lead to, read by `row` and `found`, two cycles
/// later. Then `next_found` has one bit more, and value and row are handed on. No reset.
/// Longest path: a comparison of BITS bits, and the address of the next level's memory.
module finnlite_level #(
    parameter integer PE = 4,
    parameter integer BITS = 12,
    parameter integer ROW_BITS = 1,
    parameter integer FOUND = 0,
    parameter integer HELD = FOUND > 0 ? FOUND : 1  // not to be set; of no bit one is ignored
) (
    input  wire                    aclk,
    input  wire [     PE*BITS-1:0] values,
    input  wire [    ROW_BITS-1:0] row,
    input  wire [     PE*HELD-1:0] found,
    input  wire [     PE*BITS-1:0] thresholds,
    output wire [     PE*BITS-1:0] next_values,
    output wire [    ROW_BITS-1:0] next_row,
    output wire [PE*(FOUND+1)-1:0] next_found
);
  wire [PE*HELD-1:0] held;
  finnlite_delay #(
      .WIDTH (PE * BITS + ROW_BITS + PE * HELD),
      .CYCLES(2)
  ) delay (
      .aclk(aclk),
      .d({values, row, found}),
      .q({next_values, next_row, held})
  );

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_value
      wire fires = next_values[pe*BITS+:BITS] >= thresholds[pe*BITS+:BITS];
      if (FOUND == 0) begin : g_first
        wire unused = held[pe];
        assign next_found[pe] = fires;
      end else begin : g_further
        assign next_found[pe*(FOUND+1)+:FOUND+1] = {held[pe*FOUND+:FOUND], fires};
      end
    end
  endgenerate
endmodule

`default_nettype wire
