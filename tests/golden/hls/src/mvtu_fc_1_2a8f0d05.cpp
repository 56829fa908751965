// mvtu_fc_1_2a8f0d05, node "fc 1": matrix-vector-threshold unit, 8 inputs by 6 outputs, 8 by 3 a step.
#include "mvtu_fc_1_2a8f0d05.hpp"

#include "data/mvtu_fc_1_2a8f0d05.hpp"

namespace {

struct mvtu_fc_1_2a8f0d05_activation {
  template <typename SUM>
  static ap_uint<mvtu_fc_1_2a8f0d05_shape::output::BITS> apply(const SUM& sum, int pe, int nf) {
#pragma HLS inline
    const ap_uint<1> count = finnlite::compare(
        sum,
        mvtu_fc_1_2a8f0d05_thresholds[pe],
        nf,
        mvtu_fc_1_2a8f0d05_falling[pe][nf] == 1);
    return finnlite::level_code<mvtu_fc_1_2a8f0d05_shape::output, -1, 2>(count);
  }
};

}  // namespace

void mvtu_fc_1_2a8f0d05_step(
    hls::stream<ap_uint<16> >& s0,
    hls::stream<ap_uint<3> >& m0,
    mvtu_fc_1_2a8f0d05_state& state) {
#pragma HLS inline
  mvtu_fc_1_2a8f0d05_unit::step<mvtu_fc_1_2a8f0d05_activation>(
      s0,
      m0,
      state,
      mvtu_fc_1_2a8f0d05_weights);
}

void mvtu_fc_1_2a8f0d05(hls::stream<ap_uint<16> >& s0, hls::stream<ap_uint<3> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static mvtu_fc_1_2a8f0d05_state state;
#pragma HLS reset variable=state.sf
#pragma HLS reset variable=state.nf
#pragma HLS reset variable=state.fold
#pragma HLS reset variable=state.buffer off
#pragma HLS reset variable=state.sums off
#pragma HLS array_partition variable=state.sums type=complete
#pragma HLS array_partition variable=state.buffer type=complete dim=0
#pragma HLS array_partition variable=mvtu_fc_1_2a8f0d05_weights type=complete dim=1
#pragma HLS bind_storage variable=mvtu_fc_1_2a8f0d05_weights type=rom_1p impl=lutram
#pragma HLS array_partition variable=mvtu_fc_1_2a8f0d05_thresholds type=complete dim=1
#pragma HLS array_partition variable=mvtu_fc_1_2a8f0d05_thresholds type=complete dim=2
#pragma HLS bind_storage variable=mvtu_fc_1_2a8f0d05_thresholds type=rom_1p impl=lutram
#pragma HLS array_partition variable=mvtu_fc_1_2a8f0d05_falling type=complete dim=1
#pragma HLS bind_storage variable=mvtu_fc_1_2a8f0d05_falling type=rom_1p impl=lutram
  mvtu_fc_1_2a8f0d05_step(s0, m0, state);
}
