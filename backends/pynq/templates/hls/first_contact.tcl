# SPDX-License-Identifier: Apache-2.0
# First contact with the vendor's HLS: one tiny instance of every unit through C simulation, synthesis and
# co-simulation. Run it in this folder:
#
#     vitis_hls -f first_contact.tcl                    (up to 2023.2)
#     vitis-run --mode hls --tcl first_contact.tcl      (from 2024.1)
#
# A failing unit does not stop it. What was found is in first_contact_result.txt after each unit.

set here [file dirname [file normalize [info script]]]
source [file join $here report.tcl]
source [file join $here units.tcl]

proc finnlite::hls::record {key value} {
    set file [open first_contact_result.txt a]
    fconfigure $file -translation lf -encoding utf-8
    puts $file "$key = $value"
    close $file
}

# The error lines of a unit's logs, each once and not too many.
proc finnlite::hls::error_lines {unit message} {
    set lines [list [lindex [split [string trim $message] \n] 0]]
    foreach pattern {*.log csim/report/*.log sim/report/*.log sim/report/*/*.log} {
        foreach path [lsort [glob -nocomplain -directory [file join $unit sol] $pattern]] {
            lappend lines {*}[regexp -all -inline -line {^.*(?:ERROR|@E|error:).*$} [read_text $path]]
        }
    }
    set result {}
    foreach line $lines {
        set line [string range [string trim $line] 0 300]
        if {$line ne "" && $line ni $result} {
            lappend result $line
        }
    }
    return [lrange $result 0 7]
}

# Takes one step and records it; 1 if it passed.
proc finnlite::hls::attempt {unit step script} {
    if {![catch {uplevel 1 $script} message]} {
        record $step pass
        return 1
    }
    record $step fail
    foreach line [error_lines $unit $message] {
        record error $line
    }
    return 0
}

proc finnlite::hls::prepare {unit part period} {
    set flags "-std=c++14 -Iinclude -Isrc -Itb"
    open_project -reset $unit
    set_top $unit
    add_files src/$unit.cpp -cflags $flags
    add_files -tb tb/$unit.cpp -cflags $flags
    open_solution -flow_target vivado -reset sol
    set_part $part
    create_clock -period $period -name default
}

# Gives 1 if everything passed.
proc finnlite::hls::contact {unit op limit part period} {
    puts "finnlite: first contact with $unit"
    set file [open first_contact_result.txt a]
    puts $file "\n\[$unit\]"
    close $file
    if {![attempt $unit prepare {prepare $unit $part $period}]} {
        return 0
    }
    set passed [attempt $unit csim csim_design]
    if {![attempt $unit csynth csynth_design]} {
        return 0
    }
    if {![attempt $unit report {set found [achieved $unit/sol $unit]}]} {
        return 0
    }
    dict for {key value} $found {
        record $key $value
    }
    record slack_ns [format %.3f [slack $found]]
    record latency [latency $found]
    record latency_limit $limit
    foreach failure [failures $found $unit $unit $op $limit] {
        record gate $failure
        set passed 0
    }
    set passed [expr {[attempt $unit cosim cosim_design] && $passed}]
    # RTL, status, then minimum, average and maximum of latency and interval as measured, total cycles.
    set path [file join $unit sol sim report ${unit}_cosim.rpt]
    if {[file exists $path] && [regexp -line {^\|\s*Verilog\s*\|.*$} [read_text $path] line]} {
        record cosim_report $line
    }
    return $passed
}

proc finnlite::hls::first_contact {here version part period units} {
    cd $here
    file delete -- first_contact_result.txt
    record finnlite $version
    record program [info nameofexecutable]
    record os "$::tcl_platform(os) $::tcl_platform(osVersion) $::tcl_platform(machine)"
    record part $part
    record period_ns $period
    set passed 0
    foreach {unit op limit} $units {
        incr passed [contact $unit $op $limit $part $period]
    }
    set file [open first_contact_result.txt a]
    puts $file "\n\[end\]"
    close $file
    record units [expr {[llength $units] / 3}]
    record passed $passed
    puts "finnlite: $passed of [expr {[llength $units] / 3}] units passed;\
        see [file join $here first_contact_result.txt]"
    return [expr {$passed * 3 == [llength $units]}]
}

if {[catch {finnlite::hls::first_contact $here $finnlite_version $part $period $units} passed]} {
    puts "ERROR: \[finnlite\] first contact: $passed"
    exit 1
}
exit [expr {!$passed}]
