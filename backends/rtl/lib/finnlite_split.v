// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The words of a stream to COUNT streams in turn, see `finnlite_turn`. It waits for room in the stream whose
/// turn it is, however full the others are.
/// PIPE = 0. Longest path: wires; of the handshake whose turn it is.
module finnlite_split #(
    parameter integer WIDTH = 8,
    parameter integer COUNT = 2,
    parameter [32*COUNT-1:0] ENDS = {32'd2, 32'd1}
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    output wire                   step,

    input  wire [      WIDTH-1:0] s0_data,
    input  wire                   s0_valid,
    output wire                   s0_ready,

    output wire [COUNT*WIDTH-1:0] m_data,
    output wire [      COUNT-1:0] m_valid,
    input  wire [      COUNT-1:0] m_ready
);

  wire [COUNT-1:0] turn;

  assign s0_ready = |(turn & m_ready);
  assign m_valid = turn & {COUNT{s0_valid}};
  assign step = s0_valid && s0_ready;
  assign m_data = {COUNT{s0_data}};

  finnlite_turn #(.COUNT(COUNT), .ENDS(ENDS)) turns (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .turn(turn)
  );

endmodule

`default_nettype wire
