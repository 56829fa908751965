# SPDX-License-Identifier: Apache-2.0
# What Vivado's IP integrator sees of a Verilog module that a block design refers to: its parameters and
# ports, and the interfaces that X_INTERFACE_INFO and X_INTERFACE_PARAMETER name (UG994, "Referencing RTL
# Modules"; UG1118, "Inferring Interfaces").

namespace eval standin::module {}

# The definition, of the form of an entry of the table's "ips", or "" if the text defines no such module.
proc standin::module::definition {text name} {
    regsub -all -- {//[^\n]*|/\*([^*]|\*[^/])*\*/} $text "" text
    if {![regexp -- "\\mmodule\\s+$name\\M(\[^;\]*);" $text -> header]} { return "" }
    if {![regexp -- {^\s*#\s*\(([^()]*)\)\s*\((.*)$} $header -> parameters ports]} {
        set parameters ""
        set ports $header
    }
    set properties [list]
    set parameter {parameter\s+(?:integer\s+|signed\s+|\[[^]]*\]\s*)*(\w+)\s*=\s*("[^"]*"|[^,"]+)}
    foreach {- name value} [regexp -all -inline -- $parameter $parameters] {
        set value [string trim $value]
        set kind [expr {[string match "\"*" $value] ? "text" : "integer"}]
        lappend properties $name [dict create kind $kind default [string trim $value \"]]
    }
    return [dict create properties $properties {*}[ports $ports]]
}

# The pins and interfaces of a port list.
proc standin::module::ports {text} {
    set pins [dict create]
    set interfaces [dict create]
    set segments [dict create]
    set port {((?:\(\*(?:[^*]|\*[^)])*\*\)\s*)*)\m(input|output)\M\s+(?:wire\s+|reg\s+)?(\[[^]]*\])?\s*(\w+)}
    foreach {- attributes direction range name} [regexp -all -inline -- $port $text] {
        set direction [string map {input in output out} $direction]
        set info [attribute $attributes X_INTERFACE_INFO]
        set known {^xilinx\.com:(?:signal|interface):(\w+):\S+ (\w+) (\w+)$}
        if {![regexp -- $known $info -> type owner signal]} {
            dict set pins $name [dict create direction $direction kind data]
            continue
        }
        set parameters [settings [attribute $attributes X_INTERFACE_PARAMETER]]
        switch -- $type {
            clock { dict set pins $name [clock $direction $parameters] }
            reset { dict set pins $name [reset $direction $parameters] }
            axis { stream interfaces $owner $signal $direction $range }
            aximm { registers interfaces segments $owner $signal $direction $range }
            default { dict set pins $name [dict create direction $direction kind data] }
        }
    }
    return [list pins $pins interfaces $interfaces segments $segments]
}

# The string that an attribute is given, or "".
proc standin::module::attribute {attributes name} {
    set value ""
    regexp -- "\\m$name\\s*=\\s*\"(\[^\"\]*)\"" $attributes -> value
    return $value
}

# "A x, B y" as a dict.
proc standin::module::settings {text} {
    set result [dict create]
    foreach setting [split $text ,] {
        dict set result {*}[lrange [concat $setting {""}] 0 1]
    }
    return $result
}

proc standin::module::clock {direction parameters} {
    set clocks [list]
    if {[dict exists $parameters ASSOCIATED_BUSIF]} {
        set clocks [split [dict get $parameters ASSOCIATED_BUSIF] :]
    }
    return [dict create direction $direction kind clock clocks $clocks]
}

proc standin::module::reset {direction parameters} {
    set polarity "unknown"
    if {[dict exists $parameters POLARITY]} {
        set polarity [string map {ACTIVE_LOW low ACTIVE_HIGH high} [dict get $parameters POLARITY]]
    }
    return [dict create direction $direction kind reset polarity $polarity]
}

# Adds a signal of a stream to its interface; TVALID says who is the master, TDATA's range how wide it is.
proc standin::module::stream {interfacesName owner signal direction range} {
    upvar 1 $interfacesName interfaces
    if {![dict exists $interfaces $owner]} {
        dict set interfaces $owner [dict create mode "" type axis signals [list]]
    }
    switch -- $signal {
        TVALID { dict set interfaces $owner mode [expr {$direction eq "in" ? "slave" : "master"}] }
        TREADY {}
        TDATA { dict set interfaces $owner width [width_of $range] }
        default { dict set interfaces $owner signals [concat [dict get $interfaces $owner signals] $signal] }
    }
}

# A number, or the parameter's name.
proc standin::module::width_of {range} {
    if {[regexp -- {^\[\s*(\w+)\s*-\s*1\s*:\s*0\s*\]$} $range -> width]} { return $width }
    if {[regexp -- {^\[\s*(\d+)\s*:\s*0\s*\]$} $range -> high]} { return [expr {$high + 1}] }
    return 1
}

# Adds a signal of an AXI interface: ARVALID says who is the master, a slave's ARADDR how large its segment is,
# which is called reg0 then.
proc standin::module::registers {interfacesName segmentsName owner signal direction range} {
    upvar 1 $interfacesName interfaces $segmentsName segments
    if {![dict exists $interfaces $owner]} { dict set interfaces $owner [dict create mode "" type aximm] }
    switch -- $signal {
        ARVALID { dict set interfaces $owner mode [expr {$direction eq "in" ? "slave" : "master"}] }
        RDATA { dict set interfaces $owner width [width_of $range] }
        ARADDR {
            if {$direction eq "in"} {
                dict set segments $owner/reg0 [dict create range [expr {1 << [width_of $range]}]]
            }
        }
    }
}
