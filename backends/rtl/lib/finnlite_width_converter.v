// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Words of IN elements to words of OUT elements of BITS bits, any ratio. A step reads a word if too
/// little is left over for the next output word, and writes that if there is enough then. Nothing is
/// carried over the end of a frame of N elements: what a partial last input word holds behind it is
/// dropped, a partial last output word is made up with zeros.
///
/// Words are shifted in from above and stay where they are until the next one comes. An output word lies
/// right below what is left over, so its place has IN / gcd(IN, OUT) possibilities: none to choose from
/// if IN divides OUT. Where a frame is no whole number of both words, its output words are counted.
/// PIPE = 1. Longest path: log2(IN / gcd(IN, OUT)) 2:1 multiplexers (two a LUT level) and, for a partial
/// last word, one more. BITS of counters follow from the parameters.
module finnlite_width_converter #(
    parameter integer N = 64,
    parameter integer IN = 8,
    parameter integer OUT = 3,
    parameter integer BITS = 1
) (
    input  wire                aclk,
    input  wire                aresetn,
    output wire                step,

    input  wire [IN*BITS-1:0]  s0_data,
    input  wire                s0_valid,
    output wire                s0_ready,

    output wire [OUT*BITS-1:0] m0_data,
    output wire                m0_valid,
    input  wire                m0_ready
);

  function integer gcd(input integer a, input integer b);
    integer x, y, rest;
    begin
      x = a;
      y = b;
      while (y != 0) begin
        rest = x % y;
        x = y;
        y = rest;
      end
      gcd = x;
    end
  endfunction

  localparam CHUNK = gcd(IN, OUT);  // all moves in chunks; only a frame's last one can be partial
  localparam I = IN / CHUNK;
  localparam O = OUT / CHUNK;
  localparam WIDTH = CHUNK * BITS;
  localparam KEPT = I + O - 1;
  localparam WORDS_IN = (N + IN - 1) / IN;
  localparam WORDS_OUT = (N + OUT - 1) / OUT;
  localparam WHOLE = N % IN == 0 && N % OUT == 0;
  localparam LAST_CHUNKS = (N + CHUNK - 1) / CHUNK - (WORDS_OUT - 1) * O;  // of the last output word
  localparam LAST_BITS = (N - (WORDS_OUT - 1) * OUT) * BITS;
  localparam OVER = WORDS_IN * I - WORDS_OUT * O;  // chunks read beyond it, or too few for a whole one

  localparam HAVE_BITS = I > 2 || O > 2 ? $clog2(I > O ? I : O) : 1;
  localparam [HAVE_BITS:0] NEED = O[HAVE_BITS:0];
  localparam [HAVE_BITS:0] NEED_LAST = LAST_CHUNKS[HAVE_BITS:0];
  localparam [HAVE_BITS:0] MORE = I[HAVE_BITS:0];

  reg [HAVE_BITS-1:0] have_q;  // chunks left over
  reg [KEPT*WIDTH-1:0] kept_q;
  wire last;                   // the next output word is the frame's last
  wire [HAVE_BITS:0] have = {1'b0, have_q};
  wire [HAVE_BITS:0] need = last ? NEED_LAST : NEED;
  // Of two sizes the smaller one moves in every step; the frame's last output word may want less than a word.
  wire reads = I < O && !last || have < need;
  wire writes = I >= O || have + MORE >= need;
  wire [HAVE_BITS-1:0] taken = reads ? MORE[HAVE_BITS-1:0] : {HAVE_BITS{1'b0}};
  wire [HAVE_BITS-1:0] given = writes ? NEED[HAVE_BITS-1:0] : {HAVE_BITS{1'b0}};

  assign step = (!reads || s0_valid) && (!writes || m0_ready);
  assign s0_ready = reads && (!writes || m0_ready);
  assign m0_valid = writes && (!reads || s0_valid);

  always @(posedge aclk) begin
    if (!aresetn) have_q <= {HAVE_BITS{1'b0}};
    else if (step) have_q <= last && writes ? {HAVE_BITS{1'b0}} : have_q + taken - given;
  end

  generate
    if (WHOLE) begin : g_whole
      assign last = 1'b0;
    end else begin : g_counted
      // verilator lint_off PINCONNECTEMPTY
      finnlite_counter #(.MODULUS(WORDS_OUT)) words (
          .aclk(aclk), .aresetn(aresetn), .enable(step && writes), .count(), .last(last)
      );
      // verilator lint_on PINCONNECTEMPTY
    end

    if (KEPT > I) begin : g_shift
      always @(posedge aclk) if (step && reads) kept_q <= {s0_data, kept_q[KEPT*WIDTH-1:IN*BITS]};
    end else begin : g_hold
      always @(posedge aclk) if (step && reads) kept_q <= s0_data;
    end
  endgenerate

  // The cycle after the step: the output word lies `over` chunks below the top.
  localparam STAGES = $clog2(I);
  localparam OVER_BITS = I > 2 ? $clog2(I) : 1;
  localparam [OVER_BITS-1:0] OVER_LAST = OVER > 0 ? OVER[OVER_BITS-1:0] : {OVER_BITS{1'b0}};

  // verilator lint_off UNUSED
  wire [OVER_BITS-1:0] over;  // there is none if IN divides OUT
  reg last_q;                 // nor this if frames are whole words
  // verilator lint_on UNUSED
  always @(posedge aclk) last_q <= last && writes;

  genvar stage;
  generate
    if (WHOLE || OVER <= 0) begin : g_left_over
      assign over = have_q[OVER_BITS-1:0];
    end else begin : g_remembered
      assign over = last_q ? OVER_LAST : have_q[OVER_BITS-1:0];
    end

    for (stage = STAGES; stage >= 0; stage = stage - 1) begin : g_stage
      // Enough for the shifts by less than 2**stage that follow.
      localparam CHUNKS = O + (1 << stage) - 1 < KEPT ? O + (1 << stage) - 1 : KEPT;
      wire [CHUNKS*WIDTH-1:0] top;
      if (stage == STAGES) begin : g_all
        assign top = kept_q[KEPT*WIDTH-1-:CHUNKS*WIDTH];
      end else begin : g_choice
        localparam BEFORE = O + (2 << stage) - 1 < KEPT ? O + (2 << stage) - 1 : KEPT;
        localparam SHIFT = 1 << stage;
        // verilator lint_off UNUSED
        wire [(BEFORE+SHIFT)*WIDTH-1:0] from = {g_stage[stage+1].top, {SHIFT * WIDTH{1'b0}}};
        // verilator lint_on UNUSED
        assign top = over[stage] ? from[BEFORE*WIDTH-1-:CHUNKS*WIDTH]
                                 : from[(BEFORE+SHIFT)*WIDTH-1-:CHUNKS*WIDTH];
      end
    end

    if (N % OUT == 0) begin : g_full
      assign m0_data = g_stage[0].top;
    end else begin : g_partial
      // A word for which too little was read lies higher than all others.
      localparam PLACE = OVER < 0 ? (KEPT - O - OVER) * WIDTH : 0;
      wire [LAST_BITS-1:0] part;
      if (OVER < 0) begin : g_higher
        assign part = last_q ? kept_q[PLACE+:LAST_BITS] : g_stage[0].top[LAST_BITS-1:0];
      end else begin : g_same
        assign part = g_stage[0].top[LAST_BITS-1:0];
      end
      assign m0_data = {g_stage[0].top[OUT*BITS-1:LAST_BITS] & {OUT * BITS - LAST_BITS{!last_q}}, part};
    end
  endgenerate

endmodule

`default_nettype wire
