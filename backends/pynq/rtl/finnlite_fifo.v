// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// AXI4-Stream FIFO of exactly DEPTH words in one clock domain, with registered flags: a word written in
/// cycle t can be read from t + 1 on, a slot read in cycle t can be written from t + 1 on. Every cycle takes
/// and gives a word if both sides are ready. It does not carry TLAST or TKEEP and does not cross clocks.
///
/// The memory is read synchronously, so that it fits block RAM and LUTRAM alike: it always fetches the word
/// that will be first after this cycle. A word that is written in that very cycle is not there yet and comes
/// from a register instead.
module finnlite_fifo #(
    parameter WIDTH = 8,                    // bits of TDATA, whole bytes
    parameter DEPTH = 2,                    // words, at least 2
    parameter RAM_STYLE = "distributed"     // or "block"
) (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input  wire             aclk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire             aresetn,

    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TDATA" *)
    input  wire [WIDTH-1:0] s_axis_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TVALID" *)
    input  wire             s_axis_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TREADY" *)
    output wire             s_axis_tready,

    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TDATA" *)
    output wire [WIDTH-1:0] m_axis_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TVALID" *)
    output wire             m_axis_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TREADY" *)
    input  wire             m_axis_tready
);

  localparam ADDRESS_BITS = $clog2(DEPTH);
  localparam COUNT_BITS = $clog2(DEPTH + 1);
  localparam [ADDRESS_BITS-1:0] LAST = DEPTH - 1;
  localparam [COUNT_BITS-1:0] FULL = DEPTH;
  localparam [COUNT_BITS-1:0] ONE = 1;

  (* ram_style = RAM_STYLE *)
  reg [WIDTH-1:0] memory [0:DEPTH-1];

  reg [ADDRESS_BITS-1:0] head_q, tail_q;    // of the first word, of the first free slot
  reg [COUNT_BITS-1:0] count_q;
  reg ready_q, valid_q;                     // not full, not empty
  reg [WIDTH-1:0] fetched_q, written_q;
  reg bypass_q;                             // the first word was written in the cycle it was fetched in

  wire write = s_axis_tvalid && ready_q;
  wire read = valid_q && m_axis_tready;
  wire [ADDRESS_BITS-1:0] head_d = !read ? head_q : head_q == LAST ? {ADDRESS_BITS{1'b0}} : head_q + 1'b1;
  wire [ADDRESS_BITS-1:0] tail_d = !write ? tail_q : tail_q == LAST ? {ADDRESS_BITS{1'b0}} : tail_q + 1'b1;
  wire full_d = !read && (write ? count_q == FULL - ONE : count_q == FULL);
  wire empty_d = !write && (read ? count_q == ONE : count_q == {COUNT_BITS{1'b0}});

  assign s_axis_tready = ready_q;
  assign m_axis_tvalid = valid_q;
  assign m_axis_tdata = bypass_q ? written_q : fetched_q;

  always @(posedge aclk) begin
    if (write) memory[tail_q] <= s_axis_tdata;
    fetched_q <= memory[head_d];
    written_q <= s_axis_tdata;
    bypass_q <= write && tail_q == head_d;
  end

  always @(posedge aclk) begin
    if (!aresetn) begin
      head_q <= {ADDRESS_BITS{1'b0}};
      tail_q <= {ADDRESS_BITS{1'b0}};
      count_q <= {COUNT_BITS{1'b0}};
      ready_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      head_q <= head_d;
      tail_q <= tail_d;
      if (write && !read) count_q <= count_q + ONE;
      if (read && !write) count_q <= count_q - ONE;
      ready_q <= !full_d;
      valid_q <= !empty_d;
    end
  end

endmodule

`default_nettype wire
