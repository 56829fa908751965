// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Counts the ones among up to five bits without a clock. Its functions leave a LUT6 one input, so that
/// they fit into the LUTs of a carry chain that adds the count. It counts no more than five.
/// Longest path: one LUT.
module finnlite_five #(
    parameter integer N = 5
) (
    input  wire [N-1:0] bits,
    output wire [  2:0] count
);
  wire [4:0] b;
  assign b[N-1:0] = bits;
  generate
    if (N < 5) begin : g_padded
      assign b[4:N] = {(5 - N) {1'b0}};
    end
  endgenerate

  wire one = b[0] ^ b[1] ^ b[2];
  wire two = b[0] & b[1] | b[2] & (b[0] | b[1]);
  wire more = b[3] ^ b[4];
  wire both = b[3] & b[4];
  wire carry = one & more;
  assign count = {two & (both | carry), two ^ both ^ carry, one ^ more};
endmodule

`default_nettype wire
