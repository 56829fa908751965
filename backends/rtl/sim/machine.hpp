// SPDX-License-Identifier: Apache-2.0
/// The model of the accelerator that Verilator makes, and its clock.
#ifndef FINNLITE_MACHINE_HPP
#define FINNLITE_MACHINE_HPP

#include <memory>
#include <stdexcept>
#include <string>

#include "Vfinnlite_accelerator.h"
#include "settings.hpp"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

/// A bit of a port, whatever type its width makes it.
template <typename T>
inline bool bit(const T& vector, int index) {
  return (vector >> index) & 1;
}

template <std::size_t N>
inline bool bit(const VlWide<N>& vector, int index) {
  return (vector[index / 32] >> (index % 32)) & 1;
}

/// The model and its clock.
class machine {
  static const int RESET_CYCLES = 16;
  static const u64 TICK = 5;  // half a cycle in a trace

 public:
  /// A model whose waveforms go to the file `trace`, if there is one.
  machine(u64 seed, const std::string& trace) {
    context_.randReset(2);  // registers start with anything
    context_.randSeed(static_cast<int>(seed % 0x7fffffff + 1));
    if (!trace.empty()) context_.traceEverOn(true);
    top_.reset(new Vfinnlite_accelerator(&context_));
#if VM_TRACE
    if (!trace.empty()) {
      top_->trace(&vcd_, 99);
      vcd_.open(trace.c_str());
    }
#else
    if (!trace.empty()) throw std::runtime_error("the model must be built to be traced, is not");
#endif
    top_->aclk = 0;
    top_->aresetn = 0;
    top_->s_axis_tvalid = 0;
    top_->m_axis_tready = 0;
    top_->monitor_index = 0;
    for (int i = 0; i < RESET_CYCLES; ++i) {
      settle();
      rise();
    }
    top_->aresetn = 1;
  }
  ~machine() {
#if VM_TRACE
    vcd_.close();
#endif
    top_->final();
  }
  Vfinnlite_accelerator* operator->() { return top_.get(); }
  /// The rest of the cycle before the clock rises; inputs have been set.
  void settle() {
    top_->aclk = 0;
    eval();
  }
  void rise() {
    top_->aclk = 1;
    eval();
  }

 private:
  void eval() {
    top_->eval();
#if VM_TRACE
    if (vcd_.isOpen()) vcd_.dump(time_);
#endif
    time_ += TICK;
  }
  VerilatedContext context_;
#if VM_TRACE
  VerilatedVcdC vcd_;
#endif
  std::unique_ptr<Vfinnlite_accelerator> top_;
  u64 time_ = 0;
};

#endif
