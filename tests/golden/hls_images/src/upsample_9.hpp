// upsample_9, node "Upsample_9": each of 2 by 2 pixels of 8 channels, 2 a step, 2 by 2 times.
#ifndef FINNLITE_UPSAMPLE_9_HPP
#define FINNLITE_UPSAMPLE_9_HPP

#include "finnlite/padding.hpp"

struct upsample_9_shape {
  static const int W = 2;
  static const int FOLDS = 4;
  static const int SH = 2;
  static const int SW = 2;
  static const int BITS = 10;
};
typedef finnlite::upsample<upsample_9_shape> upsample_9_unit;
typedef upsample_9_unit::state upsample_9_state;

/// One of the 64 steps of a frame.
void upsample_9_step(
    hls::stream<ap_uint<10> >& s0,
    hls::stream<ap_uint<10> >& m0,
    upsample_9_state& state);

/// The layer in hardware: one step a call, the state its own.
void upsample_9(hls::stream<ap_uint<10> >& s0, hls::stream<ap_uint<10> >& m0);

#endif
