# SPDX-License-Identifier: Apache-2.0

set part xc7z020clg400-1
set clock_mhz 100
set identity 0f1e2d3c4b5a69780f1e2d3c4b5a69780f1e2d3c4b5a69780f1e2d3c4b5a6978
set jobs 4
set layers [list \
    axiin_0 \
    thresholding_binarize \
    widthconverter_0 \
    mvtu_first \
    mvtu_second_layer_4c12a8f8 \
    mvtu_third \
    mvtu_last \
    widthconverter_0_0 \
    axiout_0 \
]
set verilog [list \
    finnlite_axi_in.v \
    finnlite_axi_out.v \
    finnlite_code.v \
    finnlite_compare.v \
    finnlite_count.v \
    finnlite_counter.v \
    finnlite_delay.v \
    finnlite_dot.v \
    finnlite_elementwise.v \
    finnlite_equal.v \
    finnlite_five.v \
    finnlite_late.v \
    finnlite_mvtu.v \
    finnlite_ones.v \
    finnlite_operands.v \
    finnlite_ram.v \
    finnlite_rom.v \
    finnlite_row.v \
    finnlite_stream.v \
    finnlite_sum.v \
    finnlite_sums.v \
    finnlite_tokens.v \
    finnlite_width_converter.v \
    axiin_0.v \
    thresholding_binarize.v \
    widthconverter_0.v \
    mvtu_first.v \
    mvtu_second_layer_4c12a8f8.v \
    mvtu_third.v \
    mvtu_last.v \
    widthconverter_0_0.v \
    axiout_0.v \
    finnlite_accelerator.v \
]
set memories [list \
    thresholding_binarize_thresholds_0.hex \
    thresholding_binarize_thresholds_1.hex \
    mvtu_first_weights.hex \
    mvtu_first_start.hex \
    mvtu_second_layer_4c12a8f8_weights.hex \
    mvtu_second_layer_4c12a8f8_start.hex \
    mvtu_third_weights.hex \
    mvtu_third_start.hex \
    mvtu_last_weights.hex \
]
