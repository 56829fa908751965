// SPDX-License-Identifier: Apache-2.0
/// What a run is told: the file `run`, words, names each with its values; and the file `codes`, for
/// each layer the number of the pattern of each of its steps, a byte a step.
#ifndef FINNLITE_SETTINGS_HPP
#define FINNLITE_SETTINGS_HPP

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

typedef std::uint64_t u64;

/// What a step reads and writes: numbers of streams.
struct pattern {
  std::vector<int> reads, writes;
};

/// A layer: what each step of a frame reads and writes, and what it has done.
struct layer {
  u64 length = 0;  // steps of a frame
  std::vector<pattern> patterns;
  std::vector<unsigned char> codes;  // the pattern of each step
  u64 next = 0, steps = 0, starved = 0, blocked = 0;
  std::vector<u64> times;
};

struct settings {
  std::string folder;
  u64 frames = 0, input_beats = 0, output_beats = 0;
  double idle = 0, stall = 0;  // probabilities a cycle
  u64 interval = 0, patience = 0, seed = 0;
  int streams = 0;
  bool times = false, trace = false;
  std::vector<layer> layers;
};

inline std::vector<int> numbers(std::istream& in) {
  std::size_t count = 0;
  in >> count;
  std::vector<int> result(count);
  for (int& number : result) in >> number;
  return result;
}

inline layer read_layer(std::istream& in, std::istream& codes) {
  layer l;
  std::size_t patterns = 0;
  in >> l.length >> patterns;
  for (std::size_t i = 0; i < patterns; ++i) {
    const std::vector<int> reads = numbers(in);
    l.patterns.push_back(pattern{reads, numbers(in)});
  }
  l.codes.resize(l.length);
  codes.read(reinterpret_cast<char*>(l.codes.data()), static_cast<std::streamsize>(l.length));
  if (!codes) throw std::runtime_error("the file of steps must be complete, is not");
  return l;
}

inline settings read_settings(const std::string& folder) {
  std::ifstream in(folder + "/run"), codes(folder + "/codes", std::ios::binary);
  settings s;
  s.folder = folder;
  for (std::string name; in >> name;) {
    if (name == "frames") in >> s.frames;
    else if (name == "input_beats") in >> s.input_beats;
    else if (name == "output_beats") in >> s.output_beats;
    else if (name == "idle") in >> s.idle;
    else if (name == "stall") in >> s.stall;
    else if (name == "interval") in >> s.interval;
    else if (name == "patience") in >> s.patience;
    else if (name == "seed") in >> s.seed;
    else if (name == "streams") in >> s.streams;
    else if (name == "times") in >> s.times;
    else if (name == "trace") in >> s.trace;
    else if (name == "layer") s.layers.push_back(read_layer(in, codes));
    else throw std::runtime_error("a setting must be known, is " + name);
  }
  return s;
}

#endif
