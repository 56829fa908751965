// SPDX-License-Identifier: Apache-2.0
/// Vector-vector-threshold unit: a small product a channel, PE channels a step. A pixel's steps run
/// over (tap, fold of channels); a word is written in the steps of the last tap.
#ifndef FINNLITE_VVTU_HPP
#define FINNLITE_VVTU_HPP

#include "finnlite/mvtu.hpp"

namespace finnlite {

/// What follows from a SHAPE: TAPS, C, PE, input, weight, accumulator, output.
template <typename SHAPE>
struct vvtu {
  static const int FOLDS = SHAPE::C / SHAPE::PE;
  static const int LANES = ceil_div(SHAPE::PE * SHAPE::weight::BITS, LANE_BITS);
  static_assert(FOLDS * SHAPE::PE == SHAPE::C, "PE divides C");

  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;
  typedef finnlite::accumulator<typename SHAPE::accumulator> total;
  typedef product<typename SHAPE::input, typename SHAPE::weight> one;
  typedef typename plain<SHAPE::input::BITS + 1>::type operand;

  struct state {
    ap_uint<counter_bits(SHAPE::TAPS)> tap = 0;
    ap_uint<counter_bits(FOLDS)> nf = 0;
    ap_uint<counter_bits(SHAPE::TAPS * FOLDS)> fold = 0;
    typename total::sum sums[SHAPE::PE][FOLDS];
    distance_check<FOLDS, FOLDS < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check;
  };

  /// One tap of PE channels. ACTIVATION::apply(sum, pe, nf) gives the code of an output element.
  template <typename ACTIVATION>
  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st,
                   const ap_uint<LANE_BITS> (&weights)[LANES][SHAPE::TAPS * FOLDS]) {
#pragma HLS inline
    const input_word x = s0.read();
    ap_uint<LANE_BITS> lanes[LANES];
#pragma HLS array_partition variable=lanes type=complete
    load_fold<SHAPE>(weights, static_cast<int>(st.fold), lanes);
    const int nf = static_cast<int>(st.nf);
    const bool first = st.tap == 0;
    const bool last = st.tap == SHAPE::TAPS - 1;
    if (!first) st.check.load(nf);
    output_word y = 0;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const operand value = SHAPE::input::decode(element<SHAPE::input::BITS>(x, pe));
      const ap_uint<SHAPE::weight::BITS> code =
          slice<SHAPE::weight::BITS>(lanes, pe * SHAPE::weight::BITS);
      typename total::sum sum = one::of(value, code);
      if (!first) sum += st.sums[pe][nf];
      st.sums[pe][nf] = sum;
      if (last) {
        set_element<SHAPE::output::BITS>(y, pe, ACTIVATION::apply(total::checked(sum), pe, nf));
      }
    }
    st.check.store(nf);
    if (last) m0.write(y);
    advance(st, last);
  }

 private:
  static void advance(state& st, bool last) {
#pragma HLS inline
    st.check.step();
    if (st.nf != FOLDS - 1) {
      ++st.nf;
      ++st.fold;
    } else if (!last) {
      st.nf = 0;
      ++st.tap;
      ++st.fold;
    } else {
      st.nf = 0;
      st.tap = 0;
      st.fold = 0;
    }
  }
};

}  // namespace finnlite

#endif
