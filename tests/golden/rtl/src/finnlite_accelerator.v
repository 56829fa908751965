// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The accelerator: 9 layers, from AXI4-Stream to AXI4-Stream, TLAST once a transfer.
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
  wire [8:0] steps;
  // verilator lint_on UNUSED

  wire [64:0] s0_read_data;
  wire s0_read_valid;
  wire s0_read_ready;
  assign s0_read_data = {s_axis_tlast, s_axis_tdata};
  assign s0_read_valid = s_axis_tvalid;
  assign s_axis_tready = s0_read_ready;

  wire [63:0] axiin_0_out_write_data;
  wire axiin_0_out_write_valid;
  wire axiin_0_out_write_ready;
  wire [63:0] axiin_0_out_read_data;
  wire axiin_0_out_read_valid;
  wire axiin_0_out_read_ready;
  finnlite_stream #(
      .WIDTH(64),
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

  wire [31:0] widthconverter_quantize_width_out_write_data;
  wire widthconverter_quantize_width_out_write_valid;
  wire widthconverter_quantize_width_out_write_ready;
  wire [31:0] widthconverter_quantize_width_out_read_data;
  wire widthconverter_quantize_width_out_read_valid;
  wire widthconverter_quantize_width_out_read_ready;
  finnlite_stream #(
      .WIDTH(32),
      .DEPTH(2),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) widthconverter_quantize_width_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(widthconverter_quantize_width_out_write_data),
      .s_valid(widthconverter_quantize_width_out_write_valid),
      .s_ready(widthconverter_quantize_width_out_write_ready),
      .m_data(widthconverter_quantize_width_out_read_data),
      .m_valid(widthconverter_quantize_width_out_read_valid),
      .m_ready(widthconverter_quantize_width_out_read_ready)
  );

  wire [15:0] thresholding_quantize_out_write_data;
  wire thresholding_quantize_out_write_valid;
  wire thresholding_quantize_out_write_ready;
  wire [15:0] thresholding_quantize_out_read_data;
  wire thresholding_quantize_out_read_valid;
  wire thresholding_quantize_out_read_ready;
  finnlite_stream #(
      .WIDTH(16),
      .DEPTH(3),
      .PIPE(4),
      .LATENCY(9),
      .RAM_STYLE("distributed")
  ) thresholding_quantize_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(thresholding_quantize_out_write_data),
      .s_valid(thresholding_quantize_out_write_valid),
      .s_ready(thresholding_quantize_out_write_ready),
      .m_data(thresholding_quantize_out_read_data),
      .m_valid(thresholding_quantize_out_read_valid),
      .m_ready(thresholding_quantize_out_read_ready)
  );

  wire [2:0] mvtu_fc_1_2a8f0d05_out_write_data;
  wire mvtu_fc_1_2a8f0d05_out_write_valid;
  wire mvtu_fc_1_2a8f0d05_out_write_ready;
  wire [2:0] mvtu_fc_1_2a8f0d05_out_read_data;
  wire mvtu_fc_1_2a8f0d05_out_read_valid;
  wire mvtu_fc_1_2a8f0d05_out_read_ready;
  finnlite_stream #(
      .WIDTH(3),
      .DEPTH(9),
      .PIPE(9),
      .LATENCY(15),
      .RAM_STYLE("distributed")
  ) mvtu_fc_1_2a8f0d05_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(mvtu_fc_1_2a8f0d05_out_write_data),
      .s_valid(mvtu_fc_1_2a8f0d05_out_write_valid),
      .s_ready(mvtu_fc_1_2a8f0d05_out_write_ready),
      .m_data(mvtu_fc_1_2a8f0d05_out_read_data),
      .m_valid(mvtu_fc_1_2a8f0d05_out_read_valid),
      .m_ready(mvtu_fc_1_2a8f0d05_out_read_ready)
  );

  wire [3:0] mvtu_fc2_out_write_data;
  wire mvtu_fc2_out_write_valid;
  wire mvtu_fc2_out_write_ready;
  wire [3:0] mvtu_fc2_out_read_data;
  wire mvtu_fc2_out_read_valid;
  wire mvtu_fc2_out_read_ready;
  finnlite_stream #(
      .WIDTH(4),
      .DEPTH(7),
      .PIPE(7),
      .LATENCY(12),
      .RAM_STYLE("distributed")
  ) mvtu_fc2_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(mvtu_fc2_out_write_data),
      .s_valid(mvtu_fc2_out_write_valid),
      .s_ready(mvtu_fc2_out_write_ready),
      .m_data(mvtu_fc2_out_read_data),
      .m_valid(mvtu_fc2_out_read_valid),
      .m_ready(mvtu_fc2_out_read_ready)
  );

  wire [4:0] thresholding_requantize_out_write_data;
  wire thresholding_requantize_out_write_valid;
  wire thresholding_requantize_out_write_ready;
  wire [4:0] thresholding_requantize_out_read_data;
  wire thresholding_requantize_out_read_valid;
  wire thresholding_requantize_out_read_ready;
  finnlite_stream #(
      .WIDTH(5),
      .DEPTH(10),
      .PIPE(11),
      .LATENCY(17),
      .RAM_STYLE("distributed")
  ) thresholding_requantize_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(thresholding_requantize_out_write_data),
      .s_valid(thresholding_requantize_out_write_valid),
      .s_ready(thresholding_requantize_out_write_ready),
      .m_data(thresholding_requantize_out_read_data),
      .m_valid(thresholding_requantize_out_read_valid),
      .m_ready(thresholding_requantize_out_read_ready)
  );

  wire labelselect_0_out_write_data;
  wire labelselect_0_out_write_valid;
  wire labelselect_0_out_write_ready;
  wire labelselect_0_out_read_data;
  wire labelselect_0_out_read_valid;
  wire labelselect_0_out_read_ready;
  finnlite_stream #(
      .WIDTH(1),
      .DEPTH(2),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) labelselect_0_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(labelselect_0_out_write_data),
      .s_valid(labelselect_0_out_write_valid),
      .s_ready(labelselect_0_out_write_ready),
      .m_data(labelselect_0_out_read_data),
      .m_valid(labelselect_0_out_read_valid),
      .m_ready(labelselect_0_out_read_ready)
  );

  wire [63:0] widthconverter_axiout_0_width_out_write_data;
  wire widthconverter_axiout_0_width_out_write_valid;
  wire widthconverter_axiout_0_width_out_write_ready;
  wire [63:0] widthconverter_axiout_0_width_out_read_data;
  wire widthconverter_axiout_0_width_out_read_valid;
  wire widthconverter_axiout_0_width_out_read_ready;
  finnlite_stream #(
      .WIDTH(64),
      .DEPTH(2),
      .PIPE(1),
      .LATENCY(6),
      .RAM_STYLE("distributed")
  ) widthconverter_axiout_0_width_out_fifo (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_data(widthconverter_axiout_0_width_out_write_data),
      .s_valid(widthconverter_axiout_0_width_out_write_valid),
      .s_ready(widthconverter_axiout_0_width_out_write_ready),
      .m_data(widthconverter_axiout_0_width_out_read_data),
      .m_valid(widthconverter_axiout_0_width_out_read_valid),
      .m_ready(widthconverter_axiout_0_width_out_read_ready)
  );

  wire transfer_last_write_data;
  wire transfer_last_write_valid;
  wire transfer_last_write_ready;
  wire transfer_last_read_data;
  wire transfer_last_read_valid;
  wire transfer_last_read_ready;
  finnlite_stream #(
      .WIDTH(1),
      .DEPTH(123),
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

  widthconverter_quantize_width widthconverter_quantize_width_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[1]),
      .s0_data(axiin_0_out_read_data),
      .s0_valid(axiin_0_out_read_valid),
      .s0_ready(axiin_0_out_read_ready),
      .m0_data(widthconverter_quantize_width_out_write_data),
      .m0_valid(widthconverter_quantize_width_out_write_valid),
      .m0_ready(widthconverter_quantize_width_out_write_ready)
  );

  thresholding_quantize thresholding_quantize_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[2]),
      .s0_data(widthconverter_quantize_width_out_read_data),
      .s0_valid(widthconverter_quantize_width_out_read_valid),
      .s0_ready(widthconverter_quantize_width_out_read_ready),
      .m0_data(thresholding_quantize_out_write_data),
      .m0_valid(thresholding_quantize_out_write_valid),
      .m0_ready(thresholding_quantize_out_write_ready)
  );

  mvtu_fc_1_2a8f0d05 mvtu_fc_1_2a8f0d05_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[3]),
      .s0_data(thresholding_quantize_out_read_data),
      .s0_valid(thresholding_quantize_out_read_valid),
      .s0_ready(thresholding_quantize_out_read_ready),
      .m0_data(mvtu_fc_1_2a8f0d05_out_write_data),
      .m0_valid(mvtu_fc_1_2a8f0d05_out_write_valid),
      .m0_ready(mvtu_fc_1_2a8f0d05_out_write_ready)
  );

  mvtu_fc2 mvtu_fc2_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[4]),
      .s0_data(mvtu_fc_1_2a8f0d05_out_read_data),
      .s0_valid(mvtu_fc_1_2a8f0d05_out_read_valid),
      .s0_ready(mvtu_fc_1_2a8f0d05_out_read_ready),
      .m0_data(mvtu_fc2_out_write_data),
      .m0_valid(mvtu_fc2_out_write_valid),
      .m0_ready(mvtu_fc2_out_write_ready)
  );

  thresholding_requantize thresholding_requantize_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[5]),
      .s0_data(mvtu_fc2_out_read_data),
      .s0_valid(mvtu_fc2_out_read_valid),
      .s0_ready(mvtu_fc2_out_read_ready),
      .m0_data(thresholding_requantize_out_write_data),
      .m0_valid(thresholding_requantize_out_write_valid),
      .m0_ready(thresholding_requantize_out_write_ready)
  );

  labelselect_0 labelselect_0_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[6]),
      .s0_data(thresholding_requantize_out_read_data),
      .s0_valid(thresholding_requantize_out_read_valid),
      .s0_ready(thresholding_requantize_out_read_ready),
      .m0_data(labelselect_0_out_write_data),
      .m0_valid(labelselect_0_out_write_valid),
      .m0_ready(labelselect_0_out_write_ready)
  );

  widthconverter_axiout_0_width widthconverter_axiout_0_width_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[7]),
      .s0_data(labelselect_0_out_read_data),
      .s0_valid(labelselect_0_out_read_valid),
      .s0_ready(labelselect_0_out_read_ready),
      .m0_data(widthconverter_axiout_0_width_out_write_data),
      .m0_valid(widthconverter_axiout_0_width_out_write_valid),
      .m0_ready(widthconverter_axiout_0_width_out_write_ready)
  );

  axiout_0 axiout_0_i (
      .aclk(aclk),
      .aresetn(aresetn),
      .step(steps[8]),
      .s0_data(widthconverter_axiout_0_width_out_read_data),
      .s0_valid(widthconverter_axiout_0_width_out_read_valid),
      .s0_ready(widthconverter_axiout_0_width_out_read_ready),
      .s1_data(transfer_last_read_data),
      .s1_valid(transfer_last_read_valid),
      .s1_ready(transfer_last_read_ready),
      .m0_data(m0_write_data),
      .m0_valid(m0_write_valid),
      .m0_ready(m0_write_ready)
  );

endmodule

`default_nettype wire
