// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A `finnlite_stream` between a writer and a reader that pause at random, next to a model of it that knows
/// the cycle of every word. Both run for COUNT words, in phases, long enough to fill it, in which the writer,
/// the reader, both or none are slow. Displays `NUMBER ok`, or what is wrong first.
module checked #(
    parameter integer NUMBER = 0,
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 2,
    parameter integer PIPE = 0,
    parameter integer LATENCY = 0,
    parameter RAM_STYLE = "distributed",
    parameter integer COUNT = 3 * DEPTH + 60
) (
    input  wire aclk,
    input  wire aresetn,
    output reg  done
);
  reg [WIDTH-1:0] words[0:COUNT-1];
  integer times[0:COUNT-1];  // when a word can be read
  reg [WIDTH-1:0] pipe[0:LATENCY];
  reg offers, wants, puts;
  wire has_room, has_word;
  wire [WIDTH-1:0] data;
  integer put, taken, taken_before, cycle, seed, index, phase;

  finnlite_stream #(
      .WIDTH(WIDTH), .DEPTH(DEPTH), .PIPE(PIPE), .LATENCY(LATENCY), .RAM_STYLE(RAM_STYLE)
  ) dut (
      .aclk(aclk), .aresetn(aresetn),
      .s_data(pipe[PIPE]), .s_valid(offers), .s_ready(has_room),
      .m_data(data), .m_valid(has_word), .m_ready(wants)
  );

  wire room = put - taken < DEPTH;
  wire word = taken < put && times[taken] <= cycle;

  task fail(input [8*16-1:0] what);
    if (!done) begin
      $display("%0d wrong: %0s in cycle %0d, %0d words in, %0d out", NUMBER, what, cycle, put, taken);
      done = 1'b1;
    end
  endtask

  initial begin
    done = 1'b0;
    put = 0;
    taken = 0;
    cycle = 0;
    seed = NUMBER + 1;
    offers = 1'b0;
    wants = 1'b0;
    for (index = 0; index < COUNT; index = index + 1) words[index] = $random(seed);
    @(posedge aresetn);
    @(posedge aclk);
    #1;
    while (!done) begin
      phase = cycle / (DEPTH + 20) + 2;
      offers = put < COUNT && $unsigned($random(seed)) % 8 >= (phase & 1) * 5;
      wants = $unsigned($random(seed)) % 8 >= (phase >> 1 & 1) * 5;
      pipe[0] = offers ? words[put] : {WIDTH{1'bx}};
      #2;
      if (has_room !== room) fail("room");
      if (has_word !== word) fail("word");
      if (word && data !== words[taken]) fail("data");
      if (taken == COUNT) begin
        if (!done) $display("%0d ok", NUMBER);
        done = 1'b1;
      end
      @(posedge aclk);
      #1;
      puts = offers && room;
      if (wants && word) taken = taken + 1;
      if (puts) begin
        times[put] = cycle + 1 + LATENCY;
        put = put + 1;
      end
      for (index = PIPE; index > 0; index = index - 1) pipe[index] = pipe[index-1];
      cycle = cycle + 1;
    end
  end
endmodule

`default_nettype wire
