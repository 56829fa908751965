// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Drives a cell with one source and one sink. The source sends 0, 1, 2, ...; both ends pause at random, in
/// PAUSES percent of the cycles. Writes a line for each of COUNT steps: NUMBER, whether it reads, whether it
/// writes; and one for each word out: NUMBER, the word.
module steps #(
    parameter integer NUMBER = 0,
    parameter integer IN = 16,
    parameter integer OUT = 16,
    parameter integer PIPE = 1,
    parameter integer COUNT = 100,
    parameter integer PAUSES = 0
) (
    input  wire           aclk,
    input  wire           aresetn,
    input  wire           step,
    output wire [ IN-1:0] s0_data,
    output wire           s0_valid,
    input  wire           s0_ready,
    input  wire [OUT-1:0] m0_data,
    input  wire           m0_valid,
    output wire           m0_ready,
    output wire           done
);
  reg source_open = 1'b0, sink_open = 1'b0;
  reg taken = 1'b0, counted = 1'b0;
  reg [PIPE:0] written = {PIPE + 1{1'b0}};  // of this cycle, of the one before, ...
  reg [IN-1:0] sent = {IN{1'b0}};
  integer made = 0, rest = PIPE, seed = NUMBER + 1;

  assign s0_valid = source_open && aresetn;
  assign s0_data = s0_valid ? sent : {IN{1'bx}};
  assign m0_ready = sink_open && aresetn;
  assign done = rest < 0;

  // Looks in the middle of a cycle and moves at its end.
  always @(negedge aclk) begin
    taken = s0_valid && s0_ready;
    counted = aresetn && step && made < COUNT;
    written = {written[PIPE:0], counted && m0_valid && m0_ready};
    if (counted) $display("%0d %b %b", NUMBER, taken, written[0]);
    if (written[PIPE]) $display("%0d %h", NUMBER, m0_data);
  end

  always @(posedge aclk) begin
    #1;
    if (taken) sent = sent + 1'b1;
    if (counted) made = made + 1;
    if (made >= COUNT && !done) rest = rest - 1;
    source_open = $unsigned($random(seed)) % 100 >= PAUSES;
    sink_open = $unsigned($random(seed)) % 100 >= PAUSES;
  end
endmodule

`default_nettype wire
