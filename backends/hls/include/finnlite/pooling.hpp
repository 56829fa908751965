// SPDX-License-Identifier: Apache-2.0
/// The greatest element or the sum of a window, channel by channel, PE channels a step. A window's
/// steps run over (tap, fold of channels); a word is written in the steps of the last tap. Means
/// are sums here: the division belongs to whoever reads them.
#ifndef FINNLITE_POOLING_HPP
#define FINNLITE_POOLING_HPP

#include "finnlite/bits.hpp"
#include "finnlite/check.hpp"
#include "hls_stream.h"

namespace finnlite {

struct greatest {
  template <typename SUM, typename V>
  static SUM of(const SUM& kept, const V& value) {
#pragma HLS inline
    return value > kept ? SUM(value) : kept;
  }
};

struct sum_of {
  template <typename SUM, typename V>
  static SUM of(const SUM& kept, const V& value) {
#pragma HLS inline
    return SUM(kept + value);
  }
};

/// What follows from a SHAPE: TAPS, C, PE, input, output, combine.
template <typename SHAPE>
struct pooling {
  static const int FOLDS = SHAPE::C / SHAPE::PE;
  static_assert(FOLDS * SHAPE::PE == SHAPE::C, "PE divides C");

  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;
  typedef accumulator<typename SHAPE::output> total;

  struct state {
    ap_uint<counter_bits(SHAPE::TAPS)> tap = 0;
    ap_uint<counter_bits(FOLDS)> fold = 0;
    typename total::sum kept[SHAPE::PE][FOLDS];
    distance_check<FOLDS, FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check;
  };

  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    const input_word x = s0.read();
    const int fold = static_cast<int>(st.fold);
    const bool first = st.tap == 0;
    const bool last = st.tap == SHAPE::TAPS - 1;
    if (!first) st.check.load(fold);
    output_word y = 0;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const typename SHAPE::input::value value =
          SHAPE::input::decode(element<SHAPE::input::BITS>(x, pe));
      const typename total::sum kept =
          first ? typename total::sum(value) : SHAPE::combine::of(st.kept[pe][fold], value);
      st.kept[pe][fold] = kept;
      if (last) {
        set_element<SHAPE::output::BITS>(y, pe, SHAPE::output::encode(total::checked(kept)));
      }
    }
    st.check.store(fold);
    st.check.step();
    if (last) m0.write(y);
    if (fold != FOLDS - 1) {
      ++st.fold;
    } else {
      st.fold = 0;
      st.tap = last ? 0 : static_cast<int>(st.tap) + 1;
    }
  }
};

}  // namespace finnlite

#endif
