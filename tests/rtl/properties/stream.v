  // SPDX-License-Identifier: Apache-2.0
  // Inside finnlite_stream, WIDTH 1. What the FIFO promises, in counts that know nothing of pointers; then
  // how its registers stand to them, which carries the induction. `mark` picks any word: it must come out
  // as it went in. The nets `inner_…` are connected to registers of the cells below.
  localparam integer BITS = $clog2(DEPTH + 1);
  wire mark = $anyseq;
  wire inner_room, inner_word;
  wire [$clog2(DEPTH)-1:0] inner_more_room, inner_more_words;

  reg live = 1'b0;                     // there was a reset
  reg fresh;                           // the cycle after it
  reg [BITS-1:0] held;                 // words put and not taken
  reg [LATENCY+1:1] flight;            // puts of the cycles before
  reg watched, known;                  // a word is on its way through, its value was there
  reg value;
  reg [BITS-1:0] ahead;                // words before it
  reg [LATENCY+1:0] age;               // one bit for every cycle since it was put

  wire [LATENCY+1:0] puts = {flight, put};
  wire begins = put && mark && !watched;
  wire arrives = PIPE == 0 ? begins : watched && age[PIPE];
  reg [BITS-1:0] readable, stored;
  integer n;
  always @* begin
    readable = held;
    stored = held;
    for (n = 1; n <= LATENCY; n = n + 1) readable = readable - flight[n];
    for (n = 1; n <= PIPE; n = n + 1) stored = stored - flight[n];
  end

  always @(posedge aclk) begin
    if (!aresetn) begin
      live <= 1'b1;
      fresh <= 1'b1;
      held <= 0;
      flight <= 0;
      watched <= 1'b0;
      known <= 1'b0;
    end else begin
      fresh <= 1'b0;
      held <= held + put - take;
      flight <= puts[LATENCY:0];
      age <= begins ? 2 : age << 1;
      if (begins) begin
        watched <= 1'b1;
        known <= PIPE == 0;
        ahead <= held - take;
      end else if (watched && take) begin
        if (ahead == 0) watched <= 1'b0;
        else ahead <= ahead - 1'b1;
      end
      if (watched && arrives) known <= 1'b1;
    end
    if (arrives) value <= s_data;
  end

  // Slot of the watched word.
  wire [ADDRESS_BITS:0] sum = head_q + ahead;
  wire [ADDRESS_BITS-1:0] place = sum >= WORDS ? sum - WORDS : sum;
  wire [ADDRESS_BITS:0] end_sum = head_q + stored;

  always @* if (live) begin
    // The promises.
    assert (s_ready == (held < DEPTH && !fresh));
    assert (m_valid == (readable != 0));
    if (watched && ahead == 0 && m_valid) assert (known && m_data == value);
    // How the registers stand.
    assert (held <= DEPTH && readable <= held && stored <= held);
    assert (inner_room + inner_more_room == (fresh ? DEPTH - 1 : DEPTH - held));
    assert (inner_room || inner_more_room == 0 || fresh);
    assert (inner_word + inner_more_words == readable);
    assert (inner_word || inner_more_words == 0);
    if (fresh) assert (held == 0 && flight == 0 && !inner_room);
    assert (head_q < WORDS && tail < WORDS);
    assert (tail == (end_sum >= WORDS ? end_sum - WORDS : end_sum));
    if (m_valid) assert (m_data == memory[head_q]);
    if (watched) assert (ahead < held);
    if (watched && known) assert (ahead < stored && memory[place] == value);
    if (watched && !known) assert (ahead >= stored);
  end
