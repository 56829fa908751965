# SPDX-License-Identifier: Apache-2.0
# Stands in for vitis_hls and vitis-run: tclsh hls.tcl CONFIG LOG ARGUMENTS OF THE TOOL.
#
# Knows the commands and options of the table below and no others, checks their order and their files, and
# writes csynth.xml and the IP's folder as the tool does. CONFIG is a Tcl dict: layer -> dict that replaces
# figures of the report or makes the run fail; "tool" -> dict of what concerns all. LOG gets a line a call.

# command -> document, page, positional arguments, {flags}, {options with a value and what it may be}.
# UG1399 is the Vitis HLS User Guide; the pages are those of its "Vitis HLS Command Reference", 2022.2.
set table {
    open_project {UG1399 open_project 1 {-reset} {}}
    set_top {UG1399 set_top 1 {} {}}
    add_files {UG1399 add_files 1 {-tb} {-cflags *}}
    open_solution {UG1399 open_solution 1 {-reset} {-flow_target vivado}}
    set_part {UG1399 set_part 1 {} {}}
    create_clock {UG1399 create_clock 0 {} {-period * -name *}}
    csim_design {UG1399 csim_design 0 {} {}}
    csynth_design {UG1399 csynth_design 0 {} {}}
    cosim_design {UG1399 cosim_design 0 {} {}}
    export_design {UG1399 export_design 0 {}
        {-format ip_catalog -vendor * -library * -ipname * -version *}}
}

proc fail {message} {
    puts "ERROR: \[HLS 200-70\] $message"
    exit 1
}

proc note {text} {
    set file [open $::log a]
    puts $file $text
    close $file
}

# What the configuration says of the current top, or the default.
proc wish {key default} {
    if {[dict exists $::config $::state(top) $key]} {
        return [dict get $::config $::state(top) $key]
    }
    return $default
}

# Checks a call against the table; gives a dict of options and "words", the positional arguments.
proc parse {command arguments} {
    lassign [dict get $::table $command] document page count flags options
    set result [dict create words {}]
    while {[llength $arguments] > 0} {
        set arguments [lassign $arguments word]
        if {$word in $flags} {
            dict set result $word 1
        } elseif {[dict exists $options $word]} {
            if {[llength $arguments] == 0} {
                fail "$command: $word needs a value"
            }
            set arguments [lassign $arguments value]
            if {![string match [dict get $options $word] $value]} {
                fail "$command: $word must be [dict get $options $word], is $value"
            }
            dict set result $word $value
        } elseif {[string index $word 0] eq "-"} {
            fail "$command: option $word is not in the table ($document, $page)"
        } else {
            dict lappend result words $word
        }
    }
    if {[llength [dict get $result words]] != $count} {
        fail "$command: must have $count arguments, has [llength [dict get $result words]]"
    }
    return $result
}

# Checks that all steps that a command builds on were taken.
proc need {command args} {
    foreach step $args {
        if {![info exists ::state($step)]} {
            fail "$command: needs $step before it"
        }
    }
}

foreach command [dict keys $table] {
    proc $command args [format {
        set options [parse %1$s $args]
        note [list call %1$s {*}$args]
        do_%1$s $options
        set ::state(%1$s) 1
    } $command]
}

proc do_open_project {options} {
    array unset ::state
    set ::state(project) [lindex [dict get $options words] 0]
    set ::state(files) {}
    if {[dict exists $options -reset]} {
        file delete -force $::state(project)
    }
    file mkdir $::state(project)
}

proc do_set_top {options} {
    need set_top open_project
    set ::state(top) [lindex [dict get $options words] 0]
    note [list start $::state(top) [clock milliseconds]]
    set names [array names ::env]
    if {[info exists ::env(LD_LIBRARY_PATH)]} {
        lappend names LD_LIBRARY_PATH=$::env(LD_LIBRARY_PATH)
    }
    note [list environment $names]
}

# The tool splits -cflags at spaces and reads relative folders from where it was started.
proc do_add_files {options} {
    need add_files open_project
    set file [lindex [dict get $options words] 0]
    if {![file isfile $file]} {
        fail "add_files: cannot find $file in [pwd]"
    }
    foreach flag [split [dict get $options -cflags]] {
        if {[string match -I* $flag] && ![file isdirectory [string range $flag 2 end]]} {
            fail "add_files: no folder [string range $flag 2 end] in [pwd]"
        } elseif {![string match -I* $flag] && $flag ne "-std=c++14"} {
            fail "add_files: unknown flag $flag"
        }
    }
    lappend ::state(files) [list $file [dict get $options -cflags] [dict exists $options -tb]]
}

