// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The sum of TERMS numbers of BITS bits, $clog2(TERMS) + 1 halved cycles later: a tree with registers
/// behind every other level. With WEIGHTED number n counts 2^n times; it is then at most 2^(BITS - 1), or
/// FULL. SIGNED ones are not weighted. No reset.
/// Longest path: two adders.
module finnlite_sum #(
    parameter integer TERMS = 4,
    parameter integer BITS = 8,
    parameter integer WEIGHTED = 0,
    parameter integer FULL = 0,
    parameter integer SIGNED = 0,
    parameter integer LEVEL = $clog2(TERMS),  // these are not to be set
    parameter integer MORE = FULL != 0 && TERMS > 1 ? 1 : 0,
    parameter integer OUT = WEIGHTED != 0 ? BITS + TERMS - 1 + MORE : BITS + LEVEL
) (
    input  wire                  aclk,
    input  wire [TERMS*BITS-1:0] terms,
    output wire [       OUT-1:0] sum
);
  localparam integer HALF = LEVEL > 0 ? 1 << (LEVEL - 1) : 1;
  localparam integer FEW = TERMS < HALF ? TERMS : HALF;

  generate
    if (WEIGHTED != 0 && BITS == 1) begin : g_bits
      // Nothing overlaps.
      finnlite_delay #(.WIDTH(TERMS), .CYCLES((LEVEL + 1) / 2)) delay (.aclk(aclk), .d(terms), .q(sum));
    end else if (LEVEL == 0) begin : g_one
      wire unused = aclk;
      assign sum = terms;
    end else begin : g_tree
      localparam integer CARRY = FULL != 0 && FEW > 1 ? 1 : 0;
      localparam integer LOW = WEIGHTED != 0 ? BITS + FEW - 1 + CARRY : BITS + LEVEL - 1;
      wire [LOW-1:0] low;
      wire [OUT-1:0] next;
      finnlite_sum #(
          .TERMS(FEW),
          .BITS(BITS),
          .WEIGHTED(WEIGHTED),
          .FULL(FULL),
          .SIGNED(SIGNED),
          .LEVEL(LEVEL - 1)
      ) lows (
          .aclk (aclk),
          .terms(terms[FEW*BITS-1:0]),
          .sum  (low)
      );
      // verilator lint_off WIDTH
      // Operands of sums are extended to them.
      if (TERMS <= HALF) begin : g_low
        if (SIGNED != 0) begin : g_signed
          assign next = $signed(low);
        end else begin : g_unsigned
          assign next = low;
        end
      end else begin : g_both
        localparam integer MANY = TERMS - FEW;
        localparam integer MANY_CARRY = FULL != 0 && MANY > 1 ? 1 : 0;
        localparam integer HIGH = WEIGHTED != 0 ? BITS + MANY - 1 + MANY_CARRY : BITS + LEVEL - 1;
        wire [HIGH-1:0] high;
        finnlite_sum #(
            .TERMS(MANY),
            .BITS(BITS),
            .WEIGHTED(WEIGHTED),
            .FULL(FULL),
            .SIGNED(SIGNED),
            .LEVEL(LEVEL - 1)
        ) highs (
            .aclk (aclk),
            .terms(terms[TERMS*BITS-1:FEW*BITS]),
            .sum  (high)
        );
        if (WEIGHTED != 0) begin : g_weighted
          assign next[FEW-1:0] = low[FEW-1:0];
          assign next[OUT-1:FEW] = high + low[LOW-1:FEW];
        end else if (SIGNED != 0) begin : g_signed
          assign next = $signed(low) + $signed(high);
        end else begin : g_unsigned
          assign next = low + high;
        end
      end
      // verilator lint_on WIDTH
      if (LEVEL % 2 == 1) begin : g_registered
        reg [OUT-1:0] sum_q;
        always @(posedge aclk) sum_q <= next;
        assign sum = sum_q;
      end else begin : g_wired
        assign sum = next;
      end
    end
  endgenerate
endmodule

`default_nettype wire
