// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Shows two monitors the flags of two streams, a line of `flags.hex` a cycle (per stream s_valid, s_ready,
/// m_valid, m_ready, the first in the low bits), then asks for every counter and for some of a monitor that
/// is not there, and writes a line each.
module bench;
  parameter CYCLES = 1;

  reg clock = 1'b0, resetn = 1'b0;
  reg [7:0] flags [0:CYCLES-1];
  reg [7:0] now = 8'hff;
  reg [15:0] index = 16'd0;
  wire [31:0] first, second;
  integer cycle, counter, log;

  finnlite_monitor #(.INDEX(0)) monitor_0 (
      .aclk(clock), .aresetn(resetn), .index(index),
      .s_valid(now[0]), .s_ready(now[1]), .m_valid(now[2]), .m_ready(now[3]),
      .previous(32'd0), .data(first)
  );
  finnlite_monitor #(.INDEX(1)) monitor_1 (
      .aclk(clock), .aresetn(resetn), .index(index),
      .s_valid(now[4]), .s_ready(now[5]), .m_valid(now[6]), .m_ready(now[7]),
      .previous(first), .data(second)
  );

  always #5 clock = !clock;

  initial begin
    $readmemh("flags.hex", flags);
    log = $fopen("log", "w");
    repeat (3) @(posedge clock);
    #1 resetn = 1'b1;
    for (cycle = 0; cycle < CYCLES; cycle = cycle + 1) begin
      now = flags[cycle];
      @(posedge clock);
      #1;
    end
    now = 8'h00;
    for (counter = 0; counter < 12; counter = counter + 1) begin
      index = counter;
      repeat (2) @(posedge clock);
      #1 $fdisplay(log, "%0d", second);
    end
    $fclose(log);
    $finish;
  end

endmodule

`default_nettype wire
