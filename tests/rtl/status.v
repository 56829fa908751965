// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// An accelerator with a status block between a source, a sink and a processor. The processor reads and
/// writes anywhere while frames go through; when nothing moves any more, it reads the addresses of +addresses
/// and writes what it got to +log. Breaches of AXI4-Lite end the run.
module status_bench #(
    parameter BEATS_IN = 8,    // that the source has
    parameter BEATS_OUT = 8,   // that the sink takes
    parameter LAST = 1,        // whether the source's last beat ends its transfer
    parameter READS = 16
);

  localparam QUIET = 2000, PATIENCE = 40000;

  reg clock = 0, resetn = 0;
  always #5 clock = !clock;

  integer seed, log, i, moved, cycle, taken, given, next, wrong, aw_count, w_count, b_count;
  reg [8*256-1:0] name;
  reg [63:0] beats [0:BEATS_IN-1];
  reg [15:0] addresses [0:READS-1];

  function chance(input integer percent);
    chance = $unsigned($random(seed)) % 100 < percent;
  endfunction

  // Streams.
  reg s_valid, m_ready;
  wire s_ready, m_valid;
  wire [63:0] m_data;
  wire m_last;
  wire [7:0] m_keep;

  // Registers.
  reg ar_valid, r_ready, aw_valid, w_valid, b_ready, asked, held;
  reg [15:0] ar_address, aw_address, asked_address;
  reg [31:0] w_data, held_data;
  wire ar_ready, r_valid, aw_ready, w_ready, b_valid;
  wire [31:0] r_data;
  wire [1:0] r_resp, b_resp;
  reg listed, held_b;  // the addresses of the list are read

  finnlite_accelerator dut (
      .aclk(clock), .aresetn(resetn),
      .s_axis_tdata(beats[given % BEATS_IN]), .s_axis_tlast(LAST != 0 && given == BEATS_IN - 1),
      .s_axis_tvalid(s_valid), .s_axis_tready(s_ready),
      .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tlast(m_last),
      .m_axis_tvalid(m_valid), .m_axis_tready(m_ready),
      .s_axi_awaddr(aw_address), .s_axi_awvalid(aw_valid), .s_axi_awready(aw_ready),
      .s_axi_wdata(w_data), .s_axi_wstrb(w_data[3:0]), .s_axi_wvalid(w_valid), .s_axi_wready(w_ready),
      .s_axi_bresp(b_resp), .s_axi_bvalid(b_valid), .s_axi_bready(b_ready),
      .s_axi_araddr(ar_address), .s_axi_arvalid(ar_valid), .s_axi_arready(ar_ready),
      .s_axi_rdata(r_data), .s_axi_rresp(r_resp), .s_axi_rvalid(r_valid), .s_axi_rready(r_ready),
      .identity(32'h89abcdef)
  );

  task breach(input [8*64-1:0] what);
    begin
      $display("breach in cycle %0d: %0s", cycle, what);
      wrong = wrong + 1;
    end
  endtask

  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if ($value$plusargs("beats=%s", name)) $readmemh(name, beats);
    if ($value$plusargs("addresses=%s", name)) $readmemh(name, addresses);
    if ($value$plusargs("log=%s", name)) log = $fopen(name, "w");
    {moved, cycle, taken, given, next, wrong, aw_count, w_count, b_count} = 0;
    {s_valid, m_ready, ar_valid, r_ready, aw_valid, w_valid, b_ready, asked, held, listed, held_b} = 0;
    {ar_address, aw_address, w_data} = 0;
    repeat (5) @(posedge clock);
    #1 if (r_valid !== 0 || b_valid !== 0) breach("valid must be low in reset");
    resetn = 1;
    while (!(listed && next == READS && !asked && !ar_valid && b_count == aw_count && b_count == w_count))
    begin
      @(posedge clock);
      cycle = cycle + 1;
      if (cycle == PATIENCE || wrong != 0) begin
        $display("the processor must get its answers within %0d cycles, does not", PATIENCE);
        $finish_and_return(1);
      end
    end
    $fclose(log);
    $finish;
  end

  // A beat that is offered stays until it is taken.
  always @(posedge clock) if (resetn) begin
    moved <= s_valid && s_ready || m_valid && m_ready ? 0 : moved + 1;
    if (s_valid && s_ready) given <= given + 1;
    s_valid <= s_valid && !s_ready || given + (s_valid && s_ready) < BEATS_IN && chance(70);
    if (m_valid && m_ready) taken <= taken + 1;
    m_ready <= taken + (m_valid && m_ready) < BEATS_OUT && chance(70);
  end

  always @(posedge clock) if (resetn) begin
    if (!listed && moved > QUIET && !asked && !ar_valid) listed <= 1;
    // Questions: the next may stand there before the last has been answered.
    if (ar_valid && ar_ready) begin
      if (asked) breach("a read must be taken after the last one's answer");
      asked <= 1;
      asked_address <= ar_address;
    end
    if (!ar_valid || ar_ready) begin
      ar_valid <= 0;
      if (chance(30) && (listed ? next < READS : moved <= QUIET)) begin
        ar_valid <= 1;
        ar_address <= listed ? addresses[next] : $random(seed);
        if (listed) next <= next + 1;
      end
    end
    // Answers.
    if (r_valid && !asked) breach("an answer must have a question");
    if (r_valid && r_resp !== 0) breach("a read must be OKAY");
    if (held && (!r_valid || r_data !== held_data)) breach("an answer must stay until it is taken");
    if (r_valid && ^r_data === 1'bx) breach("an answer must be known");
    held <= r_valid && !r_ready;
    held_data <= r_data;
    if (r_valid && r_ready) begin
      asked <= 0;
      if (listed) $fwrite(log, "%h %h\n", asked_address, r_data);
    end
    r_ready <= chance(50);
  end

  always @(posedge clock) if (resetn) begin
    if (aw_valid && aw_ready) aw_count <= aw_count + 1;
    if (w_valid && w_ready) w_count <= w_count + 1;
    if (!aw_valid || aw_ready) begin
      aw_valid <= aw_count + aw_valid < w_count + w_valid + (listed ? 0 : 2) && chance(20);
      aw_address <= $random(seed);
    end
    if (!w_valid || w_ready) begin
      // In the end there is as much data as there are addresses.
      w_valid <= w_count + w_valid < aw_count + aw_valid + (listed ? 0 : 1) && chance(20);
      w_data <= $random(seed);
    end
    if (b_valid && (b_count >= aw_count || b_count >= w_count)) breach("a write must be answered after it");
    if (b_valid && b_resp !== 0) breach("a write must be OKAY");
    if (held_b && !b_valid) breach("a write's answer must stay until it is taken");
    held_b <= b_valid && !b_ready;
    if (b_valid && b_ready) b_count <= b_count + 1;
    b_ready <= chance(50);
  end

endmodule

`default_nettype wire
