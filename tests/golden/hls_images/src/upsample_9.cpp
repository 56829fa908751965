// upsample_9, node "Upsample_9": each of 2 by 2 pixels of 8 channels, 2 a step, 2 by 2 times.
#include "upsample_9.hpp"

void upsample_9_step(
    hls::stream<ap_uint<10> >& s0,
    hls::stream<ap_uint<10> >& m0,
    upsample_9_state& state) {
#pragma HLS inline
  upsample_9_unit::step(s0, m0, state);
}

void upsample_9(hls::stream<ap_uint<10> >& s0, hls::stream<ap_uint<10> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static upsample_9_state state;
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.dx
#pragma HLS reset variable=state.dy
#pragma HLS reset variable=state.start
#pragma HLS reset variable=state.pixel off
#pragma HLS reset variable=state.line off
#pragma HLS bind_storage variable=state.pixel type=ram_s2p impl=lutram
#pragma HLS dependence variable=state.pixel type=inter direction=RAW distance=4 true
#pragma HLS bind_storage variable=state.line type=ram_s2p impl=lutram
#pragma HLS dependence variable=state.line type=inter direction=RAW distance=4 true
  upsample_9_step(s0, m0, state);
}
