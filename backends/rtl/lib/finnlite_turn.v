// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Whose turn it is among COUNT streams: the first until word ENDS[0] of a pixel, the next one until word
/// ENDS[1], …, the last one until its end; then it is the first one's again. ENDS holds 32 bits a stream, the
/// first stream's in the least significant ones. It goes on with `enable`.
/// Longest path: a counter and its comparison with the ends.
module finnlite_turn #(
    parameter integer COUNT = 2,
    parameter [32*COUNT-1:0] ENDS = {32'd2, 32'd1}
) (
    input  wire             aclk,
    input  wire             aresetn,
    input  wire             enable,
    output wire [COUNT-1:0] turn     // one bit is set
);

  localparam integer WORDS = ENDS[32*COUNT-1-:32];
  localparam BITS = $clog2(WORDS);

  wire [BITS-1:0] word;
  wire [COUNT:0] over;  // word is not below the end of the stream before

  assign over[0] = 1'b1;
  assign over[COUNT] = 1'b0;
  assign turn = over[COUNT-1:0] & ~over[COUNT:1];

  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(WORDS)) counter (
      .aclk(aclk), .aresetn(aresetn), .enable(enable), .count(word), .last()
  );
  // verilator lint_on PINCONNECTEMPTY

  genvar i;
  generate
    for (i = 1; i < COUNT; i = i + 1) begin : g_end
      assign over[i] = word >= ENDS[32*(i-1)+:BITS];
    end
  endgenerate

endmodule

`default_nettype wire
