// swu_7, node "SWU_7": windows of 2 by 2 pixels in 4 by 4 of 8 channels, 2 a step.
#include "swu_7.hpp"

void swu_7_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    swu_7_state& state) {
#pragma HLS inline
  swu_7_unit::step(s0, m0, state);
}

void swu_7(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<6> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static swu_7_state state;
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
  swu_7_step(s0, m0, state);
}
