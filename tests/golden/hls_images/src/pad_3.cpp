// pad_3, node "Pad_3": 0 around 4 by 4 pixels of 8 channels, 2 a step.
#include "pad_3.hpp"

void pad_3_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    pad_3_state& state) {
#pragma HLS inline
  pad_3_unit::step(s0, m0, state);
}

void pad_3(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static pad_3_state state;
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.x
#pragma HLS reset variable=state.y
  pad_3_step(s0, m0, state);
}
