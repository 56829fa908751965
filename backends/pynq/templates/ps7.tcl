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
set ps7_board @board@

# What the accelerator uses: the registers' port GP0, the memory port HP0, and the one clock with its reset.
set ps7_fabric @fabric@

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
