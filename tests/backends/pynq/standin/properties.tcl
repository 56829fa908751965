# SPDX-License-Identifier: Apache-2.0
# Properties of cells ("CONFIG.…") and of the other objects, as the table lists them.

# The kind of an object (a key of the table's "properties") and its name.
proc standin::kind_of {object} {
    variable block_design
    variable files
    if {[regexp {^(project|fileset|run|design):(.*)$} $object -> kind name]} { return [list $kind $name] }
    if {[regexp {^path:(.*)$} $object -> name]} { return [list timing_path $name] }
    if {[regexp {^/(\w+)$} $object -> name] && $name in [cell_names]} { return [list cell $name] }
    if {[dict exists $files $object] || ($block_design ne "" && $object eq [bd_path])} {
        return [list file $object]
    }
    return [list "" $object]
}

proc standin::do_set_property {options arguments} {
    if {[dict exists $options -dict]} { set pairs [dict get $options -dict] } else {
        set pairs [lrange $arguments 0 1]
        set arguments [lrange $arguments 2 end]
    }
    if {[llength $pairs] % 2} {
        fail "set_property: -dict must be names and values, has [llength $pairs] words"
    }
    if {[concat {*}$arguments] eq ""} { fail "set_property: there must be an object, is none" }
    foreach object [concat {*}$arguments] {
        foreach {name value} $pairs { set_one $object $name $value }
    }
}

proc standin::set_one {object name value} {
    variable table
    variable values
    lassign [kind_of $object] kind owner
    if {$kind eq ""} { fail "set_property: object must exist, '$object' does not" }
    if {$kind eq "cell" && [string match CONFIG.* $name]} {
        set known [lookup [properties $owner] "" [string range $name 7 end]]
        if {$known eq ""} { fail "set_property: $name must be a property of cell '$owner', is not" }
        if {[dict exists $known computed]} { fail "set_property: $name must be left to the IP, is set" }
        check_value $name $known $value
        dict set ::standin::cells $owner properties [string range $name 7 end] $value
        dict unset ::standin::known $owner
        return
    }
    set name [string toupper $name]
    set known [lookup $table "" properties $kind $name]
    if {$known eq "" || ![dict get $known set]} {
        fail "set_property: $name must be a property of a $kind that can be set, is not"
    }
    check_value $name $known $value
    if {$name eq "FILE_TYPE"} { dict set ::standin::file_types $owner $value }
    dict set values $kind $name $value
}

# The kinds of the table: flag, integer, number, hex32, text; "allowed" lists values, "range" bounds them.
proc standin::check_value {name known value} {
    switch -- [dict get $known kind] {
        flag { set ok [expr {$value in {0 1}}]; set must "0 or 1" }
        integer { set ok [string is integer -strict $value]; set must "an integer" }
        number { set ok [string is double -strict $value]; set must "a number" }
        hex32 { set ok [regexp {^0[xX][0-9a-fA-F]{8}$} $value]; set must "0x and eight hexadecimal digits" }
        text { set ok [expr {$value ne ""}]; set must "a text" }
    }
    if {$ok && [dict exists $known allowed]} {
        set ok [expr {$value in [dict get $known allowed]}]
        set must [either [dict get $known allowed]]
    }
    if {$ok && [dict exists $known range]} {
        lassign [dict get $known range] low high
        set ok [expr {$value >= $low && $value <= $high}]
        set must "$low to $high"
    }
    if {!$ok} { fail "set_property: $name must be $must, is '$value'" }
}

proc standin::do_get_property {options arguments} {
    variable table
    variable values
    lassign $arguments name object
    lassign [kind_of $object] kind owner
    if {$kind eq ""} { fail "get_property: object must exist, '$object' does not" }
    if {$kind eq "cell" && [string match CONFIG.* $name]} {
        set property [string range $name 7 end]
        if {![dict exists [properties $owner] $property]} {
            fail "get_property: $name must be a property of cell '$owner', is not"
        }
        return [property $owner $property]
    }
    set name [string toupper $name]
    if {[lookup $table "" properties $kind $name] eq ""} {
        fail "get_property: $name must be a property of a $kind, is not"
    }
    return [standin::value_of $kind $owner $name]
}

proc standin::value_of {kind owner name} {
    variable settings
    variable values
    variable run_status
    switch -- $kind,$name {
        run,STATUS { return [dict get $run_status $owner] }
        run,PROGRESS {
            return [expr {[string match *Complete* [dict get $run_status $owner]] ? "100%" : "40%"}]
        }
        run,DIRECTORY { return [folder_of runs $owner] }
        run,STATS.WNS { return [lookup $settings 0.123 runs $owner wns] }
        run,STATS.WHS { return [lookup $settings 0.021 runs $owner whs] }
        timing_path,STARTPOINT_PIN { return [lookup $settings system_i/ps7/a_reg/C runs impl_1 startpoint] }
        timing_path,ENDPOINT_PIN { return [lookup $settings system_i/ps7/b_reg/D runs impl_1 endpoint] }
    }
    return [lookup $values "" $kind $name]
}
