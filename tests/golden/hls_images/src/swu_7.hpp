// swu_7, node "SWU_7": windows of 2 by 2 pixels in 4 by 4 of 8 channels, 2 a step.
#ifndef FINNLITE_SWU_7_HPP
#define FINNLITE_SWU_7_HPP

#include "finnlite/swu.hpp"

struct swu_7_shape {
  static const int H = 4;
  static const int W = 4;
  static const int KH = 2;
  static const int KW = 2;
  static const int SH = 2;
  static const int SW = 2;
  static const int DH = 1;
  static const int DW = 1;
  static const int FOLDS = 4;
  static const int CAPACITY = 48;
  static const int BITS = 6;
};
typedef finnlite::swu<swu_7_shape> swu_7_unit;
typedef swu_7_unit::state swu_7_state;

/// One of the 76 steps of a frame.
void swu_7_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    swu_7_state& state);

/// The layer in hardware: one step a call, the state its own.
void swu_7(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0);

#endif
