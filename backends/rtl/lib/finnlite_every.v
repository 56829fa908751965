// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// `now` in every PERIOD-th enabled cycle, first after FIRST of them. It goes on so until `restart`.
/// Longest path: a carry chain behind two LUT levels.
module finnlite_every #(
    parameter integer FIRST  = 2,
    parameter integer PERIOD = 1
) (
    input  wire aclk,
    input  wire restart,
    input  wire enable,
    output wire now
);
  localparam integer MOST = FIRST > PERIOD - 1 ? FIRST : PERIOD - 1;
  localparam integer BITS = $clog2(MOST) + 1;
  localparam integer BEGIN = -FIRST;
  localparam integer AGAIN = 1 - PERIOD;

  generate
    if (MOST == 0) begin : g_always_now
      wire unused = &{1'b0, aclk, restart, enable};
      assign now = 1'b1;
    end else begin : g_sometimes
      reg [BITS-1:0] value;
      assign now = !value[BITS-1];
      always @(posedge aclk) begin
        if (restart) value <= BEGIN[BITS-1:0];
        else if (enable) value <= now ? AGAIN[BITS-1:0] : value + 1'b1;
      end
    end
  endgenerate
endmodule

`default_nettype wire
