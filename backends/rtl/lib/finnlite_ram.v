// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// A memory with a port that writes and one that reads always. `read_data` is the word of `read_address` LAG
/// cycles earlier, LAG being 1 or, with the output register that a block RAM wants, 2. A word can be read
/// from the cycle after its write on; what is read in the cycle of its write is not defined. No reset.
/// Longest path: the memory and, of many words in LUTs, the choice of one.
module finnlite_ram #(
    parameter integer WIDTH   = 8,
    parameter integer DEPTH   = 512,
    parameter integer ADDRESS = $clog2(DEPTH),  // bits; not zero
    parameter integer LAG = 2,
    // verilator lint_off UNUSEDPARAM
    parameter RAM_STYLE = "block"  // or "distributed", "registers"; it is for synthesis alone
    // verilator lint_on UNUSEDPARAM
) (
    input  wire               aclk,
    input  wire               write,
    input  wire [ADDRESS-1:0] write_address,
    input  wire [  WIDTH-1:0] write_data,
    input  wire [ADDRESS-1:0] read_address,
    output wire [  WIDTH-1:0] read_data
);
  (* ram_style = RAM_STYLE *)
  reg [WIDTH-1:0] words[0:DEPTH-1];
  reg [WIDTH-1:0] word;

  always @(posedge aclk) begin
    if (write) words[write_address] <= write_data;
    word <= words[read_address];
  end

  generate
    if (LAG == 2) begin : g_registered
      reg [WIDTH-1:0] out;
      assign read_data = out;
      always @(posedge aclk) out <= word;
    end else begin : g_plain
      assign read_data = word;
    end
  endgenerate
endmodule

`default_nettype wire
