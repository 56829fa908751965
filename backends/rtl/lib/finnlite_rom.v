// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A memory of constants: `data` is the word of `address` two cycles earlier, through the output register
/// that a block RAM wants. It is read always; one word needs no memory. FILE is found in the working
/// directory.
/// Longest path: the memory and, of many words in LUTs, the choice of one.
module finnlite_rom #(
    parameter integer WIDTH = 36,
    parameter integer DEPTH = 512,
    parameter STYLE = "block",  // or "distributed"
    parameter FILE = "",
    parameter integer ADDRESS = $clog2(DEPTH)
) (
    input  wire               aclk,
    input  wire [ADDRESS-1:0] address,
    output wire [  WIDTH-1:0] data
);
  reg [WIDTH-1:0] word;
  reg [WIDTH-1:0] out;
  always @(posedge aclk) out <= word;
  assign data = out;

  generate
    if (STYLE == "block") begin : g_block
      (* rom_style = "block" *)
      reg [WIDTH-1:0] words[0:DEPTH-1];
      initial $readmemh(FILE, words);
      always @(posedge aclk) word <= words[address];
    end else begin : g_distributed
`ifdef YOSYS
      (* rom_style = "logic" *)  // its name for constants in LUTs
`else
      (* rom_style = "distributed" *)
`endif
      reg [WIDTH-1:0] words[0:DEPTH-1];
      initial $readmemh(FILE, words);
      always @(posedge aclk) word <= words[address];
    end
  endgenerate
endmodule

`default_nettype wire
