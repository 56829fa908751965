// vvtu_5, node "VVTU_5": vector-vector-threshold unit, 9 taps of 8 channels, 2 a step.
#include "vvtu_5.hpp"

#include "data/vvtu_5.hpp"

void vvtu_5_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<18> >& m0,
    vvtu_5_state& state) {
#pragma HLS inline
  vvtu_5_unit::step<finnlite::no_activation<vvtu_5_shape::output>>(
      s0,
      m0,
      state,
      vvtu_5_weights);
}

void vvtu_5(hls::stream<ap_uint<6> >& s0, hls::stream<ap_uint<18> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static vvtu_5_state state;
#pragma HLS reset variable=state.tap
#pragma HLS reset variable=state.nf
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.sums off
#pragma HLS array_partition variable=state.sums type=complete dim=1
#pragma HLS bind_storage variable=state.sums type=ram_s2p impl=lutram
#pragma HLS dependence variable=state.sums type=inter direction=RAW distance=4 true
#pragma HLS array_partition variable=vvtu_5_weights type=complete dim=1
#pragma HLS bind_storage variable=vvtu_5_weights type=rom_1p impl=lutram
  vvtu_5_step(s0, m0, state);
}
