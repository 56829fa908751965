// add_10, node "Add_10": 1 times a stream and 3 times another, 4 elements a step.
#ifndef FINNLITE_ADD_10_HPP
#define FINNLITE_ADD_10_HPP

#include "finnlite/joins.hpp"

struct add_10_shape {
  static const int PE = 4;
  static const int FACTOR_A = 1;
  static const int FACTOR_B = 3;
  typedef finnlite::signed_integer<9> input_a;
  typedef finnlite::signed_integer<5> input_b;
  typedef finnlite::signed_integer<10> output;
};
typedef finnlite::add<add_10_shape> add_10_unit;
typedef add_10_unit::state add_10_state;

/// One of the 32 steps of a frame.
void add_10_step(
    hls::stream<ap_uint<36> >& s0,
    hls::stream<ap_uint<20> >& s1,
    hls::stream<ap_uint<40> >& m0,
    add_10_state& state);

/// The layer in hardware: one step a call, the state its own.
void add_10(
    hls::stream<ap_uint<36> >& s0,
    hls::stream<ap_uint<20> >& s1,
    hls::stream<ap_uint<40> >& m0);

#endif
