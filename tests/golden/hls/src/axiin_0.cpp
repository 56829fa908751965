// axiin_0, node "AxiIn_0": 64-bit beats to words of 16 elements, 8 a frame.
#include "axiin_0.hpp"

void axiin_0_step(
    hls::stream<finnlite::beat>& s0,
    hls::stream<ap_uint<64> >& m0,
    hls::stream<ap_uint<1> >& m1,
    axiin_0_state& state) {
#pragma HLS inline
  axiin_0_unit::step(s0, m0, m1, state);
}

void axiin_0(
    hls::stream<finnlite::beat>& s0,
    hls::stream<ap_uint<64> >& m0,
    hls::stream<ap_uint<1> >& m1) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface axis port=m1
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static axiin_0_state state;
#pragma HLS reset variable=state.written
#pragma HLS reset variable=state.read
#pragma HLS reset variable=state.have
#pragma HLS reset variable=state.bits
  axiin_0_step(s0, m0, m1, state);
}
