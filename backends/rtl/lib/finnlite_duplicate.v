// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The same word to COPIES streams at once: it waits until all have room.
/// PIPE = 0. Longest path: wires, and the conjunction of COPIES handshakes.
module finnlite_duplicate #(
    parameter integer WIDTH = 8,
    parameter integer COPIES = 2
) (
    input  wire                    aclk,
    input  wire                    aresetn,
    output wire                    step,

    input  wire [       WIDTH-1:0] s0_data,
    input  wire                    s0_valid,
    output wire                    s0_ready,

    output wire [COPIES*WIDTH-1:0] m_data,
    output wire [      COPIES-1:0] m_valid,
    input  wire [      COPIES-1:0] m_ready
);

  // verilator lint_off UNUSED
  wire unused = aclk && aresetn;  // it has no state
  // verilator lint_on UNUSED

  assign step = s0_valid && &m_ready;
  assign s0_ready = &m_ready;
  assign m_data = {COPIES{s0_data}};

  genvar i;
  generate
    for (i = 0; i < COPIES; i = i + 1) begin : g_sink
      localparam [COPIES-1:0] OWN = {{COPIES - 1{1'b0}}, 1'b1} << i;
      assign m_valid[i] = s0_valid && &(m_ready | OWN);
    end
  endgenerate

endmodule

`default_nettype wire
