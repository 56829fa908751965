// axiin_0, node "AxiIn_0": 64-bit beats to words of 16 elements, 8 a frame.
#ifndef FINNLITE_AXIIN_0_HPP
#define FINNLITE_AXIIN_0_HPP

#include "finnlite/axi.hpp"

struct axiin_0_shape {
  static const int N = 8;
  static const int ELEMENTS = 16;
  typedef finnlite::unsigned_integer<4> element;
};
typedef finnlite::axi_in<axiin_0_shape> axiin_0_unit;
typedef axiin_0_unit::state axiin_0_state;

/// One of the 1 steps of a frame.
void axiin_0_step(
    hls::stream<finnlite::beat>& s0,
    hls::stream<ap_uint<64> >& m0,
    hls::stream<ap_uint<1> >& m1,
    axiin_0_state& state);

/// The layer in hardware: one step a call, the state its own.
void axiin_0(
    hls::stream<finnlite::beat>& s0,
    hls::stream<ap_uint<64> >& m0,
    hls::stream<ap_uint<1> >& m1);

#endif
