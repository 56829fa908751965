// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts 0 … MODULUS - 1 and begins again, a count each cycle in which `enable` is set.
/// It does not load and does not count down. BITS is not to be set.
/// Longest path: an increment of BITS bits, and the comparison with the end.
module finnlite_counter #(
    parameter integer MODULUS = 2,
    parameter integer BITS = MODULUS > 2 ? $clog2(MODULUS) : 1
) (
    input  wire            aclk,
    input  wire            aresetn,
    input  wire            enable,
    output wire [BITS-1:0] count,
    output wire            last      // `count` is MODULUS - 1
);

  generate
    if (MODULUS == 1) begin : g_one
      // verilator lint_off UNUSED
      wire unused = &{1'b0, aclk, aresetn, enable};  // nothing to count
      // verilator lint_on UNUSED
      assign count = 1'b0;
      assign last = 1'b1;
    end else begin : g_many
      localparam integer END = MODULUS - 1;
      localparam [BITS-1:0] LAST = END[BITS-1:0];
      localparam [BITS-1:0] ONE = 1;

      reg [BITS-1:0] count_q;

      assign count = count_q;
      assign last = count_q == LAST;

      always @(posedge aclk) begin
        if (!aresetn) count_q <= {BITS{1'b0}};
        else if (enable) count_q <= MODULUS < 1 << BITS && last ? {BITS{1'b0}} : count_q + ONE;
      end
    end
  endgenerate

endmodule

`default_nettype wire
