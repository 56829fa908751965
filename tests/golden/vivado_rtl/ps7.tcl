# SPDX-License-Identifier: Apache-2.0
#
# The processor's settings, so that no board files are needed. design.tcl sources this file when the cell ps7
# is there. The order matters: the automation brings the pins of memory and of the fixed inputs and outputs
# out of the design and would undo settings that are already made.

apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config {
    make_external "FIXED_IO, DDR" apply_board_preset "0" Master "Disable" Slave "Disable"
} [get_bd_cells ps7]

# Memory and peripherals of the board. What runs on the board has been set up by its boot image already, these
# settings are not applied again with the bitstream.
set ps7_board [list \
    CONFIG.PCW_UIPARAM_DDR_FREQ_MHZ 525 \
    CONFIG.PCW_UIPARAM_DDR_BANK_ADDR_COUNT 3 \
    CONFIG.PCW_UIPARAM_DDR_ROW_ADDR_COUNT 15 \
    CONFIG.PCW_UIPARAM_DDR_COL_ADDR_COUNT 10 \
    CONFIG.PCW_UIPARAM_DDR_CL 7 \
    CONFIG.PCW_UIPARAM_DDR_CWL 6 \
    CONFIG.PCW_UIPARAM_DDR_T_RCD 7 \
    CONFIG.PCW_UIPARAM_DDR_T_RP 7 \
    CONFIG.PCW_UIPARAM_DDR_T_RC 48.91 \
    CONFIG.PCW_UIPARAM_DDR_T_RAS_MIN 35.0 \
    CONFIG.PCW_UIPARAM_DDR_T_FAW 40.0 \
    CONFIG.PCW_UIPARAM_DDR_AL 0 \
    CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_0 0.040 \
    CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_1 0.058 \
    CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_2 -0.009 \
    CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_3 -0.033 \
    CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY0 0.223 \
    CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY1 0.212 \
    CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY2 0.085 \
    CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY3 0.092 \
    CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ 50 \
    CONFIG.PCW_APU_PERIPHERAL_FREQMHZ 650 \
    CONFIG.PCW_QSPI_PERIPHERAL_FREQMHZ 200 \
    CONFIG.PCW_SDIO_PERIPHERAL_FREQMHZ 50 \
    CONFIG.PCW_UART_PERIPHERAL_FREQMHZ 100 \
    CONFIG.PCW_UART0_BAUD_RATE 115200 \
    CONFIG.PCW_PRESET_BANK0_VOLTAGE {LVCMOS 3.3V} \
    CONFIG.PCW_PRESET_BANK1_VOLTAGE {LVCMOS 1.8V} \
    CONFIG.PCW_UIPARAM_DDR_ENABLE 1 \
    CONFIG.PCW_UIPARAM_DDR_ADV_ENABLE 0 \
    CONFIG.PCW_UIPARAM_DDR_MEMORY_TYPE {DDR 3} \
    CONFIG.PCW_UIPARAM_DDR_ECC Disabled \
    CONFIG.PCW_UIPARAM_DDR_BUS_WIDTH {16 Bit} \
    CONFIG.PCW_UIPARAM_DDR_BL 8 \
    CONFIG.PCW_UIPARAM_DDR_HIGH_TEMP {Normal (0-85)} \
    CONFIG.PCW_UIPARAM_DDR_PARTNO {MT41J256M16 RE-125} \
    CONFIG.PCW_UIPARAM_DDR_DRAM_WIDTH {16 Bits} \
    CONFIG.PCW_UIPARAM_DDR_DEVICE_CAPACITY {4096 MBits} \
    CONFIG.PCW_UIPARAM_DDR_SPEED_BIN DDR3_1066F \
    CONFIG.PCW_UIPARAM_DDR_TRAIN_WRITE_LEVEL 1 \
    CONFIG.PCW_UIPARAM_DDR_TRAIN_READ_GATE 1 \
    CONFIG.PCW_UIPARAM_DDR_TRAIN_DATA_EYE 1 \
    CONFIG.PCW_UIPARAM_DDR_CLOCK_STOP_EN 0 \
    CONFIG.PCW_UIPARAM_DDR_USE_INTERNAL_VREF 0 \
    CONFIG.PCW_QSPI_PERIPHERAL_ENABLE 1 \
    CONFIG.PCW_QSPI_QSPI_IO {MIO 1 .. 6} \
    CONFIG.PCW_QSPI_GRP_SINGLE_SS_ENABLE 1 \
    CONFIG.PCW_QSPI_GRP_FBCLK_ENABLE 1 \
    CONFIG.PCW_QSPI_GRP_FBCLK_IO {MIO 8} \
    CONFIG.PCW_ENET0_PERIPHERAL_ENABLE 1 \
    CONFIG.PCW_ENET0_ENET0_IO {MIO 16 .. 27} \
    CONFIG.PCW_ENET0_GRP_MDIO_ENABLE 1 \
    CONFIG.PCW_ENET0_GRP_MDIO_IO {MIO 52 .. 53} \
    CONFIG.PCW_ENET_RESET_ENABLE 1 \
    CONFIG.PCW_ENET0_RESET_ENABLE 1 \
    CONFIG.PCW_ENET0_RESET_IO {MIO 9} \
    CONFIG.PCW_SD0_PERIPHERAL_ENABLE 1 \
    CONFIG.PCW_SD0_SD0_IO {MIO 40 .. 45} \
    CONFIG.PCW_SD0_GRP_CD_ENABLE 1 \
    CONFIG.PCW_SD0_GRP_CD_IO {MIO 47} \
    CONFIG.PCW_UART0_PERIPHERAL_ENABLE 1 \
    CONFIG.PCW_UART0_UART0_IO {MIO 14 .. 15} \
    CONFIG.PCW_USB0_PERIPHERAL_ENABLE 1 \
    CONFIG.PCW_USB0_USB0_IO {MIO 28 .. 39} \
    CONFIG.PCW_USB_RESET_ENABLE 1 \
    CONFIG.PCW_USB0_RESET_ENABLE 1 \
    CONFIG.PCW_USB0_RESET_IO {MIO 46} \
    CONFIG.PCW_GPIO_MIO_GPIO_ENABLE 1 \
    CONFIG.PCW_GPIO_MIO_GPIO_IO MIO \
    CONFIG.PCW_ENET0_PERIPHERAL_FREQMHZ {1000 Mbps} \
    CONFIG.PCW_DDR_PERIPHERAL_CLKSRC {DDR PLL} \
]

