# SPDX-License-Identifier: Apache-2.0
"""`report`: what the vendor's tools found, taken into the report of a built folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finnlite import report as reports
from finnlite.errors import OptionError
from finnlite.implementation import read_results
from finnlite.plan import amend

from .deploying import VIVADO

__all__ = ["not_built", "read_report", "report"]


def report(folder: Path | str) -> dict[str, Any]:
    """The report of a built folder, with what Vivado made of it under `resources.implemented`.

    Args:
        folder: A built folder; its `report.json` and `report.html` are brought up to date.

    Returns:
        What `report.json` holds now; `implemented` is None if Vivado has not finished there.

    Raises:
        OptionError: If the folder holds no report, or Vivado's results are damaged or of another build.
    """
    folder = Path(folder)
    data = read_report(folder)
    results = read_results(folder / VIVADO)
    if results is not None and results.identity != data["identity"]:
        raise OptionError(
            f"folder {str(folder)!r}: Vivado's results must be of this build ({data['identity']}), "
            f"are of {results.identity}; run Vivado again"
        )
    data["resources"]["implemented"] = None if results is None else results.as_dict()
    amend(folder, reports.files(data))
    return data


def not_built(folder: Path, missing: str) -> str:
    """What to say of a folder in which a file of a build is missing."""
    found = f"holds no {missing}" if folder.is_dir() else "is a file" if folder.exists() else "does not exist"
    return (
        f"folder {str(folder)!r}: must hold a finished build, {found}; "
        f"check the path, or run 'finnlite build MODEL -o {folder}'"
    )


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a built folder as it is.

    Raises:
        OptionError: If the folder holds none.
    """
    try:
        data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        _ = data["resources"]["budget"], data["layers"], data["identity"]
    except OSError:
        raise OptionError(not_built(folder, "report.json")) from None
    except (ValueError, KeyError, TypeError):
        raise OptionError(f"folder {str(folder)!r}: report.json must be finnlite's, is damaged") from None
    result: dict[str, Any] = data
    return result
