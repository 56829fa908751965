// SPDX-License-Identifier: Apache-2.0
/// Sliding windows: an image, pixel by pixel, to its windows in the order (ky, kx, channel). They
/// pad nothing; put a `pad` before them.
#ifndef FINNLITE_SWU_HPP
#define FINNLITE_SWU_HPP

#include "finnlite/bits.hpp"
#include "finnlite/check.hpp"
#include "hls_stream.h"

namespace finnlite {

/// Rows or columns of windows in `size` pixels.
constexpr int window_count(int size, int kernel, int stride, int dilation) {
  return (size - (kernel - 1) * dilation - 1) / stride + 1;
}

/// One word in and one out a step, through a circular buffer of CAPACITY words. A step reads while
/// the buffer has room for a word, and writes once the word it needs was stored MEMORY_DISTANCE
/// steps ago; the frame's last write waits for its last read.
///
/// What follows from a SHAPE: H, W, FOLDS (words a pixel), KH, KW, SH, SW, DH, DW, CAPACITY, BITS.
template <typename SHAPE>
struct swu {
  static const int OH = window_count(SHAPE::H, SHAPE::KH, SHAPE::SH, SHAPE::DH);
  static const int OW = window_count(SHAPE::W, SHAPE::KW, SHAPE::SW, SHAPE::DW);
  static const int SIZE = SHAPE::H * SHAPE::W * SHAPE::FOLDS;
  static_assert(OH > 0 && OW > 0, "a window fits into the image");
  static_assert(MEMORY_DISTANCE == 4, "three heads are remembered");

  typedef ap_uint<SHAPE::BITS> word;
  typedef ap_uint<counter_bits(SIZE + 1)> index;            // of a word of the frame
  typedef ap_uint<counter_bits(SHAPE::CAPACITY)> position;  // of a word of the buffer

  struct state {
    ap_uint<counter_bits(SHAPE::FOLDS)> fold = 0;
    ap_uint<counter_bits(SHAPE::KW)> kx = 0;
    ap_uint<counter_bits(SHAPE::KH)> ky = 0;
    ap_uint<counter_bits(OW)> ox = 0;
    ap_uint<counter_bits(OH)> oy = 0;
    index need = 0;   // the word to be written next
    index first = 0;  // the first word of its window: those before it may be overwritten
    index row = 0;    // the first word of its row of windows
    position needat = 0;
    position firstat = 0;
    position rowat = 0;
    index head = 0;  // words read
    position headat = 0;
    index previous = 0;  // words that had been read one, two and three steps ago
    index older = 0;
    index oldest = 0;
    word buffer[SHAPE::CAPACITY];
    distance_check<SHAPE::CAPACITY, MEMORY_DISTANCE> check;
  };

  static void step(hls::stream<word>& s0, hls::stream<word>& m0, state& st) {
#pragma HLS inline
    const index before = st.head;
    const bool room = static_cast<int>(st.head) - static_cast<int>(st.first) < SHAPE::CAPACITY;
    if (st.head != SIZE && room) {
      st.buffer[static_cast<int>(st.headat)] = s0.read();
      st.check.store(static_cast<int>(st.headat));
      ++st.head;
      st.headat = moved<1>(st.headat);
    }
    bool done = false;
    if (st.need < st.oldest && (!at_end(st) || st.head == SIZE)) {
      st.check.load(static_cast<int>(st.needat));
      m0.write(st.buffer[static_cast<int>(st.needat)]);
      done = advance(st);
    }
    st.check.step();
    if (done) {
      st.head = 0;
      st.headat = 0;
      st.previous = 0;
      st.older = 0;
      st.oldest = 0;
    } else {
      st.oldest = st.older;
      st.older = st.previous;
      st.previous = before;
    }
  }

 private:
  /// `words` on, around the buffer's end.
  template <int WORDS>
  static position moved(const position& at) {
#pragma HLS inline
    const int next = static_cast<int>(at) + WORDS % SHAPE::CAPACITY;
    return position(next < SHAPE::CAPACITY ? next : next - SHAPE::CAPACITY);
  }

  static bool at_end(const state& st) {
#pragma HLS inline
    return st.fold == SHAPE::FOLDS - 1 && st.kx == SHAPE::KW - 1 && st.ky == SHAPE::KH - 1 &&
           st.ox == OW - 1 && st.oy == OH - 1;
  }

  template <int WORDS>
  static void skip(state& st) {
#pragma HLS inline
    st.need += WORDS;
    st.needat = moved<WORDS>(st.needat);
  }

  /// To the next word of the output; whether the frame is done.
  static bool advance(state& st) {
#pragma HLS inline
    if (st.fold != SHAPE::FOLDS - 1) {
      ++st.fold;
      skip<1>(st);
      return false;
    }
    st.fold = 0;
    if (st.kx != SHAPE::KW - 1) {
      ++st.kx;
      skip<(SHAPE::DW - 1) * SHAPE::FOLDS + 1>(st);
      return false;
    }
    st.kx = 0;
    if (st.ky != SHAPE::KH - 1) {
      ++st.ky;
      skip<(SHAPE::DH * SHAPE::W - (SHAPE::KW - 1) * SHAPE::DW - 1) * SHAPE::FOLDS + 1>(st);
      return false;
    }
    st.ky = 0;
    return next_window(st);
  }

