// SPDX-License-Identifier: Apache-2.0
/// The beat of an AXI4-Stream for C simulation: data, keep, strobe and last, no other side channel.
#ifndef FINNLITE_SIM_AP_AXI_SDATA_H
#define FINNLITE_SIM_AP_AXI_SDATA_H

// Not by its place: the vendor's own ap_int.h, if that comes first.
#include <ap_int.h>

#include <cstddef>

namespace hls {

template <typename T, std::size_t USER, std::size_t ID, std::size_t DEST>
struct axis;

template <int W>
struct axis<ap_uint<W>, 0, 0, 0> {
  ap_uint<W> data;
  ap_uint<(W + 7) / 8> keep;
  ap_uint<(W + 7) / 8> strb;
  ap_uint<1> last;
};

}  // namespace hls

#endif
