# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page without scripts; names from the model are escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from finnlite.text import printable, shortened

from .chart import chart
from .words import RESOURCES, bound, kind, waiting

__all__ = ["environment", "files", "page"]

_LATER: dict[str, Any] = {"untested_quantizers": [], "folding": None}
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
        clean=printable, short=shortened, count=_count, bound=bound, waiting=waiting, kind=kind
    )
    return result


def page(report: Mapping[str, Any]) -> str:
    """`report.html` for the data of `report.json`."""
    template = environment().get_template("report.html.j2")
    return template.render({**_LATER, **report}, chart=chart(report), names=RESOURCES)


def files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """The report's two files."""
    text = json.dumps(report, indent=1) + "\n"
    return {"report.json": text.encode(), "report.html": page(report).encode()}
