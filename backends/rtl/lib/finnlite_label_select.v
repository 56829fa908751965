// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The index of the largest of C elements of a frame, PE of BITS bits a step, two's complement if SIGNED; the
/// lowest index wins a tie. The frame's last step writes it. It does not tell the element.
///
/// A tree finds the largest element of each word, a level a cycle; that is compared with the best so far.
/// PIPE = 1 + $clog2(PE). Longest path: a comparison of BITS bits and the choice that depends on it.
module finnlite_label_select #(
    parameter integer C = 10,
    parameter integer PE = 1,
    parameter integer BITS = 8,
    parameter integer SIGNED = 0,
    parameter integer INDEX_BITS = 4
) (
    input  wire                  aclk,
    input  wire                  aresetn,
    output wire                  step,

    input  wire [   PE*BITS-1:0] s0_data,
    input  wire                  s0_valid,
    output wire                  s0_ready,

    output reg  [INDEX_BITS-1:0] m0_data,
    output wire                  m0_valid,
    input  wire                  m0_ready
);

  localparam LEVELS = $clog2(PE);
  localparam LEAVES = 1 << LEVELS;
  localparam integer ALL_BUT_ONE_WORD = C - PE;
  localparam [INDEX_BITS-1:0] END = ALL_BUT_ONE_WORD[INDEX_BITS-1:0];
  localparam [INDEX_BITS-1:0] WORD = PE[INDEX_BITS-1:0];
  localparam [INDEX_BITS-1:0] NONE = 0;

  wire last;

  assign step = s0_valid && (!last || m0_ready);
  assign s0_ready = !last || m0_ready;
  assign m0_valid = s0_valid && last;

  // verilator lint_off PINCONNECTEMPTY
  finnlite_counter #(.MODULUS(C / PE)) folds (
      .aclk(aclk), .aresetn(aresetn), .enable(step), .count(), .last(last)
  );
  // verilator lint_on PINCONNECTEMPTY

  // The tree: below node n are 2n and 2n + 1, node LEAVES + i is element i. Signed elements are compared like
  // unsigned ones, their sign turned over.
  // verilator lint_off UNUSED
  wire [2*LEAVES*BITS-1:0] values;  // there is no node 0
  wire [2*LEAVES*INDEX_BITS-1:0] places;
  // verilator lint_on UNUSED
  assign values[BITS-1:0] = {BITS{1'b0}};
  assign places[INDEX_BITS-1:0] = NONE;

  genvar n;
  generate
    for (n = LEAVES; n < 2 * LEAVES; n = n + 1) begin : g_leaf
      localparam integer PLACE = n - LEAVES;
      assign places[n*INDEX_BITS+:INDEX_BITS] = PLACE[INDEX_BITS-1:0];
      if (PLACE < PE) begin : g_element
        localparam [BITS:0] SIGN = {SIGNED != 0, {BITS{1'b0}}};
        assign values[n*BITS+:BITS] = s0_data[PLACE*BITS+:BITS] ^ SIGN[BITS:1];
      end else begin : g_missing
        assign values[n*BITS+:BITS] = {BITS{1'b0}};
      end
    end

    for (n = 1; n < LEAVES; n = n + 1) begin : g_node
      // Height of the node, and the first element below the node to its right.
      localparam HEIGHT = LEVELS + 1 - $clog2(n + 1);
      localparam RIGHT = ((2 * n + 1) << (HEIGHT - 1)) - LEAVES;
      wire [BITS-1:0] left = values[2*n*BITS+:BITS];
      wire [BITS-1:0] right = values[(2*n+1)*BITS+:BITS];
      wire wins = RIGHT < PE && right > left;
      reg [BITS-1:0] value_q;
      reg [INDEX_BITS-1:0] place_q;

      assign values[n*BITS+:BITS] = value_q;
      assign places[n*INDEX_BITS+:INDEX_BITS] = place_q;
      always @(posedge aclk) begin
        value_q <= wins ? right : left;
        place_q <= wins ? places[(2*n+1)*INDEX_BITS+:INDEX_BITS] : places[2*n*INDEX_BITS+:INDEX_BITS];
      end
    end
  endgenerate

  wire arrives;                    // `step` when its word is at the root
  wire [BITS-1:0] value = values[BITS+:BITS];
  wire [INDEX_BITS-1:0] place = places[INDEX_BITS+:INDEX_BITS];
  reg [INDEX_BITS-1:0] before_q;   // elements of the frame before that word
  reg [BITS-1:0] best_q;
  wire better = before_q == NONE || value > best_q;

  finnlite_late #(.CYCLES(LEVELS)) late (.aclk(aclk), .aresetn(aresetn), .d(step), .q(arrives));

  always @(posedge aclk) begin
    if (!aresetn) before_q <= NONE;
    else if (arrives) before_q <= before_q == END ? NONE : before_q + WORD;
  end

  always @(posedge aclk) begin
    if (arrives && better) begin
      best_q <= value;
      m0_data <= before_q + place;
    end
  end

endmodule

`default_nettype wire
