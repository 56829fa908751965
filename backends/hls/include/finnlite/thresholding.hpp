// SPDX-License-Identifier: Apache-2.0
/// Thresholds standing alone: one word of PE channels in and one out a step.
#ifndef FINNLITE_THRESHOLDING_HPP
#define FINNLITE_THRESHOLDING_HPP

#include "finnlite/bits.hpp"
#include "finnlite/thresholds.hpp"
#include "hls_stream.h"

namespace finnlite {

/// What follows from a SHAPE: C, PE, input, output.
template <typename SHAPE>
struct thresholding {
  static const int NF = SHAPE::C / SHAPE::PE;
  static_assert(NF * SHAPE::PE == SHAPE::C, "PE divides C");

  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {
    ap_uint<counter_bits(NF)> nf = 0;
  };

  /// One word. ACTIVATION::apply(value, pe, nf) gives the code of an output element.
  template <typename ACTIVATION>
  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    const input_word x = s0.read();
    output_word y = 0;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const typename SHAPE::input::value value =
          SHAPE::input::decode(element<SHAPE::input::BITS>(x, pe));
      set_element<SHAPE::output::BITS>(y, pe,
                                       ACTIVATION::apply(value, pe, static_cast<int>(st.nf)));
    }
    m0.write(y);
    if (st.nf == NF - 1) {
      st.nf = 0;
    } else {
      ++st.nf;
    }
  }
};

}  // namespace finnlite

#endif
