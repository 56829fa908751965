// mvtu_fc2, node "fc2": matrix-vector-threshold unit, 6 inputs by 2 outputs, 3 by 1 a step.
#include "mvtu_fc2.hpp"

#include "data/mvtu_fc2.hpp"

void mvtu_fc2_step(
    hls::stream<ap_uint<3> >& s0,
    hls::stream<ap_uint<4> >& m0,
    mvtu_fc2_state& state) {
#pragma HLS inline
  mvtu_fc2_unit::step<finnlite::no_activation<mvtu_fc2_shape::output>>(
      s0,
      m0,
      state,
      mvtu_fc2_weights);
}

void mvtu_fc2(hls::stream<ap_uint<3> >& s0, hls::stream<ap_uint<4> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static mvtu_fc2_state state;
#pragma HLS reset variable=state.sf
#pragma HLS reset variable=state.nf
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.buffer off
#pragma HLS reset variable=state.sums off
#pragma HLS array_partition variable=state.sums type=complete
#pragma HLS array_partition variable=state.buffer type=complete dim=0
#pragma HLS array_partition variable=mvtu_fc2_weights type=complete dim=1
#pragma HLS bind_storage variable=mvtu_fc2_weights type=rom_1p impl=lutram
  mvtu_fc2_step(s0, m0, state);
}
