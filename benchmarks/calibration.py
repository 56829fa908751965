# SPDX-License-Identifier: Apache-2.0
"""Calibrates the RTL backend's resource estimates: random units through Yosys, and weights that fit them.

`python -m benchmarks.calibration FOLDER [KIND …]` measures the units, of all kinds or of some, keeps what it
measured in FOLDER, prints how far the estimates are off, and writes the weights to finnlite/ops.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from finnlite.backends.rtl.emit import library
from finnlite.backends.rtl.measured import Measured
from finnlite.backends.rtl.parts import node_part
from finnlite.backends.rtl.synthesis import Cache, measure
from finnlite.backends.rtl.yosys import find_yosys
from finnlite.errors import UnsupportedError
from finnlite.ir import Node
from finnlite.ops import structure
from finnlite.ops.unit import Unit
from finnlite.workers import local

from .sweep import MAKERS, units_of

UNITS = {"MVTU": 24, "SWU": 12, "VVTU": 12, "Thresholding": 12, "FIFO": 16, "WidthConverter": 12}
"""Random units of a kind; of the others `OTHERS`."""
OTHERS = 6
JOBS = 2
_PLACES = 3


@dataclass(frozen=True)
class Fit:
    """Weights of one kind of unit, and their relative errors on the units that they were fitted to."""

    weights: Mapping[str, float]
    errors: NDArray[np.float64]


def least_squares(matrix: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Non-negative x that minimises |matrix @ x − wanted| (Lawson and Hanson's active set)."""
    count = matrix.shape[1]
    x, free = np.zeros(count), np.zeros(count, dtype=np.bool_)
    for _ in range(10 * count):
        gradient = matrix.T @ (wanted - matrix @ x)
        gradient[free] = -np.inf
        best = int(np.argmax(gradient))
        if gradient[best] <= 1e-9 * (1 + np.abs(matrix).sum()):
            break
        free[best] = True
        while True:
            trial = np.zeros(count)
            trial[free] = np.linalg.lstsq(matrix[:, free], wanted, rcond=None)[0]
            negative = free & (trial <= 0)
            if not negative.any():
                break
            step = np.min(x[negative] / np.maximum(x[negative] - trial[negative], 1e-30))
            x = x + step * (trial - x)
            free &= x > 1e-12
            x[~free] = 0
        x = trial
    return x


def fit(rows: list[dict[str, float]], wanted: NDArray[np.float64]) -> Fit:
    """Weights of the rows' terms whose sums come closest to what is wanted, each relative to it."""
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    floor = np.maximum(wanted, 10)  # a few LUTs more or less of almost none do not matter
    found = np.round(least_squares(matrix / floor[:, None], wanted / floor), _PLACES)
    weights = {name: float(x) for name, x in zip(names, found, strict=True) if x > 0}
    return Fit(weights, (matrix @ found - wanted) / floor)


def measured(kinds: Iterable[str], folder: Path) -> dict[str, list[tuple[Node, Measured]]]:
    """Random units of each kind with what Yosys makes of them."""
    nodes = {
        f"{kind} {n}": node
        for kind in kinds
        for n, node in enumerate(units_of(kind, UNITS.get(kind, OTHERS)))
    }
    parts = {name: node_part(node) for name, node in nodes.items()}
    show = sys.stderr.isatty()
    found = measure(
        parts,
        library(),
        find_yosys(),
        local(JOBS),
        Cache(folder),
        lambda done, of: print(f"\r{done}/{of}", end="", file=sys.stderr) if show else None,
    )
    result: dict[str, list[tuple[Node, Measured]]] = {}
    for name, node in nodes.items():
        result.setdefault(name.split()[0], []).append((node, found[name]))
    return result


def emitted(kinds: Iterable[str]) -> list[str]:
    """Those kinds that have RTL code."""
    result = []
    for kind in kinds:
        try:
            node_part(next(units_of(kind, 1)))
        except UnsupportedError as error:
            print(f"{kind}: left out, {error}")
        else:
            result.append(kind)
    return result


def main() -> None:
    folder, chosen = Path(sys.argv[1]), sys.argv[2:] or list(MAKERS)
    path = Path(structure.__file__).with_name(structure.FACTORS)
    data = json.loads(path.read_text()) if path.is_file() else {"factors": {}}
    print(f"{'':14}{'LUT':>24}{'FF':>24}{'RAMB18':>8}{'DSP':>6}  units")
    columns = f"{'mean':>8}{'95 %':>8}{'worst':>8}"
    print(f"{'':14}{columns}{columns}{'wrong':>8}{'wrong':>6}")
    for kind, pairs in measured(emitted(chosen), folder).items():
        rows = [node.op.terms(node) for node, _ in pairs if isinstance(node.op, Unit)]
        fits = {
            "lut": fit(rows, np.array([(found.lut + found.lc) / 2 for _, found in pairs])),
            "ff": fit(rows, np.array([float(found.ff) for _, found in pairs])),
        }
        data["factors"][kind] = {name: dict(fitted.weights) for name, fitted in fits.items()}
        text = "".join(
            f"{np.mean(e):8.1%}{np.quantile(e, 0.95):8.1%}{e.max():8.1%}"
            for e in (np.abs(fitted.errors) for fitted in fits.values())
        )
        exact = [(node.op.exact(node), found) for node, found in pairs if isinstance(node.op, Unit)]
        blocks = sum(ours.bram18 != found.bram18 for ours, found in exact)
        products = sum(ours.dsp != found.dsp for ours, found in exact)
        print(f"{kind:14}{text}{blocks:8}{products:6}{len(pairs):7}")
    data = {"yosys": find_yosys().version, "factors": dict(sorted(data["factors"].items()))}
    path.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
