// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// 64-bit beats to words of ELEMENTS elements, N of them a frame, one word a step; a step reads a beat first
/// if too few bits are left over. An element of BITS bits lies in a container of CONTAINER bits. The TLAST of
/// the frame's last beat goes to m1. Elements behind the frame's end are passed on as they come.
///
/// A word is a whole beat, or a single element that a beat is no multiple of (CONTAINER 24, 40, 48 or 56).
/// PIPE = 0. Longest path: from `s0_data` to `m0_data`, wires for whole beats, else an 8:1 multiplexer.
module finnlite_axi_in #(
    parameter integer N = 64,
    parameter integer ELEMENTS = 64,
    parameter integer BITS = 1,
    parameter integer CONTAINER = 1
) (
    input  wire                     aclk,
    input  wire                     aresetn,
    output wire                     step,

    input  wire [64:0]              s0_data,  // TLAST, beat
    input  wire                     s0_valid,
    output wire                     s0_ready,

    output wire [ELEMENTS*BITS-1:0] m0_data,
    output wire                     m0_valid,
    input  wire                     m0_ready,

    output wire                     m1_data,
    output wire                     m1_valid,
    input  wire                     m1_ready
);

  localparam WORD = ELEMENTS * CONTAINER;
  localparam WORDS = (N + ELEMENTS - 1) / ELEMENTS;
  localparam BEATS = (N * CONTAINER + 63) / 64;
  localparam COUNT_BITS = WORDS > 2 ? $clog2(WORDS) : 1;
  localparam integer READS_END = (BEATS - 1) * 64 / WORD;  // the word for which the last beat is read
  localparam [COUNT_BITS-1:0] END = READS_END[COUNT_BITS-1:0];

  wire [COUNT_BITS-1:0] count;
  wire last, reads;
  wire ends = count == END;
  // verilator lint_off UNUSED
  wire [WORD-1:0] word;  // a container may be wider than its element
  // verilator lint_on UNUSED

  assign step = (!reads || s0_valid) && m0_ready && (!ends || m1_ready);
  assign s0_ready = reads && m0_ready && (!ends || m1_ready);
  assign m0_valid = (!reads || s0_valid) && (!ends || m1_ready);
  assign m1_valid = ends && s0_valid && m0_ready;
  assign m1_data = s0_data[64];

  finnlite_counter #(.MODULUS(WORDS)) words (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(count), .last(last)
  );

  generate
    if (WORD == 64) begin : g_beats
      // verilator lint_off UNUSED
      wire unused = last;  // the count goes around by itself
      // verilator lint_on UNUSED
      assign reads = 1'b1;
      assign word = s0_data[63:0];
    end else begin : g_elements
      localparam CHUNK = WORD == 48 ? 16 : 8;
      localparam CHUNKS = 64 / CHUNK;
      localparam HAVE_BITS = $clog2(CHUNKS);
      localparam integer WORD_CHUNKS = WORD / CHUNK;
      localparam [HAVE_BITS-1:0] NEED = WORD_CHUNKS[HAVE_BITS-1:0];

      reg [HAVE_BITS-1:0] have_q;  // chunks of `beat_q` that are left over
      reg [63:CHUNK] beat_q;
      wire [127:CHUNK] window = {s0_data[63:0], beat_q};
      wire [6:0] start = 7'd64 - {1'b0, have_q, {6 - HAVE_BITS{1'b0}}};

      assign reads = have_q < NEED;
      assign word = window[start+:WORD];

      // A beat more, CHUNKS, is a whole turn of the counter.
      always @(posedge aclk) begin
        if (!aresetn) have_q <= {HAVE_BITS{1'b0}};
        else if (step) have_q <= last ? {HAVE_BITS{1'b0}} : have_q - NEED;
      end

      always @(posedge aclk) if (step && reads) beat_q <= s0_data[63:CHUNK];
    end
  endgenerate

  genvar i;
  generate
    for (i = 0; i < ELEMENTS; i = i + 1) begin : g_element
      assign m0_data[i*BITS+:BITS] = word[i*CONTAINER+:BITS];
    end
  endgenerate

endmodule

`default_nettype wire
