# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page that loads nothing; names from the model are escaped.

Its only script sorts the table of layers, and the page's policy lets no other run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from finnlite.text import printable, shortened

from .chart import chart
from .reproducing import command
from .words import RESOURCES, accuracy, bound, kind, plural, rate, summary, waiting

__all__ = ["environment", "files", "page"]

_LATER: dict[str, Any] = {
    "untested_quantizers": [],
    "folding": None,
    "identity": None,
    "version": None,
    "options": None,
    "stage_files": [],
}
"""What reports of builds that stopped early, or of earlier versions, do not have."""


def _count(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}"


def environment() -> Environment:
    """Where the pages' templates are, with the filters they use."""
    result = Environment(
        loader=PackageLoader("finnlite.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters.update(
        clean=printable,
        short=shortened,
        count=_count,
        plural=plural,
        rate=rate,
        bound=bound,
        waiting=waiting,
        kind=kind,
        command=command,
    )
    return result


def page(report: Mapping[str, Any]) -> str:
    """`report.html` for the data of `report.json`."""
    templates = environment()
    script = templates.get_template("sort.js").render()
    return templates.get_template("report.html.j2").render(
        {**_LATER, **report},
        chart=chart(report),
        names=RESOURCES,
        summary=summary(report),
        labels=accuracy(report),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """The report's two files."""
    text = json.dumps(report, indent=1) + "\n"
    return {"report.json": text.encode(), "report.html": page(report).encode()}
