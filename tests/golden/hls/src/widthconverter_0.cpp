// widthconverter_0, node "WidthConverter_0": words of 16 elements to words of 8, 8 a frame.
#include "widthconverter_0.hpp"

void widthconverter_0_step(
    hls::stream<ap_uint<64> >& s0,
    hls::stream<ap_uint<32> >& m0,
    widthconverter_0_state& state) {
#pragma HLS inline
  widthconverter_0_unit::step(s0, m0, state);
}

void widthconverter_0(hls::stream<ap_uint<64> >& s0, hls::stream<ap_uint<32> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static widthconverter_0_state state;
#pragma HLS reset variable=state.have
#pragma HLS reset variable=state.read
#pragma HLS reset variable=state.written
#pragma HLS reset variable=state.chunks off
#pragma HLS array_partition variable=state.chunks type=complete
  widthconverter_0_step(s0, m0, state);
}