# What the accelerator uses: the registers' port GP0, the memory port HP0, and the one clock with its reset.
set ps7_fabric [list \
    CONFIG.PCW_USE_M_AXI_GP0 1 \
    CONFIG.PCW_USE_S_AXI_HP0 1 \
    CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 \
    CONFIG.PCW_USE_FABRIC_INTERRUPT 0 \
    CONFIG.PCW_EN_CLK0_PORT 1 \
    CONFIG.PCW_EN_RST0_PORT 1 \
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 100 \
]

set_property -dict [concat $ps7_board $ps7_fabric] [get_bd_cells ps7]

# Vivado may change or refuse a setting without an error. Numbers are compared as such: 35.0 is 35.
namespace eval finnlite {}

proc finnlite::ps7_differences {settings} {
    set differences {}
    foreach {name wanted} $settings {
        set found [get_property $name [get_bd_cells ps7]]
        set numbers [expr {[string is double -strict $wanted] && [string is double -strict $found]}]
        if {$numbers ? abs($wanted - $found) > 1e-6 * abs($wanted) : $wanted ne $found} {
            lappend differences "$name must be '$wanted', is '$found'"
        }
    }
    return $differences
}

set differences [finnlite::ps7_differences $ps7_board]
if {[llength $differences] > 0} {
    puts "WARNING: ps7 did not take all settings of the board, which matters only for a boot image made from\
        this project:\n  [join $differences "\n  "]"
}
set differences [finnlite::ps7_differences $ps7_fabric]
set actual [get_property CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ [get_bd_cells ps7]]
if {![string is double -strict $actual] || abs($actual - $clock_mhz) > 1e-4 * $clock_mhz} {
    lappend differences "CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ must be '$clock_mhz', is '$actual'"
}
if {[llength $differences] > 0} {
    error "ps7 did not take the settings of the accelerator:\n  [join $differences "\n  "]"
}
