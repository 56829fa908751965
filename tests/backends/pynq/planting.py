# SPDX-License-Identifier: Apache-2.0
"""Planting faults in the emitted Tcl."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.backends.pynq.design_rules import problems
from tests.backends.pynq.designs import demo, project_of, recorded
from tests.backends.pynq.wiring import Wanted

Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    """Replaces what must be there once."""

    def edit(text: str) -> str:
        assert text.count(old) == 1, f"{text.count(old)} times: {old}"
        return text.replace(old, new)

    return edit


def statements(text: str) -> list[str]:
    """The lines of a script; those that a backslash continues belong together."""
    return re.findall(r"(?:.*\\\n)*.*\n", text)


def drop(*parts: str) -> Edit:
    """Deletes the one statement that has all parts."""

    def edit(text: str) -> str:
        found = [one for one in statements(text) if all(part in one for part in parts)]
        assert len(found) == 1, found
        return text.replace(found[0], "")

    return edit


def drop_all(part: str) -> Edit:
    """Deletes the statements that have a part."""
    return lambda text: "".join(one for one in statements(text) if part not in one)


def add(line: str) -> Edit:
    """Adds a line before the layout is drawn."""
    return swap("regenerate_bd_layout\n", f"{line}\nregenerate_bd_layout\n")


def link(source: str, sink: str) -> str:
    return f"connect_bd_intf_net [get_bd_intf_pins {source}] [get_bd_intf_pins {sink}]"


def wire(source: str, sink: str) -> str:
    return f"connect_bd_net [get_bd_pins {source}] [get_bd_pins {sink}]"


@dataclass(frozen=True)
class Fault:
    """Edits by file, and all that is then said; the places of errors are left out."""

    name: str
    edits: dict[str, list[Edit]]
    messages: list[str]

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def design(name: str, *edits: Edit, messages: list[str]) -> Fault:
    return Fault(name, {"design.tcl": [*edits]}, messages)


def edited(fault: Fault, wanted: Wanted) -> dict[str, str]:
    """The files of a project that have the fault."""
    files = {}
    for name, edits in fault.edits.items():
        before = text = project_of(wanted).files[name].decode()
        for edit in edits:
            text = edit(text)
        assert text != before
        files[name] = text
    return files


def planted(fault: Fault, folder: Path) -> list[str]:
    """What is said of a project with a fault in it, without the places of errors."""
    found = problems(recorded(demo(), folder, edited(fault, demo())), demo())
    return [re.sub(r"^\w+\.(tcl|xdc):\d+: ", "", message) for message in found]
