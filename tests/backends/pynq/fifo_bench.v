// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Compares finnlite_fifo, cycle by cycle, with a queue of DEPTH words: flags, data and order, with a source
/// and a sink that pause at random. With +fill the sink waits until the source has been refused for a while.
/// Prints `words W cycles C held H errors E`: H is the most words that were inside at once.
module fifo_bench;
  parameter WIDTH = 8;
  parameter DEPTH = 2;
  parameter RAM_STYLE = "distributed";

  reg clock = 1'b0, resetn = 1'b0;
  reg source_valid = 1'b0, sink_ready = 1'b0;
  wire source_ready, sink_valid;
  wire [WIDTH-1:0] sink_data;

  integer words, source_rate, sink_rate, seed, hold;
  integer written = 0, taken = 0, cycles = 0, held = 0, errors = 0;

  // Every word differs from its neighbours in all its bytes.
  function [WIDTH-1:0] word(input integer index);
    integer k;
    for (k = 0; k < WIDTH; k = k + 8) word[k+:8] = (index * 167) ^ (index >> 8) ^ (k * 29);
  endfunction

  // What a source shows while it has nothing to say is no word.
  wire [WIDTH-1:0] source_data = source_valid ? word(written) : {WIDTH{1'bx}};

  finnlite_fifo #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .RAM_STYLE(RAM_STYLE)
  ) fifo (
      .aclk(clock),
      .aresetn(resetn),
      .s_axis_tdata(source_data),
      .s_axis_tvalid(source_valid),
      .s_axis_tready(source_ready),
      .m_axis_tdata(sink_data),
      .m_axis_tvalid(sink_valid),
      .m_axis_tready(sink_ready)
  );

  function chance(input integer percent);
    chance = $unsigned($random(seed)) % 100 < percent;
  endfunction

  task check(input condition, input [8*24-1:0] what);
    if (condition !== 1'b1) begin
      errors = errors + 1;
      if (errors < 5) $display("error: %0s in cycle %0d", what, cycles);
    end
  endtask

  // What both sides see just before the clock rises, and what follows from it just after.
  reg write, read;
  task cycle;
    begin
      check(sink_valid === (written != taken), "valid");
      check(source_ready === (written - taken != DEPTH), "ready");
      if (sink_valid) check(sink_data === word(taken), "data");
      write = source_valid && source_ready;
      read = sink_valid && sink_ready;
      #1 clock = 1'b1;
      #1 if (write) written = written + 1;
      if (read) taken = taken + 1;
      if (written - taken > held) held = written - taken;
      cycles = cycles + 1;
    end
  endtask

  initial begin
    if (!$value$plusargs("words=%d", words)) words = 1000;
    if (!$value$plusargs("source=%d", source_rate)) source_rate = 100;
    if (!$value$plusargs("sink=%d", sink_rate)) sink_rate = 100;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    hold = $test$plusargs("fill") ? DEPTH + 20 : 0;
    repeat (3) #5 clock = !clock;
    #5 clock = 1'b0;
    resetn = 1'b1;
    #5 clock = 1'b1;  // the flags are registered: one cycle after reset the FIFO is ready
    while (taken < words && cycles < 100 * words + 10000) begin
      #3 clock = 1'b0;
      // A word that was offered stays until it is taken.
      if (!source_valid || write) source_valid = written < words && chance(source_rate);
      sink_ready = cycles >= hold && chance(sink_rate);
      #5 cycle;
    end
    $display("words %0d cycles %0d held %0d errors %0d", taken, cycles, held, errors);
    $finish;
  end
endmodule

`default_nettype wire
