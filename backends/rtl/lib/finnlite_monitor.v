// SPDX-License-Identifier: Apache-2.0
/// What a stream's FIFO went through since the reset: four counters of 32 bits, which go around.
///   0  the most words in it at once, words on their way into it included
///   1  words written
///   2  cycles in which its reader lacked a word of it and nothing else
///   3  cycles in which its writer lacked room in it and nothing else
/// Monitors stand in a chain: `data` is counter index[1:0] of the monitor called INDEX = index[15:2],
/// as many cycles later as monitors follow and one; 0 of one that is not there.
/// It does not stop: whoever reads counters that change reads them one after the other.
/// Longest path: a carry chain of 32 bits behind one LUT level.
`default_nettype none
module finnlite_monitor #(
    parameter integer INDEX = 0
) (
    input  wire        aclk,
    input  wire        aresetn,
    input  wire [15:0] index,
    input  wire        s_valid,
    input  wire        s_ready,
    input  wire        m_valid,
    input  wire        m_ready,
    input  wire [31:0] previous,
    output reg  [31:0] data
);
  localparam [13:0] OWN = INDEX[13:0];

  reg [31:0] held, high_water, words, empty, full;

  wire written = s_valid & s_ready;
  wire read = m_valid & m_ready;
  // The mark follows one cycle behind, so that no comparison follows an addition.
  wire higher = held > high_water;

  always @(posedge aclk) begin
    if (!aresetn) begin
      held <= 32'd0;
      high_water <= 32'd0;
      words <= 32'd0;
      empty <= 32'd0;
      full <= 32'd0;
    end else begin
      if (written & ~read) held <= held + 32'd1;
      if (read & ~written) held <= held - 32'd1;
      if (higher) high_water <= held;
      if (written) words <= words + 32'd1;
      if (m_ready & ~m_valid) empty <= empty + 32'd1;
      if (s_valid & ~s_ready) full <= full + 32'd1;
    end
  end

  always @(posedge aclk) begin
    if (index[15:2] != OWN) data <= previous;
    else
      case (index[1:0])
        2'd0: data <= high_water;
        2'd1: data <= words;
        2'd2: data <= empty;
        default: data <= full;
      endcase
  end
endmodule
`default_nettype wire
