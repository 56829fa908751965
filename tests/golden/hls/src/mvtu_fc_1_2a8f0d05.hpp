// mvtu_fc_1_2a8f0d05, node "fc 1": matrix-vector-threshold unit, 8 inputs by 6 outputs, 8 by 3 a step.
#ifndef FINNLITE_MVTU_FC_1_2A8F0D05_HPP
#define FINNLITE_MVTU_FC_1_2A8F0D05_HPP

#include "finnlite/mvtu.hpp"

struct mvtu_fc_1_2a8f0d05_shape {
  static const int MW = 8;
  static const int MH = 6;
  static const int SIMD = 8;
  static const int PE = 3;
  typedef finnlite::unsigned_integer<2> input;
  typedef finnlite::signed_integer<3> weight;
  typedef finnlite::signed_integer<8> accumulator;
  typedef finnlite::bipolar output;
};
typedef finnlite::mvtu<mvtu_fc_1_2a8f0d05_shape> mvtu_fc_1_2a8f0d05_unit;
typedef mvtu_fc_1_2a8f0d05_unit::state mvtu_fc_1_2a8f0d05_state;

/// One of the 2 steps of a frame.
void mvtu_fc_1_2a8f0d05_step(
    hls::stream<ap_uint<16> >& s0,
    hls::stream<ap_uint<3> >& m0,
    mvtu_fc_1_2a8f0d05_state& state);

/// The layer in hardware: one step a call, the state its own.
void mvtu_fc_1_2a8f0d05(hls::stream<ap_uint<16> >& s0, hls::stream<ap_uint<3> >& m0);

#endif
