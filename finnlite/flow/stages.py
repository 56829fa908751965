# SPDX-License-Identifier: Apache-2.0
"""The stages of the flow: which transforms run, in which order, on whose graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finnlite.errors import OptionError
from finnlite.ir import Graph, Transform
from finnlite.options import Numbers, Options, Scale, stage_file
from finnlite.serde import load_stage
from finnlite.transforms import Import, Streamline
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import AbsorbThresholds, MapToHardware
from finnlite.transforms.interleaving import InterleaveChannels
from finnlite.transforms.lowering import LowerConvs
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths

__all__ = ["LAST", "compile_stages", "importer", "load", "run_stages"]

LAST = "SizeStreams"
"""The last stage: the hardware graph."""


def load(
    path: Path | str,
    *,
    input_type: Any = None,
    input_scale: Scale | None = None,
    input_mean: Numbers | None = None,
    input_std: Numbers | None = None,
) -> Graph:
    """Reads a model: stage Import.

    Args:
        path: A QONNX, QCDQ or plain ONNX file.
        input_type: Declares integer inputs q: "uint8", "int4", "bipolar", …
        input_scale: The model sees x = float32((q·scale − mean) / std); a number or a fraction like "1/255".
        input_mean: One number, or one a channel.
        input_std: One number, or one a channel.

    Raises:
        ModelError: If the file cannot be read.
        UnsupportedError: If it holds operators that finnlite does not know.
        OptionError: If the declared input does not fit the model.
    """
    return Import(input_type, input_scale, input_mean, input_std).load(path)


def compile_stages(model: Path | str, options: Options | None = None) -> dict[str, Graph]:
    """The graph after each stage, from the file to the last stage that runs; writes nothing."""
    options = options or Options()
    return dict(run_stages(Path(model), options, None))


def importer(options: Options) -> Import:
    """What reads the model.

    Raises:
        ArgumentError: If what is declared of the input cannot be.
    """
    return Import(options.input_type, options.input_scale, options.input_mean, options.input_std)


def _transforms(options: Options) -> dict[str, Transform]:
    fold = Fold(
        options.folding or {},
        options.target_fps,
        options.fabric_mhz,
        options.board,
        options.max_fps,
        options.limits,
        options.backend,
    )
    integers = (Streamline(), LowerConvs(), InterleaveChannels())
    sized = SizeStreams(options.board, options.limits, options.backend)
    units = (MapToHardware(options.output), AbsorbThresholds(), MinimizeWidths(), fold, sized)
    return {transform.name: transform for transform in (*integers, *units)}


def run_stages(model: Path, options: Options, folder: Path | None) -> Iterator[tuple[str, Graph]]:
    """Runs the stages, each on a copy of the graph before it."""
    if options.from_stage is None:
        graph = importer(options).load(model)
        yield "Import", graph
    else:
        graph = _stage_in(folder, options.from_stage)
    transforms = _transforms(options)
    for name in options.runs:
        if name in transforms:
            graph = graph.copy().transform(transforms[name])
            yield name, graph


def _stage_in(folder: Path | None, stage: str) -> Graph:
    """A stage that an earlier build wrote.

    Raises:
        OptionError: If it did not.
    """
    path = (folder or Path()) / stage_file(stage)
    if not path.is_file():
        raise OptionError(
            f"from: stage {stage} must be in {str(folder)!r}, is not; build with --stages all first"
        )
    return load_stage(path)
