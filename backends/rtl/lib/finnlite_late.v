// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// `q` is what `d` was CYCLES cycles ago; 0 cycles are a wire. Reset clears what is on its way, unlike
/// that of `finnlite_delay`, which has none: this one is for handshakes.
/// Longest path: none.
module finnlite_late #(
    parameter integer CYCLES = 1
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire d,
    output wire q
);

  generate
    if (CYCLES == 0) begin : g_wire
      // verilator lint_off UNUSED
      wire unused = aclk && aresetn;  // nothing is kept
      // verilator lint_on UNUSED
      assign q = d;
    end else begin : g_kept
      reg [CYCLES:1] kept_q;
      wire [CYCLES:0] all = {kept_q, d};
      always @(posedge aclk) kept_q <= aresetn ? all[CYCLES-1:0] : {CYCLES{1'b0}};
      assign q = all[CYCLES];
    end
  endgenerate

endmodule

`default_nettype wire
