// add_10, node "Add_10": 1 times a stream and 3 times another, 4 elements a step.
#include "add_10.hpp"

void add_10_step(
    hls::stream<ap_uint<36> >& s0,
    hls::stream<ap_uint<20> >& s1,
    hls::stream<ap_uint<40> >& m0,
    add_10_state& state) {
#pragma HLS inline
  add_10_unit::step(s0, s1, m0, state);
}

void add_10(
    hls::stream<ap_uint<36> >& s0,
    hls::stream<ap_uint<20> >& s1,
    hls::stream<ap_uint<40> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=s1
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static add_10_state state;
  add_10_step(s0, s1, m0, state);
}
