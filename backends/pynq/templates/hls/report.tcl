# SPDX-License-Identifier: Apache-2.0
# What HLS achieved: reads csynth.xml, checks it and writes it as JSON. Plain Tcl 8.5; no vendor command.
#
# The tags are those that Vitis HLS 2020.2, 2022.2 and 2024.1 write. The figures of the top function stand in
# the first UserAssignments, PerformanceEstimates and AreaEstimates; ModuleInformation repeats them for every
# function below, under other tags, and is cut off so that none of those is ever read instead.

namespace eval finnlite::hls {}

# The file's text; an error if there is none.
proc finnlite::hls::read_text {path} {
    if {[catch {open $path r} file]} {
        error "[file tail $path] must be there, is not ($path)"
    }
    set text [read $file]
    close $file
    return $text
}

proc finnlite::hls::write_text {path text} {
    set file [open $path w]
    fconfigure $file -translation lf -encoding utf-8
    puts -nonewline $file $text
    close $file
}

# The content of the element at a path of tags; an error if one of them is missing.
proc finnlite::hls::element {text path source} {
    foreach tag $path {
        if {![regexp -- "<$tag>(.*?)</$tag>" $text whole text]} {
            error "[file tail $source] must hold [join $path /], does not; this version of HLS reports\
                otherwise than 2022.1 to 2025.2 do: send the file to finnlite's authors ($source)"
        }
    }
    return [string trim $text]
}

# The number at a path of tags; an error if it is none ("undef", "?").
proc finnlite::hls::number {text path source} {
    set value [element $text $path $source]
    if {![string is double -strict $value]} {
        error "[file tail $source]: [lindex $path end] must be a number, is \"$value\" ($source)"
    }
    return $value
}

# How the function's pipeline stalls: flp (what is asked for), stp or frp; otherwise what the report says.
#
# Known: csynth.xml says "yes(flp)" for a function pipelined with style=flp (2022.2; 2024.2 too, where frp
# fell back to a plain "yes" without a word), and a plain "yes" for a stalling pipeline (2024.1). Reports
# of 2020 and 2021 say "function" whatever the style. Not known: what 2022.1 says. For those that do not
# say, the test bench data of the module does: "pipeline_type function_flushable" in <layer>.tbgen.tcl
# (2018 to 2024; undocumented), else "function".
proc finnlite::hls::style {type tbgen} {
    if {[regexp {\((\w+)\)} $type whole name]} {
        return $name
    }
    if {[file exists $tbgen] && [regexp {set pipeline_type (\S+)} [read_text $tbgen] whole name]} {
        if {$name eq "function_flushable"} {
            return flp
        }
    }
    return [expr {$type eq "yes" ? "stp" : $type}]
}

# What the solution in a folder achieved, as a dict.
proc finnlite::hls::achieved {solution top} {
    set source [file join $solution syn report csynth.xml]
    set text [read_text $source]
    regsub {<ModuleInformation>.*$} $text {} text
    set name [element $text {UserAssignments TopModelName} $source]
    if {$name ne $top} {
        error "[file tail $source] must report on $top, reports on $name ($source)"
    }
    set performance [element $text PerformanceEstimates $source]
    set summary [element $performance SummaryOfOverallLatency $source]
    set area [element $text {AreaEstimates Resources} $source]
    set type [element $performance PipelineType $source]
    set ii [number $summary Interval-max $source]
    # The pipeline's own figure; not there if the function is no pipeline, which its style tells.
    if {[regexp {<PipelineInitiationInterval>} $summary]} {
        set own [number $summary PipelineInitiationInterval $source]
        set ii [expr {max($ii, $own)}]
    }
    return [dict create \
        tool [element $text {ReportVersion Version} $source] \
        ii $ii \
        type $type \
        style [style $type [file join $solution .autopilot db $top.tbgen.tcl]] \
        cycles [number $summary Worst-caseLatency $source] \
        period [number $text {UserAssignments TargetClockPeriod} $source] \
        uncertainty [number $text {UserAssignments ClockUncertainty} $source] \
        estimate [number $performance {SummaryOfTimingAnalysis EstimatedClockPeriod} $source] \
        lut [number $area LUT $source] \
        ff [number $area FF $source] \
        bram18 [number $area BRAM_18K $source] \
        dsp [number $area DSP $source]]
}

# Cycles from the step that reads a word to the word it writes. The report counts the register slice of an
# axis output and not that of an axis input: FIFO to axis is 1, axis to FIFO is 0 (2022.2, plain moves).
proc finnlite::hls::latency {found} {
    return [expr {[dict get $found cycles] + 1}]
}

proc finnlite::hls::slack {found} {
    dict with found {
        return [expr {$period - $uncertainty - $estimate}]
    }
}

# The gates: what is wrong with a layer, a list of whole messages; empty if nothing is.
proc finnlite::hls::failures {found layer node unit limit} {
    set subject "layer $layer, node \"$node\""
    set result {}
    if {[dict get $found ii] != 1} {
        lappend result "$subject: the initiation interval must be 1, is [dict get $found ii]; build with a\
            slower --clock-mhz, or with a smaller folding of this node"
    }
    if {[dict get $found style] ne "flp"} {
        lappend result "$subject: the pipeline's style must be flp, is [dict get $found style]: its last\
            words would stay inside when the input pauses; use Vitis HLS 2022.1 to 2025.2, this is\
            [dict get $found tool]"
    }
    if {[slack $found] < -0.0005} {  ;# figures of three decimals
        dict with found {
            set needed [expr {$estimate + $uncertainty}]
            set mhz [expr {int(1000.0 * (1 - $uncertainty / $period) / $estimate)}]
        }
        lappend result [format "%s: the estimated period and its uncertainty must be at most %.3f ns, are\
            %.3f ns; build with --clock-mhz %d or slower, or with a smaller folding of this node" \
            $subject [dict get $found period] $needed $mhz]
    }
    if {[latency $found] > $limit} {
        lappend result "$subject: the latency must be at most $limit cycles, for which the FIFOs are sized,\
            is [latency $found]; build with a slower --clock-mhz, or with a smaller folding of this node,\
            and tell finnlite's authors that L of $unit is too small"
    }
    return $result
}

proc finnlite::hls::json {found layer} {
    dict with found {
        return [format {{"layer": "%s", "ii": %d, "latency": %d, "style": "%s", "slack_ns": %.3f, "lut": %d,\
            "ff": %d, "bram18": %d, "dsp": %d}} \
            $layer $ii [latency $found] $style [slack $found] $lut $ff $bram18 $dsp]
    }
}

# One line for the user.
proc finnlite::hls::summary {found limit} {
    dict with found {
        return [format "II %d, style %s, latency %d of at most %d, slack %.2f ns, %d LUT, %d FF, %d RAMB18,\
            %d DSP" \
            $ii $style [latency $found] $limit [slack $found] $lut $ff $bram18 $dsp]
    }
}
