// windowsum_8, node "WindowSum_8": sum of 4 pixels of 8 channels, 2 a step.
#ifndef FINNLITE_WINDOWSUM_8_HPP
#define FINNLITE_WINDOWSUM_8_HPP

#include "finnlite/pooling.hpp"

struct windowsum_8_shape {
  static const int TAPS = 4;
  static const int C = 8;
  static const int PE = 2;
  typedef finnlite::signed_integer<3> input;
  typedef finnlite::signed_integer<5> output;
  typedef finnlite::sum_of combine;
};
typedef finnlite::pooling<windowsum_8_shape> windowsum_8_unit;
typedef windowsum_8_unit::state windowsum_8_state;

/// One of the 64 steps of a frame.
void windowsum_8_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<10> >& m0,
    windowsum_8_state& state);

/// The layer in hardware: one step a call, the state its own.
void windowsum_8(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<10> >& m0);

#endif
