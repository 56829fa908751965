// thresholding_quantize, node "quantize": thresholds of 8 channels, 8 a step.
#ifndef FINNLITE_THRESHOLDING_QUANTIZE_DATA_HPP
#define FINNLITE_THRESHOLDING_QUANTIZE_DATA_HPP

#include "ap_int.h"

// Thresholds, compared at once; [PE][T][NF].
static const ap_uint<4> thresholding_quantize_thresholds[1][3][1] = {
  {
    {8},
    {8},
    {12}}};

#endif
