// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Goes through COUNT states again and again, one further with every `enable`; `last` in the last of them.
/// `restart` leads to the first. It counts from 1 - COUNT up to 0, so that `last` is one flip-flop, and does
/// not tell the number.
/// Longest path: a carry chain; one LUT level to its reset.
module finnlite_lap #(
    parameter integer COUNT = 2
) (
    input  wire aclk,
    input  wire restart,
    input  wire enable,
    output wire last
);
  localparam integer BITS = $clog2(COUNT - 1) + 1;
  localparam integer BEGIN = 1 - COUNT;

  generate
    if (COUNT == 1) begin : g_single
      wire unused = &{1'b0, aclk, restart, enable};
      assign last = 1'b1;
    end else begin : g_several
      reg [BITS-1:0] value;
      assign last = !value[BITS-1];
      always @(posedge aclk) begin
        if (restart || (enable && last)) value <= BEGIN[BITS-1:0];
        else if (enable) value <= value + 1'b1;
      end
    end
  endgenerate
endmodule

`default_nettype wire
