// SPDX-License-Identifier: Apache-2.0
/// Elements of words, slices of weight lanes, population count.
#ifndef FINNLITE_BITS_HPP
#define FINNLITE_BITS_HPP

#include "finnlite/types.hpp"

namespace finnlite {

/// Width of a weight lane: what one block RAM port of the target delivers.
static const int LANE_BITS = 36;

/// Element `index` of a word; element 0 lies in the least significant bits.
template <int BITS, int W>
ap_uint<BITS> element(const ap_uint<W>& word, int index) {
#pragma HLS inline
  return ap_uint<BITS>(word.range((index + 1) * BITS - 1, index * BITS));
}

/// Sets element `index` of a word.
template <int BITS, int W>
void set_element(ap_uint<W>& word, int index, const ap_uint<BITS>& code) {
#pragma HLS inline
  word.range((index + 1) * BITS - 1, index * BITS) = code;
}

/// The lowest `elements` elements of a word, zeros above them.
template <int BITS, int W>
ap_uint<W> keep_elements(const ap_uint<W>& word, int elements) {
#pragma HLS inline
  ap_uint<W> kept = 0;
  for (int i = 0; i < W / BITS; ++i) {
#pragma HLS unroll
    if (i < elements) set_element<BITS>(kept, i, element<BITS>(word, i));
  }
  return kept;
}

/// BITS bits of the lanes laid side by side, from bit `low`, taken bit by bit (pure wiring).
template <int BITS, int LANES>
ap_uint<BITS> slice_by_bits(const ap_uint<LANE_BITS> (&lanes)[LANES], int low) {
#pragma HLS inline
  ap_uint<BITS> bits = 0;
  for (int i = 0; i < BITS; ++i) {
#pragma HLS unroll
    bits[i] = lanes[(low + i) / LANE_BITS][(low + i) % LANE_BITS];
  }
  return bits;
}

/// Number of ones, counted bit by bit (an adder tree in hardware).
template <int BITS>
ap_uint<clog2(BITS + 1)> popcount_by_bits(const ap_uint<BITS>& word) {
#pragma HLS inline
  ap_uint<clog2(BITS + 1)> count = 0;
  for (int i = 0; i < BITS; ++i) {
#pragma HLS unroll
    count += ap_uint<1>(word[i]);
  }
  return count;
}

#ifdef __SYNTHESIS__

/// Reads the lanes of a fold of weights. OWNER tells layers of one shape apart.
template <typename OWNER, int LANES, int FOLDS>
void load_fold(const ap_uint<LANE_BITS> (&weights)[LANES][FOLDS], int fold,
               ap_uint<LANE_BITS> (&lanes)[LANES]) {
#pragma HLS inline
  for (int l = 0; l < LANES; ++l) {
#pragma HLS unroll
    lanes[l] = weights[l][fold];
  }
}

template <int BITS, int LANES>
ap_uint<BITS> slice(const ap_uint<LANE_BITS> (&lanes)[LANES], int low) {
#pragma HLS inline
  return slice_by_bits<BITS>(lanes, low);
}

template <int BITS>
ap_uint<clog2(BITS + 1)> popcount(const ap_uint<BITS>& word) {
#pragma HLS inline
  return popcount_by_bits<BITS>(word);
}

#else

// The same, some ten times as fast on a host; the tests compare both forms.

/// The lanes of a fold, which lie far apart, often by what a cache holds, put side by side.
template <int LANES, int FOLDS>
struct lanes_by_fold {
  ap_uint<LANE_BITS> at[FOLDS][LANES];
  explicit lanes_by_fold(const ap_uint<LANE_BITS> (&weights)[LANES][FOLDS]) {
    for (int fold = 0; fold < FOLDS; ++fold) {
      for (int l = 0; l < LANES; ++l) at[fold][l] = weights[l][fold];
    }
  }
};

template <typename OWNER, int LANES, int FOLDS>
void load_fold(const ap_uint<LANE_BITS> (&weights)[LANES][FOLDS], int fold,
               ap_uint<LANE_BITS> (&lanes)[LANES]) {
  static const lanes_by_fold<LANES, FOLDS> turned(weights);
  for (int l = 0; l < LANES; ++l) lanes[l] = turned.at[fold][l];
}

template <int BITS, int LANES>
ap_uint<BITS> slice(const ap_uint<LANE_BITS> (&lanes)[LANES], int low) {
  static_assert(BITS <= 64, "a slice has at most 64 bits");
  int lane = low / LANE_BITS;
  int have = LANE_BITS - low % LANE_BITS;
  unsigned long long bits = lanes[lane].to_uint64() >> (low % LANE_BITS);
  for (; have < BITS; have += LANE_BITS) bits |= lanes[++lane].to_uint64() << have;
  return ap_uint<BITS>(bits);
}

template <int BITS>
ap_uint<clog2(BITS + 1)> popcount(const ap_uint<BITS>& word) {
  static_assert(BITS <= 64, "a host word has at most 64 bits");
  return ap_uint<clog2(BITS + 1)>(__builtin_popcountll(word.to_uint64()));
}

#endif

}  // namespace finnlite

#endif
