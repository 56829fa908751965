# SPDX-License-Identifier: Apache-2.0
# A recording stand-in for Vivado: `tclsh vivado.tcl LOG SCRIPT [SETTINGS]` runs a script that is meant for
# `vivado -mode batch -source SCRIPT`. Only the commands, options, IPs, pins, interfaces and properties of
# vivado_table.json exist; anything else is an error. It builds nothing: it answers what a script may ask,
# makes the files that a run would leave, and writes each call to LOG as a line of JSON, at the end the
# cells with their pins, interfaces and properties. SETTINGS (JSON) says which HLS layers there are and how
# the runs end:
#   {"version": "2022.2", "layers": {"mvtu_0": {"s0": {"mode": "slave", "width": 8, "signals": []}}},
#    "runs": {"synth_1": {"status": "…"}, "impl_1": {"status": "…", "wns": "0.1", "whs": "0.02"}},
#    "messages": [{"id": "Synth 8-4445", "severity": "CRITICAL WARNING", "text": "…"}]}

namespace eval standin {
    variable folder [file dirname [file normalize [info script]]]
    variable table
    variable settings
    variable log
}
source [file join $standin::folder json.tcl]
source [file join $standin::folder module.tcl]
source [file join $standin::folder blocks.tcl]
source [file join $standin::folder projects.tcl]
source [file join $standin::folder properties.tcl]

proc standin::read_file {path} {
    set file [open $path]
    fconfigure $file -encoding utf-8
    set text [read $file]
    close $file
    return $text
}

proc standin::write_file {path text} {
    file mkdir [file dirname $path]
    set file [open $path w]
    fconfigure $file -encoding utf-8 -translation lf
    puts -nonewline $file $text
    close $file
}

# A member of nested dicts, or `default`. (No expr: it would make 0.04 of 0.040.)
proc standin::lookup {value default args} {
    if {[dict exists $value {*}$args]} { return [dict get $value {*}$args] }
    return $default
}

# Raises an error of the tool.
proc standin::fail {text} {
    return -code error -level 2 $text
}

# Every call of a vendor command comes here. As with Vivado, the error's text is an ERROR line on the screen
# and the Tcl error only says that there was one.
proc standin::call {command args} {
    variable log
    lassign [place] file line
    set fields [list call [json::quoted $command] file [json::quoted $file] line $line]
    set words [list options {{}} arguments {[]}]
    set failed [catch {
        lassign [split_words $command $args] options arguments
        set words [list options [json::object_of $options] arguments [json::array_of $arguments]]
        if {[info commands do_$command] eq ""} { set result "" } else {
            set result [do_$command $options $arguments]
        }
    } result]
    lappend fields {*}$words [expr {$failed ? "error" : "result"}] [json::quoted $result]
    puts $log [json::object $fields]
    if {!$failed} { return $result }
    puts "ERROR: $result"
    return -code error "ERROR: \[Common 17-39\] '$command' failed due to earlier errors."
}

# Where in the script a call stands: the innermost frame that is not the stand-in's.
proc standin::place {} {
    variable folder
    for {set level [info frame]} {$level > 0} {incr level -1} {
        set frame [info frame $level]
        if {[dict get $frame type] ne "source"} { continue }
        if {[file dirname [file normalize [dict get $frame file]]] ne $folder} {
            return [list [dict get $frame file] [dict get $frame line]]
        }
    }
    return [list "" 0]
}

# The options of a call as a dict, flags being 1, and its other arguments; as the table allows them.
proc standin::split_words {command words} {
    variable table
    set allowed [dict get $table commands $command options]
    set options [dict create]
    set arguments [list]
    while {$words ne ""} {
        set words [lassign $words word]
        if {![string match -* $word] || [string is double -strict $word]} {
            lappend arguments $word
        } elseif {![dict exists $allowed $word]} {
            fail "$command: option must be [either [dict keys $allowed]], is $word"
        } elseif {[dict get $allowed $word]} {
            if {$words eq ""} { fail "$command: option $word must have a value, has none" }
            set words [lassign $words value]
            dict set options $word $value
        } else {
            dict set options $word 1
        }
    }
    # A property list counts as a name and its value.
    set count [expr {[llength $arguments] + ($command eq "set_property" && [dict exists $options -dict])}]
    lassign [dict get $table commands $command arguments] least most
    if {$count < $least || ($most >= 0 && $count > $most)} {
        fail "$command: must have [range_text $least $most] arguments, has $count"
    }
    return [list $options $arguments]
}

proc standin::either {names} {
    return [expr {$names eq "" ? "absent" : [join $names { or }]}]
}

proc standin::range_text {least most} {
    if {$most < 0} { return "at least $least" }
    return [expr {$least == $most ? $least : "$least to $most"}]
}

# The script may end anywhere; the cells are written in any case.
proc standin::finish {code} {
    variable log
    foreach cell [cell_names] { puts $log [cell_record $cell] }
    puts $log [json::object [list exit $code]]
    close $log
    standin::leave $code
}

proc standin::main {log_path script {settings_path ""}} {
    variable folder
    variable table
    variable settings [dict create]
    variable log
    set table [json::parse [read_file [file join $folder vivado_table.json]]]
    if {$settings_path ne ""} { set settings [json::parse [read_file $settings_path]] }
    set log [open $log_path w]
    fconfigure $log -encoding utf-8 -translation lf
    foreach command [dict keys [dict get $table commands]] {
        interp alias {} ::$command {} standin::call $command
    }
    # Not every release's interpreter is as new as this one: what came with Tcl 8.6 is not to be used.
    foreach command {try throw lmap tailcall coroutine yield yieldto} { rename ::$command "" }
    rename ::exit ::standin::leave
    proc ::exit {{code 0}} { standin::finish $code }
    set ::argv [list]
    set ::argc 0
    if {[catch {uplevel #0 [list source $script]} message options]} {
        puts stderr $message
        puts stderr [dict get $options -errorinfo]
        standin::finish 1
    }
    standin::finish 0
}

fconfigure stdout -encoding utf-8
standin::main {*}$argv
