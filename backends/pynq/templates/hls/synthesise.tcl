# SPDX-License-Identifier: Apache-2.0
# Layers to IP: finds the HLS tool and runs one process a layer, several at once, the unchanged ones not at
# all. Sourced by build.tcl inside Vivado; defines procs and does nothing else. Plain Tcl 8.5, no event loop.

namespace eval finnlite::hls {
    # What Vivado's loader exports for itself and a child tool's loader would take for its own:
    # _RDI_SETENV_RUN makes it skip its set-up (setupEnv), the RDI_* and HDI_* then name Vivado's folders,
    # the Tcl and Python variables name Vivado's libraries. XILINX_VIVADO stays: HLS needs its part data.
    variable confusing {RDI_* _RDI_* HDI_* TCL_LIBRARY TK_LIBRARY TCLLIBPATH PYTHON PYTHONHOME PYTHONPATH}
    variable poll_ms 20
}

source [file join [file dirname [file normalize [info script]]] report.tcl]

# Folders that may hold the tool: what the settings scripts name, then beside the running Vivado, as
# /tools/Xilinx/{Vivado,Vitis_HLS,Vitis}/2022.2 (up to 2024.2) or /tools/Xilinx/2025.1/{Vivado,Vitis}.
proc finnlite::hls::tool_roots {} {
    set roots {}
    foreach name {XILINX_HLS XILINX_VITIS} {
        if {[info exists ::env($name)]} {
            lappend roots [file normalize $::env($name)]
        }
    }
    if {[info exists ::env(XILINX_VIVADO)]} {
        set vivado [file normalize $::env(XILINX_VIVADO)]
        set above [file dirname $vivado]
        foreach name {Vitis_HLS Vitis} {
            lappend roots [file join [file dirname $above] $name [file tail $vivado]] [file join $above $name]
        }
    }
    return $roots
}

# The program and its first arguments, to which a script is appended.
proc finnlite::hls::find_tool {} {
    set windows [expr {$::tcl_platform(platform) eq "windows"}]
    set folders [split $::env(PATH) [expr {$windows ? ";" : ":"}]]
    foreach root [tool_roots] {
        lappend folders [file join $root bin]
    }
    foreach folder $folders {
        foreach {name arguments} {vitis_hls -f vitis-run {--mode hls --tcl}} {
            set path [file join $folder $name[expr {$windows ? ".bat" : ""}]]
            if {$folder ne "" && [file isfile $path] && [file executable $path]} {
                return [linsert $arguments 0 $path]
            }
        }
    }
    error "HLS: vitis_hls or vitis-run must be on the PATH or beside the running Vivado, neither is; run the\
        settings64 script of Vitis HLS (up to 2023.2) or of Vitis (from 2024.1) before Vivado. Searched:\
        [join $folders {, }]"
}

# Evaluates a script in the caller with an environment that a child tool understands.
proc finnlite::hls::with_clean_environment {script} {
    variable confusing
    set saved [array get ::env]
    foreach pattern $confusing {
        array unset ::env $pattern
    }
    # Vivado's own libraries would be loaded by the system's programs that the tool's wrapper calls
    # (AR 66998); entries that somebody else put there stay.
    if {[info exists ::env(LD_LIBRARY_PATH)] && [info exists ::env(XILINX_VIVADO)]} {
        set kept {}
        set root [file normalize $::env(XILINX_VIVADO)]/
        foreach folder [split $::env(LD_LIBRARY_PATH) :] {
            if {[string first $root [file normalize $folder]/] != 0} {
                lappend kept $folder
            }
        }
        set ::env(LD_LIBRARY_PATH) [join $kept :]
    }
    set code [catch {uplevel 1 $script} result]
    array set ::env $saved
    if {$code == 1} {
        error $result
    }
    return $result
}

# "2022.2"; a tool that does not tell is known by its path.
proc finnlite::hls::tool_version {tool} {
    set program [lindex $tool 0]
    set option [expr {[llength $tool] == 2 ? "-version" : "--version"}]
    catch {with_clean_environment {exec $program $option << "" 2>@1}} answer
    if {[regexp {v(20\d\d\.\d[\w.]*)} $answer whole version]} {
        return $version
    }
    return $program
}

