// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Gives back every word DEPTH steps after it was put in. A step comes in by `step` and asks for its words
/// LAG cycles later, in a cycle with `late`: in it `old` is the word that was put in DEPTH steps earlier and
/// `fresh` the one put in now. LAG is 0 for registers, which shift; 1 for distributed memory and 2 for block
/// RAM, which must have four words or more. What `old` is in the first DEPTH steps is not defined.
/// Longest path: none but the memory's; with LAG 0 only the user's, from `old` to `fresh`.
module finnlite_loop #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 8,
    parameter integer LAG = 1,
    parameter RAM_STYLE = "distributed"
) (
    input  wire             aclk,
    input  wire             aresetn,
    input  wire             step,
    output wire             late,
    output wire [WIDTH-1:0] old,
    input  wire [WIDTH-1:0] fresh
);
  generate
    if (LAG == 0) begin : g_registers
      wire unused_reset = aresetn;
      (* shreg_extract = "no" *)
      reg  [DEPTH*WIDTH-1:0] words;
      wire [DEPTH*WIDTH-1:0] next;
      wire [WIDTH-1:0] unused;  // leaves the last register
      assign {unused, next} = {words, fresh};
      assign old = words[DEPTH*WIDTH-1-:WIDTH];
      assign late = step;
      always @(posedge aclk) if (step) words <= next;
    end else begin : g_memory
      localparam integer BITS = $clog2(DEPTH);
      localparam integer LAST = DEPTH - 1;
      reg [BITS-1:0] at;
      wire [BITS-1:0] late_at;

      always @(posedge aclk) begin
        if (!aresetn || (step && at == LAST[BITS-1:0])) at <= {BITS{1'b0}};
        else if (step) at <= at + 1'b1;
      end

      finnlite_delay #(
          .WIDTH (1 + BITS),
          .CYCLES(LAG)
      ) place (
          .aclk(aclk),
          .d({step, at}),
          .q({late, late_at})
      );
      finnlite_ram #(
          .WIDTH(WIDTH),
          .DEPTH(DEPTH),
          .LAG(LAG),
          .RAM_STYLE(RAM_STYLE)
      ) memory (
          .aclk(aclk),
          .write(late),
          .write_address(late_at),
          .write_data(fresh),
          .read_address(at),
          .read_data(old)
      );
    end
  endgenerate
endmodule

`default_nettype wire
