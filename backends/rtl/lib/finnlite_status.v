// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What a processor can ask a running accelerator, as an AXI4-Lite slave of 64 KiB whose registers only read:
///   0x0000  0x464e4c53                  0x0010  frames that went in
///   0x0004  1, the version of this map  0x0014  frames that came out
///   0x0008  which build this is         0x0018  cycles since the reset
///   0x000c  number of streams
///   0x4000 + 4 * k  bit i: whether stream 32 k + i has a word for its reader
///   0x6000 + 4 * k  bit i: whether stream 32 k + i has room for its writer
///   0x8000 + 16 * stream + 4 * counter  a counter of the stream's finnlite_monitor
/// Counters go around at 2^32. What is not in this list reads 0; writes are answered and forgotten.
/// A read takes STREAMS + 2 cycles, as the monitors stand in a chain; reads and writes do not wait for each
/// other. Registers are read one by one, while the accelerator goes on.
/// Longest path: a counter's carry chain of 32 bits, or the three LUT levels that choose a register of 64
/// streams.
module finnlite_status #(
    parameter STREAMS = 1  // 1 to 2048
) (
    input  wire               aclk,
    input  wire               aresetn,

    // verilator lint_off UNUSED
    input  wire [15:0]        s_axi_awaddr,   // nothing is written
    // verilator lint_on UNUSED
    input  wire               s_axi_awvalid,
    output wire               s_axi_awready,
    // verilator lint_off UNUSED
    input  wire [31:0]        s_axi_wdata,
    input  wire [3:0]         s_axi_wstrb,
    // verilator lint_on UNUSED
    input  wire               s_axi_wvalid,
    output wire               s_axi_wready,
    output wire [1:0]         s_axi_bresp,
    output wire               s_axi_bvalid,
    input  wire               s_axi_bready,
    // verilator lint_off UNUSED
    input  wire [15:0]        s_axi_araddr,   // of a byte: always all four
    // verilator lint_on UNUSED
    input  wire               s_axi_arvalid,
    output wire               s_axi_arready,
    output reg  [31:0]        s_axi_rdata,
    output wire [1:0]         s_axi_rresp,
    output wire               s_axi_rvalid,
    input  wire               s_axi_rready,

    input  wire [31:0]        identity,
    input  wire               frame_in,       // the last beat of a frame is read
    input  wire               frame_out,      // the last beat of a frame is written
    input  wire [STREAMS-1:0] stream_valid,
    input  wire [STREAMS-1:0] stream_ready,
    output wire [15:0]        monitor_index,
    input  wire [31:0]        monitor_data
);

  // Writes: address and data come in any order.
  reg open_q, address_q, data_q;  // not in reset; address and data are there
  wire answered = s_axi_bvalid && s_axi_bready;

  assign s_axi_awready = open_q && !address_q;
  assign s_axi_wready = open_q && !data_q;
  assign s_axi_bvalid = address_q && data_q;
  assign s_axi_bresp = 2'b00;

  always @(posedge aclk) begin
    if (!aresetn) begin
      open_q <= 1'b0;
      address_q <= 1'b0;
      data_q <= 1'b0;
    end else begin
      open_q <= 1'b1;
      address_q <= !answered && (address_q || s_axi_awvalid && s_axi_awready);
      data_q <= !answered && (data_q || s_axi_wvalid && s_axi_wready);
    end
  end

  // Reads: one at a time, all as slow as a counter of the first monitor.
  localparam WAIT_BITS = $clog2(STREAMS + 1);
  localparam [31:0] COUNT = STREAMS;

  reg idle_q, waiting_q, valid_q;
  reg [WAIT_BITS-1:0] wait_q;
  reg [15:2] read_q;
  reg [31:0] chosen;  // of what can be read
  wire taken = s_axi_arvalid && s_axi_arready;
  wire ends = waiting_q && wait_q == {WAIT_BITS{1'b0}};
  wire waiting_d = taken || waiting_q && !ends;
  wire valid_d = ends || valid_q && !s_axi_rready;

  assign s_axi_arready = idle_q;
  assign s_axi_rvalid = valid_q;
  assign s_axi_rresp = 2'b00;
  assign monitor_index = {3'b000, read_q[14:2]};

  always @(posedge aclk) begin
    if (!aresetn) begin
      idle_q <= 1'b0;
      waiting_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      idle_q <= !waiting_d && !valid_d;
      waiting_q <= waiting_d;
      valid_q <= valid_d;
    end
  end

  always @(posedge aclk) begin
    wait_q <= taken ? COUNT[WAIT_BITS-1:0] : wait_q - 1'b1;
    if (taken) read_q <= s_axi_araddr[15:2];
    if (ends) s_axi_rdata <= chosen;
  end

  // What is read.
  localparam GROUPS = (STREAMS + 31) / 32;

  reg [31:0] in_q, out_q, cycles_q;

  always @(posedge aclk) begin
    if (!aresetn) begin
      in_q <= 32'd0;
      out_q <= 32'd0;
      cycles_q <= 32'd0;
    end else begin
      if (frame_in) in_q <= in_q + 32'd1;
      if (frame_out) out_q <= out_q + 32'd1;
      cycles_q <= cycles_q + 32'd1;
    end
  end

  reg [32*GROUPS-1:0] flags;

  always @* begin
    flags = {32 * GROUPS{1'b0}};
    flags[STREAMS-1:0] = read_q[13] ? stream_ready : stream_valid;
    flags = flags >> {read_q[12:2], 5'd0};
    chosen = 32'd0;
    if (read_q[15]) chosen = monitor_data;
    else if (read_q[14]) chosen = flags[31:0];
    else if (read_q[13:5] == 9'd0)
      case (read_q[4:2])
        3'd0: chosen = 32'h464e4c53;
        3'd1: chosen = 32'd1;
        3'd2: chosen = identity;
        3'd3: chosen = COUNT;
        3'd4: chosen = in_q;
        3'd5: chosen = out_q;
        3'd6: chosen = cycles_q;
        default: chosen = 32'd0;
      endcase
  end

endmodule

`default_nettype wire
