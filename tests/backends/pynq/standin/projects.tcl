# SPDX-License-Identifier: Apache-2.0
# Projects, their files, runs and reports. A run ends as the settings say and leaves the files that scripts
# look for; objects are told apart by their names' prefixes, "run:", "design:", "path:", "fileset:".

namespace eval standin {
    variable project ""
    variable project_folder ""
    variable open_design ""
    variable files [dict create]
    variable file_types [dict create]
    variable values [dict create]
    variable severities [list]
    variable launched [dict create]
    variable run_status [dict create synth_1 "Not started" impl_1 "Not started"]
}

proc standin::do_version {options arguments} {
    variable settings
    return [lookup $settings 2022.2 version]
}

proc standin::do_get_parts {options arguments} {
    return [lsearch -all -inline -glob [list xc7z010clg400-1 xc7z020clg400-1] [lindex $arguments 0]]
}

proc standin::do_create_project {options arguments} {
    variable project
    variable project_folder
    if {$project ne ""} { fail "create_project: there must be no open project, is '$project'" }
    lassign $arguments name folder
    if {$folder eq ""} { set folder $name }
    if {[file exists [file join $folder $name.xpr]] && ![dict exists $options -force]} {
        fail "create_project: '$name' must be new or -force given, exists"
    }
    set project $name
    set project_folder [file normalize $folder]
    write_file [file join $project_folder $name.xpr] "<Project/>\n"
    return $name
}

proc standin::do_current_project {options arguments} {
    variable project
    if {$project eq ""} { fail "current_project: there must be an open project, is none" }
    return project:$project
}

proc standin::do_close_project {options arguments} {
    variable project ""
}

proc standin::do_current_fileset {options arguments} {
    return fileset:sources_1
}

# The paths of the Verilog files that were added.
proc standin::project_files {} {
    variable files
    return [lsearch -all -inline -glob [dict keys $files] *.v]
}

proc standin::do_add_files {options arguments} {
    variable files
    set fileset [lookup $options sources_1 -fileset]
    if {$fileset ni {sources_1 constrs_1 sim_1}} { fail "add_files: fileset must exist, '$fileset' does not" }
    set added [list]
    foreach path [concat {*}$arguments] {
        if {![file exists $path]} { fail "add_files: file must exist, '$path' does not" }
        dict set files [file normalize $path] $fileset
        lappend added [file normalize $path]
    }
    return $added
}

proc standin::do_get_files {options arguments} {
    variable files
    variable block_design
    set all [dict keys $files]
    if {$block_design ne ""} { lappend all [bd_path] }
    set result [list]
    foreach pattern [concat {*}$arguments] {
        set found [lsearch -all -inline -glob $all */$pattern]
        if {$found eq ""} { fail "get_files: '$pattern' must exist, does not" }
        lappend result {*}$found
    }
    return $result
}

# Vivado's folder of a kind: accelerator.gen, accelerator.runs, …
proc standin::folder_of {kind args} {
    variable project
    variable project_folder
    return [file join $project_folder $project.$kind {*}$args]
}

proc standin::bd_path {} {
    variable block_design
    return [folder_of srcs sources_1 bd $block_design $block_design.bd]
}

# The HLS layers in the repositories: their component.xml says what they are called, the settings what
# streams they have.
proc standin::do_update_ip_catalog {options arguments} {
    variable table
    variable settings
    variable definitions
    variable values
    foreach folder [lookup $values "" project IP_REPO_PATHS] {
        set path [file join $folder component.xml]
        if {![file exists $path]} { continue }
        set vlnv [list]
        foreach {field value} {vendor "" library "" name "" version ""} {
            regexp "<spirit:$field>(\[^<\]*)</spirit:$field>" [read_file $path] -> value
            lappend vlnv $value
        }
        lassign $vlnv vendor library name version
        if {![dict exists $settings layers $name]} {
            fail "update_ip_catalog: '$name' must be a layer, is not"
        }
        set definition [layer_definition [dict get $settings layers $name]]
        dict set definitions $vendor:$library:$name [dict replace $definition version $version]
    }
}

proc standin::layer_definition {streams} {
    variable table
    set definition [dict get $table layer]
    dict for {name stream} $streams {
        dict set definition interfaces $name [dict merge {type axis} $stream]
    }
    dict set definition pins ap_clk clocks [dict keys $streams]
    return $definition
}

