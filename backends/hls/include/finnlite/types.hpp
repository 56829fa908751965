// SPDX-License-Identifier: Apache-2.0
/// The datatypes of stream elements: how many bits an element has and what its code means. `decode`
/// gives the value of a code, `encode` the code of a value, `widen` the code in a wider container.
#ifndef FINNLITE_TYPES_HPP
#define FINNLITE_TYPES_HPP

#include "ap_int.h"

namespace finnlite {

/// Bits needed to tell `count` values apart; 0 for one value.
constexpr int clog2(int count) { return count <= 1 ? 0 : 1 + clog2((count + 1) / 2); }

/// Width of a counter that runs from 0 to count - 1; at least one bit.
constexpr int counter_bits(int count) { return count <= 2 ? 1 : clog2(count); }

constexpr int gcd(int a, int b) { return b == 0 ? a : gcd(b, a % b); }

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

constexpr int smaller(int a, int b) { return a < b ? a : b; }

/// -1 and +1 in one bit: 0 means -1, 1 means +1.
struct bipolar {
  static const int BITS = 1;
  typedef ap_int<2> value;
  static value decode(const ap_uint<1>& code) {
#pragma HLS inline
    return code == 1 ? value(1) : value(-1);
  }
  template <typename V>
  static ap_uint<1> encode(const V& v) {
#pragma HLS inline
    return ap_uint<1>(v > 0);
  }
  template <int WIDE>
  static ap_uint<WIDE> widen(const ap_uint<1>& code) {
#pragma HLS inline
    return ap_uint<WIDE>(code);
  }
};

/// Two's complement.
template <int B>
struct signed_integer {
  static const int BITS = B;
  typedef ap_int<B> value;
  static value decode(const ap_uint<B>& code) {
#pragma HLS inline
    return value(code);
  }
  template <typename V>
  static ap_uint<B> encode(const V& v) {
#pragma HLS inline
    return ap_uint<B>(v);
  }
  template <int WIDE>
  static ap_uint<WIDE> widen(const ap_uint<B>& code) {
#pragma HLS inline
    return ap_uint<WIDE>(ap_int<WIDE>(ap_int<B>(code)));
  }
};

/// Plain binary.
template <int B>
struct unsigned_integer {
  static const int BITS = B;
  typedef ap_uint<B> value;
  static value decode(const ap_uint<B>& code) {
#pragma HLS inline
    return code;
  }
  template <typename V>
  static ap_uint<B> encode(const V& v) {
#pragma HLS inline
    return ap_uint<B>(v);
  }
  template <int WIDE>
  static ap_uint<WIDE> widen(const ap_uint<B>& code) {
#pragma HLS inline
    return ap_uint<WIDE>(code);
  }
};

}  // namespace finnlite

#endif
