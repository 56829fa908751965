// SPDX-License-Identifier: Apache-2.0
/// What C simulation checks and hardware cannot: widths that hold their values, and memories that
/// are not read sooner than the distance promised to the scheduler. Empty in synthesis.
#ifndef FINNLITE_CHECK_HPP
#define FINNLITE_CHECK_HPP

#include "finnlite/types.hpp"

#ifndef __SYNTHESIS__
#include <stdexcept>
#include <string>
#include <type_traits>
#endif

namespace finnlite {

/// Steps from a store to the first load of it that a memory promises; register files promise 1.
static const int MEMORY_DISTANCE = 4;

#ifdef __SYNTHESIS__

/// A signed number of BITS bits in the middle of a computation.
template <int BITS>
struct plain {
  typedef ap_int<BITS> type;
};

/// A sum of exactly the bits of TYPE. It may wrap on the way: the final sum is right if it fits.
template <typename TYPE>
struct accumulator {
  typedef typename TYPE::value sum;
  static const sum& checked(const sum& v) {
#pragma HLS inline
    return v;
  }
};

template <int WORDS, int DISTANCE>
struct distance_check {
  void store(int) {
#pragma HLS inline
  }
  void load(int) {
#pragma HLS inline
  }
  void step() {
#pragma HLS inline
  }
};

#else

template <int BITS>
struct plain {
  typedef typename std::conditional<(BITS < 32), int, long long>::type type;
};

template <typename TYPE>
struct accumulator {
  typedef long long sum;
  /// The finished sum, if TYPE holds it.
  static long long checked(long long v) {
    const long long held = static_cast<long long>(typename TYPE::value(v));
    if (held != v) {
      throw std::runtime_error("accumulator of " + std::to_string(TYPE::BITS) +
                               " bits cannot hold " + std::to_string(v));
    }
    return v;
  }
};

template <int WORDS, int DISTANCE>
struct distance_check {
  unsigned long long now;
  unsigned long long stored[WORDS];  // step after the store; 0: never stored

  void store(int address) { stored[address] = now + 1; }
  void load(int address) const {
    if (stored[address] == 0) {
      throw std::runtime_error("memory word " + std::to_string(address) +
                               " is read before it is written");
    }
    const unsigned long long distance = now + 1 - stored[address];
    if (distance < static_cast<unsigned long long>(DISTANCE)) {
      throw std::runtime_error("memory word " + std::to_string(address) + " is read " +
                               std::to_string(distance) + " steps after it was written; " +
                               std::to_string(DISTANCE) + " are promised");
    }
  }
  void step() { ++now; }
};

#endif

}  // namespace finnlite

#endif