proc standin::do_make_wrapper {options arguments} {
    variable block_design
    set path [folder_of gen sources_1 bd $block_design hdl ${block_design}_wrapper.v]
    write_file $path "module ${block_design}_wrapper ();\nendmodule\n"
    return $path
}

proc standin::do_generate_target {options arguments} {
    variable block_design
    variable cells
    set modules ""
    foreach cell [cell_names] {
        set vlnv [dict get $cells $cell definition]
        append modules "  <MODULE FULLNAME=\"/$cell\" INSTANCE=\"$cell\" VLNV=\"$vlnv\"/>\n"
    }
    write_file [folder_of gen sources_1 bd $block_design hw_handoff $block_design.hwh] \
        "<EDKSYSTEM>\n <MODULES>\n$modules </MODULES>\n</EDKSYSTEM>\n"
}

proc standin::do_set_msg_config {options arguments} {
    variable severities
    set entry [list]
    foreach option {-id -string -new_severity} { lappend entry [lookup $options "" $option] }
    lappend severities $entry
}

proc standin::do_get_runs {options arguments} {
    variable run_status
    set result [list]
    foreach name [expr {$arguments eq "" ? [dict keys $run_status] : [concat {*}$arguments]}] {
        if {![dict exists $run_status $name]} { fail "get_runs: '$name' must exist, does not" }
        lappend result run:$name
    }
    return $result
}

proc standin::run_name {command text} {
    variable run_status
    set name [string map {run: ""} $text]
    if {![dict exists $run_status $name]} { fail "$command: run must be synth_1 or impl_1, is '$name'" }
    return $name
}

# Runs end when they are waited for. An implementation starts with the synthesis if that has not been run.
proc standin::do_launch_runs {options arguments} {
    variable run_status
    variable launched
    foreach argument $arguments {
        set name [run_name launch_runs $argument]
        set steps {synth_design}
        set step synth_design
        if {$name eq "impl_1"} {
            set steps {opt_design place_design phys_opt_design route_design write_bitstream}
            set step route_design
        }
        set step [lookup $options $step -to_step]
        if {$step ni $steps} { fail "launch_runs: step of $name must be [either $steps], is '$step'" }
        if {$name eq "impl_1" && [dict get $run_status synth_1] eq "Not started"} {
            dict set launched $name [list synth_1 synth_design]
        }
        dict lappend launched $name $name $step
        dict set run_status $name "Running $step..."
    }
}

proc standin::do_wait_on_runs {options arguments} {
    variable launched
    variable run_status
    set name [run_name wait_on_runs [lindex $arguments 0]]
    if {[dict get $run_status $name] eq "Not started" && ![dict exists $options -quiet]} {
        fail "wait_on_runs: $name must be launched, is not"
    }
    foreach {run step} [lookup $launched {} $name] {
        if {$run eq "impl_1" && ![string match *Complete* [dict get $run_status synth_1]]} {
            dict set run_status impl_1 "Not started"
        } else {
            run $run $step
        }
    }
    dict unset launched $name
}

# Ends a run, as the settings say, with what it leaves in its folder.
proc standin::run {name step} {
    variable settings
    variable run_status
    set status [lookup $settings [ending $name $step] runs $name status]
    set log ""
    set messages [lookup $settings {} messages]
    if {$name eq "synth_1"} { lappend messages {*}[source_messages] }
    foreach message $messages {
        if {[lookup $message synth_1 run] ne $name} { continue }
        set severity [severity_of $message]
        append log "$severity: \[[dict get $message id]\] [dict get $message text]\n"
        if {$severity eq "ERROR"} { set status "$step ERROR" }
    }
    write_file [folder_of runs $name runme.log] $log
    puts -nonewline $log
    dict set run_status $name $status
    if {$name eq "impl_1"} {
        variable files
        foreach path [dict keys [dict filter $files value constrs_1]] { read_constraints $path }
        if {$status eq "write_bitstream Complete!"} { write_bitstream }
    }
}

