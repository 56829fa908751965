# SPDX-License-Identifier: Apache-2.0
"""The frames that run through the ladder: a verify file's, checked and mapped to integers, or synthetic."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qonnx.core.datatype import BaseDataType

from finnlite.errors import OptionError
from finnlite.execution import Session
from finnlite.ir import Graph, Value
from finnlite.ops.scaling import Normalize
from finnlite.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "SYNTHETIC_FRAMES",
    "Samples",
    "encode_input",
    "load_samples",
    "read_frames",
    "synthetic_samples",
]

SYNTHETIC_FRAMES = 64
_SEED = 20_260_101
_ULPS = 2
"""How far a float input may lie from that of the nearest integer."""


@dataclass(frozen=True)
class Samples:
    """Frames for the ladder.

    Args:
        inputs: By input name; axis 0 counts frames; integers where an input type was declared.
        outputs: What the file says the model answers, by output name; may be empty.
        labels: (N,) classes the file says the frames are of, or None.
        data: "file" or "synthetic".
    """

    inputs: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    labels: NDArray[Any] | None = None
    data: str = "synthetic"

    def __len__(self) -> int:
        """Number of frames."""
        return len(next(iter(self.inputs.values())))

    def first(self, count: int) -> Samples:
        """The first `count` frames."""
        return Samples(
            {name: array[:count] for name, array in self.inputs.items()},
            {name: array[:count] for name, array in self.outputs.items()},
            None if self.labels is None else self.labels[:count],
            self.data,
        )


def synthetic_samples(graph: Graph, count: int = SYNTHETIC_FRAMES) -> Samples:
    """Seeded random frames of the graph's input types: every integer as likely, normal floats."""
    rng = np.random.default_rng(_SEED)
    inputs = {}
    for value in graph.inputs:
        shape = (count, *value.shape[1:])
        if not value.datatype.is_integer():
            inputs[value.name] = rng.standard_normal(shape).astype(value.carrier)
            continue
        low, high = int(value.datatype.min()), int(value.datatype.max())
        integers = rng.integers(low, high, size=shape, endpoint=True)
        if _is_bipolar(value.datatype):
            integers = rng.integers(0, 2, size=shape) * 2 - 1
        inputs[value.name] = integers.astype(value.carrier)
    return Samples(inputs)


def load_samples(path: Path, graph: Graph) -> Samples:
    """The frames of a verify file for an imported graph.

    Raises:
        OptionError: If the file cannot be read, or its arrays do not fit the graph.
    """
    arrays = _read(path)
    inputs: dict[str, NDArray[Any]] = {}
    for index, value in enumerate(graph.inputs):
        key = f"input_{index}" if index else "input"
        if key not in arrays:
            found = ", ".join(map(repr, arrays)) or "nothing"
            raise OptionError(f"verify file {str(path)!r}: must hold {key!r}, holds {found}")
        inputs[value.name] = encode_input(graph, value, arrays[key], f"verify file {str(path)!r}: {key!r}")
    count = len(next(iter(inputs.values())))
    for key, array in zip(_keys("input", inputs), inputs.values(), strict=True):
        if len(array) != count:
            raise OptionError(
                f"verify file {str(path)!r}: {key!r} must hold {count} samples, holds {len(array)}"
            )
    outputs = {}
    for key, value in zip(_keys("output", graph.outputs), graph.outputs, strict=True):
        if key in arrays:
            outputs[value.name] = _expected(path, key, arrays[key], (count, *value.shape[1:]))
    labels = arrays.get("label")
    if labels is not None:
        labels = _expected(path, "label", labels, (count,))
    return Samples(inputs, outputs, labels, "file")


def read_frames(path: Path) -> NDArray[Any]:
    """The frames of an .npy file, or those called `input` of an .npz file, as `--input` names it.

    Raises:
        OptionError: If the file cannot be read, or does not say which frames are meant.
    """
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found
            inputs = [key for key in found.files if re.fullmatch(r"input(_\d+)?", key)]
            if inputs == ["input"]:
                frames: NDArray[Any] = found["input"]
                return frames
    except OSError as error:
        raise OptionError(f"--input: must be readable, '{path}' is not ({error.strerror})") from error
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise OptionError(f"--input: must be an .npy or .npz file of numbers, '{path}' is not") from None
    names = ", ".join(map(repr, inputs or found.files)) or "nothing"
    raise OptionError(f"--input: must hold one input, called 'input', '{path}' holds {names}")


