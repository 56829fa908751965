// labelselect_0, node "LabelSelect_0": index of the largest of 2 elements, 1 a step.
#include "labelselect_0.hpp"

void labelselect_0_step(
    hls::stream<ap_uint<5> >& s0,
    hls::stream<ap_uint<1> >& m0,
    labelselect_0_state& state) {
#pragma HLS inline
  labelselect_0_unit::step(s0, m0, state);
}

void labelselect_0(hls::stream<ap_uint<5> >& s0, hls::stream<ap_uint<1> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static labelselect_0_state state;
#pragma HLS reset variable=state.nf
#pragma HLS reset variable=state.best
#pragma HLS reset variable=state.index
  labelselect_0_step(s0, m0, state);
}