# What synthesis says of modules that no file of the project defines, and of memories whose file is none of it.
proc standin::source_messages {} {
    variable files
    variable file_types
    set texts [list]
    foreach path [project_files] { lappend texts [read_file $path] }
    set all [join $texts \n]
    regsub -all -line -- {//.*$} $all "" all
    set defined [dict create]
    foreach {- module} [regexp -all -inline -line -- {^module\s+(\w+)} $all] { dict set defined $module 1 }
    set messages [list]
    foreach {- module} [regexp -all -inline -line -- {^  (\w+) (?:#|\w+ )\($} $all] {
        if {[dict exists $defined $module] || $module in {if for case}} { continue }
        dict set defined $module 1
        lappend messages [dict create id "Synth 8-439" severity ERROR text "module '$module' not found"]
    }
    foreach {- memory} [lsort -unique -stride 2 -index 1 [regexp -all -inline -- {"(\w+\.hex)"} $all]] {
        set known [list]
        dict for {path type} $file_types {
            if {$type eq "Memory Initialization Files"} { lappend known [file tail $path] }
        }
        if {$memory ni $known} {
            set text "could not open \$readmem data file '$memory'; ignoring"
            lappend messages [dict create id "Synth 8-4445" severity "CRITICAL WARNING" text $text]
        }
    }
    return $messages
}

# What Vivado calls the end of a step that went well; a routed design may miss its timing all the same.
proc standin::ending {name step} {
    variable settings
    if {$step ne "route_design"} { return "$step Complete!" }
    foreach slack {wns whs} {
        if {[lookup $settings 0 runs $name $slack] < 0} { return "$step Complete, Failed Timing!" }
    }
    return "$step Complete!"
}

# The severity of a message after set_msg_config.
proc standin::severity_of {message} {
    variable severities
    set result [dict get $message severity]
    foreach entry $severities {
        lassign $entry id text severity
        set matches [expr {$text eq "" || [string first $text [dict get $message text]] >= 0}]
        if {$id eq [dict get $message id] && $matches} {
            set result $severity
        }
    }
    return $result
}

# Constraints are Tcl that sees a design; what is wrong in them does not stop Vivado.
proc standin::read_constraints {path} {
    variable open_design
    set before $open_design
    set open_design design:impl_1
    set failed [catch {uplevel #0 [list source $path]} message]
    set open_design $before
    if {$failed} { puts "CRITICAL WARNING: [file tail $path]: $message" }
}

# A file with the header of a bitstream and no data.
proc standin::write_bitstream {} {
    variable settings
    variable values
    set top [lookup $values system_wrapper fileset TOP]
    set user [string toupper [lookup $values 0xFFFFFFFF design BITSTREAM.CONFIG.USERID]]
    set version [lookup $settings 2022.2 version]
    set fields ""
    foreach {key text} [list a "$top;UserID=$user;Version=$version" b 7z020clg400 c 2026/01/01 d 00:00:00] {
        append fields $key [binary format Sa* [expr {[string length $text] + 1}] $text\0]
    }
    set file [open [folder_of runs impl_1 $top.bit] wb]
    puts -nonewline $file [binary format SH18Sa*aI 9 0ff00ff00ff00ff000 1 $fields e 0]
    close $file
}

proc standin::do_open_run {options arguments} {
    variable run_status
    variable open_design
    set name [run_name open_run [lindex $arguments 0]]
    if {![string match *Complete* [dict get $run_status $name]]} {
        fail "open_run: $name must be complete, is '[dict get $run_status $name]'"
    }
    set open_design design:$name
    return $open_design
}

proc standin::do_close_design {options arguments} {
    variable open_design ""
}

proc standin::do_current_design {options arguments} {
    variable open_design
    if {$open_design eq ""} { fail "current_design: there must be an open design, is none" }
    return $open_design
}

proc standin::do_get_timing_paths {options arguments} {
    do_current_design {} {}
    return [list path:[lookup $options max -delay_type]]
}

foreach command {report_timing_summary report_utilization} {
    proc standin::do_$command {options arguments} "report $command \$options"
}

# The text that the settings give a report, or a line that says which it is.
proc standin::report {name options} {
    variable settings
    do_current_design {} {}
    if {[dict exists $options -hierarchical]} { append name _hierarchical }
    set text [lookup $settings "$name of the stand-in\n" reports $name]
    if {[dict exists $options -file]} { write_file [dict get $options -file] $text }
}
