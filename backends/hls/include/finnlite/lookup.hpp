// SPDX-License-Identifier: Apache-2.0
/// A function of each channel by its table of CODES entries: for functions that thresholds cannot
/// say, of inputs of few bits.
#ifndef FINNLITE_LOOKUP_HPP
#define FINNLITE_LOOKUP_HPP

#include "finnlite/bits.hpp"
#include "hls_stream.h"

namespace finnlite {

/// What follows from a SHAPE: C, PE, ROWS (tables a row of PE channels), input, output.
template <typename SHAPE>
struct lookup {
  static const int NF = SHAPE::C / SHAPE::PE;
  static const int CODES = 1 << SHAPE::input::BITS;
  static_assert(NF * SHAPE::PE == SHAPE::C, "PE divides C");

  typedef ap_uint<SHAPE::PE * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;

  struct state {
    ap_uint<counter_bits(NF)> nf = 0;
  };

  /// One word. table[pe][nf * CODES + code of the element] is the code of the output element.
  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st,
                   const ap_uint<SHAPE::output::BITS> (&table)[SHAPE::PE][SHAPE::ROWS * CODES]) {
#pragma HLS inline
    const input_word x = s0.read();
    const int row = SHAPE::ROWS == 1 ? 0 : static_cast<int>(st.nf) * CODES;
    output_word y = 0;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      const int code = static_cast<int>(element<SHAPE::input::BITS>(x, pe));
      set_element<SHAPE::output::BITS>(y, pe, table[pe][row + code]);
    }
    m0.write(y);
    st.nf = st.nf == NF - 1 ? 0 : static_cast<int>(st.nf) + 1;
  }
};

}  // namespace finnlite

#endif