# Hash of a file's bytes: a polynomial modulo the prime 2^61 - 1 over its 32-bit words. It tells changes, not
# forgeries; what a Vivado of 2022 has in its Tcl offers nothing better that is fast.
proc finnlite::hls::hash {path} {
    set file [open $path r]
    fconfigure $file -translation binary
    set bytes [read $file]
    close $file
    set size [string length $bytes]
    append bytes [string repeat \0 [expr {-$size & 3}]]
    set hash $size
    binary scan $bytes iu* words
    foreach word $words {
        set hash [expr {($hash * 1000003 + $word) % 2305843009213693951}]
    }
    return [format %016lx $hash]
}

# All files below a folder, sorted.
proc finnlite::hls::files_below {folder} {
    set result [glob -nocomplain -directory $folder -types f *]
    foreach below [glob -nocomplain -directory $folder -types d *] {
        lappend result {*}[files_below $below]
    }
    return [lsort $result]
}

# What a finished layer came from and what it gave, a hash a line: the layer is up to date as long as
# the same text stands in its digest.txt.
proc finnlite::hls::digest {folder inputs version} {
    set lines [list "tool $version"]
    foreach path [list settings.tcl run.tcl ../run.tcl ../report.tcl {*}$inputs] {
        lappend lines "[hash [file join $folder $path]] $path"
    }
    set ip [file join $folder prj sol impl ip]
    foreach path [list [file join $folder result.json] {*}[files_below $ip]] {
        lappend lines "[hash $path] [string range $path [string length $folder/] end]"
    }
    return "[join $lines \n]\n"
}

# The settings of a layer as a dict of those that matter here. Not by source: whose variables Vivado's own
# source sets is not documented.
proc finnlite::hls::layer_settings {folder} {
    eval [read_text [file join $folder settings.tcl]]
    return [dict create layer $layer node $node inputs $inputs]
}

proc finnlite::hls::up_to_date {folder inputs version} {
    foreach path {digest.txt result.json prj/sol/impl/ip/component.xml} {
        if {![file isfile [file join $folder $path]]} {
            return 0
        }
    }
    return [expr {[read_text [file join $folder digest.txt]] eq [digest $folder $inputs $version]}]
}

# Starts the tool on a layer's run.tcl, in the layer's folder; gives the channel of what it prints.
proc finnlite::hls::start {tool folder} {
    foreach path {digest.txt result.json prj} {
        file delete -force -- [file join $folder $path]
    }
    set before [pwd]
    cd $folder
    set code [catch {
        with_clean_environment {open "|[list {*}$tool run.tcl << {} 2>@1]" r}
    } channel]
    cd $before
    if {$code} {
        error "HLS: [lindex $tool 0] must be startable, is not ($channel)"
    }
    fconfigure $channel -blocking 0 -translation auto
    return $channel
}

# Ends processes and all that they started: a tool's program is a child of its wrapper.
proc finnlite::hls::stop {pids} {
    if {$::tcl_platform(platform) eq "windows"} {
        foreach pid $pids {
            catch {exec taskkill /F /T /PID $pid}
        }
        return
    }
    if {[catch {exec ps -A -o pid=,ppid=} table]} {
        set table ""
    }
    for {set index 0} {$index < [llength $pids]} {incr index} {
        foreach {pid parent} $table {
            if {$parent == [lindex $pids $index] && $pid ni $pids} {
                lappend pids $pid
            }
        }
    }
    foreach pid $pids {
        catch {exec kill -9 $pid}
    }
}

# Takes what a tool printed since the last time to its log. Gives 1 when it has ended.
proc finnlite::hls::drain {channel log} {
    set text [read $channel]
    puts -nonewline $log $text
    flush $log
    return [eof $channel]
}

