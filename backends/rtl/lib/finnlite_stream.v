// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// FIFO of exactly DEPTH words behind a unit whose pipeline has PIPE stages and the latency LATENCY in the
/// model of time. A word handed over in cycle t lies on `s_data` in t + PIPE and can be read from
/// t + 1 + LATENCY on; words on their way count as well; a slot read in t is free from t + 1 on. Every cycle
/// takes and gives a word if both sides are ready. Both flags are flip-flops, 0 during reset.
/// It does not cross clocks and does not show how many words it holds.
///
/// Distributed memory is read where the word is used, without a register; block RAM always fetches the word
/// that will be the first one after this cycle. If nothing lies between storing and reading (PIPE = LATENCY),
/// a word that is stored in the cycle in which it is fetched comes from a register instead.
/// Longest path: of distributed memory from its address through the LUTRAM and, from 64 words on, the choice
/// of its bank to `m_data`; of block RAM from `m_ready` to its address.
module finnlite_stream #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 2,         // words, at least 2
    parameter integer PIPE = 0,
    parameter integer LATENCY = 0,       // at least PIPE
    parameter RAM_STYLE = "distributed"  // or "block"
) (
    input  wire             aclk,
    input  wire             aresetn,

    input  wire [WIDTH-1:0] s_data,
    input  wire             s_valid,
    output wire             s_ready,

    output wire [WIDTH-1:0] m_data,
    output wire             m_valid,
    input  wire             m_ready
);

  localparam BLOCK = RAM_STYLE == "block";
  localparam ADDRESS_BITS = $clog2(DEPTH);
  // Whole powers of two where they take no more of the part: addresses then go around by themselves.
  localparam WORDS = 1 << ADDRESS_BITS <= (BLOCK ? 512 : 64) ? 1 << ADDRESS_BITS : DEPTH;
  localparam integer END = WORDS - 1;
  localparam [ADDRESS_BITS-1:0] LAST = END[ADDRESS_BITS-1:0];
  localparam [ADDRESS_BITS-1:0] ONE = 1;

  (* ram_style = RAM_STYLE *)
  reg [WIDTH-1:0] memory [0:WORDS-1];

  wire put = s_valid && s_ready;
  wire take = m_valid && m_ready;
  wire store, arrive;                      // `put` PIPE and LATENCY cycles ago
  wire [ADDRESS_BITS-1:0] tail;            // of the slot that is stored into next
  reg [ADDRESS_BITS-1:0] head_q;           // of the first word
  wire ends = WORDS < 1 << ADDRESS_BITS && head_q == LAST;
  wire [ADDRESS_BITS-1:0] next = ends ? {ADDRESS_BITS{1'b0}} : head_q + ONE;
  wire [ADDRESS_BITS-1:0] head_d = take ? next : head_q;

  always @(posedge aclk) head_q <= aresetn ? head_d : {ADDRESS_BITS{1'b0}};

  finnlite_tokens #(.CAPACITY(DEPTH), .INITIAL(DEPTH)) room (
      .aclk(aclk), .aresetn(aresetn), .put(take), .take(put), .any(s_ready)
  );
  finnlite_tokens #(.CAPACITY(DEPTH), .INITIAL(0)) words (
      .aclk(aclk), .aresetn(aresetn), .put(arrive), .take(take), .any(m_valid)
  );
  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(WORDS)) tails (
      .aclk(aclk), .aresetn(aresetn), .enable(store), .count(tail), .last()
  );
  // verilator lint_on PINCONNECTEMPTY

  finnlite_late #(.CYCLES(PIPE)) storing (.aclk(aclk), .aresetn(aresetn), .d(put), .q(store));
  finnlite_late #(.CYCLES(LATENCY - PIPE)) arriving (.aclk(aclk), .aresetn(aresetn), .d(store), .q(arrive));

  always @(posedge aclk) if (store) memory[tail] <= s_data;

  generate
    if (BLOCK) begin : g_block
      reg [WIDTH-1:0] fetched_q;

      always @(posedge aclk) fetched_q <= memory[head_d];

      if (PIPE == LATENCY) begin : g_bypass
        reg bypass_q;
        reg [WIDTH-1:0] stored_q;
        always @(posedge aclk) begin
          bypass_q <= store && tail == head_d;
          stored_q <= s_data;
        end
        assign m_data = bypass_q ? stored_q : fetched_q;
      end else begin : g_fetched
        assign m_data = fetched_q;
      end
    end else begin : g_distributed
      assign m_data = memory[head_q];
    end
  endgenerate

endmodule

`default_nettype wire
