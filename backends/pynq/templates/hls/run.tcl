# SPDX-License-Identifier: Apache-2.0
# One layer: C++ to IP. Run by its folder's run.tcl in vitis_hls or vitis-run, never by hand.
#
# Needs (set by the layer's settings.tcl): layer node unit limit part period main. All paths are relative
# to the layer's folder, where the tool is started: a space in what is above would break the -cflags.

source [file join $here .. report.tcl]

proc finnlite::hls::synthesise {} {
    upvar #0 layer layer node node unit unit limit limit part part period period main main here here
    cd $here
    open_project -reset prj
    set_top $layer
    add_files $main -cflags "-std=c++14 -I../../../hls/include"
    open_solution -flow_target vivado -reset sol
    set_part $part
    create_clock -period $period -name default
    csynth_design
    set found [achieved prj/sol $layer]
    set failures [failures $found $layer $node $unit $limit]
    if {[llength $failures] > 0} {
        foreach failure $failures {
            puts "ERROR: \[finnlite\] $failure"
        }
        exit 1
    }
    export_design -format ip_catalog -vendor finnlite -library hls -ipname $layer -version 1.0
    write_text result.json "[json $found $layer]\n"
    puts "finnlite: [summary $found $limit]"
}

# Without exit the tool would wait for commands; an error inside may leave it with status 0.
if {[catch {finnlite::hls::synthesise} message]} {
    puts "ERROR: \[finnlite\] layer $layer, node \"$node\": $message"
    exit 1
}
exit 0
