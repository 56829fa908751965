// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The accelerator: 13 layers, from AXI4-Stream to AXI4-Stream, TLAST once a transfer.
/// It has no registers; every frame ends with a whole beat.
module finnlite_accelerator (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input  wire aclk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire aresetn,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TDATA" *)
    input  wire [63:0] s_axis_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TLAST" *)
    input  wire s_axis_tlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TVALID" *)
    input  wire s_axis_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis TREADY" *)
    output wire s_axis_tready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TDATA" *)
    output wire [63:0] m_axis_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TKEEP" *)
    output wire [7:0] m_axis_tkeep,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TLAST" *)
    output wire m_axis_tlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TVALID" *)
    output wire m_axis_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis TREADY" *)
    input  wire m_axis_tready
);

  // verilator lint_off UNUSED
  wire [12:0] steps;
  // verilator lint_on UNUSED

  wire [64:0] s0_read_data;
  wire s0_read_valid;
  wire s0_read_ready;
  assign s0_read_data = {s_axis_tlast, s_axis_tdata};
  assign s0_read_valid = s_axis_tvalid;
  assign s_axis_tready = s0_read_ready;

  wire [47:0] axiin_0_out_write_data;
  wire axiin_0_out_write_valid;
  wire axiin_0_out_write_ready;
  wire [47:0] axiin_0_out_read_data;
  wire axiin_0_out_read_valid;
  wire axiin_0_out_read_ready;
  finnlite_stream #(
      .WIDTH(48),
      .DEPTH(2),
      .PIPE(0),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) axiin_0_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(axiin_0_out_write_data),
      .s_valid(axiin_0_out_write_valid),
      .s_ready(axiin_0_out_write_ready),
      .m_data(axiin_0_out_read_data),
      .m_valid(axiin_0_out_read_valid),
      .m_ready(axiin_0_out_read_ready)
  );

  wire [5:0] widthconverter_duplicate_1_width_out_write_data;
  wire widthconverter_duplicate_1_width_out_write_valid;
  wire widthconverter_duplicate_1_width_out_write_ready;
  wire [5:0] widthconverter_duplicate_1_width_out_read_data;
  wire widthconverter_duplicate_1_width_out_read_valid;
  wire widthconverter_duplicate_1_width_out_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(8),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) widthconverter_duplicate_1_width_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(widthconverter_duplicate_1_width_out_write_data),
      .s_valid(widthconverter_duplicate_1_width_out_write_valid),
      .s_ready(widthconverter_duplicate_1_width_out_write_ready),
      .m_data(widthconverter_duplicate_1_width_out_read_data),
      .m_valid(widthconverter_duplicate_1_width_out_read_valid),
      .m_ready(widthconverter_duplicate_1_width_out_read_ready)
  );

  wire [5:0] duplicate_1_out_write_data;
  wire duplicate_1_out_write_valid;
  wire duplicate_1_out_write_ready;
  wire [5:0] duplicate_1_out_read_data;
  wire duplicate_1_out_read_valid;
  wire duplicate_1_out_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(12),
      .PIPE(0),
      .LATENCY(5),
      .RAM_STYLE("distributed")
  ) duplicate_1_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(duplicate_1_out_write_data),
      .s_valid(duplicate_1_out_write_valid),
      .s_ready(duplicate_1_out_write_ready),
      .m_data(duplicate_1_out_read_data),
      .m_valid(duplicate_1_out_read_valid),
      .m_ready(duplicate_1_out_read_ready)
  );

  wire [5:0] duplicate_1_out1_write_data;
  wire duplicate_1_out1_write_valid;
  wire duplicate_1_out1_write_ready;
  wire [5:0] duplicate_1_out1_read_data;
  wire duplicate_1_out1_read_valid;
  wire duplicate_1_out1_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(10),
      .PIPE(0),
      .LATENCY(5),
      .RAM_STYLE("distributed")
  ) duplicate_1_out1_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(duplicate_1_out1_write_data),
      .s_valid(duplicate_1_out1_write_valid),
      .s_ready(duplicate_1_out1_write_ready),
      .m_data(duplicate_1_out1_read_data),
      .m_valid(duplicate_1_out1_read_valid),
      .m_ready(duplicate_1_out1_read_ready)
  );

  wire [5:0] pad_3_out_write_data;
  wire pad_3_out_write_valid;
  wire pad_3_out_write_ready;
  wire [5:0] pad_3_out_read_data;
  wire pad_3_out_read_valid;
  wire pad_3_out_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(10),
      .PIPE(1),
      .LATENCY(8),
      .RAM_STYLE("distributed")
  ) pad_3_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(pad_3_out_write_data),
      .s_valid(pad_3_out_write_valid),
      .s_ready(pad_3_out_write_ready),
      .m_data(pad_3_out_read_data),
      .m_valid(pad_3_out_read_valid),
      .m_ready(pad_3_out_read_ready)
  );

  wire [5:0] swu_4_out_write_data;
  wire swu_4_out_write_valid;
  wire swu_4_out_write_ready;
  wire [5:0] swu_4_out_read_data;
  wire swu_4_out_read_valid;
  wire swu_4_out_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(10),
      .PIPE(1),
      .LATENCY(8),
      .RAM_STYLE("distributed")
  ) swu_4_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(swu_4_out_write_data),
      .s_valid(swu_4_out_write_valid),
      .s_ready(swu_4_out_write_ready),
      .m_data(swu_4_out_read_data),
      .m_valid(swu_4_out_read_valid),
      .m_ready(swu_4_out_read_ready)
  );

  wire [17:0] vvtu_5_out_write_data;
  wire vvtu_5_out_write_valid;
  wire vvtu_5_out_write_ready;
  wire [17:0] vvtu_5_out_read_data;
  wire vvtu_5_out_read_valid;
  wire vvtu_5_out_read_ready;
  finnlite_stream #(
      .WIDTH(18),
      .DEPTH(4),
      .PIPE(6),
      .LATENCY(11),
      .RAM_STYLE("distributed")
  ) vvtu_5_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(vvtu_5_out_write_data),
      .s_valid(vvtu_5_out_write_valid),
      .s_ready(vvtu_5_out_write_ready),
      .m_data(vvtu_5_out_read_data),
      .m_valid(vvtu_5_out_read_valid),
      .m_ready(vvtu_5_out_read_ready)
  );

  wire [5:0] swu_7_out_write_data;
  wire swu_7_out_write_valid;
  wire swu_7_out_write_ready;
  wire [5:0] swu_7_out_read_data;
  wire swu_7_out_read_valid;
  wire swu_7_out_read_ready;
  finnlite_stream #(
      .WIDTH(6),
      .DEPTH(10),
      .PIPE(1),
      .LATENCY(8),
      .RAM_STYLE("distributed")
  ) swu_7_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(swu_7_out_write_data),
      .s_valid(swu_7_out_write_valid),
      .s_ready(swu_7_out_write_ready),
      .m_data(swu_7_out_read_data),
      .m_valid(swu_7_out_read_valid),
      .m_ready(swu_7_out_read_ready)
  );

  wire [9:0] windowsum_8_out_write_data;
  wire windowsum_8_out_write_valid;
  wire windowsum_8_out_write_ready;
  wire [9:0] windowsum_8_out_read_data;
  wire windowsum_8_out_read_valid;
  wire windowsum_8_out_read_ready;
  finnlite_stream #(
      .WIDTH(10),
      .DEPTH(4),
      .PIPE(2),
      .LATENCY(8),
      .RAM_STYLE("distributed")
  ) windowsum_8_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(windowsum_8_out_write_data),
      .s_valid(windowsum_8_out_write_valid),
      .s_ready(windowsum_8_out_write_ready),
      .m_data(windowsum_8_out_read_data),
      .m_valid(windowsum_8_out_read_valid),
      .m_ready(windowsum_8_out_read_ready)
  );

  wire [9:0] upsample_9_out_write_data;
  wire upsample_9_out_write_valid;
  wire upsample_9_out_write_ready;
  wire [9:0] upsample_9_out_read_data;
  wire upsample_9_out_read_valid;
  wire upsample_9_out_read_ready;
  finnlite_stream #(
      .WIDTH(10),
      .DEPTH(4),
      .PIPE(2),
      .LATENCY(8),
      .RAM_STYLE("distributed")
  ) upsample_9_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(upsample_9_out_write_data),
      .s_valid(upsample_9_out_write_valid),
      .s_ready(upsample_9_out_write_ready),
      .m_data(upsample_9_out_read_data),
      .m_valid(upsample_9_out_read_valid),
      .m_ready(upsample_9_out_read_ready)
  );

  wire [35:0] widthconverter_add_10_width0_out_write_data;
  wire widthconverter_add_10_width0_out_write_valid;
  wire widthconverter_add_10_width0_out_write_ready;
  wire [35:0] widthconverter_add_10_width0_out_read_data;
  wire widthconverter_add_10_width0_out_read_valid;
  wire widthconverter_add_10_width0_out_read_ready;
  finnlite_stream #(
      .WIDTH(36),
      .DEPTH(2),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) widthconverter_add_10_width0_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(widthconverter_add_10_width0_out_write_data),
      .s_valid(widthconverter_add_10_width0_out_write_valid),
      .s_ready(widthconverter_add_10_width0_out_write_ready),
      .m_data(widthconverter_add_10_width0_out_read_data),
      .m_valid(widthconverter_add_10_width0_out_read_valid),
      .m_ready(widthconverter_add_10_width0_out_read_ready)
  );

  wire [19:0] widthconverter_add_10_width1_out_write_data;
  wire widthconverter_add_10_width1_out_write_valid;
  wire widthconverter_add_10_width1_out_write_ready;
  wire [19:0] widthconverter_add_10_width1_out_read_data;
  wire widthconverter_add_10_width1_out_read_valid;
  wire widthconverter_add_10_width1_out_read_ready;
  finnlite_stream #(
      .WIDTH(20),
      .DEPTH(2),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) widthconverter_add_10_width1_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(widthconverter_add_10_width1_out_write_data),
      .s_valid(widthconverter_add_10_width1_out_write_valid),
      .s_ready(widthconverter_add_10_width1_out_write_ready),
      .m_data(widthconverter_add_10_width1_out_read_data),
      .m_valid(widthconverter_add_10_width1_out_read_valid),
      .m_ready(widthconverter_add_10_width1_out_read_ready)
  );

  wire [39:0] add_10_out_write_data;
  wire add_10_out_write_valid;
  wire add_10_out_write_ready;
  wire [39:0] add_10_out_read_data;
  wire add_10_out_read_valid;
  wire add_10_out_read_ready;
  finnlite_stream #(
      .WIDTH(40),
      .DEPTH(2),
      .PIPE(2),
      .LATENCY(7),
      .RAM_STYLE("distributed")
  ) add_10_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(add_10_out_write_data),
      .s_valid(add_10_out_write_valid),
      .s_ready(add_10_out_write_ready),
      .m_data(add_10_out_read_data),
      .m_valid(add_10_out_read_valid),
      .m_ready(add_10_out_read_ready)
  );

  wire transfer_last_write_data;
  wire transfer_last_write_valid;
  wire transfer_last_write_ready;
  wire transfer_last_read_data;
  wire transfer_last_read_valid;
  wire transfer_last_read_ready;
  finnlite_stream #(
      .WIDTH(1),
      .DEPTH(39),
      .PIPE(0),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) transfer_last_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(transfer_last_write_data),
      .s_valid(transfer_last_write_valid),
      .s_ready(transfer_last_write_ready),
      .m_data(transfer_last_read_data),
      .m_valid(transfer_last_read_valid),
      .m_ready(transfer_last_read_ready)
  );

  wire [64:0] m0_write_data;
  wire m0_write_valid;
  wire m0_write_ready;
  wire [64:0] m0_read_data;
  wire m0_read_valid;
  wire m0_read_ready;
  assign {m_axis_tlast, m_axis_tdata} = m0_read_data;
  assign m_axis_tvalid = m0_read_valid;
  assign m0_read_ready = m_axis_tready;
  assign m_axis_tkeep = 8'hff;
  finnlite_stream #(
      .WIDTH(65),
      .DEPTH(8),
      .PIPE(0),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) m0_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(m0_write_data),
      .s_valid(m0_write_valid),
      .s_ready(m0_write_ready),
      .m_data(m0_read_data),
      .m_valid(m0_read_valid),
      .m_ready(m0_read_ready)
  );

  axiin_0 axiin_0_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[0]),
      .s0_data(s0_read_data),
      .s0_valid(s0_read_valid),
      .s0_ready(s0_read_ready),
      .m0_data(axiin_0_out_write_data),
      .m0_valid(axiin_0_out_write_valid),
      .m0_ready(axiin_0_out_write_ready),
      .m1_data(transfer_last_write_data),
      .m1_valid(transfer_last_write_valid),
      .m1_ready(transfer_last_write_ready)
  );

  widthconverter_duplicate_1_width widthconverter_duplicate_1_width_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[1]),
      .s0_data(axiin_0_out_read_data),
      .s0_valid(axiin_0_out_read_valid),
      .s0_ready(axiin_0_out_read_ready),
      .m0_data(widthconverter_duplicate_1_width_out_write_data),
      .m0_valid(widthconverter_duplicate_1_width_out_write_valid),
      .m0_ready(widthconverter_duplicate_1_width_out_write_ready)
  );

  duplicate_1 duplicate_1_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[2]),
      .s0_data(widthconverter_duplicate_1_width_out_read_data),
      .s0_valid(widthconverter_duplicate_1_width_out_read_valid),
      .s0_ready(widthconverter_duplicate_1_width_out_read_ready),
      .m0_data(duplicate_1_out_write_data),
      .m0_valid(duplicate_1_out_write_valid),
      .m0_ready(duplicate_1_out_write_ready),
      .m1_data(duplicate_1_out1_write_data),
      .m1_valid(duplicate_1_out1_write_valid),
      .m1_ready(duplicate_1_out1_write_ready)
  );

  pad_3 pad_3_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[3]),
      .s0_data(duplicate_1_out_read_data),
      .s0_valid(duplicate_1_out_read_valid),
      .s0_ready(duplicate_1_out_read_ready),
      .m0_data(pad_3_out_write_data),
      .m0_valid(pad_3_out_write_valid),
      .m0_ready(pad_3_out_write_ready)
  );

  swu_4 swu_4_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[4]),
      .s0_data(pad_3_out_read_data),
      .s0_valid(pad_3_out_read_valid),
      .s0_ready(pad_3_out_read_ready),
      .m0_data(swu_4_out_write_data),
      .m0_valid(swu_4_out_write_valid),
      .m0_ready(swu_4_out_write_ready)
  );

  vvtu_5 vvtu_5_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[5]),
      .s0_data(swu_4_out_read_data),
      .s0_valid(swu_4_out_read_valid),
      .s0_ready(swu_4_out_read_ready),
      .m0_data(vvtu_5_out_write_data),
      .m0_valid(vvtu_5_out_write_valid),
      .m0_ready(vvtu_5_out_write_ready)
  );

  swu_7 swu_7_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[6]),
      .s0_data(duplicate_1_out1_read_data),
      .s0_valid(duplicate_1_out1_read_valid),
      .s0_ready(duplicate_1_out1_read_ready),
      .m0_data(swu_7_out_write_data),
      .m0_valid(swu_7_out_write_valid),
      .m0_ready(swu_7_out_write_ready)
  );

  windowsum_8 windowsum_8_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[7]),
      .s0_data(swu_7_out_read_data),
      .s0_valid(swu_7_out_read_valid),
      .s0_ready(swu_7_out_read_ready),
      .m0_data(windowsum_8_out_write_data),
      .m0_valid(windowsum_8_out_write_valid),
      .m0_ready(windowsum_8_out_write_ready)
  );

  upsample_9 upsample_9_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[8]),
      .s0_data(windowsum_8_out_read_data),
      .s0_valid(windowsum_8_out_read_valid),
      .s0_ready(windowsum_8_out_read_ready),
      .m0_data(upsample_9_out_write_data),
      .m0_valid(upsample_9_out_write_valid),
      .m0_ready(upsample_9_out_write_ready)
  );

  widthconverter_add_10_width0 widthconverter_add_10_width0_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[9]),
      .s0_data(vvtu_5_out_read_data),
      .s0_valid(vvtu_5_out_read_valid),
      .s0_ready(vvtu_5_out_read_ready),
      .m0_data(widthconverter_add_10_width0_out_write_data),
      .m0_valid(widthconverter_add_10_width0_out_write_valid),
      .m0_ready(widthconverter_add_10_width0_out_write_ready)
  );

  widthconverter_add_10_width1 widthconverter_add_10_width1_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[10]),
      .s0_data(upsample_9_out_read_data),
      .s0_valid(upsample_9_out_read_valid),
      .s0_ready(upsample_9_out_read_ready),
      .m0_data(widthconverter_add_10_width1_out_write_data),
      .m0_valid(widthconverter_add_10_width1_out_write_valid),
      .m0_ready(widthconverter_add_10_width1_out_write_ready)
  );

  add_10 add_10_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[11]),
      .s0_data(widthconverter_add_10_width0_out_read_data),
      .s0_valid(widthconverter_add_10_width0_out_read_valid),
      .s0_ready(widthconverter_add_10_width0_out_read_ready),
      .s1_data(widthconverter_add_10_width1_out_read_data),
      .s1_valid(widthconverter_add_10_width1_out_read_valid),
      .s1_ready(widthconverter_add_10_width1_out_read_ready),
      .m0_data(add_10_out_write_data),
      .m0_valid(add_10_out_write_valid),
      .m0_ready(add_10_out_write_ready)
  );

  axiout_13 axiout_13_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[12]),
      .s0_data(add_10_out_read_data),
      .s0_valid(add_10_out_read_valid),
      .s0_ready(add_10_out_read_ready),
      .s1_data(transfer_last_read_data),
      .s1_valid(transfer_last_read_valid),
      .s1_ready(transfer_last_read_ready),
      .m0_data(m0_write_data),
      .m0_valid(m0_write_valid),
      .m0_ready(m0_write_ready)
  );

endmodule

`default_nettype wire
