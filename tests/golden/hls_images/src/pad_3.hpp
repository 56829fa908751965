// pad_3, node "Pad_3": 0 around 4 by 4 pixels of 8 channels, 2 a step.
#ifndef FINNLITE_PAD_3_HPP
#define FINNLITE_PAD_3_HPP

#include "finnlite/padding.hpp"

struct pad_3_shape {
  static const int H = 4;
  static const int W = 4;
  static const int FOLDS = 4;
  static const int PE = 2;
  static const int TOP = 1;
  static const int LEFT = 1;
  static const int BOTTOM = 1;
  static const int RIGHT = 1;
  static const int VALUE = 0;
  typedef finnlite::signed_integer<3> input;
  typedef finnlite::signed_integer<3> output;
};
typedef finnlite::pad<pad_3_shape> pad_3_unit;
typedef pad_3_unit::state pad_3_state;

/// One of the 144 steps of a frame.
void pad_3_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    pad_3_state& state);

/// The layer in hardware: one step a call, the state its own.
void pad_3(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0);

#endif