proc do_open_solution {options} {
    need open_solution open_project set_top add_files
    set ::state(solution) [file join $::state(project) [lindex [dict get $options words] 0]]
    file mkdir $::state(solution)
}

proc do_set_part {options} {
    need set_part open_solution
    set ::state(part) [lindex [dict get $options words] 0]
}

proc do_create_clock {options} {
    need create_clock open_solution
    set ::state(period) [dict get $options -period]
}

proc append_log {text} {
    set file [open [file join $::state(solution) [file tail $::state(solution)].log] a]
    puts $file $text
    close $file
}

# Compiles and runs the test bench where the configuration names a compiler and the simulation's headers.
proc do_csim_design {options} {
    need csim_design open_solution set_part
    set files {}
    set flags {}
    foreach file $::state(files) {
        lappend files [lindex $file 0]
        lappend flags {*}[split [lindex $file 1]]
    }
    set compiler [dict get $::config tool compiler]
    set program [file join [pwd] $::state(project) csim]
    exec {*}$compiler {*}[lsort -unique $flags] {*}$files -o $program 2>@1
    if {[catch {exec $program 2>@1} printed]} {
        append_log $printed
        error "csim_design failed"
    }
    append_log $printed
}

proc do_csynth_design {options} {
    need csynth_design set_top open_solution set_part create_clock
    puts "INFO: \[HLS 200-10\] Analyzing design file"
    after [wish sleep 0]
    if {[wish error ""] ne ""} {
        puts "WARNING: \[HLS 200-1\] something small"
        puts "ERROR: \[HLS 207-1\] [wish error {}]"
        puts "ERROR: \[HLS 200-2\] and more of it"
        error [wish error ""]
    }
    if {[wish killed 0]} {
        exec kill -9 [pid]
    }
    if {[wish quit ""] ne ""} {
        puts "INFO: leaving"
        exit [wish quit 0]
    }
    set folder [file join $::state(solution) syn report]
    file mkdir $folder [file join $::state(solution) .autopilot db]
    set file [open [file join $folder csynth.xml] w]
    puts $file [report]
    close $file
    set file [open [file join $::state(solution) .autopilot db $::state(top).tbgen.tcl] w]
    puts $file "set moduleName $::state(top)\nset isTopModule 1\nset pipeline_type [wish tbgen function]"
    puts $file "set FunctionProtocol ap_ctrl_none"
    close $file
}

