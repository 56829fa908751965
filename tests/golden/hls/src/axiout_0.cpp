// axiout_0, node "AxiOut_0": words to 64-bit beats of 64 elements, 1 a frame.
#include "axiout_0.hpp"

void axiout_0_step(
    hls::stream<ap_uint<64> >& s0,
    hls::stream<ap_uint<1> >& s1,
    hls::stream<finnlite::beat>& m0,
    axiout_0_state& state) {
#pragma HLS inline
  axiout_0_unit::step(s0, s1, m0, state);
}

void axiout_0(
    hls::stream<ap_uint<64> >& s0,
    hls::stream<ap_uint<1> >& s1,
    hls::stream<finnlite::beat>& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=s1
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static axiout_0_state state;
#pragma HLS reset variable=state.written
#pragma HLS reset variable=state.read
#pragma HLS reset variable=state.have
#pragma HLS reset variable=state.bits
  axiout_0_step(s0, s1, m0, state);
}
