// SPDX-License-Identifier: Apache-2.0
/// Matrix-vector-threshold unit: one fold a step, PE rows by SIMD columns. Steps run over (vector,
/// nf, sf); a word is read only while nf = 0 and is replayed from a buffer after that, a word is
/// written only when sf = SF - 1. It holds its weights; it does not stream them.
#ifndef FINNLITE_MVTU_HPP
#define FINNLITE_MVTU_HPP

#include "finnlite/bits.hpp"
#include "finnlite/check.hpp"
#include "finnlite/thresholds.hpp"
#include "hls_stream.h"

namespace finnlite {

/// One product: of integers.
template <typename X, typename WEIGHT>
struct product {
  static const int BITS = X::BITS + WEIGHT::BITS + 2;
  typedef typename plain<BITS>::type value;
  template <typename V>
  static value of(const V& x, const ap_uint<WEIGHT::BITS>& code) {
#pragma HLS inline
    return value(x * WEIGHT::decode(code));
  }
};

/// One product with a bipolar weight: added or subtracted.
template <typename X>
struct product<X, bipolar> {
  static const int BITS = X::BITS + 2;
  typedef typename plain<BITS>::type value;
  template <typename V>
  static value of(const V& x, const ap_uint<1>& code) {
#pragma HLS inline
    return code == 1 ? value(x) : value(-x);
  }
};

/// One product with a bipolar element: the weight is added or subtracted.
template <typename WEIGHT>
struct product<bipolar, WEIGHT> {
  static const int BITS = WEIGHT::BITS + 2;
  typedef typename plain<BITS>::type value;
  template <typename V>
  static value of(const V& x, const ap_uint<WEIGHT::BITS>& code) {
#pragma HLS inline
    const value w = WEIGHT::decode(code);
    return x > 0 ? w : value(-w);
  }
};

/// One product of two bipolar numbers.
template <>
struct product<bipolar, bipolar> {
  static const int BITS = 3;
  typedef plain<BITS>::type value;
  template <typename V>
  static value of(const V& x, const ap_uint<1>& code) {
#pragma HLS inline
    return (x > 0) == (code == 1) ? value(1) : value(-1);
  }
};

/// The sum of the SIMD products of a row, element by element.
template <typename X, typename WEIGHT, int SIMD>
struct dot {
  typedef product<X, WEIGHT> one;
  typedef typename plain<X::BITS + 1>::type operand;
  typedef typename plain<one::BITS + clog2(SIMD)>::type sum;
  static const int OPERANDS = SIMD;
  // Weights are taken from the lanes some at a time: the same wiring, fewer steps on a host.
  static const int CHUNK = smaller(SIMD, WEIGHT::BITS > 32 ? 1 : 32 / WEIGHT::BITS);
  static const int REST = SIMD % CHUNK;

  /// The elements of a word, once for all rows.
  static void prepare(const ap_uint<SIMD * X::BITS>& word, operand (&x)[OPERANDS]) {
#pragma HLS inline
    for (int s = 0; s < SIMD; ++s) {
#pragma HLS unroll
      x[s] = X::decode(element<X::BITS>(word, s));
    }
  }

  template <int LANES>
  static sum row(const operand (&x)[OPERANDS], const ap_uint<LANE_BITS> (&lanes)[LANES], int pe) {
#pragma HLS inline
    sum total = 0;
    for (int from = 0; from + CHUNK <= SIMD; from += CHUNK) {
#pragma HLS unroll
      total += part<CHUNK>(x, lanes, pe, from);
    }
    if (REST > 0) total += part<(REST > 0 ? REST : 1)>(x, lanes, pe, SIMD - REST);
    return total;
  }

 private:
  template <int COUNT, int LANES>
  static sum part(const operand (&x)[OPERANDS], const ap_uint<LANE_BITS> (&lanes)[LANES], int pe,
                  int from) {
#pragma HLS inline
    const ap_uint<COUNT * WEIGHT::BITS> codes =
        slice<COUNT * WEIGHT::BITS>(lanes, (pe * SIMD + from) * WEIGHT::BITS);
    sum total = 0;
    for (int s = 0; s < COUNT; ++s) {
#pragma HLS unroll
      total += one::of(x[from + s], element<WEIGHT::BITS>(codes, s));
    }
    return total;
  }
};

/// Both bipolar: twice the number of equal bits less the number of bits.
template <int SIMD>
struct dot<bipolar, bipolar, SIMD> {
  typedef ap_uint<SIMD> operand;
  typedef typename plain<clog2(SIMD) + 2>::type sum;
  static const int OPERANDS = 1;
  static const int CHUNK = smaller(SIMD, 32);
  static const int REST = SIMD % CHUNK;

  static void prepare(const ap_uint<SIMD>& word, operand (&x)[OPERANDS]) {
#pragma HLS inline
    x[0] = word;
  }

