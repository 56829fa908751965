// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts BEFORE + INSIDE + BEHIND steps again and again and says whether this one is one of those inner.
/// INSIDE is at least 1. It does not tell the number.
/// Longest path: a counter and its comparison with both ends.
module finnlite_within #(
    parameter integer BEFORE = 1,
    parameter integer INSIDE = 2,
    parameter integer BEHIND = 1
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire enable,
    output wire inner,
    output wire last
);

  localparam ALL = BEFORE + INSIDE + BEHIND;
  localparam BITS = ALL > 2 ? $clog2(ALL) : 1;
  localparam [BITS-1:0] FIRST = BEFORE[BITS-1:0];
  localparam integer END = BEFORE + INSIDE - 1;
  localparam [BITS-1:0] FINAL = END[BITS-1:0];

  // verilator lint_off UNUSED
  wire [BITS-1:0] count;  // without an edge nothing is compared
  // verilator lint_on UNUSED
  wire begun, ended;

  assign inner = begun && !ended;

  finnlite_counter #(.MODULUS(ALL)) counter (
      .aclk(aclk), .aresetn(aresetn), .enable(enable), .count(count), .last(last)
  );

  generate
    if (BEFORE == 0) begin : g_from_start
      assign begun = 1'b1;
    end else begin : g_begin
      assign begun = count >= FIRST;
    end
    if (BEHIND == 0) begin : g_to_end
      assign ended = 1'b0;
    end else begin : g_end
      assign ended = count > FINAL;
    end
  endgenerate

endmodule

`default_nettype wire
