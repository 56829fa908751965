# SPDX-License-Identifier: Apache-2.0
"""The report of a build: `report.json`, and the same as a page. What has not been computed is null."""

from .data import hardware_part, layer_rows, model_part, note_list, verification_part
from .page import files, page
from .reproducing import options_part

__all__ = [
    "files",
    "hardware_part",
    "layer_rows",
    "model_part",
    "note_list",
    "options_part",
    "page",
    "verification_part",
]
