// SPDX-License-Identifier: Apache-2.0
/// From an accumulator to the number of thresholds that fire. Not more than 15 thresholds are
/// compared at once; use `search` above that. A row's thresholds are sorted so that those that fire
/// come first: ascending where they fire at >=, descending where they fire at <=.
#ifndef FINNLITE_THRESHOLDS_HPP
#define FINNLITE_THRESHOLDS_HPP

#include "finnlite/types.hpp"

namespace finnlite {

template <typename SUM, typename T>
bool fires(const SUM& sum, const T& threshold, bool falling) {
#pragma HLS inline
  return falling ? sum <= threshold : sum >= threshold;
}

/// Compares all thresholds of one row of a neuron fold; thresholds[i][fold].
template <typename SUM, typename T, int COUNT, int FOLDS>
ap_uint<clog2(COUNT + 1)> compare(const SUM& sum, const T (&thresholds)[COUNT][FOLDS], int fold,
                                  bool falling) {
#pragma HLS inline
  ap_uint<clog2(COUNT + 1)> count = 0;
  for (int i = 0; i < COUNT; ++i) {
#pragma HLS unroll
    if (fires(sum, thresholds[i][fold], falling)) ++count;
  }
  return count;
}

/// Binary search, one small memory a level: with STEP = 2^(levels left), node n of a level holds
/// threshold (2n + 1) * STEP - 1 of each fold. `found` thresholds are known to fire.
template <int COUNT, typename SUM>
ap_uint<clog2(COUNT + 1)> search(const SUM&, int, bool,
                                 const ap_uint<clog2(COUNT + 1)>& found) {
#pragma HLS inline
  return found;
}

template <int COUNT, typename SUM, typename T, int WORDS, typename... LEVELS>
ap_uint<clog2(COUNT + 1)> search(const SUM& sum, int fold, bool falling,
                                 const ap_uint<clog2(COUNT + 1)>& found, const T (&level)[WORDS],
                                 const LEVELS&... levels) {
#pragma HLS inline
  const unsigned STEP = 1u << sizeof...(LEVELS);
  const unsigned NODES = 1u << (clog2(COUNT + 1) - 1 - static_cast<int>(sizeof...(LEVELS)));
  const unsigned base = static_cast<unsigned>(found);
  ap_uint<clog2(COUNT + 1)> next = found;
  if (base + STEP <= COUNT && fires(sum, level[fold * NODES + base / (2 * STEP)], falling)) {
    next += STEP;
  }
  return search<COUNT>(sum, fold, falling, next, levels...);
}

/// The code of the output level that `count` firing thresholds select.
template <typename TYPE, int OUT_MIN, int OUT_STEP, int W>
ap_uint<TYPE::BITS> level_code(const ap_uint<W>& count) {
#pragma HLS inline
  return TYPE::encode(OUT_MIN + OUT_STEP * static_cast<int>(count));
}

/// The activation of a layer without thresholds: the accumulator is the output.
template <typename TYPE>
struct no_activation {
  template <typename SUM>
  static ap_uint<TYPE::BITS> apply(const SUM& sum, int, int) {
#pragma HLS inline
    return TYPE::encode(sum);
  }
};

/// The activation of a layer with no threshold at all: every output is the same.
template <typename TYPE, int OUT_MIN>
struct constant_activation {
  template <typename SUM>
  static ap_uint<TYPE::BITS> apply(const SUM&, int, int) {
#pragma HLS inline
    return TYPE::encode(OUT_MIN);
  }
};

}  // namespace finnlite

#endif