# The exit status of an ended tool.
proc finnlite::hls::status {channel} {
    fconfigure $channel -blocking 1
    if {![catch {close $channel} message options]} {
        return 0
    }
    set code [dict get $options -errorcode]
    return [expr {[lindex $code 0] eq "CHILDSTATUS" ? [lindex $code 2] : "a signal ($message)"}]
}

# After the end of a layer's tool: its summary, or an error after its own error lines.
proc finnlite::hls::finish {folder settings status version} {
    set layer [dict get $settings layer]
    set log [file join $folder hls.log]
    set text [read_text $log]
    if {$status == 0 && [file isfile [file join $folder result.json]]
        && [regexp -line {^finnlite: (.*)$} $text whole summary]} {
        write_text [file join $folder digest.txt] [digest $folder [dict get $settings inputs] $version]
        return $summary
    }
    set lines [regexp -all -inline -line {^\s*(?:ERROR|FATAL|@E)\y.*$} $text]
    foreach line [lrange $lines 0 19] {
        puts "HLS $layer: [string trim $line]"
    }
    set ended [expr {$status == 0 ? "exited with 0 before it was done" : "exited with $status"}]
    set first [expr {[llength $lines] > 0 ? [string trim [lindex $lines 0]] : "it printed no ERROR line"}]
    error "HLS of layer $layer, node \"[dict get $settings node]\", must succeed, $ended: $first;\
        all it printed is in $log"
}

# Runs what is queued, at most `jobs` tools at once; the first error stops the others.
proc finnlite::hls::run_queue {tool version queue total jobs} {
    variable poll_ms
    set running [dict create]
    set next [expr {$total - [llength $queue]}]
    set code [catch {
        while {[llength $queue] > 0 || [dict size $running] > 0} {
            while {[llength $queue] > 0 && [dict size $running] < $jobs} {
                set queue [lassign $queue settings]
                set folder [dict get $settings folder]
                set channel [start $tool $folder]
                dict set running $channel [list $settings [open [file join $folder hls.log] w] [pid $channel]]
            }
            foreach {channel entry} $running {
                lassign $entry settings log pids
                if {[drain $channel $log]} {
                    dict unset running $channel
                    close $log
                    set summary [finish [dict get $settings folder] $settings [status $channel] $version]
                    puts "HLS [incr next]/$total [dict get $settings layer]: $summary"
                }
            }
            after $poll_ms
        }
    } message]
    dict for {channel entry} $running {
        lassign $entry settings log pids
        stop $pids
        catch {close $log}
        catch {close $channel}  ;# not blocking: does not wait
    }
    if {$code} {
        error $message
    }
}

# Makes the IP of all layers.
#
# hls      folder of this script; holds a folder a layer
# results  folder that gets layers/<layer>.json
# layers   names, in any order
# jobs     tools to run at once
#
# Returns the IP folders in the order of `layers`. An error's message is whole; the tool's own error lines
# were printed before.
proc synthesise_layers {hls results layers jobs} {
    file delete -force -- [file join $results layers]  ;# figures of another network's layers among them
    set tool [finnlite::hls::find_tool]
    set version [finnlite::hls::tool_version $tool]
    puts "HLS: [lindex $tool 0] ($version), $jobs at once"
    set hls [file normalize $hls]
    set queue {}
    set done 0
    foreach layer $layers {
        set folder [file join $hls $layer]
        set settings [finnlite::hls::layer_settings $folder]
        dict set settings folder $folder
        if {[finnlite::hls::up_to_date $folder [dict get $settings inputs] $version]} {
            puts "HLS [incr done]/[llength $layers] $layer: unchanged"
        } else {
            lappend queue $settings
        }
    }
    finnlite::hls::run_queue $tool $version $queue [llength $layers] [expr {max(1, $jobs)}]
    set ips {}
    file mkdir [file join $results layers]
    foreach layer $layers {
        file copy -force -- [file join $hls $layer result.json] [file join $results layers $layer.json]
        lappend ips [file join $hls $layer prj sol impl ip]
    }
    return $ips
}
