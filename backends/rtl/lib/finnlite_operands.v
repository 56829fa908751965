// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A word of SIMD elements as finnlite_dot wants it, once for all rows: one cycle later. By KIND: bit by bit
/// of the elements as finnlite_equal wants them, once for each bit of a weight (0), plainly (1), or the
/// elements as they are (2). FLIP inverts the elements' sign bits. No reset.
/// Longest path: the parity of nine bits, two LUTs.
module finnlite_operands #(
    parameter integer SIMD = 64,
    parameter integer X_BITS = 1,
    parameter integer W_BITS = 1,
    parameter integer KIND = 0,
    parameter integer FLIP = 0,
    parameter integer N = KIND == 0 ? SIMD * W_BITS : SIMD,  // these are not to be set
    parameter integer TWOS = N / 3,
    parameter integer ONES = N - 2 * TWOS,
    parameter integer PARITIES = KIND == 0 ? (ONES > 2 ? ONES / 3 : 1) : 0,
    parameter integer BITS = X_BITS * (N + PARITIES)
) (
    input  wire                   aclk,
    input  wire [SIMD*X_BITS-1:0] x,
    output reg  [       BITS-1:0] operands
);
  wire [BITS-1:0] next;
  always @(posedge aclk) operands <= next;

  genvar s, i;
  generate
    if (KIND == 2) begin : g_elements
      assign next = x;
    end else begin : g_bits
      for (i = 0; i < X_BITS; i = i + 1) begin : g_bit
        wire [SIMD-1:0] plane;
        for (s = 0; s < SIMD; s = s + 1) begin : g_element
          assign plane[s] = x[s*X_BITS+i] ^ (FLIP != 0 && i == X_BITS - 1);
        end
        if (KIND == 1) begin : g_plain
          assign next[i*SIMD+:SIMD] = plane;
        end else begin : g_folded
          wire [N-1:0] all = {W_BITS{plane}};
          wire [N-1:0] folded;
          wire [PARITIES-1:0] parities;
          assign next[i*(N+PARITIES)+:N+PARITIES] = {parities, folded};
          if (TWOS == 0) begin : g_few
            assign folded = all;
          end else begin : g_thirds
            assign folded[2*TWOS-1:0] = all[2*TWOS-1:0];
            assign folded[3*TWOS-1:2*TWOS] = all[3*TWOS-1:2*TWOS] ^ all[2*TWOS-1:TWOS] ^ all[TWOS-1:0];
            if (ONES > TWOS) begin : g_rest
              assign folded[N-1:3*TWOS] = all[N-1:3*TWOS];
            end
          end
          if (TWOS == 0 || ONES < 3) begin : g_none
            assign parities = {PARITIES{1'b0}};
          end else begin : g_parities
            assign parities = folded[2*TWOS+:PARITIES] ^ folded[2*TWOS+PARITIES+:PARITIES]
                ^ folded[2*TWOS+2*PARITIES+:PARITIES];
          end
        end
      end
    end
  endgenerate
endmodule

`default_nettype wire
