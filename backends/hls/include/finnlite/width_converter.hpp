// SPDX-License-Identifier: Apache-2.0
/// Words of IN elements to words of OUT elements, any ratio. Nothing is carried over the end of a
/// frame of N elements: the padding of a partial last input word is dropped, that of a partial last
/// output word is zero. A step reads a word if too little is buffered for the next output word, and
/// writes one if there is enough then.
#ifndef FINNLITE_WIDTH_CONVERTER_HPP
#define FINNLITE_WIDTH_CONVERTER_HPP

#include "finnlite/bits.hpp"
#include "hls_stream.h"

namespace finnlite {

/// What follows from a SHAPE: N, IN, OUT, BITS (of an element).
template <typename SHAPE>
struct width_converter {
  // All moves in chunks of the greatest common divisor; only the frame's last can be partial.
  static const int CHUNK = gcd(SHAPE::IN, SHAPE::OUT);
  static const int CHUNKS = ceil_div(SHAPE::N, CHUNK);
  static const int IN_CHUNKS = SHAPE::IN / CHUNK;
  static const int OUT_CHUNKS = SHAPE::OUT / CHUNK;
  static const int CAPACITY = IN_CHUNKS + OUT_CHUNKS - 1;
  static const int BITS = CHUNK * SHAPE::BITS;
  static const int LAST_ELEMENTS = SHAPE::N - (ceil_div(SHAPE::N, SHAPE::IN) - 1) * SHAPE::IN;
  // Frames of whole words on both sides need not be told apart.
  static const bool WHOLE = SHAPE::N % SHAPE::IN == 0 && SHAPE::N % SHAPE::OUT == 0;

  typedef ap_uint<SHAPE::IN * SHAPE::BITS> input_word;
  typedef ap_uint<SHAPE::OUT * SHAPE::BITS> output_word;

  struct state {
    ap_uint<counter_bits(CAPACITY + 1)> have = 0;   // chunks buffered
    ap_uint<counter_bits(CHUNKS + 1)> read = 0;     // chunks read of this frame
    ap_uint<counter_bits(CHUNKS + 1)> written = 0;  // chunks written of this frame
    ap_uint<BITS> chunks[CAPACITY];
  };

  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st) {
#pragma HLS inline
    const int left_to_write = CHUNKS - static_cast<int>(st.written);
    const int need = WHOLE ? OUT_CHUNKS : smaller(OUT_CHUNKS, left_to_write);
    int have = static_cast<int>(st.have);
    if (have < need) have += load(s0, st, have);
    if (have >= need) {
      store(m0, st, have);
      have -= need;
      if (!WHOLE && left_to_write == need) {
        st.written = 0;
        st.read = 0;
      } else if (!WHOLE) {
        st.written += need;
      }
    }
    st.have = have;
  }

 private:
  static int load(hls::stream<input_word>& s0, state& st, int have) {
#pragma HLS inline
    const int left = CHUNKS - static_cast<int>(st.read);
    const bool last = !WHOLE && left <= IN_CHUNKS;
    const int count = last ? left : IN_CHUNKS;
    input_word x = s0.read();
    if (last) x = keep_elements<SHAPE::BITS>(x, LAST_ELEMENTS);
    for (int i = 0; i < IN_CHUNKS; ++i) {
#pragma HLS unroll
      st.chunks[have + i] = element<BITS>(x, i);
    }
    if (!WHOLE) st.read += count;
    return count;
  }

  static void store(hls::stream<output_word>& m0, state& st, int have) {
#pragma HLS inline
    output_word y = 0;
    for (int i = 0; i < OUT_CHUNKS; ++i) {
#pragma HLS unroll
      if (WHOLE || i < have) set_element<BITS>(y, i, st.chunks[i]);
    }
    m0.write(y);
    for (int i = 0; i + OUT_CHUNKS < CAPACITY; ++i) {
#pragma HLS unroll
      st.chunks[i] = st.chunks[i + OUT_CHUNKS];
    }
  }
};

}  // namespace finnlite

#endif
