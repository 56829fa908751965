// mvtu_fc2, node "fc2": matrix-vector-threshold unit, 6 inputs by 2 outputs, 3 by 1 a step.
#ifndef FINNLITE_MVTU_FC2_HPP
#define FINNLITE_MVTU_FC2_HPP

#include "finnlite/mvtu.hpp"

struct mvtu_fc2_shape {
  static const int MW = 6;
  static const int MH = 2;
  static const int SIMD = 3;
  static const int PE = 1;
  typedef finnlite::bipolar input;
  typedef finnlite::bipolar weight;
  typedef finnlite::signed_integer<4> accumulator;
  typedef finnlite::signed_integer<4> output;
};
typedef finnlite::mvtu<mvtu_fc2_shape> mvtu_fc2_unit;
typedef mvtu_fc2_unit::state mvtu_fc2_state;

/// One of the 4 steps of a frame.
void mvtu_fc2_step(
    hls::stream<ap_uint<3> >& s0,
    hls::stream<ap_uint<4> >& m0,
    mvtu_fc2_state& state);

/// The layer in hardware: one step a call, the state its own.
void mvtu_fc2(hls::stream<ap_uint<3> >& s0, hls::stream<ap_uint<4> >& m0);

#endif
