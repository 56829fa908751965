// The network for C simulation: layers, the streams between them, and their order.
#include "harness.hpp"

#include "finnlite/axi.hpp"
#include "axiin_0.hpp"
#include "widthconverter_1_0.hpp"
#include "duplicate_1.hpp"
#include "pad_3.hpp"
#include "swu_4.hpp"
#include "vvtu_5.hpp"
#include "swu_7.hpp"
#include "windowsum_8.hpp"
#include "upsample_9.hpp"
#include "widthconverter_10_0.hpp"
#include "widthconverter_10_1.hpp"
#include "add_10.hpp"
#include "axiout_13.hpp"

namespace {

struct network {
  typedef finnlite::beat beat;
  static const std::size_t INPUT_BEATS = 8;
  static const std::size_t OUTPUT_BEATS = 32;
  static const int LAYERS = 13;

  hls::stream<finnlite::beat> s0;
  hls::stream<ap_uint<48> > axiin_0_out;
  hls::stream<ap_uint<6> > widthconverter_1_0_out;
  hls::stream<ap_uint<6> > duplicate_1_out;
  hls::stream<ap_uint<6> > duplicate_1_out1;
  hls::stream<ap_uint<6> > pad_3_out;
  hls::stream<ap_uint<6> > swu_4_out;
  hls::stream<ap_uint<18> > vvtu_5_out;
  hls::stream<ap_uint<6> > swu_7_out;
  hls::stream<ap_uint<10> > windowsum_8_out;
  hls::stream<ap_uint<10> > upsample_9_out;
  hls::stream<ap_uint<36> > widthconverter_10_0_out;
  hls::stream<ap_uint<20> > widthconverter_10_1_out;
  hls::stream<ap_uint<40> > add_10_out;
  hls::stream<ap_uint<1> > transfer_last;
  hls::stream<finnlite::beat> m0;
  axiin_0_state axiin_0;
  widthconverter_1_0_state widthconverter_1_0;
  duplicate_1_state duplicate_1;
  pad_3_state pad_3;
  swu_4_state swu_4;
  vvtu_5_state vvtu_5;
  swu_7_state swu_7;
  windowsum_8_state windowsum_8;
  upsample_9_state upsample_9;
  widthconverter_10_0_state widthconverter_10_0;
  widthconverter_10_1_state widthconverter_10_1;
  add_10_state add_10;
  axiout_13_state axiout_13;

  network()
      : s0("s0"),
        axiin_0_out("axiin_0_out"),
        widthconverter_1_0_out("widthconverter_1_0_out"),
        duplicate_1_out("duplicate_1_out"),
        duplicate_1_out1("duplicate_1_out1"),
        pad_3_out("pad_3_out"),
        swu_4_out("swu_4_out"),
        vvtu_5_out("vvtu_5_out"),
        swu_7_out("swu_7_out"),
        windowsum_8_out("windowsum_8_out"),
        upsample_9_out("upsample_9_out"),
        widthconverter_10_0_out("widthconverter_10_0_out"),
        widthconverter_10_1_out("widthconverter_10_1_out"),
        add_10_out("add_10_out"),
        transfer_last("transfer_last"),
        m0("m0"),
        axiin_0(),
        widthconverter_1_0(),
        duplicate_1(),
        pad_3(),
        swu_4(),
        vvtu_5(),
        swu_7(),
        windowsum_8(),
        upsample_9(),
        widthconverter_10_0(),
        widthconverter_10_1(),
        add_10(),
        axiout_13() {}

  template <typename VISITOR>
  void visit_streams(VISITOR& visit) {
    visit(s0, finnlite_sim::NO_LAYER, 0, 2);
    visit(axiin_0_out, 0, 1, 2);
    visit(widthconverter_1_0_out, 1, 2, 2);
    visit(duplicate_1_out, 2, 3, 2);
    visit(duplicate_1_out1, 2, 6, 300);
    visit(pad_3_out, 3, 4, 2);
    visit(swu_4_out, 4, 5, 2);
    visit(vvtu_5_out, 5, 9, 2);
    visit(swu_7_out, 6, 7, 2);
    visit(windowsum_8_out, 7, 8, 2);
    visit(upsample_9_out, 8, 10, 2);
    visit(widthconverter_10_0_out, 9, 11, 2);
    visit(widthconverter_10_1_out, 10, 11, 2);
    visit(add_10_out, 11, 12, 2);
    visit(transfer_last, 0, 12, 43);
    visit(m0, 12, finnlite_sim::NO_LAYER, 2);
  }

  static finnlite_sim::layer<network> layer(int index) {
    static const finnlite_sim::layer<network> layers[] = {
      {8, [](network& n) {
        axiin_0_step(n.s0, n.axiin_0_out, n.transfer_last, n.axiin_0);
      }},
      {64, [](network& n) {
        widthconverter_1_0_step(n.axiin_0_out, n.widthconverter_1_0_out, n.widthconverter_1_0);
      }},
      {64, [](network& n) {
        duplicate_1_step(
            n.widthconverter_1_0_out,
            n.duplicate_1_out,
            n.duplicate_1_out1,
            n.duplicate_1);
      }},
      {144, [](network& n) {
        pad_3_step(n.duplicate_1_out, n.pad_3_out, n.pad_3);
      }},
      {604, [](network& n) {
        swu_4_step(n.pad_3_out, n.swu_4_out, n.swu_4);
      }},
      {576, [](network& n) {
        vvtu_5_step(n.swu_4_out, n.vvtu_5_out, n.vvtu_5);
      }},
      {76, [](network& n) {
        swu_7_step(n.duplicate_1_out1, n.swu_7_out, n.swu_7);
      }},
      {64, [](network& n) {
        windowsum_8_step(n.swu_7_out, n.windowsum_8_out, n.windowsum_8);
      }},
      {64, [](network& n) {
        upsample_9_step(n.windowsum_8_out, n.upsample_9_out, n.upsample_9);
      }},
      {64, [](network& n) {
        widthconverter_10_0_step(n.vvtu_5_out, n.widthconverter_10_0_out, n.widthconverter_10_0);
      }},
      {64, [](network& n) {
        widthconverter_10_1_step(
            n.upsample_9_out,
            n.widthconverter_10_1_out,
            n.widthconverter_10_1);
      }},
      {32, [](network& n) {
        add_10_step(n.widthconverter_10_0_out, n.widthconverter_10_1_out, n.add_10_out, n.add_10);
      }},
      {32, [](network& n) {
        axiout_13_step(n.add_10_out, n.transfer_last, n.m0, n.axiout_13);
      }},
    };
    return layers[index];
  }
};

}  // namespace

std::unique_ptr<finnlite_sim::session> finnlite_sim::make_session() {
  return std::unique_ptr<session>(new network_session<network>());
}
