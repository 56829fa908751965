// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts up to CAPACITY tokens, and says in a flip-flop whether there is one. It begins with INITIAL of
/// them, which is 0 or CAPACITY, one cycle after reset. It does not check: no token is put into the full
/// counter, none is taken while `any` is 0.
///
/// The first token is the flag itself; only those behind it are counted.
/// Longest path: from `put` or `take` to the enable of a counter of BITS bits, which is not to be set.
module finnlite_tokens #(
    parameter integer CAPACITY = 2,
    parameter integer INITIAL = 0,
    parameter integer BITS = CAPACITY > 2 ? $clog2(CAPACITY) : 1
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire put,
    input  wire take,
    output wire any
);

  localparam integer BEHIND = INITIAL > 0 ? INITIAL - 1 : 0;
  localparam [BITS-1:0] FIRST = BEHIND[BITS-1:0];
  localparam [BITS-1:0] NONE = 0;
  localparam [BITS-1:0] ONE = 1;

  reg any_q;
  reg [BITS-1:0] more_q;  // tokens behind the first; there are none if there is no first

  wire more = more_q != NONE;

  assign any = any_q;

  always @(posedge aclk) begin
    if (!aresetn) begin
      any_q <= 1'b0;
      more_q <= FIRST;
    end else begin
      any_q <= put || more || (any_q && !take);
      if (put && !take && any_q) more_q <= more_q + ONE;
      else if (take && !put && more) more_q <= more_q - ONE;
    end
  end

endmodule

`default_nettype wire
