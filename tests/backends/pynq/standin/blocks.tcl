# SPDX-License-Identifier: Apache-2.0
# Block designs: cells of the table's IPs, of HLS layers and of Verilog modules; what they offer depends on
# their properties. Connections are only recorded: whether they make sense is for the rules to say.

namespace eval standin {
    # Definitions by VLNV without version, and by "module:NAME"; cells by name: their definition's name and
    # the properties that were set.
    variable definitions [dict create]
    variable cells [dict create]
    variable block_design ""
    # What `offered` found, by cell and section; a cell's are forgotten when its properties change.
    variable known [dict create]
}

proc standin::cell_names {} {
    variable cells
    return [dict keys $cells]
}

# The definition behind a VLNV, whose version may be left out; "" if there is none.
proc standin::definition_of {vlnv} {
    variable table
    variable definitions
    set name [join [lrange [split $vlnv :] 0 2] :]
    foreach known [list [dict get $table ips] $definitions] {
        if {[dict exists $known $name]} {
            set version [lindex [split $vlnv :] 3]
            if {$version eq "" || $version eq [dict get $known $name version]} {
                dict set definitions $name [dict get $known $name]
                return $name
            }
        }
    }
    return ""
}

proc standin::do_create_bd_design {options arguments} {
    variable block_design [lindex $arguments 0]
    return $block_design
}

proc standin::do_create_bd_cell {options arguments} {
    variable block_design
    variable cells
    set cell [lindex $arguments 0]
    if {$block_design eq ""} { fail "create_bd_cell: there must be an open block design, is none" }
    if {![regexp {^[A-Za-z]\w*$} $cell]} {
        fail "create_bd_cell: name must be a letter and letters, digits or _, is '$cell'"
    }
    if {[dict exists $cells $cell]} { fail "create_bd_cell: cell '$cell' must be new, exists" }
    switch -- [lookup $options "" -type] {
        ip {
            set vlnv [lookup $options "" -vlnv]
            set name [definition_of $vlnv]
            if {$name eq ""} { fail "create_bd_cell: IP must be in the catalog, '$vlnv' is not" }
        }
        module {
            set module [lookup $options "" -reference]
            set name [module_definition $module]
            if {$name eq ""} {
                fail "create_bd_cell: module must be in a file of the project, '$module' is not"
            }
        }
        default { fail "create_bd_cell: -type must be ip or module, is '[lookup $options {} -type]'" }
    }
    dict set cells $cell [dict create definition $name properties [dict create]]
    return "/$cell"
}

# The definition of a Verilog module in the files of the project; "" if there is none.
proc standin::module_definition {module} {
    variable definitions
    foreach path [project_files] {
        set definition [module::definition [read_file $path] $module]
        if {$definition ne ""} {
            dict set definitions module:$module $definition
            return module:$module
        }
    }
    return ""
}

# What a cell's definition says in `section` ("pins", "interfaces", "spaces", "segments"), as far as it
# exists under the cell's properties, with indices filled in.
proc standin::offered {cell section} {
    variable cells
    variable definitions
    variable known
    if {[dict exists $known $cell $section]} { return [dict get $known $cell $section] }
    set definition [dict get $definitions [dict get $cells $cell definition]]
    set result [dict create]
    dict for {name entry} [lookup $definition {} $section] {
        if {![holds $cell [lookup $entry {} when]]} { continue }
        set copies [list $name]
        if {[dict exists $entry each]} {
            set copies [list]
            set count [property $cell [dict get $entry each]]
            for {set index 0} {$index < $count} {incr index} { lappend copies [list $name $index] }
        }
        foreach copy $copies {
            set one $entry
            if {[dict exists $one clocks] && [llength $copy] > 1} {
                dict set one clocks [list [format [dict get $one clocks] [lindex $copy 1]]]
            }
            if {[dict exists $one width]} { dict set one width [number $cell [dict get $one width]] }
            dict set result [format {*}$copy] $one
        }
    }
    dict set known $cell $section $result
    return $result
}

proc standin::holds {cell conditions} {
    dict for {name value} $conditions {
        if {[property $cell $name] ne $value} { return 0 }
    }
    return 1
}

# A number, or the value of the property of that name.
proc standin::number {cell text} {
    if {[string is integer -strict $text]} { return $text }
    return [property $cell $text]
}

# The properties that a cell has: name to {kind … default …}.
proc standin::properties {cell} {
    variable cells
    variable definitions
    return [lookup [dict get $definitions [dict get $cells $cell definition]] {} properties]
}

proc standin::property {cell name} {
    variable cells
    set known [lookup [properties $cell] {} $name]
    if {[dict exists $known computed]} { return [fabric_clock [property $cell [dict get $known computed]]] }
    return [lookup $cells [lookup $known "" default] $cell properties $name]
}

