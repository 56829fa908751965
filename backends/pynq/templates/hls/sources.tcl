# SPDX-License-Identifier: Apache-2.0
#
# What the design is made of beside its Verilog: an IP a layer, which HLS makes first. Sourced by build.tcl.

namespace eval finnlite {
    variable ip_folders {}
}

# Step 2: the IPs.
proc finnlite::prepare {here results jobs} {
    variable ip_folders
    announce 2 "synthesise [llength $::layers] layers, $jobs at once"
    uplevel #0 [list source [file join $here hls synthesise.tcl]]
    set ip_folders [synthesise_layers [file join $here hls] $results $::layers $jobs]
    name_layers $results $::rtl_layers
}

# Files that stand for the IPs, relative to this folder.
proc finnlite::source_files {} {
    set names {}
    foreach layer $::layers {
        lappend names hls/$layer/digest.txt
    }
    return $names
}

proc finnlite::add_sources {here} {
    variable ip_folders
    set_property ip_repo_paths $ip_folders [current_project]
    update_ip_catalog
}

# The block design's cell of a pin such as system_i/mvtu_0/inst/sum_reg[3]/D.
proc finnlite::cell_of {pin} {
    set parts [split $pin /]
    return [expr {[llength $parts] > 2 ? [lindex $parts 1] : $pin}]
}
