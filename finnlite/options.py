# SPDX-License-Identifier: Apache-2.0
"""The options of a build, checked before anything runs, and the stages they belong to."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from finnlite.boards import DEFAULT_LIMITS, Board, Limits, board_named
from finnlite.errors import ArgumentError, OptionError
from finnlite.ladder import check_caps

__all__ = [
    "BACKENDS",
    "STAGES",
    "Numbers",
    "Options",
    "Scale",
    "check_same_model",
    "read_folding",
    "stage_file",
]

STAGES: dict[str, int] = {
    "Import": 1,
    "Streamline": 2,
    "LowerConvs": 3,
    "InterleaveChannels": 4,
    "MapToHardware": 5,
    "AbsorbThresholds": 6,
    "MinimizeWidths": 7,
    "Fold": 8,
    "SizeStreams": 9,
}
"""Every stage with the number of its file, in order."""

BACKENDS = ("hls", "rtl")
"""What can be emitted."""

_ALWAYS_WRITTEN = ("Import", "Streamline")
Scale = float | str | Fraction
Numbers = Scale | tuple[float | str, ...] | list[float | str]


def stage_file(stage: str) -> str:
    """A stage's file below the output folder.

    >>> stage_file("Fold")
    'stages/08_Fold.onnx'
    """
    return f"stages/{STAGES[stage]:02}_{stage}.onnx"


@dataclass(frozen=True)
class Options:
    """What `finnlite.build` takes, apart from model, folder and data."""

    board: str = "pynq-z1"
    clock_mhz: float = 100.0
    target_fps: float | None = None
    max_fps: bool = False
    folding: Mapping[str, Any] | None = None
    limits: Limits = DEFAULT_LIMITS
    backend: str = "hls"
    status: bool = False
    rtl_layers: tuple[str, ...] = ()
    input_type: Any = None
    input_scale: Any = None
    input_mean: Any = None
    input_std: Any = None
    output: str = "logits"
    verify_samples: Mapping[str, int] = field(default_factory=dict)
    from_stage: str | None = None
    to_stage: str | None = None
    stages: str | None = None

    def check(self) -> Board:
        """Checks what can be checked without the model, and gives the board.

        Raises:
            ArgumentError: If an option cannot be, or belongs to a stage that does not run.
        """
        if self.backend not in BACKENDS:
            raise ArgumentError(f"backend must be 'hls' or 'rtl', is {self.backend!r}")
        board = board_named(self.board, self.backend)
        board.check_clock(self.clock_mhz)
        if self.output not in ("logits", "label"):
            raise ArgumentError(f"output must be 'logits' or 'label', is {self.output!r}")
        if self.stages not in (None, "default", "all"):
            raise ArgumentError(f"stages must be 'default' or 'all', is {self.stages!r}")
        self.limits.check()
        if self.target_fps is not None and self.max_fps:
            raise ArgumentError("target fps and max fps must not both be given; leave one out")
        if self.target_fps is not None and self.folding is not None:
            raise ArgumentError("target fps and folding must not both be given; the folding decides the fps")
        if self.target_fps is not None and not 0 < self.target_fps < float("inf"):
            raise ArgumentError(f"target fps must be a positive number, is {self.target_fps:g}")
        check_caps(self.verify_samples)
        if "rtl" in self.verify_samples and not self.has_verilog:
            raise ArgumentError("verify samples: rtl must go with the backend 'rtl'; leave it out")
        if self.status and self.backend != "rtl":
            raise ArgumentError(
                "status must go with the backend 'rtl', whose streams are counted; leave it out"
            )
        if self.rtl_layers and self.backend == "rtl":
            raise ArgumentError(
                "rtl layers must go with the backend 'hls': of 'rtl' all are Verilog; leave out"
            )
        self._check_stages()
        return board

    def _check_stages(self) -> None:
        for option, stage in (("from", self.from_stage), ("to", self.to_stage)):
            if stage is not None and stage not in STAGES:
                near = difflib.get_close_matches(stage, STAGES, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ArgumentError(f"{option} must be one of {', '.join(STAGES)}, is {stage!r}{hint}")
        if not self.runs and self.to_stage is None:
            raise ArgumentError(f"from must be a stage before {self.from_stage}, is {self.from_stage!r}")
        if not self.runs:
            raise ArgumentError(f"to must be a stage after {self.from_stage}, is {self.to_stage!r}")
        declared = (self.input_type, self.input_scale, self.input_mean, self.input_std)
        given = {
            "Import": any(option is not None for option in declared) and "input type, scale, mean and std",
            "MapToHardware": self.output != "logits" and f"output {self.output!r}",
            "Fold": (self.folding is not None and "folding")
            or (self.target_fps is not None and "target fps")
            or (self.max_fps and "max fps"),
        }
        for stage, what in given.items():
            if what and stage not in self.runs and self.from_stage is not None:
                raise ArgumentError(f"{what} must be given to the stage {stage}, which --from leaves out")

    @property
    def fabric_mhz(self) -> float:
        """The clock that the board can make, at or below the one asked for; times and rates are in it."""
        return board_named(self.board).achievable_clock(self.clock_mhz)

    @property
    def runs(self) -> tuple[str, ...]:
        """The stages that run."""
        names = list(STAGES)
        start = names.index(self.from_stage) + 1 if self.from_stage is not None else 0
        stop = names.index(self.to_stage) + 1 if self.to_stage is not None else len(names)
        return tuple(names[start:stop])

    @property
    def has_verilog(self) -> bool:
        """Whether Verilog is emitted and simulated: for all layers, be it only for some that it is built."""
        return self.backend == "rtl" or bool(self.rtl_layers)

    @property
    def emits(self) -> bool:
        """Whether code is emitted: not if the build stops after a stage, be it the last."""
        return self.to_stage is None

    @property
    def earlier(self) -> tuple[str, ...]:
        """The stages up to the one whose file the build starts from."""
        names = list(STAGES)
        return tuple(names[: names.index(self.from_stage) + 1]) if self.from_stage is not None else ()

    @property
    def writes(self) -> tuple[str, ...]:
        """The stages whose files are written."""
        if self.stages == "all":
            return self.runs
        return tuple(name for name in self.runs if name in _ALWAYS_WRITTEN or name == self.runs[-1])


def read_folding(folding: Mapping[str, Any] | Path | str | None) -> Mapping[str, Any] | None:
    """A folding given as a dict, or as a JSON file that holds one.

    Raises:
        OptionError: If the file cannot be read or holds something else.
    """
    if folding is None or isinstance(folding, Mapping):
        return folding
    path = Path(folding)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(
            f"folding file {str(path)!r}: must be readable, is not ({error.strerror})"
        ) from None
    except ValueError as error:
        raise OptionError(f"folding file {str(path)!r}: must be JSON, is not ({error})") from None
    if not isinstance(data, dict):
        raise OptionError(
            f"folding file {str(path)!r}: must map layer names to "
            f'{{"pe": …, "simd": …}}, is a JSON {type(data).__name__}'
        )
    return data


def check_same_model(folder: Path, model: Path, digest: str) -> None:
    """Sees that the stages in a folder, to start from, were made of this very model file.

    Raises:
        OptionError: If the folder's report names another file's digest.
    """
    try:
        made = json.loads((folder / "report.json").read_text(encoding="utf-8"))["model"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # no build is there, which is said where its stage is read
    if made != digest:
        raise OptionError(
            f"from: the stages in {str(folder)!r} must be of {str(model)!r}, are of another file; "
            "build it without --from first"
        )
