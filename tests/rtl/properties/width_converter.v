  // SPDX-License-Identifier: Apache-2.0
  // Inside finnlite_width_converter, BITS 1, behind the model's step list: READS, WRITES, and the words
  // TAKEN and GIVEN before each of STEPS steps. The handshakes are those of the list, and any element that
  // `mark` and `which` pick comes out at its place, zeros behind the frame's end. `inner_count` is
  // connected to the register that counts output words.
  wire mark = $anyseq;
  wire [7:0] which = $anyseq;
  wire [(WORDS_OUT > 2 ? $clog2(WORDS_OUT) : 1)-1:0] inner_count;

  reg live = 1'b0;                     // there was a reset
  reg [7:0] index;                     // of the step that comes
  reg wrote, watched, value;
  reg [7:0] word, loaded, number;       // written last; words read of its frame; the watched element's number

  wire reading = READS[index];
  wire writing = WRITES[index];
  wire [7:0] before_in = TAKEN[8*index+:8];
  wire [7:0] before_out = GIVEN[8*index+:8];
  wire in_word = wrote && number >= word * OUT && number < word * OUT + OUT;
  wire [7:0] next_number = before_in * IN + which;
  wire begins = step && reading && mark && which < IN && next_number < N && (!watched || in_word);
  wire [7:0] place = KEPT * CHUNK + number - loaded * IN;
  integer n;

  always @(posedge aclk) begin
    if (!aresetn) begin
      live <= 1'b1;
      index <= 0;
      wrote <= 1'b0;
      watched <= 1'b0;
    end else begin
      wrote <= step && writing;
      if (in_word) watched <= 1'b0;
      if (step) begin
        index <= index == STEPS - 1 ? 0 : index + 1;
        word <= before_out;
        loaded <= before_in + reading;
      end
      if (begins) begin
        watched <= 1'b1;
        number <= next_number;
        value <= s0_data[which];
      end
    end
  end

  always @* if (live) begin
    // The promises.
    assert (step == ((!reading || s0_valid) && (!writing || m0_ready)));
    assert (s0_ready == (reading && (!writing || m0_ready)));
    assert (m0_valid == (writing && (!reading || s0_valid)));
    if (watched && in_word) assert (m0_data[number-word*OUT] == value);
    for (n = 0; n < OUT; n = n + 1) if (wrote && word * OUT + n >= N) assert (!m0_data[n]);
    // How the registers stand.
    assert (index < STEPS);
    assert (have_q == before_in * I - before_out * O);
    if (!WHOLE && WORDS_OUT > 1) assert (inner_count == before_out);
    if (wrote) assert (word == (index == 0 ? WORDS_OUT - 1 : before_out - 1));
    if (wrote && index == 0) assert (loaded == WORDS_IN);
    if (index != 0) assert (loaded == before_in);
    if (watched) assert (place < KEPT * CHUNK && kept_q[place] == value && number < N);
    if (watched) assert (in_word || index != 0 && number >= before_out * OUT && number < before_in * IN);
  end
