// windowsum_8, node "WindowSum_8": sum of 4 pixels of 8 channels, 2 a step.
#include "windowsum_8.hpp"

void windowsum_8_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<10> >& m0,
    windowsum_8_state& state) {
#pragma HLS inline
  windowsum_8_unit::step(s0, m0, state);
}

void windowsum_8(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<10> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static windowsum_8_state state;
#pragma HLS reset variable=state.tap
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.kept off
#pragma HLS array_partition variable=state.kept type=complete dim=1
#pragma HLS bind_storage variable=state.kept type=ram_s2p impl=lutram
#pragma HLS dependence variable=state.kept type=inter direction=RAW distance=4 true
  windowsum_8_step(s0, m0, state);
}
