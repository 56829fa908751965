// duplicate_1, node "Duplicate_1": a stream of 2 elements a word to 2 streams.
#ifndef FINNLITE_DUPLICATE_1_HPP
#define FINNLITE_DUPLICATE_1_HPP

#include "finnlite/joins.hpp"

struct duplicate_1_shape {
  static const int PE = 2;
  typedef finnlite::signed_integer<3> output;
};
typedef finnlite::duplicate<duplicate_1_shape> duplicate_1_unit;
typedef duplicate_1_unit::state duplicate_1_state;

/// One of the 64 steps of a frame.
void duplicate_1_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    hls::stream<ap_uint<6> >& m1,
    duplicate_1_state& state);

/// The layer in hardware: one step a call, the state its own.
void duplicate_1(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    hls::stream<ap_uint<6> >& m1);

#endif