# csynth.xml with the tags and the order that version 2022.2 writes; a module below has other figures.
proc report {} {
    set period $::state(period)
    set uncertainty [wish uncertainty [format %.2f [expr {0.27 * $period}]]]
    set latency [wish latency 2]
    set text "<profile>
    <ReportVersion>
        <Version>[wish version 2022.2]</Version>
    </ReportVersion>
    <UserAssignments>
        <unit>ns</unit>
        <ProductFamily>zynq</ProductFamily>
        <Part>$::state(part)</Part>
        <TopModelName>[wish name $::state(top)]</TopModelName>
        <TargetClockPeriod>[format %.2f $period]</TargetClockPeriod>
        <ClockUncertainty>$uncertainty</ClockUncertainty>
        <TargetInitiationInterval>1</TargetInitiationInterval>
        <FlowTarget>vivado</FlowTarget>
    </UserAssignments>
    <PerformanceEstimates>
        <PipelineType>[wish type yes(flp)]</PipelineType>
        <SummaryOfTimingAnalysis>
            <unit>ns</unit>
            <EstimatedClockPeriod>[wish estimate 5.125]</EstimatedClockPeriod>
        </SummaryOfTimingAnalysis>
        <SummaryOfOverallLatency>
            <unit>clock cycles</unit>
            <Best-caseLatency>$latency</Best-caseLatency>
            <Average-caseLatency>$latency</Average-caseLatency>
            <Worst-caseLatency>$latency</Worst-caseLatency>
            <PipelineInitiationInterval>[wish ii 1]</PipelineInitiationInterval>
            <PipelineDepth>3</PipelineDepth>
            <Interval-min>[wish ii 1]</Interval-min>
            <Interval-max>[wish interval [wish ii 1]]</Interval-max>
        </SummaryOfOverallLatency>
    </PerformanceEstimates>
    <AreaEstimates>
        <Resources>
            <BRAM_18K>[wish bram18 4]</BRAM_18K>
            <FF>[wish ff 847]</FF>
            <LUT>[wish lut 1601]</LUT>
            <DSP>0</DSP>
            <URAM>0</URAM>
        </Resources>
        <AvailableResources>
            <BRAM_18K>280</BRAM_18K>
            <DSP>220</DSP>
            <FF>106400</FF>
            <LUT>53200</LUT>
            <URAM>0</URAM>
        </AvailableResources>
    </AreaEstimates>
    <ModuleInformation>
        <Module>
            <Name>inner</Name>
            <PerformanceEstimates>
                <PipelineType>yes(flp)</PipelineType>
                <SummaryOfTimingAnalysis>
                    <EstimatedClockPeriod>0.790</EstimatedClockPeriod>
                </SummaryOfTimingAnalysis>
                <SummaryOfOverallLatency>
                    <Worst-caseLatency>0</Worst-caseLatency>
                    <PipelineInitiationInterval>1</PipelineInitiationInterval>
                    <Interval-max>1</Interval-max>
                </SummaryOfOverallLatency>
            </PerformanceEstimates>
            <AreaEstimates>
                <Resources>
                    <FF>2</FF>
                    <LUT>8</LUT>
                    <BRAM_18K>0</BRAM_18K>
                    <DSP>0</DSP>
                </Resources>
            </AreaEstimates>
        </Module>
    </ModuleInformation>
</profile>"
    foreach tag [wish drop {}] {
        regsub "<$tag>\[^<\]*</$tag>\\s*" $text {} text  ;# the first: the top's
    }
    foreach tag [wish cut {}] {
        regsub "<$tag>.*?</$tag>\\s*" $text {} text
    }
    return $text
}

proc do_cosim_design {options} {
    need cosim_design csynth_design
    if {[wish cosim ""] ne ""} {
        append_log "ERROR: \[COSIM 212-361\] [wish cosim {}]"
        error [wish cosim ""]
    }
    set folder [file join $::state(solution) sim report]
    file mkdir $folder
    set file [open [file join $folder $::state(top)_cosim.rpt] w]
    puts $file "|   RTL    |  Status  | min| avg| max| min| avg| max| Cycles |"
    puts $file "|      VHDL|        NA|  NA|  NA|  NA|  NA|  NA|  NA|      NA|"
    puts $file "|   Verilog|      Pass|   2|   2|   2|   1|   1|   1|      37|"
    close $file
}

proc do_export_design {options} {
    need export_design csynth_design
    foreach option {-format -vendor -library -ipname -version} {
        if {![dict exists $options $option]} {
            fail "export_design: $option is missing"
        }
    }
    set ip [file join $::state(solution) impl ip]
    file mkdir [file join $ip hdl verilog]
    foreach path {component.xml hdl/verilog/top.v} {
        set file [open [file join $ip {*}[split $path /]] w]
        puts $file "<spirit:component>"
        foreach {tag option} {vendor -vendor library -library name -ipname version -version} {
            puts $file "  <spirit:$tag>[dict get $options $option]</spirit:$tag>"
        }
        puts $file "</spirit:component>"
        close $file
    }
    note [list end $::state(top) [clock milliseconds]]
}

# A command that is neither Tcl's nor in the table.
proc unknown {command args} {
    fail "$command is not in the table of Vitis HLS commands"
}

set arguments [lassign $argv config_path log program]
set file [open $config_path r]
set config [read $file]
close $file
array set state {top tool}
note [list tool $program {*}$arguments]
switch -glob -- "$program $arguments" {
    {vitis_hls -version} {puts "Vitis HLS - High-Level Synthesis v[wish version 2022.2] (64-bit)"}
    {vitis-run --version} {puts "****** vitis-run v[wish version 2024.2] (64-bit)"}
    {vitis_hls -f *} {source [lindex $arguments 1]}
    {vitis-run --mode hls --tcl *} {source [lindex $arguments 3]}
    default {fail "$program: cannot be called with $arguments"}
}
