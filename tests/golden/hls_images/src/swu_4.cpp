// swu_4, node "SWU_4": windows of 3 by 3 pixels in 6 by 6 of 8 channels, 2 a step.
#include "swu_4.hpp"

void swu_4_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    swu_4_state& state) {
#pragma HLS inline
  swu_4_unit::step(s0, m0, state);
}

void swu_4(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static swu_4_state state;
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.kx
#pragma HLS reset variable=state.ky
#pragma HLS reset variable=state.ox
#pragma HLS reset variable=state.oy
#pragma HLS reset variable=state.need
#pragma HLS reset variable=state.first
#pragma HLS reset variable=state.row
#pragma HLS reset variable=state.needat
#pragma HLS reset variable=state.firstat
#pragma HLS reset variable=state.rowat
#pragma HLS reset variable=state.head
#pragma HLS reset variable=state.headat
#pragma HLS reset variable=state.previous
#pragma HLS reset variable=state.older
#pragma HLS reset variable=state.oldest
#pragma HLS reset variable=state.buffer off
#pragma HLS bind_storage variable=state.buffer type=ram_s2p impl=lutram
#pragma HLS dependence variable=state.buffer type=inter direction=RAW distance=4 true
  swu_4_step(s0, m0, state);
}
