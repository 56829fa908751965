// thresholding_requantize, node "requantize": thresholds of 2 channels, 1 a step.
#include "thresholding_requantize.hpp"

#include "data/thresholding_requantize.hpp"

namespace {

struct thresholding_requantize_activation {
  template <typename SUM>
  static ap_uint<thresholding_requantize_shape::output::BITS> apply(const SUM& sum, int pe, int nf) {
#pragma HLS inline
    const ap_uint<5> count = finnlite::search<17>(
        sum,
        nf,
        false,
        ap_uint<5>(0),
        thresholding_requantize_level0[pe],
        thresholding_requantize_level1[pe],
        thresholding_requantize_level2[pe],
        thresholding_requantize_level3[pe],
        thresholding_requantize_level4[pe]);
    return finnlite::level_code<thresholding_requantize_shape::output, -8, 1>(count);
  }
};

}  // namespace

void thresholding_requantize_step(
    hls::stream<ap_uint<4> >& s0,
    hls::stream<ap_uint<5> >& m0,
    thresholding_requantize_state& state) {
#pragma HLS inline
  thresholding_requantize_unit::step<thresholding_requantize_activation>(s0, m0, state);
}

void thresholding_requantize(hls::stream<ap_uint<4> >& s0, hls::stream<ap_uint<5> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static thresholding_requantize_state state;
#pragma HLS reset variable=state.nf
#pragma HLS array_partition variable=thresholding_requantize_level0 type=complete dim=1
#pragma HLS bind_storage variable=thresholding_requantize_level0 type=rom_1p impl=lutram
#pragma HLS array_partition variable=thresholding_requantize_level1 type=complete dim=1
#pragma HLS bind_storage variable=thresholding_requantize_level1 type=rom_1p impl=lutram
#pragma HLS array_partition variable=thresholding_requantize_level2 type=complete dim=1
#pragma HLS bind_storage variable=thresholding_requantize_level2 type=rom_1p impl=lutram
#pragma HLS array_partition variable=thresholding_requantize_level3 type=complete dim=1
#pragma HLS bind_storage variable=thresholding_requantize_level3 type=rom_1p impl=lutram
#pragma HLS array_partition variable=thresholding_requantize_level4 type=complete dim=1
#pragma HLS bind_storage variable=thresholding_requantize_level4 type=rom_1p impl=lutram
  thresholding_requantize_step(s0, m0, state);
}
