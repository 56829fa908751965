// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The ELEMENTS elements of a word as two's complement of TO bits, at least as many as they have. KIND says
/// what their FROM bits are: 0 plain binary, 1 two's complement, 2 bipolar (one bit, 0 for -1).
/// Wires and, of bipolar elements, one inverter each, which is the longest path.
module finnlite_recode #(
    parameter integer ELEMENTS = 1,
    parameter integer FROM = 1,
    parameter integer TO = 2,
    parameter integer KIND = 0
) (
    input  wire [ELEMENTS*FROM-1:0] x,
    output wire [  ELEMENTS*TO-1:0] y
);

  genvar i;
  generate
    for (i = 0; i < ELEMENTS; i = i + 1) begin : g_element
      if (KIND == 2) begin : g_bipolar
        assign y[i*TO] = 1'b1;
        if (TO > 1) begin : g_above
          assign y[i*TO+1+:TO-1] = {TO - 1{!x[i]}};
        end
      end else begin : g_integer
        assign y[i*TO+:FROM] = x[i*FROM+:FROM];
        if (TO > FROM) begin : g_above
          assign y[i*TO+FROM+:TO-FROM] = {TO - FROM{KIND == 1 && x[(i+1)*FROM-1]}};
        end
      end
    end
  endgenerate

endmodule

`default_nettype wire
