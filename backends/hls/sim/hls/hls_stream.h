// SPDX-License-Identifier: Apache-2.0
/// Streams for C simulation. Reading an empty one is a hard error, every word is counted, and the
/// steps that read and write are recorded on request. They never block. The declared depth is what
/// the hardware will have: kept for reports, and on request exceeding it is a hard error too.
#ifndef FINNLITE_SIM_HLS_STREAM_H
#define FINNLITE_SIM_HLS_STREAM_H

#include <stdint.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#define FINNLITE_SIM_STREAMS 1

namespace finnlite_sim {

/// What the streams of one network know of time: the step of the layer that runs now. And whether
/// they are recording, and bounded by their depth.
struct step_clock {
  uint32_t step = 0;
  bool recording = false;
  bool bounded = false;
};

/// What is counted of a stream, whatever its words are.
class stream_base {
 public:
  explicit stream_base(const std::string& name) : name_(name) {}
  virtual ~stream_base() {}
  stream_base(const stream_base&) = delete;
  stream_base& operator=(const stream_base&) = delete;

  /// Words in the stream now.
  virtual std::size_t size() const = 0;
  const std::string& name() const { return name_; }
  uint64_t words_read() const { return read_; }
  uint64_t words_written() const { return written_; }
  std::size_t high_water() const { return high_water_; }
  std::size_t depth() const { return depth_; }
  const std::vector<uint32_t>& read_steps() const { return read_steps_; }
  const std::vector<uint32_t>& write_steps() const { return write_steps_; }

  void set_depth(std::size_t depth) { depth_ = depth; }
  void set_clock(const step_clock* clock) { clock_ = clock; }
  void forget_steps() {
    read_steps_.clear();
    write_steps_.clear();
  }

 protected:
  void count_read(std::size_t words) {
    if (words == 0) throw std::runtime_error("stream '" + name_ + "' is read while it is empty");
    ++read_;
    if (clock_ && clock_->recording) read_steps_.push_back(clock_->step);
  }
  void count_write(std::size_t words) {
    if (clock_ && clock_->bounded && words > depth_) {
      throw std::runtime_error("stream '" + name_ + "' of depth " + std::to_string(depth_) +
                               " is written while it is full");
    }
    ++written_;
    if (words > high_water_) high_water_ = words;
    if (clock_ && clock_->recording) write_steps_.push_back(clock_->step);
  }

 private:
  std::string name_;
  uint64_t read_ = 0;
  uint64_t written_ = 0;
  std::size_t high_water_ = 0;
  std::size_t depth_ = 0;
  const step_clock* clock_ = nullptr;
  std::vector<uint32_t> read_steps_;
  std::vector<uint32_t> write_steps_;
};

}  // namespace finnlite_sim

namespace hls {

template <typename T>
class stream : public finnlite_sim::stream_base {
 public:
  stream() : stream("unnamed") {}
  explicit stream(const std::string& name) : stream_base(name), ring_(16) {}

  std::size_t size() const override { return count_; }
  bool empty() const { return count_ == 0; }

  T read() {
    count_read(count_);
    const T word = ring_[head_];
    head_ = (head_ + 1) & (ring_.size() - 1);
    --count_;
    return word;
  }
  void write(const T& word) {
    if (count_ == ring_.size()) grow();
    ring_[(head_ + count_) & (ring_.size() - 1)] = word;
    ++count_;
    count_write(count_);
  }

 private:
  void grow() {
    std::vector<T> larger(ring_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) larger[i] = ring_[(head_ + i) & (ring_.size() - 1)];
    ring_.swap(larger);
    head_ = 0;
  }

  std::vector<T> ring_;  // its size is a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
};

}  // namespace hls

#endif
