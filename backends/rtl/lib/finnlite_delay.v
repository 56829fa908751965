// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What was at `d` CYCLES cycles ago; 0 cycles are a wire. It has no reset and does not wait.
/// Longest path: none.
module finnlite_delay #(
    parameter integer WIDTH  = 8,
    parameter integer CYCLES = 1
) (
    input  wire             aclk,
    input  wire [WIDTH-1:0] d,
    output wire [WIDTH-1:0] q
);
  generate
    if (CYCLES == 0) begin : g_passed
      wire unused = aclk;
      assign q = d;
    end else begin : g_kept
      reg  [CYCLES*WIDTH-1:0] words;
      wire [CYCLES*WIDTH-1:0] next;
      wire [WIDTH-1:0] unused;  // leaves the last register
      assign {unused, next} = {words, d};
      assign q = words[CYCLES*WIDTH-1-:WIDTH];
      always @(posedge aclk) words <= next;
    end
  endgenerate
endmodule

`default_nettype wire
