// thresholding_quantize, node "quantize": thresholds of 8 channels, 8 a step.
#ifndef FINNLITE_THRESHOLDING_QUANTIZE_HPP
#define FINNLITE_THRESHOLDING_QUANTIZE_HPP

#include "finnlite/thresholding.hpp"

struct thresholding_quantize_shape {
  static const int C = 8;
  static const int PE = 8;
  typedef finnlite::unsigned_integer<4> input;
  typedef finnlite::unsigned_integer<2> output;
};
typedef finnlite::thresholding<thresholding_quantize_shape> thresholding_quantize_unit;
typedef thresholding_quantize_unit::state thresholding_quantize_state;

/// One of the 1 steps of a frame.
void thresholding_quantize_step(
    hls::stream<ap_uint<32> >& s0,
    hls::stream<ap_uint<16> >& m0,
    thresholding_quantize_state& state);

/// The layer in hardware: one step a call, the state its own.
void thresholding_quantize(hls::stream<ap_uint<32> >& s0, hls::stream<ap_uint<16> >& m0);

#endif
