// SPDX-License-Identifier: Apache-2.0
/// What the test benches share: all words go into the streams before the first step, and what came
/// out is compared after the last. Words have at most 64 bits. Not for synthesis.
#ifndef FINNLITE_BENCH_HPP
#define FINNLITE_BENCH_HPP

#include <cstdio>

#include "finnlite/axi.hpp"

namespace bench {

typedef unsigned long long word;

static const int SHOWN = 5;  // wrong words that are printed

/// A word with its TLAST in the lowest bit of `last`; streams inside have none.
struct entry {
  word data;
  word last;
};

template <int W>
void put(hls::stream<ap_uint<W> >& stream, const entry& e) {
  stream.write(ap_uint<W>(e.data));
}

inline void put(hls::stream<finnlite::beat>& stream, const entry& e) {
  finnlite::beat b;
  b.data = e.data;
  b.keep = -1;
  b.strb = -1;
  b.last = e.last;
  stream.write(b);
}

template <int W>
bool same(hls::stream<ap_uint<W> >& stream, const entry& e, word& found) {
  found = stream.read().to_uint64();
  return found == e.data;
}

inline bool same(hls::stream<finnlite::beat>& stream, const entry& e, word& found) {
  const finnlite::beat b = stream.read();
  found = b.data.to_uint64();
  return found == e.data && b.last.to_uint64() == e.last && b.keep.to_uint64() == 0xff;
}

template <typename STREAM, int COUNT>
void feed(STREAM& stream, const entry (&words)[COUNT]) {
  for (int i = 0; i < COUNT; ++i) put(stream, words[i]);
}

/// How many words are not as expected; missing and further ones count.
template <typename STREAM, int COUNT>
int check(const char* name, STREAM& stream, const entry (&expected)[COUNT]) {
  int wrong = 0;
  for (int i = 0; i < COUNT; ++i) {
    if (stream.empty()) {
      std::printf("ERROR: %s: must give %d words, gave %d\n", name, COUNT, i);
      return wrong + COUNT - i;
    }
    word found = 0;
    if (same(stream, expected[i], found)) continue;
    if (++wrong <= SHOWN) {
      std::printf("ERROR: %s: word %d must be %llx with TLAST %llu, is %llx or has other side bits\n",
                  name, i, expected[i].data, expected[i].last, found);
    }
  }
  if (!stream.empty()) {
    std::printf("ERROR: %s: must give %d words, gave more\n", name, COUNT);
    ++wrong;
  }
  return wrong;
}

}  // namespace bench

#endif
