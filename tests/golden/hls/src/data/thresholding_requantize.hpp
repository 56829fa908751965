// thresholding_requantize, node "requantize": thresholds of 2 channels, 1 a step.
#ifndef FINNLITE_THRESHOLDING_REQUANTIZE_DATA_HPP
#define FINNLITE_THRESHOLDING_REQUANTIZE_DATA_HPP

#include "ap_int.h"

// Level 0 of the thresholds' binary search; [PE][NF * 1].
static const ap_int<5> thresholding_requantize_level0[1][2] = {
  {7, 6}};

// Level 1 of the thresholds' binary search; [PE][NF * 2].
static const ap_int<5> thresholding_requantize_level1[1][4] = {
  {-1, 8, -2, 7}};

// Level 2 of the thresholds' binary search; [PE][NF * 4].
static const ap_int<5> thresholding_requantize_level2[1][8] = {
  {-5, 3, 8, 8, -6, 2, 7, 7}};

// Level 3 of the thresholds' binary search; [PE][NF * 8].
static const ap_int<5> thresholding_requantize_level3[1][16] = {
  {-7, -3, 1, 5, 8, 8, 8, 8, -8, -4, 0, 4, 7, 7, 7, 7}};

// Level 4 of the thresholds' binary search; [PE][NF * 16].
static const ap_int<5> thresholding_requantize_level4[1][32] = {
  {-8, -6, -4, -2, 0, 2, 4, 6, 8, 8, 8, 8, 8, 8, 8, 8, -9, -7, -5, -3, -1, 1, 3, 5, 7, 7, 7, 7, 7,
    7, 7, 7}};

#endif