  static bool next_window(state& st) {
#pragma HLS inline
    const bool end_of_row = st.ox == OW - 1;
    const bool done = end_of_row && st.oy == OH - 1;
    if (done) {
      st.ox = 0;
      st.oy = 0;
      st.row = 0;
      st.rowat = 0;
      st.first = 0;
      st.firstat = 0;
    } else if (end_of_row) {
      st.ox = 0;
      ++st.oy;
      st.row += SHAPE::SH * SHAPE::W * SHAPE::FOLDS;
      st.rowat = moved<SHAPE::SH * SHAPE::W * SHAPE::FOLDS>(st.rowat);
      st.first = st.row;
      st.firstat = st.rowat;
    } else {
      ++st.ox;
      st.first += SHAPE::SW * SHAPE::FOLDS;
      st.firstat = moved<SHAPE::SW * SHAPE::FOLDS>(st.firstat);
    }
    st.need = st.first;
    st.needat = st.firstat;
    return done;
  }
};

/// One pixel in a step, and a whole window out in the step that completes it: KH - 1 line buffers,
/// each DH lines long, and a register for every pixel the window spans.
///
/// What follows from a SHAPE: H, W, KH, KW, SH, SW, DH, DW, BITS (of a pixel).
template <typename SHAPE>
struct swu_parallel {
  static const int OH = window_count(SHAPE::H, SHAPE::KH, SHAPE::SH, SHAPE::DH);
  static const int OW = window_count(SHAPE::W, SHAPE::KW, SHAPE::SW, SHAPE::DW);
  static const int BOTTOM = (SHAPE::KH - 1) * SHAPE::DH;  // where the first window is complete
  static const int RIGHT = (SHAPE::KW - 1) * SHAPE::DW;
  static const int DELAY = SHAPE::DH * SHAPE::W;
  static const int LINES = SHAPE::KH > 1 ? SHAPE::KH - 1 : 1;
  static_assert(OH > 0 && OW > 0, "a window fits into the image");

  typedef ap_uint<SHAPE::BITS> pixel;
  typedef ap_uint<SHAPE::KH * SHAPE::KW * SHAPE::BITS> window_word;

  struct state {
    ap_uint<counter_bits(SHAPE::W)> x = 0;
    ap_uint<counter_bits(SHAPE::H)> y = 0;
    ap_uint<counter_bits(SHAPE::W)> left = 0;  // corner of the window that comes next
    ap_uint<counter_bits(SHAPE::H)> top = 0;
    ap_uint<counter_bits(DELAY)> at = 0;
    pixel lines[LINES][DELAY];
    pixel window[SHAPE::KH][RIGHT + 1];
    distance_check<DELAY, DELAY < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check;
  };

  static void step(hls::stream<pixel>& s0, hls::stream<window_word>& m0, state& st) {
#pragma HLS inline
    shift(s0.read(), st);
    if (st.x == st.left + RIGHT && st.y == st.top + BOTTOM) {
      m0.write(gather(st));
      next_window(st);
    }
    st.at = st.at == DELAY - 1 ? 0 : static_cast<int>(st.at) + 1;
    if (st.x != SHAPE::W - 1) {
      ++st.x;
    } else {
      st.x = 0;
      st.y = st.y == SHAPE::H - 1 ? 0 : static_cast<int>(st.y) + 1;
      if (st.y == 0) st.at = 0;
    }
  }

 private:
  static void shift(const pixel& newest, state& st) {
#pragma HLS inline
    const int at = static_cast<int>(st.at);
    if (SHAPE::KH > 1 && st.y >= SHAPE::DH) st.check.load(at);
    pixel column[SHAPE::KH];
#pragma HLS array_partition variable=column type=complete
    column[SHAPE::KH - 1] = newest;
    for (int k = 0; k + 1 < SHAPE::KH; ++k) {
#pragma HLS unroll
      column[k] = st.lines[k][at];
    }
    for (int k = 0; k + 1 < SHAPE::KH; ++k) {
#pragma HLS unroll
      st.lines[k][at] = column[k + 1];
    }
    st.check.store(at);
    st.check.step();
    for (int k = 0; k < SHAPE::KH; ++k) {
#pragma HLS unroll
      for (int i = 0; i < RIGHT; ++i) {
#pragma HLS unroll
        st.window[k][i] = st.window[k][i + 1];
      }
      st.window[k][RIGHT] = column[k];
    }
  }

  static void next_window(state& st) {
#pragma HLS inline
    if (st.left != (OW - 1) * SHAPE::SW) {
      st.left += SHAPE::SW;
    } else {
      st.left = 0;
      st.top = st.top == (OH - 1) * SHAPE::SH ? 0 : static_cast<int>(st.top) + SHAPE::SH;
    }
  }

  static window_word gather(const state& st) {
#pragma HLS inline
    window_word word = 0;
    for (int ky = 0; ky < SHAPE::KH; ++ky) {
#pragma HLS unroll
      for (int kx = 0; kx < SHAPE::KW; ++kx) {
#pragma HLS unroll
        set_element<SHAPE::BITS>(word, ky * SHAPE::KW + kx, st.window[ky][kx * SHAPE::DW]);
      }
    }
    return word;
  }
};

}  // namespace finnlite

#endif
