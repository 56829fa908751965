# SPDX-License-Identifier: Apache-2.0
#
# From the sources of the layers to the bitstream, with one command, in any folder:
#
#     vivado -mode batch -source build.tcl [-tclargs JOBS]
#
# JOBS tools run at once (by default as settings.tcl says). What did not change since the last run is not done
# again. The first error ends the run with its message and a non-zero exit code.

namespace eval finnlite {
    variable step ""
}

proc finnlite::announce {number text} {
    variable step "step $number ($text)"
    puts "\n\[$number/9\] $text"
    flush stdout
}

# The message is the last thing on the screen, without a stack trace.
proc finnlite::fail {message} {
    variable step
    if {[regsub {^ERROR: } $message {} message]} {
        append message " The tool's own ERROR lines are above."
    }
    flush stdout
    puts stderr "\nERROR in $step: $message"
    flush stderr
    exit 1
}

# The release as {year number}, or nothing if the tool does not say one.
proc finnlite::release_of {version} {
    if {[regexp {^(\d{4})\.(\d+)} $version match year number]} {
        return [list $year $number]
    }
    return {}
}

proc finnlite::check_tool {part} {
    # Not by other commands: Vivado may load those of the block design when they are first used.
    if {[catch {version -short} version]} {
        error "build.tcl must be run by Vivado, is run by another tool;\
            start it with: vivado -mode batch -source build.tcl"
    }
    set release [release_of $version]
    if {$release eq ""} {
        puts "WARNING: this Vivado calls itself '$version', a release these scripts do not know;\
            if a step fails, use 2022.1 to 2025.2"
    } elseif {[lindex $release 0] < 2022} {
        error "Vivado must be 2022.1 to 2025.2, is $version; install one of these\
            (the free edition has the XC7Z020) and start its vivado"
    } elseif {[lindex $release 0] > 2025} {
        puts "WARNING: Vivado $version is newer than 2025.2, the last release these scripts are written for;\
            if a step fails, use 2025.2"
    }
    if {[llength [get_parts -quiet $part]] == 0} {
        error "Vivado $version must know the part $part, does not; add the Zynq-7000 devices with its\
            installer (Help > Add Design Tools or Devices)"
    }
}

# Windows refuses paths of more than 260 characters, and the tools nest some 170 below this folder. Spaces are
# no problem, but Vivado substitutes and splits paths with other special characters here and there.
proc finnlite::check_folder {here} {
    set length [string length $here]
    if {$::tcl_platform(platform) eq "windows" && $length > 90} {
        puts "WARNING: the folder '$here' has a path of $length characters; Windows takes 260 and the tools\
            need 170 of them. If a file is not found, move the whole output folder to a short path such as C:/f"
    }
    if {[regexp {[^A-Za-z0-9_ ./:~+-]} $here character]} {
        puts "WARNING: the folder '$here' has '$character' in its path, which Vivado may not take. If a file\
            is not found, move the whole output folder to a path of plain letters"
    }
}

proc finnlite::content_of {path} {
    set file [open $path r]
    fconfigure $file -translation binary
    set content [read $file]
    close $file
    return $content
}

# Verilog and its memories, relative to this folder.
proc finnlite::verilog_files {} {
    set names {}
    foreach name [concat $::verilog $::memories] {
        lappend names rtl/$name
    }
    return $names
}

# Nothing may be missing. Vivado would take a module that is not there for a black box, and a memory whose
# file is not there for zeros.
proc finnlite::check_verilog {here} {
    set files [verilog_files]
    set missing {}
    foreach name $files {
        if {![file isfile [file join $here $name]]} {
            lappend missing $name
        }
    }
    if {[llength $missing] > 0} {
        error "the Verilog must be complete, [llength $missing] of [llength $files] files are missing:\
            [join [lrange $missing 0 4] {, }]; copy the folder again, or build it again with finnlite"
    }
}

# What "finnlite report" is told of layers that no tool of their own reports on: which cells to look for.
proc finnlite::name_layers {results layers} {
    set folder [file join $results layers]
    file mkdir $folder
    foreach layer $layers {
        set file [open [file join $folder $layer.json] w]
        puts $file "{\"layer\": \"$layer\", \"made_from\": \"verilog\"}"
        close $file
    }
}

# Everything the bitstream is made from: a run with the same need not be repeated.
proc finnlite::ingredients {here} {
    set all "[version -short]\n"
    foreach name {settings.tcl ps7.tcl design.tcl implement.tcl sources.tcl identity.xdc} {
        append all [content_of [file join $here $name]]
    }
    foreach name [concat [verilog_files] [source_files]] {
        append all $name " " [content_of [file join $here $name]]
    }
    return $all
}

proc finnlite::is_done {here all} {
    set overlay [file join $here .. deploy overlay]
    set stamp [file join $here results built_from.txt]
    foreach path [list $stamp [file join $overlay accelerator.bit] [file join $overlay accelerator.hwh]] {
        if {![file exists $path]} {
            return 0
        }
    }
    return [expr {[content_of $stamp] eq $all}]
}

proc finnlite::build {here jobs} {
    announce 1 "check the tools and the folder"
    if {![string is integer -strict $jobs] || $jobs < 1} {
        error "JOBS must be a number from 1, is '$jobs'"
    }
    check_tool $::part
    check_folder $here
    check_verilog $here
    set results [file join $here results]
    file mkdir $results

    uplevel #0 [list source [file join $here sources.tcl]]
    prepare $here $results $jobs

    set all [ingredients $here]
    if {[is_done $here $all]} {
        puts "\nNothing else to do: the bitstream in deploy/overlay is made from exactly this."
        return
    }
    uplevel #0 [list source [file join $here implement.tcl]]
    implement $here $jobs
    set file [open [file join $results built_from.txt] w]
    fconfigure $file -translation binary
    puts -nonewline $file $all
    close $file
    puts "\nDone: deploy/overlay has accelerator.bit and accelerator.hwh. Copy the folder deploy to the\
        board."
}

set finnlite::here [file dirname [file normalize [info script]]]
source [file join $finnlite::here settings.tcl]
if {[info exists argv] && [llength $argv] > 0} {
    set jobs [lindex $argv 0]
}
if {[catch {finnlite::build $finnlite::here $jobs} finnlite::message]} {
    finnlite::fail $finnlite::message
}
