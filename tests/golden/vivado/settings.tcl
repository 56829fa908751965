# SPDX-License-Identifier: Apache-2.0

set part xc7z020clg400-1
set clock_mhz 100
set identity 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
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
set rtl_layers {}
set verilog [list \
    finnlite_fifo.v \
]
set memories {}
