// SPDX-License-Identifier: Apache-2.0
/// Runs a network's step functions frame by frame: each layer exactly its number of steps, in
/// topological order; or in any order that the caller gives, streams then being as deep as in
/// hardware. Whatever goes wrong is an error with the layer's index; nothing is skipped.
///
/// A NETWORK has streams `s0` (in) and `m0` (out) of beats, constants INPUT_BEATS, OUTPUT_BEATS,
/// LAYERS, a static function layer(i) and a member template visit_streams(visitor) that calls
/// visitor(stream, writer, reader, depth); the border's outside is writer or reader NO_LAYER.
#ifndef FINNLITE_SIM_HARNESS_HPP
#define FINNLITE_SIM_HARNESS_HPP

#include <stdint.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ap_int.h"
#include "hls_stream.h"

namespace finnlite_sim {

static const int NO_LAYER = -1;
static const int ALL_BYTES = 255;  // TKEEP of a beat of 64 bits

/// What was counted of one stream.
struct stream_report {
  std::string name;
  int writer;
  int reader;
  uint64_t depth;
  uint64_t written;
  uint64_t read;
  uint64_t high_water;
  std::vector<uint32_t> write_steps;
  std::vector<uint32_t> read_steps;
};

template <typename NETWORK>
struct layer {
  uint32_t steps;  // of a frame
  void (*step)(NETWORK&);
};

/// Where a run is, for whoever watches from outside when it crashes.
struct position {
  int32_t layer;
  uint32_t step;
  uint64_t frame;
};

/// One simulated network with its own state; two of them share nothing.
class session {
 public:
  virtual ~session() {}
  /// One transfer: only its last frame ends with TLAST, and must come out so. 0, or 1 + index of
  /// the layer at fault, or -1 if it is none of them.
  virtual int run(const uint64_t* input, uint64_t* output, std::size_t frames) = 0;
  /// Frames as a DMA moves them: TLAST goes in, and comes out, with each frame's last beat.
  virtual int transfer(const uint64_t* input, const uint8_t* input_last, uint64_t* output,
                       uint8_t* output_last, std::size_t frames) = 0;
  /// Single steps: an entry of `order` is a layer that takes its next step, or -1 for the source,
  /// which gives the next of `input`'s beats, or the number of layers for the sink, which takes a
  /// beat. Here `input_last` and `output_last` are of beats.
  virtual int steps(const int32_t* order, std::size_t count, const uint64_t* input,
                    const uint8_t* input_last, uint64_t* output, uint8_t* output_last) = 0;
  virtual void reset() = 0;
  virtual void record(bool on) = 0;
  virtual std::vector<stream_report> streams() = 0;
  virtual std::size_t input_beats() const = 0;
  virtual std::size_t output_beats() const = 0;
  const std::string& error() const { return error_; }
  void watch(position* where) { where_ = where ? where : &nowhere_; }

 protected:
  std::string error_;
  position nowhere_ = {NO_LAYER, 0, 0};
  position* where_ = &nowhere_;
};

/// Defined by the emitted network.cpp.
std::unique_ptr<session> make_session();

/// An error of which the layer is already known.
struct layer_error : std::runtime_error {
  layer_error(int at, const std::string& what) : std::runtime_error(what), layer(at) {}
  int layer;
};

#ifdef FINNLITE_SIM_STREAMS
static const bool STREAMS_COUNT = true;
inline void attach(stream_base& stream, const step_clock& clock, std::size_t depth) {
  stream.set_clock(&clock);
  stream.set_depth(depth);
}
inline void forget(stream_base& stream) { stream.forget_steps(); }
inline std::string describe(const stream_base& stream) {
  return std::to_string(stream.size()) + " word(s) left in stream '" + stream.name() + "'";
}
inline void report(std::vector<stream_report>& reports, const stream_base& s, int writer,
                   int reader) {
  reports.push_back({s.name(), writer, reader, s.depth(), s.words_written(), s.words_read(),
                     s.high_water(), s.write_steps(), s.read_steps()});
}
#else
// The vendor's streams count nothing, so there are no reports.
static const bool STREAMS_COUNT = false;
struct step_clock {
  uint32_t step = 0;
  bool recording = false;
  bool bounded = false;
};
template <typename STREAM>
void attach(STREAM&, const step_clock&, std::size_t) {}
template <typename STREAM>
void forget(STREAM&) {}
template <typename STREAM>
std::string describe(const STREAM&) {
  return "words left in a stream";
}
template <typename STREAM>
void report(std::vector<stream_report>&, const STREAM&, int, int) {}
#endif

template <typename NETWORK>
class network_session : public session {
 public:
  network_session() { network_session::reset(); }

  void reset() override {
    network_.reset(new NETWORK());
    stepped_.assign(NETWORK::LAYERS, 0);
    given_ = taken_ = 0;
    connector connect = {&clock_};
    network_->visit_streams(connect);
  }
  void record(bool on) override {
    clock_.recording = on;
    forgetter forget_all;
    network_->visit_streams(forget_all);
  }
  std::size_t input_beats() const override { return NETWORK::INPUT_BEATS; }
  std::size_t output_beats() const override { return NETWORK::OUTPUT_BEATS; }

  std::vector<stream_report> streams() override {
    reporter collect;
    network_->visit_streams(collect);
    return collect.reports;
  }

