# SPDX-License-Identifier: Apache-2.0
"""What the documentation takes from the code, when the site is built.

A line `<!-- generated: NAME -->` in a page is replaced by what the function NAME below returns, as Markdown.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable
from typing import Any

from pygments.formatters import HtmlFormatter

from finnlite.backends.hls.units import UNITS
from finnlite.backends.pynq.instances import instances
from finnlite.boards import BOARDS
from finnlite.errors import FinnliteError
from finnlite.ops import OPERATORS
from finnlite.ops.unit import Unit
from finnlite.options import STAGES
from finnlite.transforms.supported import supported

MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
MODULES = (
    "finnlite",
    "finnlite.transforms",
    "finnlite.ir",
    "finnlite.accelerator",
    "finnlite.timing",
    "finnlite.schedule",
    "finnlite.resources",
    "finnlite.pictures",
    "finnlite.examples",
    "finnlite.runtime",
)
"""The modules of the API page."""


def first_line(thing: object) -> str:
    """The first paragraph of a docstring on one line, fit for a table."""
    text = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), *([list(row) for row in rows])]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def operators() -> str:
    """Every operator that a model may hold, by domain."""
    parts = []
    domains = sorted({row.domain for row in supported()})
    known = re.compile(r" \(Q?ONNX `\w+`(, [^)]*)?\)")
    for domain in domains:
        rows = [
            (f"`{row.op_type}`", known.sub("", row.meaning).replace("|", "\\|"), row.becomes, row.limits)
            for row in supported()
            if row.domain == domain
        ]
        parts.append(f"### {f'Domain `{domain}`' if domain else 'Standard ONNX'}")
        parts.append(table(("operator", "what it computes", "what becomes of it", "limits"), rows))
    return "\n\n".join(parts)


def units() -> str:
    """Every hardware unit, with what a folding sets."""
    settings: dict[type[Unit], dict[str, None]] = {}
    for instance in instances():
        names = dict.fromkeys(instance.unit.settings(*instance.node.inputs))
        settings.setdefault(type(instance.unit), {}).update(names)
    rows = [
        (
            f"`{unit.op_type}`",
            ", ".join(f"`{name}`" for name in settings.get(unit, {})) or "–",
            first_line(unit),
            "C++" if unit in UNITS else "Verilog; a stream in simulation",
        )
        for unit in sorted(
            (op for op in OPERATORS.values() if issubclass(op, Unit)), key=lambda op: op.op_type.lower()
        )
    ]
    return table(("unit", "folding settings", "what it does", "emitted as"), rows)


def errors() -> str:
    """The exception tree, as nested lists with links to what to do."""
    importlib.import_module("finnlite.flow")
    return "\n".join(_branch(FinnliteError, 0))


def _branch(error: type[Exception], depth: int) -> list[str]:
    lines = [f"{'    ' * depth}- [`{error.__name__}`](#{error.__name__.lower()}): {first_line(error)}"]
    for child in sorted(error.__subclasses__(), key=lambda child: child.__name__):
        lines += _branch(child, depth + 1)
    return lines


def stages() -> str:
    """The stages with the first line of their transformations."""
    transforms = importlib.import_module("finnlite.transforms")
    rows = [
        (str(number), f"`{name}`", first_line(getattr(transforms, name))) for name, number in STAGES.items()
    ]
    return table(("", "stage", "what it does"), rows)


def boards() -> str:
    """The boards and what their parts hold."""
    rows = [
        (
            f"`{board.name}`",
            f"`{board.part}`",
            *(f"{getattr(board.budget, name):,}" for name in ("lut", "lutram", "ff", "bram18", "dsp")),
            f"1 to {board.max_clock_mhz:g} MHz",
        )
        for board in BOARDS.values()
    ]
    return table(("board", "part", "LUT", "of them RAM", "FF", "RAMB18", "DSP", "`--clock-mhz`"), rows)


def api() -> str:
    """The public names of the modules that a user meets."""
    parts = []
    for module in map(importlib.import_module, MODULES):
        rows = [
            (f"`{name}{_signature(thing)}`".replace("|", "\\|"), first_line(thing))
            for name in module.__all__
            if callable(thing := getattr(module, name)) and not _is_error(thing)
        ]
        parts += [f"## {module.__name__}", first_line(module), table(("name", "what it is"), rows)]
    return "\n\n".join(parts)


def _is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Exception)


def _signature(thing: Any) -> str:
    """The parameters of a function or class, without types."""
    names = []
    for parameter in inspect.signature(thing).parameters.values():
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in names and not any("*" in n for n in names):
            names.append("*")
        default = "" if parameter.default is parameter.empty else "=…"
        names.append(f"{mark}{parameter.name}{default}")
    return f"({', '.join(names)})"


GENERATED = {function.__name__: function for function in (api, boards, errors, operators, stages, units)}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fills in what is generated (called by MkDocs)."""
    return MARK.sub(lambda found: GENERATED[found[1]](), markdown)


def on_post_build(config: Any) -> None:
    """Appends the colours of code to the site's style sheet (called by MkDocs)."""
    with open(f"{config['site_dir']}/style.css", "a", encoding="utf-8") as file:
        file.write(HtmlFormatter(style="default").get_style_defs(".codehilite"))
