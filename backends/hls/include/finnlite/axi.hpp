// SPDX-License-Identifier: Apache-2.0
/// The borders: 64-bit AXI4-Stream beats to words and back. At a border an element of b bits lies
/// in a container of B bits (b up to 8 rounded up to 1, 2, 4, 8; whole bytes above), least
/// significant first, and a frame is padded to whole beats. TLAST comes once a transfer, not once a
/// frame: one bit a frame goes from the input to the output through a side stream.
#ifndef FINNLITE_AXI_HPP
#define FINNLITE_AXI_HPP

#include "ap_axi_sdata.h"
#include "finnlite/bits.hpp"
#include "hls_stream.h"

namespace finnlite {

static const int BEAT_BITS = 64;

typedef hls::axis<ap_uint<BEAT_BITS>, 0, 0, 0> beat;

/// Bits of the container of an element at the border.
constexpr int container_bits(int bits) {
  return bits <= 2 ? bits : bits <= 4 ? 4 : ceil_div(bits, 8) * 8;
}

/// What follows from a SHAPE: N (elements of a frame), ELEMENTS (of a word), element.
template <typename SHAPE>
struct border {
  static const int BITS = SHAPE::element::BITS;
  static const int CONTAINER = container_bits(BITS);
  static const int WORDS = ceil_div(SHAPE::N, SHAPE::ELEMENTS);
  static const int BEATS = ceil_div(SHAPE::N * CONTAINER, BEAT_BITS);
  static const int WORD_BITS = SHAPE::ELEMENTS * CONTAINER;  // of a full word, at the border
  static const int LAST_ELEMENTS = SHAPE::N - (WORDS - 1) * SHAPE::ELEMENTS;
  static_assert(WORD_BITS <= BEAT_BITS, "a word is filled by at most one new beat");

  typedef ap_uint<SHAPE::ELEMENTS * BITS> word;
  typedef ap_uint<WORD_BITS> packed;
};

/// Beats to words, one word a step; a beat is read first if too few bits are buffered. One bit a
/// frame, the TLAST of its last beat, goes to m1.
template <typename SHAPE>
struct axi_in : border<SHAPE> {
  typedef border<SHAPE> base;
  typedef typename base::word word;

  struct state {
    ap_uint<counter_bits(base::WORDS)> written = 0;
    ap_uint<counter_bits(base::BEATS)> read = 0;
    ap_uint<counter_bits(2 * BEAT_BITS)> have = 0;  // bits buffered
    ap_uint<2 * BEAT_BITS> bits = 0;
  };

  static void step(hls::stream<beat>& s0, hls::stream<word>& m0, hls::stream<ap_uint<1> >& m1,
                   state& st) {
#pragma HLS inline
    const bool last = st.written == base::WORDS - 1;
    const int elements = last ? base::LAST_ELEMENTS : SHAPE::ELEMENTS;
    const int need = elements * base::CONTAINER;
    int have = base::WORD_BITS == BEAT_BITS ? 0 : static_cast<int>(st.have);
    if (have < need) {
      const beat b = s0.read();
      st.bits.range(have + BEAT_BITS - 1, have) = b.data;
      have += BEAT_BITS;
      if (st.read == base::BEATS - 1) {
        m1.write(b.last);
        st.read = 0;
      } else {
        ++st.read;
      }
    }
    m0.write(unpack(st.bits, elements));
    if (last) {
      st.written = 0;
      st.have = 0;
    } else {
      ++st.written;
      st.have = have - need;
      drop(st.bits);
    }
  }

 private:
  static word unpack(const ap_uint<2 * BEAT_BITS>& bits, int elements) {
#pragma HLS inline
    word w = 0;
    for (int i = 0; i < SHAPE::ELEMENTS; ++i) {
#pragma HLS unroll
      const ap_uint<base::BITS> code =
          bits.range(i * base::CONTAINER + base::BITS - 1, i * base::CONTAINER);
      if (i < elements) set_element<base::BITS>(w, i, code);
    }
    return w;
  }

  static void drop(ap_uint<2 * BEAT_BITS>& bits) {
#pragma HLS inline
    const ap_uint<2 * BEAT_BITS - base::WORD_BITS> rest =
        bits.range(2 * BEAT_BITS - 1, base::WORD_BITS);
    bits = rest;
  }
};

/// Words to beats: a beat as soon as 64 bits are there, the rest of a frame padded with zeros. If
/// the last word completes one beat and begins another, one step more, which reads nothing, writes
/// it. The frame's last beat takes its TLAST from s1.
template <typename SHAPE>
struct axi_out : border<SHAPE> {
  typedef border<SHAPE> base;
  typedef typename base::word word;

  struct state {
    ap_uint<counter_bits(base::WORDS + 1)> read = 0;
    ap_uint<counter_bits(base::BEATS)> written = 0;
    ap_uint<counter_bits(2 * BEAT_BITS)> have = 0;  // bits buffered
    ap_uint<2 * BEAT_BITS> bits = 0;
  };

  static void step(hls::stream<word>& s0, hls::stream<ap_uint<1> >& s1, hls::stream<beat>& m0,
                   state& st) {
#pragma HLS inline
    int have = base::WORD_BITS == BEAT_BITS ? 0 : static_cast<int>(st.have);
    if (st.read != base::WORDS) {
      const bool last = st.read == base::WORDS - 1;
      const int elements = last ? base::LAST_ELEMENTS : SHAPE::ELEMENTS;
      st.bits.range(have + base::WORD_BITS - 1, have) = pack(s0.read(), elements);
      have += elements * base::CONTAINER;
      ++st.read;
    }
    const bool all_read = st.read == base::WORDS;
    if (have >= BEAT_BITS || all_read) {
      const bool last = st.written == base::BEATS - 1;
      beat b;
      b.data = st.bits.range(BEAT_BITS - 1, 0);
      b.keep = -1;
      b.strb = -1;
      b.last = 0;
      if (last) b.last = s1.read();
      m0.write(b);
      have = have > BEAT_BITS ? have - BEAT_BITS : 0;
      const ap_uint<BEAT_BITS> rest = st.bits.range(2 * BEAT_BITS - 1, BEAT_BITS);
      st.bits = rest;
      if (last) {
        st.written = 0;
        st.read = 0;
      } else {
        ++st.written;
      }
    }
    st.have = have;
  }

 private:
  static typename base::packed pack(const word& w, int elements) {
#pragma HLS inline
    typename base::packed bits = 0;
    for (int i = 0; i < SHAPE::ELEMENTS; ++i) {
#pragma HLS unroll
      const ap_uint<base::CONTAINER> code =
          SHAPE::element::template widen<base::CONTAINER>(element<base::BITS>(w, i));
      if (i < elements) set_element<base::CONTAINER>(bits, i, code);
    }
    return bits;
  }
};

}  // namespace finnlite

#endif
