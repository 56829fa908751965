// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Words of ELEMENTS elements, N of them a frame, to 64-bit beats: a step reads a word and writes a beat if
/// that is complete; the frame's last beat is made up with zeros. If its last word completes one beat and
/// begins another, one step more, which reads nothing, writes that. An element of BITS bits lies in a
/// container of CONTAINER bits, sign-extended if SIGNED. The last beat takes its TLAST from s1; the others
/// have none.
///
/// A word is a whole beat, or a single element that a beat is no multiple of (CONTAINER 24, 40, 48 or 56).
/// PIPE = 0. Longest path: from `s0_data` to `m0_data`, one LUT level for whole beats, else an 8:1 and a 2:1
/// multiplexer.
module finnlite_axi_out #(
    parameter integer N = 64,
    parameter integer ELEMENTS = 64,
    parameter integer BITS = 1,
    parameter integer CONTAINER = 1,
    parameter integer SIGNED = 0
) (
    input  wire                     aclk,
    input  wire                     aresetn,
    output wire                     step,

    input  wire [ELEMENTS*BITS-1:0] s0_data,
    input  wire                     s0_valid,
    output wire                     s0_ready,

    input  wire                     s1_data,
    input  wire                     s1_valid,
    output wire                     s1_ready,

    output wire [64:0]              m0_data,  // TLAST, beat
    output wire                     m0_valid,
    input  wire                     m0_ready
);

  localparam WORD = ELEMENTS * CONTAINER;
  localparam WORDS = (N + ELEMENTS - 1) / ELEMENTS;
  localparam BEATS = (N * CONTAINER + 63) / 64;
  localparam TAIL = N * CONTAINER - (BEATS - 1) * 64;          // bits of the last beat
  localparam FLUSH = WORDS * WORD / 64 == BEATS - 1 &&         // the last word completes the beat before
      WORDS * WORD % 64 != 0 && WORDS * WORD % 64 < WORD;
  localparam STEPS = FLUSH ? WORDS + 1 : WORDS;
  localparam COUNT_BITS = STEPS > 2 ? $clog2(STEPS) : 1;

  wire [COUNT_BITS-1:0] count;
  wire last, reads, writes;
  wire [WORD-1:0] word;
  wire [63:0] beat;
  wire [63:0] kept = {64{!last}} | {64{1'b1}} >> (64 - TAIL);

  assign step = (!reads || s0_valid) && (!writes || m0_ready) && (!last || s1_valid);
  assign s0_ready = reads && (!writes || m0_ready) && (!last || s1_valid);
  assign s1_ready = last && (!reads || s0_valid) && m0_ready;
  assign m0_valid = writes && (!reads || s0_valid) && (!last || s1_valid);
  assign m0_data = {last && s1_data, beat & kept};

  finnlite_counter #(.MODULUS(STEPS)) counter (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(count), .last(last)
  );

  genvar i;
  generate
    for (i = 0; i < ELEMENTS; i = i + 1) begin : g_element
      assign word[i*CONTAINER+:BITS] = s0_data[i*BITS+:BITS];
      if (CONTAINER > BITS) begin : g_extension
        assign word[i*CONTAINER+BITS+:CONTAINER-BITS] =
            {CONTAINER - BITS{SIGNED != 0 && s0_data[(i+1)*BITS-1]}};
      end
    end

    if (WORD == 64) begin : g_beats
      // verilator lint_off UNUSED
      wire unused = &{1'b0, count};  // its end is enough
      // verilator lint_on UNUSED
      assign reads = 1'b1;
      assign writes = 1'b1;
      assign beat = word;
    end else begin : g_elements
      localparam CHUNK = WORD == 48 ? 16 : 8;
      localparam CHUNKS = 64 / CHUNK;
      localparam HAVE_BITS = $clog2(CHUNKS);
      localparam integer WORD_CHUNKS = WORD / CHUNK;
      localparam integer LAST_WORD = WORDS - 1;
      localparam [HAVE_BITS-1:0] TAKEN = WORD_CHUNKS[HAVE_BITS-1:0];
      localparam [COUNT_BITS-1:0] END = LAST_WORD[COUNT_BITS-1:0];

      reg [HAVE_BITS-1:0] have_q;  // chunks of the beat that are there
      reg [63:0] beat_q;
      wire [HAVE_BITS:0] full = {1'b0, have_q} + {1'b0, TAKEN};
      wire [127:0] twice = {{64 - WORD{1'b0}}, word, {64 - WORD{1'b0}}, word};
      wire [6:0] start = 7'd64 - {1'b0, have_q, {6 - HAVE_BITS{1'b0}}};
      wire [CHUNKS-1:0] there = ~({CHUNKS{1'b1}} << have_q);
      wire [63:0] turned = twice[start+:64];  // the word behind what is there, beyond the end from place 0 on

      assign reads = !FLUSH || !last;
      assign writes = full[HAVE_BITS] || count == END || !reads;

      for (i = 0; i < CHUNKS; i = i + 1) begin : g_chunk
        assign beat[i*CHUNK+:CHUNK] = there[i] ? beat_q[i*CHUNK+:CHUNK] : turned[i*CHUNK+:CHUNK];
        always @(posedge aclk) begin
          if (step && (writes || !there[i])) beat_q[i*CHUNK+:CHUNK] <= turned[i*CHUNK+:CHUNK];
        end
      end

      always @(posedge aclk) begin
        if (!aresetn) have_q <= {HAVE_BITS{1'b0}};
        else if (step) have_q <= last ? {HAVE_BITS{1'b0}} : full[HAVE_BITS-1:0];
      end
    end
  endgenerate

endmodule

`default_nettype wire
