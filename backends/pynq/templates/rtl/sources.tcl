# SPDX-License-Identifier: Apache-2.0
#
# What the design is made of beside its Verilog: nothing. Sourced by build.tcl.

namespace eval finnlite {}

# Step 2: no layer needs a tool of its own.
proc finnlite::prepare {here results jobs} {
    announce 2 "take [llength $::layers] layers as they are, in Verilog"
    file delete -force -- [file join $results layers]
    name_layers $results $::layers
}

proc finnlite::source_files {} {
    return {}
}

proc finnlite::add_sources {here} {}

# The layer of a pin such as system_i/accelerator/inst/mvtu_0_i/unit/sum_reg[3]/D, or its block design's cell.
proc finnlite::cell_of {pin} {
    set parts [split $pin /]
    if {[lindex $parts 1] eq "accelerator" && [llength $parts] > 4} {
        regsub {_i$} [lindex $parts 3] {} layer
        return $layer
    }
    return [expr {[llength $parts] > 2 ? [lindex $parts 1] : $pin}]
}