  int run(const uint64_t* input, uint64_t* output, std::size_t frames) override {
    return guarded([&] {
      for (std::size_t f = 0; f < frames; ++f) {
        const bool last = f + 1 == frames;
        if (run_frame(f, input, last, output) != last) throw wrong_last();
      }
    });
  }
  int transfer(const uint64_t* input, const uint8_t* input_last, uint64_t* output,
               uint8_t* output_last, std::size_t frames) override {
    return guarded([&] {
      for (std::size_t f = 0; f < frames; ++f) {
        output_last[f] = run_frame(f, input, input_last[f] != 0, output);
      }
    });
  }
  int steps(const int32_t* order, std::size_t count, const uint64_t* input,
            const uint8_t* input_last, uint64_t* output, uint8_t* output_last) override {
    clock_.bounded = true;
    const int code = guarded([&] {
      if (!STREAMS_COUNT) {
        throw layer_error(
            NO_LAYER, "streams must know their depth, the vendor's do not; unset XILINX_HLS");
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (order[i] == NO_LAYER) {
          note(NO_LAYER, given_++, NETWORK::INPUT_BEATS);
          give(*input++, *input_last++ != 0);
        } else if (order[i] == NETWORK::LAYERS) {
          note(NO_LAYER, taken_++, NETWORK::OUTPUT_BEATS);
          *output_last++ = take(*output++);
        } else {
          next_step(order[i]);
        }
      }
    });
    clock_.bounded = false;
    return code;
  }

 private:
  struct connector {
    const step_clock* clock;
    template <typename STREAM>
    void operator()(STREAM& stream, int, int, std::size_t depth) {
      attach(stream, *clock, depth);
    }
  };
  struct forgetter {
    template <typename STREAM>
    void operator()(STREAM& stream, int, int, std::size_t) {
      forget(stream);
    }
  };
  struct reporter {
    std::vector<stream_report> reports;
    template <typename STREAM>
    void operator()(STREAM& stream, int writer, int reader, std::size_t) {
      report(reports, stream, writer, reader);
    }
  };
  struct leftover_check {
    template <typename STREAM>
    void operator()(STREAM& stream, int writer, int reader, std::size_t) {
      if (reader == NO_LAYER || stream.empty()) return;
      (void)writer;
      throw layer_error(reader, "at its end: " + describe(stream));
    }
  };

  template <typename WORK>
  int guarded(const WORK& work) {
    try {
      work();
    } catch (const layer_error& e) {
      return fail(e.layer, e.what());
    } catch (const std::exception& e) {
      return fail(where_->layer, "step " + std::to_string(where_->step) + ": " + e.what());
    }
    *where_ = {NO_LAYER, 0, 0};
    return 0;
  }
  int fail(int at, const std::string& what) {
    error_ = "frame " + std::to_string(where_->frame) + ", " + what;
    return at == NO_LAYER ? -1 : at + 1;
  }
  static layer_error wrong_last() {
    return layer_error(NETWORK::LAYERS - 1,
                       "TLAST must be set on a transfer's last beat and no other");
  }

  /// Frame `f` of `input` to `output`; whether it came out with TLAST.
  bool run_frame(std::size_t f, const uint64_t* input, bool last, uint64_t* output) {
    where_->frame = f;
    feed(input + f * NETWORK::INPUT_BEATS, last);
    run_layers();
    return drain(output + f * NETWORK::OUTPUT_BEATS);
  }

  void feed(const uint64_t* beats, bool last) {
    for (std::size_t i = 0; i < NETWORK::INPUT_BEATS; ++i) {
      give(beats[i], last && i + 1 == NETWORK::INPUT_BEATS);
    }
  }

  void give(uint64_t data, bool last) {
    typename NETWORK::beat beat;
    beat.data = static_cast<unsigned long long>(data);
    beat.keep = -1;
    beat.strb = -1;
    beat.last = last;
    network_->s0.write(beat);
  }

  void next_step(int i) {
    if (i < 0 || i >= NETWORK::LAYERS) {
      throw layer_error(NO_LAYER, "there is no layer " + std::to_string(i));
    }
    const layer<NETWORK> at = NETWORK::layer(i);
    note(i, stepped_[i]++, at.steps);
    clock_.step = where_->step;
    at.step(*network_);
  }

  void note(int layer, uint64_t done, std::size_t a_frame) {
    where_->layer = layer;
    where_->frame = done / a_frame;
    where_->step = static_cast<uint32_t>(done % a_frame);
  }

  void run_layers() {
    for (int i = 0; i < NETWORK::LAYERS; ++i) {
      const layer<NETWORK> at = NETWORK::layer(i);
      where_->layer = i;
      for (uint32_t step = 0; step < at.steps; ++step) {
        where_->step = step;
        clock_.step = step;
        at.step(*network_);
      }
    }
    leftover_check check;
    network_->visit_streams(check);
  }

  bool drain(uint64_t* beats) {
    const int writer = NETWORK::LAYERS - 1;
    bool last = false;
    for (std::size_t i = 0; i < NETWORK::OUTPUT_BEATS; ++i) {
      if (network_->m0.empty()) {
        throw layer_error(writer, "at its end: " + std::to_string(i) + " beats written, not " +
                                      std::to_string(NETWORK::OUTPUT_BEATS));
      }
      if (last) throw wrong_last();
      last = take(beats[i]);
    }
    if (!network_->m0.empty()) {
      throw layer_error(writer, "at its end: more beats written than a frame has");
    }
    return last;
  }

  bool take(uint64_t& data) {
    const typename NETWORK::beat beat = network_->m0.read();
    if (beat.keep != ALL_BYTES || beat.strb != ALL_BYTES) {
      throw layer_error(NETWORK::LAYERS - 1, "TKEEP and TSTRB must be all ones");
    }
    data = beat.data.to_uint64();
    return beat.last == 1;
  }

  std::unique_ptr<NETWORK> network_;
  step_clock clock_;
  // What `steps` did: steps of each layer, beats of the source, beats of the sink.
  std::vector<uint64_t> stepped_;
  uint64_t given_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace finnlite_sim

#endif
