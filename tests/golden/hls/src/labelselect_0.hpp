// labelselect_0, node "LabelSelect_0": index of the largest of 2 elements, 1 a step.
#ifndef FINNLITE_LABELSELECT_0_HPP
#define FINNLITE_LABELSELECT_0_HPP

#include "finnlite/label_select.hpp"

struct labelselect_0_shape {
  static const int C = 2;
  static const int PE = 1;
  typedef finnlite::signed_integer<5> input;
  typedef finnlite::unsigned_integer<1> output;
};
typedef finnlite::label_select<labelselect_0_shape> labelselect_0_unit;
typedef labelselect_0_unit::state labelselect_0_state;

/// One of the 2 steps of a frame.
void labelselect_0_step(
    hls::stream<ap_uint<5> >& s0,
    hls::stream<ap_uint<1> >& m0,
    labelselect_0_state& state);

/// The layer in hardware: one step a call, the state its own.
void labelselect_0(hls::stream<ap_uint<5> >& s0, hls::stream<ap_uint<1> >& m0);

#endif