  template <int LANES>
  static sum row(const operand (&x)[OPERANDS], const ap_uint<LANE_BITS> (&lanes)[LANES], int pe) {
#pragma HLS inline
    ap_uint<clog2(SIMD + 1)> equal = 0;
    for (int from = 0; from + CHUNK <= SIMD; from += CHUNK) {
#pragma HLS unroll
      equal += equal_bits<CHUNK>(x[0], lanes, pe, from);
    }
    if (REST > 0) equal += equal_bits<(REST > 0 ? REST : 1)>(x[0], lanes, pe, SIMD - REST);
    return sum(2 * static_cast<int>(equal) - SIMD);
  }

 private:
  template <int COUNT, int LANES>
  static ap_uint<clog2(COUNT + 1)> equal_bits(const ap_uint<SIMD>& x,
                                              const ap_uint<LANE_BITS> (&lanes)[LANES], int pe,
                                              int from) {
#pragma HLS inline
    const ap_uint<COUNT> a = x.range(from + COUNT - 1, from);
    const ap_uint<COUNT> w = slice<COUNT>(lanes, pe * SIMD + from);
    const ap_uint<COUNT> equal = ~(a ^ w);
    return popcount<COUNT>(equal);
  }
};

/// What follows from a SHAPE: MW, MH, SIMD, PE, input, weight, accumulator, output.
template <typename SHAPE>
struct mvtu {
  static const int SF = SHAPE::MW / SHAPE::SIMD;
  static const int NF = SHAPE::MH / SHAPE::PE;
  static const int LANES =
      ceil_div(SHAPE::PE * SHAPE::SIMD * SHAPE::weight::BITS, LANE_BITS);
  static_assert(SF * SHAPE::SIMD == SHAPE::MW, "SIMD divides MW");
  static_assert(NF * SHAPE::PE == SHAPE::MH, "PE divides MH");

  typedef ap_uint<SHAPE::SIMD * SHAPE::input::BITS> input_word;
  typedef ap_uint<SHAPE::PE * SHAPE::output::BITS> output_word;
  typedef accumulator<typename SHAPE::accumulator> total;
  typedef dot<typename SHAPE::input, typename SHAPE::weight, SHAPE::SIMD> products;
  typedef typename products::operand operand;

  struct state {
    ap_uint<counter_bits(SF)> sf = 0;
    ap_uint<counter_bits(NF)> nf = 0;
    ap_uint<counter_bits(SF * NF)> fold = 0;
    input_word buffer[SF];
    typename total::sum sums[SHAPE::PE];
    distance_check<SF, SF < MEMORY_DISTANCE ? 1 : MEMORY_DISTANCE> check;
  };

  /// One fold. ACTIVATION::apply(sum, pe, nf) gives the code of an output element.
  template <typename ACTIVATION>
  static void step(hls::stream<input_word>& s0, hls::stream<output_word>& m0, state& st,
                   const ap_uint<LANE_BITS> (&weights)[LANES][SF * NF]) {
#pragma HLS inline
    operand x[products::OPERANDS];
#pragma HLS array_partition variable=x type=complete
    products::prepare(next_input(s0, st), x);
    ap_uint<LANE_BITS> lanes[LANES];
#pragma HLS array_partition variable=lanes type=complete
    load_fold<SHAPE>(weights, static_cast<int>(st.fold), lanes);
    output_word y = 0;
    const bool first = st.sf == 0;
    const bool last = st.sf == SF - 1;
    for (int pe = 0; pe < SHAPE::PE; ++pe) {
#pragma HLS unroll
      typename total::sum sum = products::row(x, lanes, pe);
      if (!first) sum += st.sums[pe];
      st.sums[pe] = sum;
      if (last) {
        set_element<SHAPE::output::BITS>(
            y, pe, ACTIVATION::apply(total::checked(sum), pe, static_cast<int>(st.nf)));
      }
    }
    if (last) m0.write(y);
    advance(st, last);
  }

 private:
  static input_word next_input(hls::stream<input_word>& s0, state& st) {
#pragma HLS inline
    const int sf = static_cast<int>(st.sf);
    if (st.nf == 0) {
      const input_word x = s0.read();
      st.buffer[sf] = x;
      st.check.store(sf);
      return x;
    }
    st.check.load(sf);
    return st.buffer[sf];
  }

  static void advance(state& st, bool last) {
#pragma HLS inline
    st.check.step();
    if (!last) {
      ++st.sf;
      ++st.fold;
    } else if (st.nf != NF - 1) {
      st.sf = 0;
      ++st.nf;
      ++st.fold;
    } else {
      st.sf = 0;
      st.nf = 0;
      st.fold = 0;
    }
  }
};

}  // namespace finnlite

#endif
