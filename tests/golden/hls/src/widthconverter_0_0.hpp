// widthconverter_0_0, node "WidthConverter_0_0": words of 1 elements to words of 64, 1 a frame.
#ifndef FINNLITE_WIDTHCONVERTER_0_0_HPP
#define FINNLITE_WIDTHCONVERTER_0_0_HPP

#include "finnlite/width_converter.hpp"

struct widthconverter_0_0_shape {
  static const int N = 1;
  static const int IN = 1;
  static const int OUT = 64;
  static const int BITS = 1;
};
typedef finnlite::width_converter<widthconverter_0_0_shape> widthconverter_0_0_unit;
typedef widthconverter_0_0_unit::state widthconverter_0_0_state;

/// One of the 1 steps of a frame.
void widthconverter_0_0_step(
    hls::stream<ap_uint<1> >& s0,
    hls::stream<ap_uint<64> >& m0,
    widthconverter_0_0_state& state);

/// The layer in hardware: one step a call, the state its own.
void widthconverter_0_0(hls::stream<ap_uint<1> >& s0, hls::stream<ap_uint<64> >& m0);

#endif
