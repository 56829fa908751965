// SPDX-License-Identifier: Apache-2.0
/// Arbitrary-width integers for C simulation: the part of Xilinx' ap_int.h that finnlite's own code
/// uses, and no more. Not for synthesis; no arithmetic on words of more than 64 bits.
///
/// Values of at most 64 bits convert to a native integer, so that arithmetic is native and exact,
/// and are cut to their width when they are stored. Below 64 bits that integer is signed, so that
/// comparisons of signed with unsigned values mean what they mean in the vendor's headers.
#ifndef FINNLITE_SIM_AP_INT_H
#define FINNLITE_SIM_AP_INT_H

#include <stdint.h>

#include <stdexcept>
#include <type_traits>

// A word is taken to pieces for every element: compilers must not make calls of that.
#if defined(__GNUC__)
#define FINNLITE_INLINE inline __attribute__((always_inline))
#else
#define FINNLITE_INLINE inline
#endif

template <int W>
class ap_uint;
template <int W>
class ap_int;

namespace ap_sim {

/// The lowest `bits` bits set.
constexpr uint64_t mask(int bits) {
  return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
}

/// `bits` (at most 64) bits of an array of words, from bit `low`.
template <int WORDS>
FINNLITE_INLINE uint64_t extract(const uint64_t (&words)[WORDS], int low, int bits) {
  const int word = low / 64;
  const int shift = low % 64;
  uint64_t value = words[word] >> shift;
  if (word + 1 < WORDS && shift + bits > 64) value |= words[word + 1] << (64 - shift);
  return value & mask(bits);
}

/// Overwrites `bits` (at most 64) bits of an array of words, from bit `low`.
template <int WORDS>
FINNLITE_INLINE void insert(uint64_t (&words)[WORDS], int low, int bits, uint64_t value) {
  const int word = low / 64;
  const int shift = low % 64;
  value &= mask(bits);
  words[word] = (words[word] & ~(mask(bits) << shift)) | (value << shift);
  if (word + 1 < WORDS && shift + bits > 64) {
    const int high = shift + bits - 64;
    words[word + 1] = (words[word + 1] & ~mask(high)) | (value >> (64 - shift));
  }
}

/// What x.range(high, low) and x[bit] give: a piece of a word that can be read and assigned.
template <int WORDS>
class piece {
 public:
  piece(uint64_t (&words)[WORDS], int high, int low)
      : words_(words), low_(low), bits_(high - low + 1) {}
  piece(const piece&) = default;

  uint64_t to_uint64() const { return chunk(0); }
  operator unsigned long long() const { return chunk(0); }
  int length() const { return bits_; }
  /// At most 64 bits, from bit `from` of the piece.
  uint64_t chunk(int from) const { return extract(words_, low_ + from, least(bits_ - from)); }

  piece& operator=(unsigned long long value) {
    insert(words_, low_, least(bits_), value);
    for (int at = 64; at < bits_; at += 64) insert(words_, low_ + at, least(bits_ - at), 0);
    return *this;
  }
  piece& operator=(const piece& other) { return *this = other.to_uint64(); }
  template <int W>
  piece& operator=(const ap_uint<W>& value) {
    for (int at = 0; at < bits_; at += 64) {
      const uint64_t bits = at / 64 < value.WORDS ? value.words[at / 64] : 0;
      insert(words_, low_ + at, least(bits_ - at), bits);
    }
    return *this;
  }

 private:
  static int least(int bits) { return bits > 64 ? 64 : bits; }
  uint64_t (&words_)[WORDS];
  int low_;
  int bits_;
};

}  // namespace ap_sim

template <int W>
class ap_uint {
  static_assert(W >= 1, "a word has at least one bit");

 public:
  static const int WORDS = (W + 63) / 64;
  typedef typename std::conditional<(W < 64), long long, unsigned long long>::type native;
  uint64_t words[WORDS];

  constexpr ap_uint() : words{} {}
  constexpr ap_uint(bool v) : words{uint64_t(v)} {}
  constexpr ap_uint(int v) : words{cut(uint64_t(v))} {}
  constexpr ap_uint(unsigned v) : words{cut(v)} {}
  constexpr ap_uint(long v) : words{cut(uint64_t(v))} {}
  constexpr ap_uint(unsigned long v) : words{cut(v)} {}
  constexpr ap_uint(long long v) : words{cut(uint64_t(v))} {}
  constexpr ap_uint(unsigned long long v) : words{cut(v)} {}
  template <int V>
  constexpr ap_uint(const ap_int<V>& v) : words{cut(uint64_t(v.value))} {}
  template <int V>
  ap_uint(const ap_uint<V>& v) : words{} {
    for (int i = 0; i < WORDS && i < ap_uint<V>::WORDS; ++i) words[i] = v.words[i];
    trim();
  }
  template <int N>
  ap_uint(const ap_sim::piece<N>& v) : words{} {
    for (int at = 0; at < v.length() && at < WORDS * 64; at += 64) words[at / 64] = v.chunk(at);
    trim();
  }

  operator native() const {
    static_assert(W <= 64, "no arithmetic on words of more than 64 bits");
    return native(words[0]);
  }
  uint64_t to_uint64() const { return words[0]; }
  ap_sim::piece<WORDS> range(int high, int low) const {
    if (low < 0 || high < low || high >= W) throw std::out_of_range("bits outside of a word");
    return ap_sim::piece<WORDS>(const_cast<uint64_t(&)[WORDS]>(words), high, low);
  }
  ap_sim::piece<WORDS> operator[](int bit) const { return range(bit, bit); }

  ap_uint& operator++() { return *this = ap_uint(words[0] + 1); }
  ap_uint& operator+=(long long v) { return *this = ap_uint(words[0] + uint64_t(v)); }
  ap_uint& operator-=(long long v) { return *this = ap_uint(words[0] - uint64_t(v)); }

 private:
  static constexpr uint64_t cut(uint64_t v) { return W >= 64 ? v : v & ap_sim::mask(W); }
  void trim() {
    if (W % 64 != 0) words[WORDS - 1] &= ap_sim::mask(W % 64);
  }
};

template <int W>
class ap_int {
  static_assert(W >= 1 && W <= 64, "signed values have 1 to 64 bits");

 public:
  typedef long long native;
  long long value;

  constexpr ap_int() : value(0) {}
  constexpr ap_int(bool v) : value(cut(uint64_t(v))) {}
  constexpr ap_int(int v) : value(cut(uint64_t(v))) {}
  constexpr ap_int(unsigned v) : value(cut(v)) {}
  constexpr ap_int(long v) : value(cut(uint64_t(v))) {}
  constexpr ap_int(unsigned long v) : value(cut(v)) {}
  constexpr ap_int(long long v) : value(cut(uint64_t(v))) {}
  constexpr ap_int(unsigned long long v) : value(cut(v)) {}
  template <int V>
  constexpr ap_int(const ap_int<V>& v) : value(cut(uint64_t(v.value))) {}
  template <int V>
  constexpr ap_int(const ap_uint<V>& v) : value(cut(v.words[0])) {}
  template <int N>
  ap_int(const ap_sim::piece<N>& v) : value(cut(v.to_uint64())) {}

  constexpr operator native() const { return value; }
  int64_t to_int64() const { return value; }
  ap_int& operator++() { return *this = ap_int(value + 1); }
  ap_int& operator+=(long long v) { return *this = ap_int(value + v); }
  ap_int& operator-=(long long v) { return *this = ap_int(value - v); }

 private:
  static constexpr long long cut(uint64_t v) {
    return static_cast<long long>(v << (64 - W)) >> (64 - W);
  }
};

#endif
