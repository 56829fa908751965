# SPDX-License-Identifier: Apache-2.0
# JSON for the stand-in: objects are read as dicts, arrays as lists, true and false as 1 and 0, null as "".

namespace eval standin::json {}

# The value that a text holds.
proc standin::json::parse {text} {
    set token {"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+}
    set tokens [regexp -all -inline -- $token $text]
    set at 0
    return [value $tokens at]
}

proc standin::json::value {tokens atName} {
    upvar 1 $atName at
    set token [lindex $tokens $at]
    incr at
    switch -glob -- $token {
        "\{" { return [members $tokens at "\}" 1] }
        "\\\[" { return [members $tokens at "\]" 0] }
        "\"*" { return [subst -nocommands -novariables [string range $token 1 end-1]] }
        true { return 1 }
        false { return 0 }
        null { return "" }
    }
    return $token
}

# The members of an object (keys and values in turn) or of an array, up to its end.
proc standin::json::members {tokens atName end keyed} {
    upvar 1 $atName at
    set result [list]
    while {[lindex $tokens $at] ne $end} {
        if {$keyed} {
            lappend result [value $tokens at]
            incr at
        }
        lappend result [value $tokens at]
        if {[lindex $tokens $at] eq ","} { incr at }
    }
    incr at
    return $result
}

proc standin::json::quoted {text} {
    return "\"[string map [list \\ \\\\ \" \\\" \n \\n \r \\r \t \\t] $text]\""
}

proc standin::json::array_of {texts} {
    set members [list]
    foreach text $texts { lappend members [quoted $text] }
    return "\[[join $members {, }]\]"
}

# An object of names and values, the values being JSON already.
proc standin::json::object {fields} {
    set members [list]
    foreach {name value} $fields { lappend members "[quoted $name]: $value" }
    return "{[join $members {, }]}"
}

# An object of names and texts.
proc standin::json::object_of {fields} {
    set members [list]
    foreach {name value} $fields { lappend members $name [quoted $value] }
    return [object $members]
}
