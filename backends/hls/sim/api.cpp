// SPDX-License-Identifier: Apache-2.0
/// The C interface of a simulated network. A handle is a network with its own state.
#include <algorithm>

#include "harness.hpp"

using finnlite_sim::session;
using finnlite_sim::stream_report;

// Only these are seen from outside: two networks in one process must not share what the templates
// of equal layers hold.
#pragma GCC visibility push(default)
extern "C" {

void* finnlite_create() {
  try {
    return finnlite_sim::make_session().release();
  } catch (const std::exception&) {
    return nullptr;
  }
}

void finnlite_destroy(void* handle) { delete static_cast<session*>(handle); }

void finnlite_reset(void* handle) { static_cast<session*>(handle)->reset(); }

void finnlite_watch(void* handle, finnlite_sim::position* where) {
  static_cast<session*>(handle)->watch(where);
}

/// One transfer of whole frames. 0; or 1 + index of the layer at fault; or -1. The text of the
/// error: finnlite_error. After an error the network holds half a frame until finnlite_reset.
int finnlite_run(void* handle, const uint64_t* input, uint64_t* output, uint64_t frames) {
  return static_cast<session*>(handle)->run(input, output, frames);
}

/// The same, but the caller says which frames end with TLAST on their last beat, and is told which
/// frames came out so.
int finnlite_transfer(void* handle, const uint64_t* input, const uint8_t* input_last,
                      uint64_t* output, uint8_t* output_last, uint64_t frames) {
  return static_cast<session*>(handle)->transfer(input, input_last, output, output_last, frames);
}

/// Steps of layers, beats in and beats out in the order given: see `session::steps`.
int finnlite_steps(void* handle, const int32_t* order, uint64_t count, const uint64_t* input,
                   const uint8_t* input_last, uint64_t* output, uint8_t* output_last) {
  return static_cast<session*>(handle)->steps(order, count, input, input_last, output, output_last);
}

const char* finnlite_error(void* handle) { return static_cast<session*>(handle)->error().c_str(); }

uint64_t finnlite_input_beats(void* handle) {
  return static_cast<session*>(handle)->input_beats();
}

uint64_t finnlite_output_beats(void* handle) {
  return static_cast<session*>(handle)->output_beats();
}

void finnlite_record(void* handle, int on) { static_cast<session*>(handle)->record(on != 0); }

uint64_t finnlite_stream_count(void* handle) {
  return static_cast<session*>(handle)->streams().size();
}

/// Of stream `index`: depth, words written, words read, high-water mark, writer, reader, number of
/// recorded writes, number of recorded reads.
void finnlite_stream(void* handle, uint64_t index, int64_t* numbers) {
  const stream_report r = static_cast<session*>(handle)->streams().at(index);
  const uint64_t values[] = {r.depth,
                             r.written,
                             r.read,
                             r.high_water,
                             static_cast<uint64_t>(static_cast<int64_t>(r.writer)),
                             static_cast<uint64_t>(static_cast<int64_t>(r.reader)),
                             r.write_steps.size(),
                             r.read_steps.size()};
  for (int i = 0; i < 8; ++i) numbers[i] = static_cast<int64_t>(values[i]);
}

/// The steps in which stream `index` was written or read since recording began.
void finnlite_stream_steps(void* handle, uint64_t index, uint32_t* writes, uint32_t* reads) {
  const stream_report r = static_cast<session*>(handle)->streams().at(index);
  std::copy(r.write_steps.begin(), r.write_steps.end(), writes);
  std::copy(r.read_steps.begin(), r.read_steps.end(), reads);
}

}  // extern "C"
#pragma GCC visibility pop
