// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The codes of PE output levels: LEVEL_0 + LEVEL_STEP * count, modulo 2^OUT_BITS, the count being that of
/// COUNT thresholds, or what it lacks of COUNT where `flip` is set. REGISTERED: one cycle later. No reset.
/// Longest path: of few bits a LUT or two.
module finnlite_code #(
    parameter integer PE = 4,
    parameter integer COUNT = 3,
    parameter integer OUT_BITS = 2,
    parameter integer LEVEL_0 = 0,
    parameter integer LEVEL_STEP = 1,
    parameter integer REGISTERED = 1,
    parameter integer COUNT_BITS = $clog2(COUNT + 1)  // not to be set
) (
    input  wire                     aclk,
    input  wire [PE*COUNT_BITS-1:0] counts,
    input  wire [           PE-1:0] flip,
    output wire [  PE*OUT_BITS-1:0] codes
);
  localparam [COUNT_BITS-1:0] ALL = COUNT[COUNT_BITS-1:0];
  wire [PE*OUT_BITS-1:0] next;

  genvar pe;
  generate
    for (pe = 0; pe < PE; pe = pe + 1) begin : g_value
      wire [COUNT_BITS-1:0] count = counts[pe*COUNT_BITS+:COUNT_BITS];
      wire [COUNT_BITS-1:0] fired = flip[pe] ? ALL - count : count;
      wire [31:0] level = LEVEL_0 + LEVEL_STEP * {{(32 - COUNT_BITS) {1'b0}}, fired};
      assign next[pe*OUT_BITS+:OUT_BITS] = level[OUT_BITS-1:0];
      wire unused = &{1'b0, level};
    end
  endgenerate
  finnlite_delay #(.WIDTH(PE * OUT_BITS), .CYCLES(REGISTERED)) delay (.aclk(aclk), .d(next), .q(codes));
endmodule

`default_nettype wire
