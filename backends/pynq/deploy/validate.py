# SPDX-License-Identifier: Apache-2.0
"""Accuracy, agreement and speed of the accelerator in this folder, on an .npz file of frames.

The file holds `input` (as `predict` takes it: integers where an input type was declared), optionally
`output` (`output_1`, ... for further ones), which must agree, and `label`. Exits 1 if anything differs.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from finnlite_driver import Accelerator, DriverError  # type: ignore[import-not-found]  # lies beside this file

_TOLERANCE = 1e-5


class DataError(Exception):
    """The data file is not what it must be."""


def read(path: Path) -> dict[str, Any]:
    """The arrays of the data file."""
    if not path.is_file():
        raise DataError(f"{path}: must be an .npz archive, does not exist")
    if not zipfile.is_zipfile(str(path)):
        raise DataError(f"{path}: must be an .npz archive, is not; save it with numpy.savez")
    try:
        with np.load(str(path), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: must hold arrays of numbers, is damaged ({error})") from None
    if "input" not in arrays:
        found = ", ".join(repr(name) for name in arrays) or "nothing"
        raise DataError(f"{path}: must hold 'input', holds {found}")
    count = len(arrays["input"]) if arrays["input"].ndim else 0
    if not count:
        raise DataError(f"{path}: 'input' must hold frames, holds none")
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise DataError(f"{path}: {name!r} must hold numbers, holds {array.dtype}")
        if len(np.atleast_1d(array)) != count:
            raise DataError(f"{path}: {name!r} must hold {count} samples, holds {len(np.atleast_1d(array))}")
        if name == "label" and array.size != count:
            raise DataError(f"{path}: 'label' must hold one number a sample, has shape {list(array.shape)}")
    return arrays


def flat(array: Any) -> Any:
    """(F, elements)."""
    return array.reshape(len(array), -1)


def labels_of(output: Any) -> Any:
    """(F,) the output itself if it is one number, else the index of the largest."""
    output = flat(output)
    return output[:, 0] if output.shape[1] == 1 else output.argmax(axis=1)


def differing(path: Path, name: str, found: Any, expected: Any, exact: bool) -> Any:
    """(F,) which frames differ: integers exactly, floats by more than 1e-5 of the largest."""
    a, b = flat(found), flat(expected)
    if exact and a.shape[1] == 1 < b.shape[1]:
        b = labels_of(expected)[:, None]
    if a.shape != b.shape:
        raise DataError(
            f"{path}: {name!r} must hold {a.shape[1]} elements a frame, as the accelerator gives, "
            f"holds {b.shape[1]}"
        )
    a, b = a.astype(np.float64), b.astype(np.float64)
    allowed = 0.0 if exact else _TOLERANCE * np.abs(b[np.isfinite(b)]).max(initial=0)
    with np.errstate(invalid="ignore"):
        same = (a == b) | (np.abs(a - b) <= allowed) | (np.isnan(a) & np.isnan(b))
    return ~same.all(axis=1)


def agree(path: Path, arrays: dict[str, Any], answers: dict[str, Any], exact: dict[str, bool]) -> bool:
    """Prints how far the answers are those of the file; False if they are not."""
    good = True
    names = [f"output_{index}" if index else "output" for index in range(len(answers))]
    for name in arrays:
        if name.startswith("output") and name not in names:
            raise DataError(f"{path}: {name!r} must be an output of the network, which has {len(names)}")
    for index, (name, answer) in enumerate(answers.items()):
        key = names[index]
        if key in arrays:
            wrong = differing(path, key, answer, arrays[key], exact[name])
            first = f", frame {int(np.flatnonzero(wrong)[0])} first" if wrong.any() else ""
            print(f"{name}: {int(wrong.sum())} of {len(wrong)} frames differ from {key!r}{first}")
            good = good and not wrong.any()
    if "label" in arrays:
        labels = flat(arrays["label"])[:, 0]
        right = labels_of(next(iter(answers.values()))) == labels
        print(f"accuracy: {100 * float(right.mean()):.2f} % of {len(labels)} labels")
    return good


def validate(path: Path, batch: int | None, device: str) -> bool:
    """Runs the file's frames; False if an answer differs from the file's."""
    arrays = read(path)
    with Accelerator(Path(__file__).resolve().parent, device=device) as accelerator:
        frames = arrays["input"]
        size = batch or len(frames)
        chunks = (frames[start : start + size] for start in range(0, len(frames), size))
        parts = list(accelerator.predict(chunks))
        outputs = accelerator.metadata.outputs
        if len(outputs) == 1:
            parts = [{outputs[0].name: part} for part in parts]
        answers = {output.name: np.concatenate([part[output.name] for part in parts]) for output in outputs}
        exact = {output.name: output.datatype != "FLOAT32" for output in outputs}
        good = agree(path, arrays, answers, exact)
        print(accelerator.benchmark(frames, batch))
    return good


def positive(text: str) -> int:
    """A number of frames."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive number of frames, is {text!r}")
    return int(text)


def main() -> int:
    """Reads the command line; 0 if all is well."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("data", type=Path, metavar="DATA.npz", help="input, optionally output and label")
    parser.add_argument("--batch", type=positive, metavar="N", help="frames a call")
    parser.add_argument(
        "--device", choices=("pynq", "sim"), default="pynq", help="the board or the C simulation"
    )
    options = parser.parse_args()
    try:
        return 0 if validate(options.data, options.batch, options.device) else 1
    except (DataError, DriverError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
