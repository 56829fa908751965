// SPDX-License-Identifier: Apache-2.0
/// Index of the largest element of a frame; the lowest index wins a tie.
#ifndef FINNLITE_LABEL_SELECT_HPP
#define FINNLITE_LABEL_SELECT_HPP

#include "finnlite/bits.hpp"
#include "hls_stream.h"

namespace finnlite {

/// What follows from a SHAPE: C, PE, input, output.
template <typename SHAPE>
struct label_select {
  static const int NF = SHAPE::C / SHAPE::PE;
  static_assert(NF * SHAPE::PE == SHAPE::C, "PE divides C");

  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::output::BITS> output_word;
  typedef ap_uint<counter_bits(SHAPE::C)> label;

  struct state {
    ap_uint<counter_bits(NF)> nf = 0;
    typename SHAPE::input::value best = 0;
    label index = 0;
  };

  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    const input_word x = s0.read();
    // The word's own winner first, so that only one comparison depends on the step before.
    typename SHAPE::input::value best = SHAPE::input::decode(element<SHAPE::input::BITS>(x, 0));
    int winner = 0;
    for (int pe = 1; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const typename SHAPE::input::value value =
          SHAPE::input::decode(element<SHAPE::input::BITS>(x, pe));
      if (value > best) {
        best = value;
        winner = pe;
      }
    }
    if (st.nf == 0 || best > st.best) {
      st.best = best;
      st.index = label(static_cast<int>(st.nf) * SHAPE::PE + winner);
    }
    if (st.nf == NF - 1) {
      m0.write(SHAPE::output::encode(st.index));
      st.nf = 0;
    } else {
      ++st.nf;
    }
  }
};

}  // namespace finnlite

#endif
