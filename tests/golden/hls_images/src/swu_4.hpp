// swu_4, node "SWU_4": windows of 3 by 3 pixels in 6 by 6 of 8 channels, 2 a step.
#ifndef FINNLITE_SWU_4_HPP
#define FINNLITE_SWU_4_HPP

#include "finnlite/swu.hpp"

struct swu_4_shape {
  static const int H = 6;
  static const int W = 6;
  static const int KH = 3;
  static const int KW = 3;
  static const int SH = 1;
  static const int SW = 1;
  static const int DH = 1;
  static const int DW = 1;
  static const int FOLDS = 4;
  static const int CAPACITY = 60;
  static const int BITS = 6;
};
typedef finnlite::swu<swu_4_shape> swu_4_unit;
typedef swu_4_unit::state swu_4_state;

/// One of the 604 steps of a frame.
void swu_4_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    swu_4_state& state);

/// The layer in hardware: one step a call, the state its own.
void swu_4(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0);

#endif
