// SPDX-License-Identifier: Apache-2.0
/// Runs the accelerator: beats from a file into s_axis, beats of m_axis into a file, and a report.
///
/// Usage: PROGRAM FOLDER, which holds what settings.hpp reads and the beats, and gets the results.
/// In every cycle each layer must make its next step if, and only if, all words that the step reads
/// are there and all streams that it writes have room; anything else ends the run. The report is
/// JSON; cycles count from the reset. On stdout: how many frames have left, a line now and then.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "machine.hpp"
#include "settings.hpp"

namespace {

const int QUIET_CYCLES = 256;  // without a step, after which nothing more is to be expected

/// Cycles in which a stream's reader needed a word that was not there, its writer room.
struct stream_waits {
  u64 reader = 0, writer = 0;
};

/// Random decisions (xorshift64*), the same on every machine.
class dice {
 public:
  explicit dice(u64 seed) : state_(seed * 0x9e3779b97f4a7c15u | 1) {}
  bool below(double probability) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<double>(state_ * 0x2545f4914f6cdd1du >> 11) * 0x1p-53 < probability;
  }

 private:
  u64 state_;
};

/// A transfer.
class run {
 public:
  explicit run(const settings& s)
      : s_(s),
        machine_(s.seed, s.trace ? s.folder + "/trace.vcd" : ""),
        dice_(s.seed),
        waits_(s.streams) {
    std::ifstream in(s.folder + "/input", std::ios::binary);
    input_.resize(s.frames * s.input_beats);
    in.read(reinterpret_cast<char*>(input_.data()),
            static_cast<std::streamsize>(input_.size() * sizeof(u64)));
    if (!in) throw std::runtime_error("the source must hold all beats, does not");
    output_.reserve(s.frames * s.output_beats);
  }

  /// Until all beats have left, or the end in which something goes wrong; which, or "".
  std::string frames() {
    const u64 total = s_.frames * s_.output_beats;
    const u64 told = s_.frames / 64 + 1;
    for (u64 idle = 0; output_.size() < total; ++cycle_) {
      const std::size_t before = output_.size();
      const bool moved = cycle(true);
      if (!problem_.empty()) return problem_;
      idle = moved ? 0 : idle + willing_;
      if (idle >= s_.patience) return "deadlock";
      if (output_.size() != before && output_.size() % (told * s_.output_beats) == 0) {
        std::printf("%llu\n", static_cast<unsigned long long>(output_.size() / s_.output_beats));
        std::fflush(stdout);
      }
    }
    cycles_ = cycle_;
    for (int quiet = 0; quiet < QUIET_CYCLES && problem_.empty(); ++cycle_) {
      quiet = cycle(false) ? 0 : quiet + 1;
    }
    return problem_;
  }

  void report(const std::string& problem) {
    const std::vector<unsigned> counters = problem.empty() ? monitors() : std::vector<unsigned>();
    std::ofstream out(s_.folder + "/report.json");
    out << "{\"problem\": \"" << problem << "\", \"layer\": " << culprit_ << ", \"cycle\": " << cycle_
        << ", \"cycles\": " << cycles_ << ", \"first\": " << first_ << ", \"beats_in\": " << taken_
        << ", \"beats_out\": " << output_.size() << ",\n\"finished\": [";
    list(out, finished_, [](u64 n) { return n; });
    out << "],\n\"layers\": [";
    list(out, s_.layers, [](const layer& l) {
      return "[" + std::to_string(l.steps) + ", " + std::to_string(l.starved) + ", " +
             std::to_string(l.blocked) + "]";
    });
    out << "],\n\"next\": [";
    list(out, s_.layers, [](const layer& l) { return l.next; });
    out << "],\n\"streams\": [";
    list(out, waits_, [](const stream_waits& w) {
      return "[" + std::to_string(w.reader) + ", " + std::to_string(w.writer) + "]";
    });
    out << "],\n\"valid\": [";
    for (int i = 0; i < s_.streams; ++i) out << (i ? ", " : "") << bit(machine_->stream_valid, i);
    out << "],\n\"ready\": [";
    for (int i = 0; i < s_.streams; ++i) out << (i ? ", " : "") << bit(machine_->stream_ready, i);
    out << "],\n\"monitors\": [";
    list(out, counters, [](unsigned n) { return n; });
    out << "]}\n";
    if (!out.flush()) throw std::runtime_error("the report must be writable, is not");
    std::ofstream sink(s_.folder + "/output", std::ios::binary);
    write(sink, output_);
    if (!s_.times) return;
    std::ofstream times(s_.folder + "/times", std::ios::binary);
    for (const layer& l : s_.layers) write(times, l.times);
  }