def _keys(base: str, items: Any) -> list[str]:
    return [f"{base}_{index}" if index else base for index in range(len(items))]


def _read(path: Path) -> dict[str, NDArray[Any]]:
    what = f"verify file {str(path)!r}:"
    if not path.exists():
        raise OptionError(f"{what} must be an .npz archive, does not exist")
    if not zipfile.is_zipfile(path):
        raise OptionError(f"{what} must be an .npz archive, is not; save it with numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except ValueError:
        raise OptionError(f"{what} must hold numbers, holds Python objects") from None
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise OptionError(f"{what} must be an .npz archive, is damaged ({error})") from None


def _expected(path: Path, key: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.asarray(array)
    if array.shape != shape and array.size == np.prod(shape) and len(array) == shape[0]:
        array = array.reshape(shape)
    if array.shape != shape:
        raise OptionError(
            f"verify file {str(path)!r}: {key!r} must have shape {_shape(shape)}, has {_shape(array.shape)}"
        )
    if array.dtype.kind not in "biuf":
        raise OptionError(f"verify file {str(path)!r}: {key!r} must hold numbers, holds {array.dtype}")
    return array


def _shape(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"


def encode_input(graph: Graph, value: Value, array: NDArray[Any], what: str) -> NDArray[Any]:
    """Frames as the graph's input takes them: checked, and mapped to integers where those were declared.

    Args:
        graph: The imported graph.
        value: One of its inputs.
        array: (N, …) frames; floats are what the source model takes, integers are q where declared.
        what: The array's name in messages.

    Raises:
        OptionError: If shape or values do not fit.
    """
    array = np.asarray(array)
    if array.ndim != len(value.shape) or array.shape[1:] != value.shape[1:] or not len(array):
        wanted = ", ".join(["N", *map(str, value.shape[1:])])
        raise OptionError(f"{what} must have shape ({wanted}), has {_shape(array.shape)}")
    if array.dtype.kind not in "biuf":
        raise OptionError(f"{what} must hold numbers, holds {array.dtype}")
    if not np.isfinite(array).all():
        raise OptionError(f"{what} must hold finite numbers, holds {array[~np.isfinite(array)][0]}")
    if array.dtype.kind == "f" and (normalize := _normalize(value)) is not None:
        array = _nearest(graph, value, normalize, array, what)
    if value.datatype.is_integer():
        _check_range(array, value.datatype, what)
    return np.ascontiguousarray(array, dtype=value.carrier)


def _is_bipolar(datatype: BaseDataType) -> bool:
    return bool(datatype.name == "BIPOLAR")


def _check_range(array: NDArray[Any], datatype: BaseDataType, what: str) -> None:
    low, high = int(datatype.min()), int(datatype.max())
    wrong = (array != np.round(array)) | (array < low) | (array > high)
    if _is_bipolar(datatype):
        wrong |= array == 0
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        allowed = "-1 or 1" if _is_bipolar(datatype) else f"integers from {low} to {high}"
        raise OptionError(
            f"{what} must hold {allowed} ({datatype.name}), holds {array[at]:g} at {_shape(at)}"
        )


def _normalize(value: Value) -> Value | None:
    """The reals a declared input stands for, if it is one."""
    for node, index in value.uses:
        if index == 0 and isinstance(node.op, Normalize):
            return node.output
    return None


def _nearest(graph: Graph, value: Value, real: Value, array: NDArray[Any], what: str) -> NDArray[Any]:
    """The integers whose reals are nearest to the floats given."""
    node = real.producer
    constants = [] if node is None else [v.const for v in node.inputs[1:] if v is not None]
    numerator, denominator, mean, std = (np.asarray(c, dtype=np.float64) for c in constants)
    x = array.astype(np.float64)
    low, high = int(value.datatype.min()), int(value.datatype.max())
    q = np.clip(np.round((x * std + mean) * denominator / numerator), low, high).astype(value.carrier)
    exact = Session(cut(graph, [value], [real])).run(q)[real.name]
    single = array.astype(np.float32)
    tolerance = _ULPS * np.spacing(np.maximum(np.abs(single), np.abs(exact)))
    wrong = np.abs(single - exact) > tolerance
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise OptionError(
            f"{what} must hold the reals of the declared {value.datatype.name} inputs, "
            f"holds {single[at]:.9g} at {_shape(at)}; the nearest is {exact[at]:.9g} (q = {int(q[at])})"
        )
    return q
