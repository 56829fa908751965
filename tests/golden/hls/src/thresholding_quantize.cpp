// thresholding_quantize, node "quantize": thresholds of 8 channels, 8 a step.
#include "thresholding_quantize.hpp"

#include "data/thresholding_quantize.hpp"

namespace {

struct thresholding_quantize_activation {
  template <typename SUM>
  static ap_uint<thresholding_quantize_shape::output::BITS> apply(const SUM& sum, int pe, int nf) {
#pragma HLS inline
    (void)pe;
    (void)nf;
    const ap_uint<2> count = finnlite::compare(
        sum,
        thresholding_quantize_thresholds[0],
        0,
        false);
    return finnlite::level_code<thresholding_quantize_shape::output, 0, 1>(count);
  }
};

}  // namespace

void thresholding_quantize_step(
    hls::stream<ap_uint<32> >& s0,
    hls::stream<ap_uint<16> >& m0,
    thresholding_quantize_state& state) {
#pragma HLS inline
  thresholding_quantize_unit::step<thresholding_quantize_activation>(s0, m0, state);
}

void thresholding_quantize(hls::stream<ap_uint<32> >& s0, hls::stream<ap_uint<16> >& m0) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static thresholding_quantize_state state;
#pragma HLS reset variable=state.nf
#pragma HLS array_partition variable=thresholding_quantize_thresholds type=complete dim=1
#pragma HLS array_partition variable=thresholding_quantize_thresholds type=complete dim=2
  thresholding_quantize_step(s0, m0, state);
}