 private:
  template <typename ITEMS, typename TEXT>
  static void list(std::ostream& out, const ITEMS& items, TEXT text) {
    const char* comma = "";
    for (const auto& item : items) {
      out << comma << text(item);
      comma = ", ";
    }
  }

  static void write(std::ofstream& out, const std::vector<u64>& values) {
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(u64)));
    if (!out.flush()) throw std::runtime_error("results must be writable, are not");
  }

  /// A cycle; whether anything moved. Waits count as long as frames are under way.
  bool cycle(bool counting) {
    offer();
    machine_->m_axis_tready = !counting || s_.stall == 0 || !dice_.below(s_.stall);
    machine_.settle();
    bool moved = layers(counting);
    const bool accepted = offered_ && machine_->s_axis_tready;
    if (accepted) {
      if (taken_ == 0) first_ = cycle_;
      ++taken_;
      offered_ = false;
      moved = true;
    }
    if (machine_->m_axis_tvalid) moved |= receive();
    willing_ = machine_->m_axis_tready && (offered_ || taken_ == input_.size());
    machine_.rise();
    return moved;
  }

  /// The next beat, once it may come, until it is taken.
  void offer() {
    const u64 due = first_ + taken_ / s_.input_beats * s_.interval;
    if (!offered_ && taken_ < input_.size() && cycle_ >= due) {
      offered_ = s_.idle == 0 || !dice_.below(s_.idle);
    }
    machine_->s_axis_tvalid = offered_;
    machine_->s_axis_tdata = offered_ ? input_[taken_] : ~u64(0) / 3 * 2;
    machine_->s_axis_tlast = !offered_ || taken_ + 1 == input_.size();
  }

  bool receive() {
    const u64 beat = output_.size(), frame = beat / s_.output_beats;
    if (frame >= s_.frames) {
      problem_ = "extra";
      return false;
    }
    const bool last = (beat + 1) % s_.output_beats == 0;
    if (last && finished_.size() == frame) finished_.push_back(cycle_);
    if (!machine_->m_axis_tready) return false;
    if (machine_->m_axis_tlast != (last && frame + 1 == s_.frames)) problem_ = "tlast";
    if (machine_->m_axis_tkeep != 0xff) problem_ = "tkeep";
    output_.push_back(machine_->m_axis_tdata);
    return true;
  }

  /// Compares each layer with what it has to do; whether one made a step.
  bool layers(bool counting) {
    const auto& fired = machine_->steps;
    const auto& valid = machine_->stream_valid;
    const auto& ready = machine_->stream_ready;
    bool any = false;
    for (std::size_t i = 0; i < s_.layers.size(); ++i) {
      layer& l = s_.layers[i];
      const pattern& p = l.patterns[l.codes[l.next]];
      bool starved = false, blocked = false;
      for (int stream : p.reads) {
        if (bit(valid, stream)) continue;
        starved = true;
        waits_[stream].reader += counting;
      }
      for (int stream : p.writes) {
        if (bit(ready, stream)) continue;
        blocked = true;
        waits_[stream].writer += counting;
      }
      const bool step = bit(fired, static_cast<int>(i));
      if (step == (starved || blocked)) {
        problem_ = step ? "early" : "late";
        culprit_ = static_cast<int>(i);
        return false;
      }
      if (!step) {
        l.starved += counting && starved;
        l.blocked += counting && !starved;
        continue;
      }
      any = true;
      l.steps += counting;
      if (s_.times && counting) l.times.push_back(cycle_);
      if (++l.next == l.length) l.next = 0;
    }
    return any;
  }

  /// All counters, four a stream. Those of later streams are asked for first, so that no answer
  /// meets another in the chain.
  std::vector<unsigned> monitors() {
    const int count = s_.streams;
    std::vector<unsigned> result(4 * count);
    for (int counter = 0; counter < 4; ++counter) {
      for (int t = 0; t < 2 * count; ++t) {
        machine_->monitor_index = t < count ? 4 * (count - 1 - t) + counter : 0xffff;
        machine_.settle();
        machine_.rise();
        if (t % 2 == 0) result[4 * (count - 1 - t / 2) + counter] = machine_->monitor_data;
      }
    }
    return result;
  }

  settings s_;
  machine machine_;
  dice dice_;
  std::vector<stream_waits> waits_;
  std::vector<u64> input_, output_, finished_;
  u64 cycle_ = 0, cycles_ = 0, first_ = 0, taken_ = 0;
  bool offered_ = false, willing_ = false;
  int culprit_ = -1;
  std::string problem_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("usage: PROGRAM FOLDER");
    run r(read_settings(argv[1]));
    r.report(r.frames());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
