// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Sends the beats of a transfer to an accelerator and takes as many as are expected of it; source and sink
/// pause at random. Writes a line a cycle, from the first after reset: which layers make a step, and, if a
/// beat leaves in it, TLAST, TKEEP and the beat. Ends when all have left, or after `patience` cycles in
/// which nothing happens.
module bench;
  parameter LAYERS = 1;
  parameter BEATS_IN = 1;
  parameter BEATS_OUT = 1;

  reg clock = 1'b0, resetn = 1'b0;
  reg [63:0] beats [0:BEATS_IN-1];
  reg source_open = 1'b0, sink_open = 1'b0;
  wire source_ready, sink_valid, sink_last;
  wire [63:0] sink_data;
  wire [7:0] sink_keep;
  wire [LAYERS-1:0] steps;
  integer sent = 0, taken = 0, idle = 0;
  integer seed, source_rate, sink_rate, patience, log;
  reg [8*512-1:0] beats_file, log_file;

  wire source_valid = source_open && sent < BEATS_IN;

  finnlite_accelerator dut (
      .aclk(clock),
      .aresetn(resetn),
      .s_axis_tdata(source_valid ? beats[sent] : {64{1'bx}}),
      .s_axis_tlast(source_valid ? sent == BEATS_IN - 1 : 1'bx),
      .s_axis_tvalid(source_valid),
      .s_axis_tready(source_ready),
      .m_axis_tdata(sink_data),
      .m_axis_tkeep(sink_keep),
      .m_axis_tlast(sink_last),
      .m_axis_tvalid(sink_valid),
      .m_axis_tready(sink_open),
      .steps(steps)
  );

  function chance(input integer percent);
    chance = $unsigned($random(seed)) % 100 < percent;
  endfunction

  always #5 clock = !clock;

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("source=%d", source_rate)) source_rate = 100;
    if (!$value$plusargs("sink=%d", sink_rate)) sink_rate = 100;
    if (!$value$plusargs("patience=%d", patience)) patience = 10000;
    if (!$value$plusargs("beats=%s", beats_file)) $finish;
    if (!$value$plusargs("log=%s", log_file)) $finish;
    $readmemh(beats_file, beats);
    log = $fopen(log_file, "w");
    repeat (4) @(posedge clock);
    #1 resetn = 1'b1;
    source_open = chance(source_rate);
    sink_open = chance(sink_rate);
    while (taken < BEATS_OUT && idle < patience) begin
      #3;
      if (sink_valid && sink_open) $fdisplay(log, "%h %b %h %h", steps, sink_last, sink_keep, sink_data);
      else $fdisplay(log, "%h", steps);
      idle = |steps || (sink_valid && sink_open) ? 0 : idle + 1;
      @(posedge clock);
      // A source that has offered a beat keeps offering it.
      if (source_valid && source_ready) sent = sent + 1;
      if (sink_valid && sink_open) taken = taken + 1;
      #1;
      if (!source_open || source_ready) source_open = chance(source_rate);
      sink_open = chance(sink_rate);
    end
    $fclose(log);
    $finish;
  end

endmodule

`default_nettype wire
