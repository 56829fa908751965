// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The windows of an image, a word at once: FOLDS words a pixel come in, and the words of each window go out
/// in the order (ky, kx, fold), through a circular buffer. It pads nothing.
/// A step reads while the buffer has room, so while fewer than CAPACITY words are in it that the window at
/// work or a later one wants, and writes once the word it needs was read four steps ago; the frame's last
/// write waits for its last read. The frame ends with that write, and all begins anew.
/// The buffer has DEPTH words, CAPACITY or more; addresses cost least if DEPTH is a power of two.
/// PIPE: LAG.
/// Longest path: three LUT levels to `step`, a fourth to the counters' enables or before their carry chain;
/// a fifth and a second chain if DEPTH is no power of two.
module finnlite_swu #(
    parameter integer H = 8,
    parameter integer W = 8,
    parameter integer FOLDS = 1,
    parameter integer KH = 3,
    parameter integer KW = 3,
    parameter integer SH = 1,
    parameter integer SW = 1,
    parameter integer DH = 1,
    parameter integer DW = 1,
    parameter integer CAPACITY = 19,
    parameter integer DEPTH = 32,  // at least 2
    parameter integer BITS = 8,
    parameter integer LAG = 1,  // of the buffer, see finnlite_ram
    parameter RAM_STYLE = "distributed"
) (
    input  wire            aclk,
    input  wire            aresetn,
    output wire            step,
    input  wire [BITS-1:0] s0_data,
    input  wire            s0_valid,
    output wire            s0_ready,
    output wire [BITS-1:0] m0_data,
    output wire            m0_valid,
    input  wire            m0_ready
);
  localparam integer OH = (H - (KH - 1) * DH - 1) / SH + 1;
  localparam integer OW = (W - (KW - 1) * DW - 1) / SW + 1;
  localparam integer SIZE = H * W * FOLDS;  // words of a frame
  // Words from the first of a window to its last.
  localparam integer SPAN = ((KH - 1) * DH * W + (KW - 1) * DW + 1) * FOLDS;

  // From the first word of a window to that of the next, in the row and in the next row.
  localparam integer TO_OX = SW * FOLDS;
  localparam integer TO_OY = (SH * W - (OW - 1) * SW) * FOLDS;
  // From a word written to the next one: in the pixel it is one on.
  localparam integer NEXT_KX = (DW - 1) * FOLDS + 1;
  localparam integer NEXT_KY = (DH * W - (KW - 1) * DW - 1) * FOLDS + 1;
  localparam integer NEXT_OX = TO_OX - SPAN + 1;
  localparam integer NEXT_OY = TO_OY - SPAN + 1;

  function integer greater(input integer a, input integer b);
    greater = a > b ? a : b;
  endfunction
  function integer around(input integer words);
    around = ((words % DEPTH) + DEPTH) % DEPTH;
  endfunction

  // Where the step is.
  wire restart, fold_last, kx_last, ky_last, ox_last, oy_last;
  wire reads, writes;
  wire pixel_end = fold_last;
  wire line_end = pixel_end && kx_last;
  wire window_end = line_end && ky_last;
  wire row_end = window_end && ox_last;
  wire frame_end = row_end && oy_last;

  finnlite_lap #(
      .COUNT(FOLDS)
  ) fold (
      .aclk(aclk),
      .restart(restart),
      .enable(step && writes),
      .last(fold_last)
  );
  finnlite_lap #(
      .COUNT(KW)
  ) kx (
      .aclk(aclk),
      .restart(restart),
      .enable(step && writes && pixel_end),
      .last(kx_last)
  );
  finnlite_lap #(
      .COUNT(KH)
  ) ky (
      .aclk(aclk),
      .restart(restart),
      .enable(step && writes && line_end),
      .last(ky_last)
  );
  finnlite_lap #(
      .COUNT(OW)
  ) ox (
      .aclk(aclk),
      .restart(restart),
      .enable(step && writes && window_end),
      .last(ox_last)
  );
  finnlite_lap #(
      .COUNT(OH)
  ) oy (
      .aclk(aclk),
      .restart(restart),
      .enable(step && writes && row_end),
      .last(oy_last)
  );

  // Words read less CAPACITY, counted from the window's first: negative while there is room.
  localparam integer JUMP = greater(0, greater(TO_OX, TO_OY) - SPAN);
  localparam integer FILL_BITS = $clog2(CAPACITY + JUMP) + 1;
  localparam integer EMPTY = -CAPACITY;
  localparam integer BACK_OX = -TO_OX;
  localparam integer BACK_OY = -TO_OY;
  reg [FILL_BITS-1:0] fill;
  wire [FILL_BITS-1:0] fill_next;
  wire unused_fill;
  wire [FILL_BITS-1:0] freed =
      !(writes && window_end) ? {FILL_BITS{1'b0}} :
      !ox_last ? BACK_OX[FILL_BITS-1:0] : BACK_OY[FILL_BITS-1:0];
  assign {fill_next, unused_fill} = {fill, 1'b1} + {freed, reads};

  // The number of the word to be written less that of words read four steps ago: negative once it is there.
  localparam integer MISSING_BITS =
      $clog2(greater(CAPACITY, greater(greater(NEXT_KX, NEXT_KY), greater(NEXT_OX, NEXT_OY)))) + 1;
  localparam integer LESS_KX = NEXT_KX - 1;
  localparam integer LESS_KY = NEXT_KY - 1;
  localparam integer LESS_OX = NEXT_OX - 1;
  localparam integer LESS_OY = NEXT_OY - 1;
  reg [MISSING_BITS-1:0] missing;
  reg [2:0] read_before;  // whether the step before, the one before that, ... read
  wire [MISSING_BITS-1:0] missing_next;
  wire unused_missing;
  // Less one, which the carry adds unless a read is four steps old now.
  wire [MISSING_BITS-1:0] skipped =
      !writes ? {MISSING_BITS{1'b1}} :
      !pixel_end ? {MISSING_BITS{1'b0}} :
      !kx_last ? LESS_KX[MISSING_BITS-1:0] :
      !ky_last ? LESS_KY[MISSING_BITS-1:0] :
      !ox_last ? LESS_OX[MISSING_BITS-1:0] : LESS_OY[MISSING_BITS-1:0];
  assign {missing_next, unused_missing} = {missing, 1'b1} + {skipped, !read_before[2]};

  // Words of the frame read, less all but one.
  localparam integer HEAD_BITS = SIZE > 2 ? $clog2(SIZE) + 1 : 2;
  localparam integer BEGIN = 1 - SIZE;
  reg [HEAD_BITS-1:0] head;
  wire all_read = !head[HEAD_BITS-1] && head[0];
  wire one_left = !head[HEAD_BITS-1] && !head[0];

  wire room = fill[FILL_BITS-1];
  assign reads = room && !all_read;
  assign writes = missing[MISSING_BITS-1] && (!frame_end || all_read || (one_left && room));

  assign s0_ready = reads && (!writes || m0_ready);
  assign m0_valid = writes && (!reads || s0_valid);
  assign step = (!reads || s0_valid) && (!writes || m0_ready);
  assign restart = !aresetn || (step && writes && frame_end);

  always @(posedge aclk) begin
    if (restart) begin
      fill <= EMPTY[FILL_BITS-1:0];
      missing <= {MISSING_BITS{1'b0}};
      read_before <= 3'd0;
      head <= BEGIN[HEAD_BITS-1:0];
    end else if (step) begin
      fill <= fill_next;
      missing <= missing_next;
      read_before <= {read_before[1:0], reads};
      if (reads) head <= head + 1'b1;
    end
  end

  // Addresses in the buffer, around its end.
  localparam integer ADDRESS = $clog2(DEPTH);
  localparam integer ONE = 1;
  localparam integer MOVE_KX = around(NEXT_KX);
  localparam integer MOVE_KY = around(NEXT_KY);
  localparam integer MOVE_OX = around(NEXT_OX);
  localparam integer MOVE_OY = around(NEXT_OY);
  reg [ADDRESS-1:0] head_at, need_at;
  wire [ADDRESS-1:0] head_next, need_next;
  wire [ADDRESS-1:0] move =
      !pixel_end ? ONE[ADDRESS-1:0] :
      !kx_last ? MOVE_KX[ADDRESS-1:0] :
      !ky_last ? MOVE_KY[ADDRESS-1:0] :
      !ox_last ? MOVE_OX[ADDRESS-1:0] : MOVE_OY[ADDRESS-1:0];
  generate
    if (DEPTH == 1 << ADDRESS) begin : g_free
      assign head_next = head_at + 1'b1;
      assign need_next = need_at + move;
    end else begin : g_bounded
      localparam integer LAST = DEPTH - 1;
      wire [ADDRESS:0] beyond = {1'b0, need_at} + {1'b0, move} - DEPTH[ADDRESS:0];
      assign head_next = head_at == LAST[ADDRESS-1:0] ? {ADDRESS{1'b0}} : head_at + 1'b1;
      assign need_next = beyond[ADDRESS-1:0] + (DEPTH[ADDRESS-1:0] & {ADDRESS{beyond[ADDRESS]}});
    end
  endgenerate
  always @(posedge aclk) begin
    if (restart) head_at <= {ADDRESS{1'b0}};
    else if (step && reads) head_at <= head_next;
    if (restart) need_at <= {ADDRESS{1'b0}};
    else if (step && writes) need_at <= need_next;
  end

  // Written whenever there is room: until the step is made, nothing wants what is in that place.
  finnlite_ram #(
      .WIDTH(BITS),
      .DEPTH(DEPTH),
      .LAG(LAG),
      .RAM_STYLE(RAM_STYLE)
  ) lines (
      .aclk(aclk),
      .write(reads),
      .write_address(head_at),
      .write_data(s0_data),
      .read_address(need_at),
      .read_data(m0_data)
  );
endmodule

`default_nettype wire
