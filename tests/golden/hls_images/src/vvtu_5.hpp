// vvtu_5, node "VVTU_5": vector-vector-threshold unit, 9 taps of 8 channels, 2 a step.
#ifndef FINNLITE_VVTU_5_HPP
#define FINNLITE_VVTU_5_HPP

#include "finnlite/vvtu.hpp"

struct vvtu_5_shape {
  static const int TAPS = 9;
  static const int C = 8;
  static const int PE = 2;
  typedef finnlite::signed_integer<3> input;
  typedef finnlite::signed_integer<3> weight;
  typedef finnlite::signed_integer<9> accumulator;
  typedef finnlite::signed_integer<9> output;
};
typedef finnlite::vvtu<vvtu_5_shape> vvtu_5_unit;
typedef vvtu_5_unit::state vvtu_5_state;

/// One of the 576 steps of a frame.
void vvtu_5_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<18> >& m0,
    vvtu_5_state& state);

/// The layer in hardware: one step a call, the state its own.
void vvtu_5(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<18> >& m0);

#endif