# The clock that the processor's PLL of 1000 MHz and its two divisors give for the one asked for, printed
# from single precision as Vivado does.
proc standin::fabric_clock {asked} {
    set best 0
    for {set first 1} {$first < 64} {incr first} {
        set second [expr {min(63, max(1, round(1000.0 / ($asked * $first))))}]
        set clock [expr {1000.0 / ($first * $second)}]
        if {abs($clock - $asked) < abs($best - $asked)} { set best $clock }
    }
    binary scan [binary format f $best] f single
    return [format %.6f $single]
}

# The names "/cell/name" of everything in `section` of all cells.
proc standin::members {section} {
    set result [list]
    foreach cell [cell_names] {
        foreach name [dict keys [offered $cell $section]] { lappend result "/$cell/$name" }
    }
    return $result
}

# The members among `all` that the patterns of a get_ command name. Vivado warns of a pattern that matches
# nothing and the next command fails; here it is an error at once, which says which pattern it was.
proc standin::matching {command patterns all} {
    if {$patterns eq ""} { return $all }
    set result [list]
    foreach pattern [concat {*}$patterns] {
        set found [lsearch -all -inline -glob $all "/[string trimleft $pattern /]"]
        if {$found eq ""} { fail "$command: '$pattern' must exist, does not" }
        lappend result {*}$found
    }
    return $result
}

proc standin::do_get_bd_cells {options arguments} {
    set all [list]
    foreach cell [cell_names] { lappend all /$cell }
    return [matching get_bd_cells $arguments $all]
}

# As `matching`, for the members of one section; a plain "cell/name" is looked up in its cell only.
proc standin::get_members {command section patterns} {
    set result [list]
    foreach pattern [concat {*}$patterns] {
        if {[is_member $section /[string trimleft $pattern /]]} {
            lappend result /[string trimleft $pattern /]
        } else {
            lappend result {*}[matching $command [list $pattern] [members $section]]
        }
    }
    if {$patterns eq ""} { return [members $section] }
    return $result
}

proc standin::is_member {section object} {
    variable cells
    if {![regexp {^/(\w+)/(.+)$} $object -> cell name]} { return 0 }
    return [expr {[dict exists $cells $cell] && [dict exists [offered $cell $section] $name]}]
}

foreach {command section} {
    get_bd_pins pins get_bd_intf_pins interfaces get_bd_addr_spaces spaces get_bd_addr_segs segments
} {
    proc standin::do_$command {options arguments} "
        return \[get_members $command $section \$arguments\]
    "
}

# Checks that every argument is an object that get_… gave.
proc standin::check_objects {command objects section query} {
    foreach object $objects {
        if {![is_member $section $object]} {
            fail "$command: an argument must come from $query, is '$object'"
        }
    }
}

proc standin::do_connect_bd_net {options arguments} {
    check_objects connect_bd_net $arguments pins get_bd_pins
}

proc standin::do_connect_bd_intf_net {options arguments} {
    check_objects connect_bd_intf_net $arguments interfaces get_bd_intf_pins
}

proc standin::do_assign_bd_address {options arguments} {
    foreach option {-target_address_space -offset -range} {
        if {![dict exists $options $option]} {
            fail "assign_bd_address: option $option must be given, is not"
        }
    }
    check_objects assign_bd_address $arguments segments get_bd_addr_segs
    check_objects assign_bd_address [list [dict get $options -target_address_space]] spaces get_bd_addr_spaces
}

proc standin::do_apply_bd_automation {options arguments} {
    variable table
    variable cells
    set rule [lookup $options "" -rule]
    set known [lookup $table "" automations $rule]
    if {$known eq ""} {
        fail "apply_bd_automation: rule must be [either [dict keys [dict get $table automations]]],\
            is '$rule'"
    }
    dict for {name value} [lookup $options {} -config] {
        set allowed [lookup $known "" config $name]
        if {$value ni $allowed} { fail "apply_bd_automation: $name must be '[either $allowed]', is '$value'" }
    }
    foreach object $arguments {
        if {[lookup $cells "" [string trimleft $object /] definition] ne [dict get $known ip]} {
            fail "apply_bd_automation: $object must be a cell of [dict get $known ip], is not"
        }
    }
}

# A line of the log that says what a cell is.
proc standin::cell_record {cell} {
    variable cells
    set values [dict create]
    foreach name [dict keys [properties $cell]] { dict set values $name [property $cell $name] }
    set fields [list cell [json::quoted $cell] definition [json::quoted [dict get $cells $cell definition]]]
    lappend fields properties [json::object_of $values]
    foreach section {pins interfaces spaces segments} {
        set entries [list]
        dict for {name entry} [offered $cell $section] { lappend entries $name [entry_record $entry] }
        lappend fields $section [json::object $entries]
    }
    return [json::object $fields]
}

# An entry of the table as JSON; what is a list in the table stays one.
proc standin::entry_record {entry} {
    set fields [list]
    dict for {name value} $entry {
        switch -- $name {
            clocks - signals - through - window { lappend fields $name [json::array_of $value] }
            when - each - doc {}
            default { lappend fields $name [json::quoted $value] }
        }
    }
    return [json::object $fields]
}
