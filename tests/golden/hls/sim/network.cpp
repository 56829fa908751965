// The network for C simulation: layers, the streams between them, and their order.
#include "harness.hpp"

#include "finnlite/axi.hpp"
#include "axiin_0.hpp"
#include "widthconverter_0.hpp"
#include "thresholding_quantize.hpp"
#include "mvtu_fc_1_2a8f0d05.hpp"
#include "mvtu_fc2.hpp"
#include "thresholding_requantize.hpp"
#include "labelselect_0.hpp"
#include "widthconverter_0_0.hpp"
#include "axiout_0.hpp"

namespace {

struct network {
  typedef finnlite::beat beat;
  static const std::size_t INPUT_BEATS = 1;
  static const std::size_t OUTPUT_BEATS = 1;
  static const int LAYERS = 9;

  hls::stream<finnlite::beat> s0;
  hls::stream<ap_uint<64> > axiin_0_out;
  hls::stream<ap_uint<32> > widthconverter_0_out;
  hls::stream<ap_uint<16> > thresholding_quantize_out;
  hls::stream<ap_uint<3> > mvtu_fc_1_2a8f0d05_out;
  hls::stream<ap_uint<4> > mvtu_fc2_out;
  hls::stream<ap_uint<5> > thresholding_requantize_out;
  hls::stream<ap_uint<1> > labelselect_0_out;
  hls::stream<ap_uint<64> > widthconverter_0_0_out;
  hls::stream<ap_uint<1> > transfer_last;
  hls::stream<finnlite::beat> m0;
  axiin_0_state axiin_0;
  widthconverter_0_state widthconverter_0;
  thresholding_quantize_state thresholding_quantize;
  mvtu_fc_1_2a8f0d05_state mvtu_fc_1_2a8f0d05;
  mvtu_fc2_state mvtu_fc2;
  thresholding_requantize_state thresholding_requantize;
  labelselect_0_state labelselect_0;
  widthconverter_0_0_state widthconverter_0_0;
  axiout_0_state axiout_0;

  network()
      : s0("s0"),
        axiin_0_out("axiin_0_out"),
        widthconverter_0_out("widthconverter_0_out"),
        thresholding_quantize_out("thresholding_quantize_out"),
        mvtu_fc_1_2a8f0d05_out("mvtu_fc_1_2a8f0d05_out"),
        mvtu_fc2_out("mvtu_fc2_out"),
        thresholding_requantize_out("thresholding_requantize_out"),
        labelselect_0_out("labelselect_0_out"),
        widthconverter_0_0_out("widthconverter_0_0_out"),
        transfer_last("transfer_last"),
        m0("m0"),
        axiin_0(),
        widthconverter_0(),
        thresholding_quantize(),
        mvtu_fc_1_2a8f0d05(),
        mvtu_fc2(),
        thresholding_requantize(),
        labelselect_0(),
        widthconverter_0_0(),
        axiout_0() {}

  template <typename VISITOR>
  void visit_streams(VISITOR& visit) {
    visit(s0, finnlite_sim::NO_LAYER, 0, 2);
    visit(axiin_0_out, 0, 1, 2);
    visit(widthconverter_0_out, 1, 2, 2);
    visit(thresholding_quantize_out, 2, 3, 2);
    visit(mvtu_fc_1_2a8f0d05_out, 3, 4, 2);
    visit(mvtu_fc2_out, 4, 5, 2);
    visit(thresholding_requantize_out, 5, 6, 2);
    visit(labelselect_0_out, 6, 7, 2);
    visit(widthconverter_0_0_out, 7, 8, 2);
    visit(transfer_last, 0, 8, 111);
    visit(m0, 8, finnlite_sim::NO_LAYER, 2);
  }

  static finnlite_sim::layer<network> layer(int index) {
    static const finnlite_sim::layer<network> layers[] = {
      {1, [](network& n) {
        axiin_0_step(n.s0, n.axiin_0_out, n.transfer_last, n.axiin_0);
      }},
      {1, [](network& n) {
        widthconverter_0_step(n.axiin_0_out, n.widthconverter_0_out, n.widthconverter_0);
      }},
      {1, [](network& n) {
        thresholding_quantize_step(
            n.widthconverter_0_out,
            n.thresholding_quantize_out,
            n.thresholding_quantize);
      }},
      {2, [](network& n) {
        mvtu_fc_1_2a8f0d05_step(
            n.thresholding_quantize_out,
            n.mvtu_fc_1_2a8f0d05_out,
            n.mvtu_fc_1_2a8f0d05);
      }},
      {4, [](network& n) {
        mvtu_fc2_step(n.mvtu_fc_1_2a8f0d05_out, n.mvtu_fc2_out, n.mvtu_fc2);
      }},
      {2, [](network& n) {
        thresholding_requantize_step(
            n.mvtu_fc2_out,
            n.thresholding_requantize_out,
            n.thresholding_requantize);
      }},
      {2, [](network& n) {
        labelselect_0_step(n.thresholding_requantize_out, n.labelselect_0_out, n.labelselect_0);
      }},
      {1, [](network& n) {
        widthconverter_0_0_step(
            n.labelselect_0_out,
            n.widthconverter_0_0_out,
            n.widthconverter_0_0);
      }},
      {1, [](network& n) {
        axiout_0_step(n.widthconverter_0_0_out, n.transfer_last, n.m0, n.axiout_0);
      }},
    };
    return layers[index];
  }
};

}  // namespace

std::unique_ptr<finnlite_sim::session> finnlite_sim::make_session() {
  return std::unique_ptr<session>(new network_session<network>());
}
