# SPDX-License-Identifier: Apache-2.0
#
# The Vivado project: block design, synthesis, place and route, the gates, and the files for the board.
# build.tcl sources this file; part, clock_mhz and identity come from settings.tcl, what the design is made of
# from sources.tcl.

namespace eval finnlite {}

proc finnlite::implement {here jobs} {
    set overlay [file join $here .. deploy overlay]
    set results [file join $here results]
    file mkdir $overlay
    # Nothing of an earlier run may be taken for this one's, by the driver or by "finnlite report".
    foreach name {accelerator.bit accelerator.hwh} {
        file delete [file join $overlay $name]
    }
    foreach path [glob -nocomplain -directory $results -types f *] {
        file delete $path
    }

    announce 3 "create the project"
    make_project $here
    announce 4 "create the block design"
    uplevel #0 [list source [file join $here design.tcl]]
    announce 5 "generate its files"
    set_property synth_checkpoint_mode None [get_files system.bd]
    generate_target all [get_files system.bd]
    announce 6 "synthesise"
    run_to synth_1 synth_design $jobs
    announce 7 "place and route"
    run_to impl_1 route_design $jobs
    announce 8 "check the timing, write the reports"
    open_run impl_1
    write_reports $results
    check_timing
    close_design
    announce 9 "write the bitstream"
    run_to impl_1 write_bitstream $jobs
    copy_overlay $here $overlay
    close_project
}

proc finnlite::make_project {here} {
    file delete -force [file join $here project]
    create_project -force accelerator [file join $here project] -part $::part
    set_property target_language Verilog [current_project]
    add_sources $here
    # Verilog names a memory's file without a folder: it is found as the project's, and beside the Verilog.
    foreach {names type} [list $::verilog Verilog $::memories {Memory Initialization Files}] {
        foreach name $names {
            set added [add_files -norecurse [list [file join $here rtl $name]]]
            set_property file_type $type $added
        }
    }
    add_files -fileset constrs_1 -norecurse [list [file join $here identity.xdc]]
    update_compile_order -fileset sources_1
    # Constants that are not found would become zeros, an address that is not mapped would hang the DMA:
    # Vivado only warns. (8-2898 is also what it says of assertions in its own IP, hence the -string.)
    set_msg_config -id {Synth 8-4445} -new_severity ERROR
    set_msg_config -id {Synth 8-2898} -string {$readmem} -new_severity ERROR
    set_msg_config -id {BD 41-1356} -new_severity ERROR
}

# Runs `run` to the end of `step`; the tool's own errors go with the message if it fails.
proc finnlite::run_to {run step jobs} {
    if {$step eq "synth_design"} {
        launch_runs $run -jobs $jobs
    } else {
        launch_runs $run -to_step $step -jobs $jobs
    }
    # -quiet, as the error it raises for a failed run says less than the run's log does.
    wait_on_runs -quiet $run
    set status [get_property STATUS [get_runs $run]]
    if {[get_property PROGRESS [get_runs $run]] ne "100%" || ![string match "$step Complete*" $status]} {
        set log [file join [get_property DIRECTORY [get_runs $run]] runme.log]
        error "$run must end with '$step Complete', ends with '$status'; see $log[error_lines $log]"
    }
}

proc finnlite::error_lines {log} {
    set lines ""
    if {[file exists $log]} {
        set file [open $log r]
        while {[gets $file line] >= 0 && [string length $lines] < 4000} {
            if {[string match "ERROR:*" $line]} {
                append lines "\n  $line"
            }
        }
        close $file
    }
    return $lines
}

proc finnlite::write_reports {results} {
    report_utilization -file [file join $results utilization.rpt]
    report_utilization -hierarchical -file [file join $results utilization_hierarchical.rpt]
    report_timing_summary -file [file join $results timing_summary.rpt]
    set wns [slack_of WNS]
    set whs [slack_of WHS]
    set file [open [file join $results implementation.json] w]
    puts $file "{"
    puts $file " \"vivado\": \"[version -short]\","
    puts $file " \"identity\": \"$::identity\","
    puts $file " \"clock_mhz\": $::clock_mhz,"
    puts $file " \"wns_ns\": $wns,"
    puts $file " \"whs_ns\": $whs"
    puts $file "}"
    close $file
}

proc finnlite::slack_of {name} {
    set slack [get_property STATS.$name [get_runs impl_1]]
    # Without a clock it is "NA" or "inf", which is not a design that meets its timing.
    if {![regexp {^-?\d+(\.\d+)?$} $slack]} {
        error "$name of the routed design must be a number, is '$slack'; see results/timing_summary.rpt"
    }
    return $slack
}

# Vivado writes a bitstream whatever the slack: this is what keeps a broken one from the board.
proc finnlite::check_timing {} {
    if {[slack_of WNS] < 0} {
        set mhz [expr {int(1000.0 / (1000.0 / $::clock_mhz - [slack_of WNS]))}]
        error "the worst setup slack (WNS) must be at least 0 ns, is [slack_of WNS] ns at $::clock_mhz MHz;\
            [worst_path max]; build with --clock-mhz $mhz or slower, or fold that layer less\
            (smaller PE or SIMD)"
    }
    if {[slack_of WHS] < 0} {
        error "the worst hold slack (WHS) must be at least 0 ns, is [slack_of WHS] ns;\
            [worst_path min]; a lower clock does not help: run again with another Vivado release"
    }
}

proc finnlite::worst_path {delay_type} {
    set path [lindex [get_timing_paths -delay_type $delay_type -max_paths 1] 0]
    if {$path eq ""} {
        return "see results/timing_summary.rpt for its path"
    }
    set from [get_property STARTPOINT_PIN $path]
    set to [get_property ENDPOINT_PIN $path]
    if {[cell_of $from] eq [cell_of $to]} {
        return "its path lies in [cell_of $from] ($from to $to)"
    }
    return "its path leads from [cell_of $from] to [cell_of $to] ($from to $to)"
}

# PYNQ finds the description of a bitstream by its name, so both get the same one.
proc finnlite::copy_overlay {here overlay} {
    set project [file join $here project]
    set run [get_property DIRECTORY [get_runs impl_1]]
    copy_one [glob -nocomplain -directory $run *.bit] $overlay accelerator.bit
    # accelerator.gen from 2020.2 on, accelerator.srcs before.
    set descriptions {}
    foreach folder {accelerator.gen accelerator.srcs} {
        set found [glob -nocomplain -directory $project -types f $folder/sources_1/bd/system/hw_handoff/*.hwh]
        set descriptions [concat $descriptions $found]
    }
    copy_one [lrange $descriptions 0 0] $overlay accelerator.hwh
}

proc finnlite::copy_one {found overlay name} {
    if {[llength $found] != 1} {
        error "there must be one file for $name, there are [llength $found]"
    }
    file copy -force [lindex $found 0] [file join $overlay $name]
}
