// axiout_0, node "AxiOut_0": words to 64-bit beats of 64 elements, 1 a frame.
#ifndef FINNLITE_AXIOUT_0_HPP
#define FINNLITE_AXIOUT_0_HPP

#include "finnlite/axi.hpp"

struct axiout_0_shape {
  static const int N = 1;
  static const int ELEMENTS = 64;
  typedef finnlite::unsigned_integer<1> element;
};
typedef finnlite::axi_out<axiout_0_shape> axiout_0_unit;
typedef axiout_0_unit::state axiout_0_state;

/// One of the 1 steps of a frame.
void axiout_0_step(
    hls::stream<ap_uint<64> >& s0,
    hls::stream<ap_uint<1> >& s1,
    hls::stream<finnlite::beat>& m0,
    axiout_0_state& state);

/// The layer in hardware: one step a call, the state its own.
void axiout_0(
    hls::stream<ap_uint<64> >& s0,
    hls::stream<ap_uint<1> >& s1,
    hls::stream<finnlite::beat>& m0);

#endif
