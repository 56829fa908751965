// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The words of COUNT streams in turn, see `finnlite_turn`. It waits for the stream whose turn it is,
/// whatever the others have.
/// PIPE = 0. Longest path: from the counter of the words to `m_data`: whose turn it is, the choice of one
/// of COUNT words.
module finnlite_concat #(
    parameter integer WIDTH = 8,
    parameter integer COUNT = 2,
    parameter [32*COUNT-1:0] ENDS = {32'd2, 32'd1}
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    output wire                   step,

    input  wire [COUNT*WIDTH-1:0] s_data,
    input  wire [      COUNT-1:0] s_valid,
    output wire [      COUNT-1:0] s_ready,

    output wire [      WIDTH-1:0] m0_data,
    output wire                   m0_valid,
    input  wire                   m0_ready
);

  wire [COUNT-1:0] turn;

  assign m0_valid = |(turn & s_valid);
  assign s_ready = turn & {COUNT{m0_ready}};
  assign step = m0_valid && m0_ready;

  finnlite_turn #(.COUNT(COUNT), .ENDS(ENDS)) turns (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .turn(turn)
  );

  genvar i;
  generate
    for (i = 0; i < COUNT; i = i + 1) begin : g_source
      wire [WIDTH-1:0] word;  // of this stream or one before
      if (i == 0) begin : g_first
        assign word = s_data[WIDTH-1:0];
      end else begin : g_next
        assign word = turn[i] ? s_data[i*WIDTH+:WIDTH] : g_source[i-1].word;
      end
    end
  endgenerate
  assign m0_data = g_source[COUNT-1].word;

endmodule

`default_nettype wire
