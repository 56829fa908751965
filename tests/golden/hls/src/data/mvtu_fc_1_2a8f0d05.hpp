// mvtu_fc_1_2a8f0d05, node "fc 1": matrix-vector-threshold unit, 8 inputs by 6 outputs, 8 by 3 a step.
#ifndef FINNLITE_MVTU_FC_1_2A8F0D05_DATA_HPP
#define FINNLITE_MVTU_FC_1_2A8F0D05_DATA_HPP

#include "ap_int.h"

// Weights of one fold a word, PE rows of SIMD elements, in lanes of 36 bits; [LANES][NF * SF].
static const ap_uint<36> mvtu_fc_1_2a8f0d05_weights[2][2] = {
  {0x454faa5f3ULL, 0xd1331c532ULL},
  {0x6be03d93cULL, 0x9c3eb57afULL}};

// Thresholds, compared at once; [PE][T][NF].
static const ap_uint<2> mvtu_fc_1_2a8f0d05_thresholds[3][1][2] = {
  {
    {0, 0}},
  {
    {0, 0}},
  {
    {0, 3}}};

// 1: the thresholds of this row fire at <=; [PE][NF].
static const ap_uint<1> mvtu_fc_1_2a8f0d05_falling[3][2] = {
  {0, 0},
  {1, 0},
  {0, 1}};

#endif
