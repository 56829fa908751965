# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page without scripts; names from the model are escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from finnlite.text import printable, shortened

__all__ = ["files", "page"]


def _count(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}"


def page(report: Mapping[str, Any]) -> str:
    """`report.html` for the data of `report.json`."""
    environment = Environment(
        loader=PackageLoader("finnlite.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clean=printable, short=shortened, count=_count)
    return environment.get_template("report.html.j2").render(report)


def files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """The report's two files."""
    text = json.dumps(report, indent=1) + "\n"
    html = page({"untested_quantizers": [], **report})
    return {"report.json": text.encode(), "report.html": html.encode()}
