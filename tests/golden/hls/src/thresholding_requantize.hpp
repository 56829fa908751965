// thresholding_requantize, node "requantize": thresholds of 2 channels, 1 a step.
#ifndef FINNLITE_THRESHOLDING_REQUANTIZE_HPP
#define FINNLITE_THRESHOLDING_REQUANTIZE_HPP

#include "finnlite/thresholding.hpp"

struct thresholding_requantize_shape {
  static const int C = 2;
  static const int PE = 1;
  typedef finnlite::signed_integer<4> input;
  typedef finnlite::signed_integer<5> output;
};
typedef finnlite::thresholding<thresholding_requantize_shape> thresholding_requantize_unit;
typedef thresholding_requantize_unit::state thresholding_requantize_state;

/// One of the 2 steps of a frame.
void thresholding_requantize_step(
    hls::stream<ap_uint<4> >& s0,
    hls::stream<ap_uint<5> >& m0,
    thresholding_requantize_state& state);

/// The layer in hardware: one step a call, the state its own.
void thresholding_requantize(hls::stream<ap_uint<4> >& s0, hls::stream<ap_uint<5> >& m0);

#endif
