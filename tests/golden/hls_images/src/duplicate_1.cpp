// duplicate_1, node "Duplicate_1": a stream of 2 elements a word to 2 streams.
#include "duplicate_1.hpp"

void duplicate_1_step(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    hls::stream<ap_uint<6> >& m1,
    duplicate_1_state& state) {
#pragma HLS inline
  (void)state;
  const duplicate_1_unit::output_word word = s0.read();
  m0.write(word);
  m1.write(word);
}

void duplicate_1(
    hls::stream<ap_uint<6> >& s0,
    hls::stream<ap_uint<6> >& m0,
    hls::stream<ap_uint<6> >& m1) {
#pragma HLS interface axis port=s0
#pragma HLS interface axis port=m0
#pragma HLS interface axis port=m1
#pragma HLS interface ap_ctrl_none port=return
#pragma HLS pipeline II=1 style=flp
  static duplicate_1_state state;
  duplicate_1_step(s0, m0, m1, state);
}
