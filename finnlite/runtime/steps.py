# SPDX-License-Identifier: Apache-2.0
"""What the host computes around the accelerator: a list of ONNX operators, evaluated with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .operators import MOVES, OPERATORS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Program", "Step"]


@dataclass(frozen=True)
class Step:
    """One operator.

    Args:
        op: Its name in `OPERATORS`.
        node: Name of the model's node it comes from.
        attributes: Its attributes.
        inputs: Names of the values it reads; None where an optional one is absent.
        outputs: Names of the values it makes.
        dtypes: Their numpy types.
    """

    op: str
    node: str
    attributes: dict[str, Any]
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    dtypes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """Steps in an order in which every value is made before it is read.

    Args:
        source: Name of the input.
        dtype: The numpy type in which the steps take it.
        constants: Constant arrays by name.
        steps: The operators.
        results: Names of the values that are returned.
    """

    source: str
    dtype: str
    constants: dict[str, NDArray[Any]]
    steps: tuple[Step, ...]
    results: tuple[str, ...]

    @cached_property
    def moves_only(self) -> bool:
        """Whether every result holds the input's own elements, in some order."""
        return all(step.op in MOVES for step in self.steps)

    def run(self, x: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Runs a batch.

        Args:
            x: (N, …) input; it keeps its type if it is only moved.

        Returns:
            The results by name; they may be views of `x`.
        """
        values: dict[str | None, Any] = {None: None}
        values.update(self.constants)
        moved = self.moves_only
        values[self.source] = x if moved else x.astype(self.dtype, copy=False)
        with np.errstate(all="ignore"):
            for step in self.steps:
                made = OPERATORS[step.op](*[values[name] for name in step.inputs], **step.attributes)
                made = made if isinstance(made, tuple) else (made,)
                for name, dtype, array in zip(step.outputs, step.dtypes, made):
                    values[name] = array if moved else array.astype(dtype, copy=False)
        return {name: values[name] for name in self.results}
