// mvtu_fc2, node "fc2": matrix-vector-threshold unit, 6 inputs by 2 outputs, 3 by 1 a step.
#ifndef FINNLITE_MVTU_FC2_DATA_HPP
#define FINNLITE_MVTU_FC2_DATA_HPP

#include "ap_int.h"

// Weights of one fold a word, PE rows of SIMD elements, in lanes of 36 bits; [LANES][NF * SF].
static const ap_uint<36> mvtu_fc2_weights[1][4] = {
  {0x3ULL, 0x6ULL, 0x6ULL, 0x0ULL}};

#endif
