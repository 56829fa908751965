// SPDX-License-Identifier: Apache-2.0
/// Images made larger: a constant around them, zeros between their pixels, or each pixel several
/// times. One word of PE channels out a step; it reads where the word is one of the image's.
#ifndef FINNLITE_PADDING_HPP
#define FINNLITE_PADDING_HPP

#include "finnlite/check.hpp"
#include "finnlite/joins.hpp"

namespace finnlite {

/// A word of PE equal elements.
template <typename TYPE, int PE, int VALUE>
ap_uint<PE * TYPE::BITS> filled() {
#pragma HLS inline
  ap_uint<PE * TYPE::BITS> y = 0;
  for (int pe = 0; pe < PE; ++pe) {
#pragma HLS unroll
    set_element<TYPE::BITS>(y, pe, TYPE::encode(ap_int<TYPE::BITS + 2>(VALUE)));
  }
  return y;
}

/// VALUE around an image of H by W pixels.
///
/// What follows from a SHAPE: H, W, FOLDS (words a pixel), PE, TOP, LEFT, BOTTOM, RIGHT, VALUE,
/// input, output.
template <typename SHAPE>
struct pad {
  static const int OH = SHAPE::TOP + SHAPE::H + SHAPE::BOTTOM;
  static const int OW = SHAPE::LEFT + SHAPE::W + SHAPE::RIGHT;
  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {
    ap_uint<counter_bits(SHAPE::FOLDS)> fold = 0;
    ap_uint<counter_bits(OW)> x = 0;
    ap_uint<counter_bits(OH)> y = 0;
  };

  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    const int x = static_cast<int>(st.x);
    const int y = static_cast<int>(st.y);
    const bool inside = x >= SHAPE::LEFT && x < SHAPE::LEFT + SHAPE::W && y >= SHAPE::TOP &&
                        y < SHAPE::TOP + SHAPE::H;
    output_word word = filled<typename SHAPE::output, SHAPE::PE, SHAPE::VALUE>();
    if (inside) {
      word = recoded<typename SHAPE::input, typename SHAPE::output, SHAPE::PE>::of(s0.read());
    }
    m0.write(word);
    if (st.fold != SHAPE::FOLDS - 1) {
      ++st.fold;
    } else {
      st.fold = 0;
      st.x = x == OW - 1 ? 0 : x + 1;
      if (x == OW - 1) st.y = y == OH - 1 ? 0 : y + 1;
    }
  }
};

/// SH - 1 lines and SW - 1 pixels of zeros between those of an image of H by W pixels; none behind
/// the last.
///
/// What follows from a SHAPE: H, W, FOLDS, PE, SH, SW, input, output.
template <typename SHAPE>
struct insert_zeros {
  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {
    ap_uint<counter_bits(SHAPE::FOLDS)> fold = 0;
    ap_uint<counter_bits(SHAPE::SW)> dx = 0;  // since the image's last pixel and line
    ap_uint<counter_bits(SHAPE::SH)> dy = 0;
    ap_uint<counter_bits(SHAPE::W)> x = 0;  // of the image
    ap_uint<counter_bits(SHAPE::H)> y = 0;
  };

  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    output_word word = filled<typename SHAPE::output, SHAPE::PE, 0>();
    if (st.dx == 0 && st.dy == 0) {
      word = recoded<typename SHAPE::input, typename SHAPE::output, SHAPE::PE>::of(s0.read());
    }
    m0.write(word);
    if (st.fold != SHAPE::FOLDS - 1) {
      ++st.fold;
    } else {
      st.fold = 0;
      advance(st);
    }
  }

 private:
  static void advance(state& st) {
#pragma HLS inline
    if (st.x != SHAPE::W - 1) {
      if (st.dx == SHAPE::SW - 1) {
        st.dx = 0;
        ++st.x;
      } else {
        ++st.dx;
      }
      return;
    }
    st.x = 0;  // the last pixel of a line ends it
    if (st.y == SHAPE::H - 1) {
      st.y = 0;
    } else if (st.dy == SHAPE::SH - 1) {
      st.dy = 0;
      ++st.y;
    } else {
      ++st.dy;
    }
  }
};

/// Every pixel SW times, every line SH times.
///
/// What follows from a SHAPE: W, FOLDS, SH, SW, BITS (of a word).
template <typename SHAPE>
struct upsample {
  static const int LINE = SHAPE::W * SHAPE::FOLDS;
  typedef ap_uint<SHAPE::BITS> word;

  struct state {
    ap_uint<counter_bits(SHAPE::FOLDS)> fold = 0;
    ap_uint<counter_bits(SHAPE::SW)> dx = 0;
    ap_uint<counter_bits(SHAPE::SH)> dy = 0;
    ap_uint<counter_bits(LINE)> start = 0;  // of the pixel in its line
    word pixel[SHAPE::FOLDS];
    word line[LINE];
    distance_check<SHAPE::FOLDS, SHAPE::FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check;
    distance_check<LINE, LINE * SHAPE::SW < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check_line;
  };

  static void step(hls::stream<word>& s0, hls::stream<word>& m0, state& st) {
#pragma HLS inline
    const int fold = static_cast<int>(st.fold);
    const int at = static_cast<int>(st.start) + fold;
    word x = 0;
    if (st.dx != 0) {
      st.check.load(fold);
      x = st.pixel[fold];
    } else {
      if (st.dy != 0) {
        st.check_line.load(at);
        x = st.line[at];
      } else {
        x = s0.read();
        if (SHAPE::SH > 1) {
          st.line[at] = x;
          st.check_line.store(at);
        }
      }
      if (SHAPE::SW > 1) {
        st.pixel[fold] = x;
        st.check.store(fold);
      }
    }
    m0.write(x);
    st.check.step();
    st.check_line.step();
    if (fold != SHAPE::FOLDS - 1) {
      ++st.fold;
    } else {
      st.fold = 0;
      advance(st);
    }
  }

 private:
  static void advance(state& st) {
#pragma HLS inline
    if (st.dx != SHAPE::SW - 1) {
      ++st.dx;
      return;
    }
    st.dx = 0;
    if (st.start != LINE - SHAPE::FOLDS) {
      st.start += SHAPE::FOLDS;
      return;
    }
    st.start = 0;
    st.dy = st.dy == SHAPE::SH - 1 ? 0 : static_cast<int>(st.dy) + 1;
  }
};

}  // namespace finnlite

#endif
