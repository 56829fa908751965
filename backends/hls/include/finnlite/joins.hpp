// SPDX-License-Identifier: Apache-2.0
/// What units of several streams are made of. Which stream a step reads or writes depends on its
/// place in the pixel alone; nothing here waits for whichever stream comes first.
#ifndef FINNLITE_JOINS_HPP
#define FINNLITE_JOINS_HPP

#include "finnlite/bits.hpp"
#include "hls_stream.h"

namespace finnlite {

/// The PE elements of a word as codes of another datatype, which holds them.
template <typename FROM, typename TO, int PE>
struct recoded {
  static ap_uint<PE * TO::BITS> of(const ap_uint<PE * FROM::BITS>& x) {
#pragma HLS inline
    ap_uint<PE * TO::BITS> y = 0;
    for (int pe = 0; pe < PE; ++pe) {
#pragma HLS unroll
      set_element<TO::BITS>(y, pe, TO::encode(FROM::decode(element<FROM::BITS>(x, pe))));
    }
    return y;
  }
};

template <typename SAME, int PE>
struct recoded<SAME, SAME, PE> {
  static ap_uint<PE * SAME::BITS> of(const ap_uint<PE * SAME::BITS>& x) {
#pragma HLS inline
    return x;
  }
};

/// The place of a step's word in its pixel of WORDS words.
///
/// What follows from a SHAPE: WORDS, PE, output.
template <typename SHAPE>
struct sequence {
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {
    ap_uint<counter_bits(SHAPE::WORDS)> word = 0;
  };

  static void advance(state& st) {
#pragma HLS inline
    st.word = st.word == SHAPE::WORDS - 1 ? 0 : static_cast<int>(st.word) + 1;
  }
};

/// The same word to all streams.
///
/// What follows from a SHAPE: PE, output.
template <typename SHAPE>
struct duplicate {
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {};
};

/// A sum of two streams, element by element, each times a constant factor.
///
/// What follows from a SHAPE: PE, FACTOR_A, FACTOR_B, input_a, input_b, output.
template <typename SHAPE>
struct add {
  typedef ap_uint<SHAPE::PE * SHAPE::input_a::BITS> word_a;
  typedef ap_uint<SHAPE::PE * SHAPE::input_b::BITS> word_b;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;
  static_assert(SHAPE::output::BITS <= 60, "sums have at most 60 bits");

  struct state {};

  static void step(hls::stream<word_a>& s0, hls::stream<word_b>& s1, hls::stream<output_word>& m0,
                   state&) {
#pragma HLS inline
    const word_a a = s0.read();
    const word_b b = s1.read();
    output_word y = 0;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const ap_int<SHAPE::output::BITS + 2> sum =
          SHAPE::FACTOR_A * SHAPE::input_a::decode(element<SHAPE::input_a::BITS>(a, pe)) +
          SHAPE::FACTOR_B * SHAPE::input_b::decode(element<SHAPE::input_b::BITS>(b, pe));
      set_element<SHAPE::output::BITS>(y, pe, SHAPE::output::encode(sum));
    }
    m0.write(y);
  }
};

}  // namespace finnlite

#endif
