# SPDX-License-Identifier: Apache-2.0
"""Materialising: whatever a chain of operators does, integers and thresholds that do the same.

1. The values at the end of the chain must be few and lie on one grid.
2. Thresholds are the points where the value changes, found on the integers.
3. A level that a channel never reaches gets a threshold just beyond the accumulator's range.
4. A channel that falls is turned around by negating its weights where their type allows it, and compared
   the other way round where not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import FLOAT32, Graph, Node, Value, carrier_of
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Reshape, cast_to
from finnlite.ops.scaling import Affine
from finnlite.ops.shapes import integer_type
from finnlite.ops.thresholding import Thresholding

from .chains import Chain, chain_of, root_domain, varying
from .constants import Grid, fit_grid
from .levels import MAX_LEVELS, Breakpoints, Domain, TooManyLevels, find_breakpoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["materialise"]


def materialise(graph: Graph, value: Value, reader: Node | None) -> Value:
    """Replaces the chain that ends in `value` by thresholds and the scale of their levels.

    Args:
        graph: The graph.
        value: The end of the chain: the output of its last operator that is not affine.
        reader: The node that needs integers, for messages; None for a graph output.

    Returns:
        The integer value; everything that read `value` reads its scaled form.

    Raises:
        UnsupportedError: If the chain is no quantizer.
    """
    chain = _single_chain(value)
    domain = root_domain(chain.root)
    points = _breakpoints(chain, domain, reader)
    levels = np.unique(np.concatenate([points.first, points.value]))
    grid = fit_grid(levels)
    if grid is None:
        raise _off_grid(chain, reader, points, len(levels))
    thresholds, falling = _thresholds(points, domain, grid, levels)
    if falling.any():
        thresholds, falling = _turn_around(graph, chain, thresholds, falling)
    return _write(graph, chain, grid, thresholds, falling)


def _single_chain(value: Value) -> Chain:
    chain = chain_of(value)
    if isinstance(chain, Chain):
        return chain
    if len(chain) > 1:
        names = " and ".join(repr(v.producer.name if v.producer else v.name) for v in chain)
        join = _join(value)
        message = f"node {join!r}: its inputs must depend on one layer, depend on {names}"
        raise UnsupportedError(
            message, node=join, fix="joins of branches are not mapped yet; remove the branch"
        )
    node = chain[0].producer
    name, kind = (node.name, node.op.op_type) if node is not None else (value.name, "input")
    message = f"node {name!r}: must be elementwise or a product of integers to become hardware, is {kind}"
    raise UnsupportedError(message, node=name, fix="use it behind the last layer only, or remove it")


def _join(value: Value) -> str:
    """The name of the last node that joins branches on the way to a value that depends on several."""
    node = value.producer
    while node is not None and len(inputs := varying(node)) == 1:
        node = node.input(inputs[0]).producer
    return value.name if node is None else node.name


def _no_quantizer(
    chain: Chain,
    reader: Node | None,
    found: str,
    fix: str = "put a quantizer (Quant, BipolarQuant, QCDQ, Sign) behind it",
) -> UnsupportedError:
    node, user = chain.value.producer, f"input of {reader.name!r}" if reader is not None else "output"
    root = chain.root
    undeclared = root.producer is None and not (root.datatype.is_integer() and root.carrier.kind == "f")
    if node is None:
        name = reader.name if reader is not None else chain.value.name
        message = (
            f"node {name!r}: its input {chain.value.name!r} must hold integers, is {chain.root.datatype.name}"
        )
        fix = "declare them (--input-type), or put a quantizer behind the input"
        return UnsupportedError(message, node=name, fix=fix)
    message = (
        f"node {node.name!r} ({node.op.op_type}): the {user} must be quantized to at most "
        f"{MAX_LEVELS} values, {found}"
    )
    if undeclared:
        fix += ", or declare integers at the input (--input-type)"
    return UnsupportedError(message, node=node.name, fix=fix)


def _off_grid(chain: Chain, reader: Node | None, points: Breakpoints, levels: int) -> UnsupportedError:
    ends = np.searchsorted(points.lane, np.arange(len(points.first) + 1))
    for lane, first in enumerate(points.first):
        values = np.unique(np.append(points.value[ends[lane] : ends[lane + 1]], first))
        if fit_grid(values) is None:
            return _no_quantizer(chain, reader, f"its {levels} values lie on no grid step·k + offset")
    found = f"each channel has a grid of its own for its part of {levels} values"
    return _no_quantizer(chain, reader, found, "give the quantizer one scale for all channels")


def _not_a_number(chain: Chain, reader: Node | None) -> UnsupportedError:
    end, user = chain.nodes[-1], f"input of {reader.name!r}" if reader is not None else "output"
    message = (
        f"node {end.name!r} ({end.op.op_type}): the {user} must be a number for every value of "
        f"{chain.root.name!r}, is NaN for some"
    )
    fix = "put a Relu or Clip in front of what is undefined there (Sqrt, Log, Pow, Div)"
    return UnsupportedError(message, node=end.name, fix=fix)


def _breakpoints(chain: Chain, domain: Domain, reader: Node | None) -> Breakpoints:
    doubtful = chain.unproven()
    function = chain.function(domain)

    def evaluate(indices: NDArray[np.int64]) -> NDArray[Any]:
        values = function(indices)
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise _not_a_number(chain, reader)
        return values

    try:
        points = find_breakpoints(evaluate, domain, monotone=doubtful is None)
    except TooManyLevels:
        raise _no_quantizer(chain, reader, "takes more") from None
    if points is not None and (doubtful is None or _is_monotone(points)):
        return points
    culprit = doubtful or chain.nodes[-1]
    size = int((domain.high - domain.low).max()) + 1
    message = (
        f"node {culprit.name!r} ({culprit.op.op_type}): the function before a quantizer must be monotone, "
        f"is not over the {size} values of {chain.root.name!r}"
    )
    raise UnsupportedError(
        message, node=culprit.name, fix="use a monotone activation (Relu, Clip, Sign, Tanh)"
    )


def _is_monotone(points: Breakpoints) -> bool:
    previous = np.concatenate([points.first[:0], points.value])[:-1]
    starts = np.flatnonzero(np.diff(points.lane, prepend=-1))
    before = np.concatenate([points.value[:1], previous]) if points.value.size else points.value
    before = before.copy()
    before[starts] = points.first[points.lane[starts]]
    rises = points.value > before
    direction = (points.last > points.first)[points.lane]
    return bool((rises == direction).all())


def _thresholds(
    points: Breakpoints, domain: Domain, grid: Grid, levels: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(lanes, T) thresholds as values of the root, and which lanes fall (they fire at x ≤ t)."""
    first = grid.integers[np.searchsorted(levels, points.first)]
    value = grid.integers[np.searchsorted(levels, points.value)]
    last = grid.integers[np.searchsorted(levels, points.last)]
    wanted = _steps(grid)
    ends = np.searchsorted(points.lane, np.arange(len(first) + 1))
    table = np.empty((len(first), len(wanted)))
    inside = domain.values(np.stack([domain.low, domain.high])).astype(np.float64)
    if domain.unbounded:
        inside = inside * np.inf
    falling = last < first
    at, before = domain.values(points.index), domain.values(points.index - 1)
    for lane in range(len(first)):
        part = slice(ends[lane], ends[lane + 1])
        if falling[lane]:
            ks = np.concatenate([value[part][::-1], first[lane : lane + 1]])
            xs = np.concatenate([inside[1][lane : lane + 1], before[part][::-1]])
            never = inside[0][lane] - 1
        else:
            ks = np.concatenate([first[lane : lane + 1], value[part]])
            xs = np.concatenate([inside[0][lane : lane + 1], at[part]])
            never = inside[1][lane] + 1
        position = np.searchsorted(ks, wanted)
        table[lane] = np.where(position < len(xs), xs[np.minimum(position, len(xs) - 1)], never)
    return table, falling


def _steps(grid: Grid) -> NDArray[np.int64]:
    """The integers whose reaching each threshold marks: all above the smallest (for ±1 just the 1)."""
    low, high = int(grid.integers.min()), int(grid.integers.max())
    if _is_bipolar(grid):
        return np.array([1])
    return np.arange(low + 1, max(high, low + 1) + 1)


def _is_bipolar(grid: Grid) -> bool:
    return bool(np.array_equal(grid.integers, [-1, 1]))


def _turn_around(
    graph: Graph, chain: Chain, thresholds: NDArray[np.float64], falling: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    node = chain.root.producer
    own = all(user in chain.nodes for user, _ in chain.root.uses) and not graph.is_output(chain.root)
    if node is None or not isinstance(node.op, MatMul) or not own:
        return thresholds, falling
    weights = node.input(1)
    if weights.const is None:
        return thresholds, falling
    low, high = weights.datatype.min(), weights.datatype.max()
    columns: NDArray[Any] = weights.const
    flip = falling & (-columns.max(axis=0) >= low) & (-columns.min(axis=0) <= high)
    if not flip.any():
        return thresholds, falling
    turned = np.where(flip, -columns, columns)
    graph.set_input(node, 1, graph.constant(turned, weights.datatype, name=weights.name))
    graph.refresh(node)  # the accumulator's range is turned around too
    return np.where(flip[:, None], -thresholds, thresholds), falling & ~flip


def _write(
    graph: Graph, chain: Chain, grid: Grid, thresholds: NDArray[np.float64], falling: NDArray[np.bool_]
) -> Value:
    root, end = chain.root, chain.value.producer
    before = end._next if end is not None else None
    origin = tuple(dict.fromkeys(name for node in chain.nodes for name in (node.origin or (node.name,))))
    x = root
    if x.carrier.kind != "f":
        x = graph.add(cast_to(carrier_of(x.datatype)), x, before=before, origin=origin)
    uniform = bool((thresholds == thresholds[0]).all() and (falling == falling[0]).all())
    if uniform:
        thresholds, falling = thresholds[:1], falling[:1]
    elif len(thresholds) != root.shape[1]:
        flat = graph.constant(np.array([0, -1], dtype=np.int64))
        x = graph.add(Reshape(), x, flat, before=before, origin=origin)
    datatype = FLOAT32
    if root.datatype.is_integer():
        datatype = integer_type(int(thresholds.min()), int(thresholds.max()))
    table = graph.constant(thresholds, datatype, name=f"{chain.value.name}_thresholds")
    flags = graph.constant(falling.astype(np.float32)) if falling.any() else None
    low = int(grid.integers.min())
    op = Thresholding(out_min=low, out_step=2 if _is_bipolar(grid) else 1)
    name = end.name if end is not None else chain.value.name
    integers = graph.add(op, x, table, flags, name=f"{name}_thresholds", before=before, origin=origin)
    if x.shape != root.shape:
        back = graph.constant(np.array([0, *root.shape[1:]], dtype=np.int64))
        integers = graph.add(Reshape(), integers, back, before=before, origin=origin)
    for node in chain.moves:
        rest = node.inputs[1:]
        integers = graph.add(node.op, integers, *rest, name=node.name, before=before, origin=node.origin)
    offset = graph.constant(np.float64(grid.offset)) if grid.offset else None
    scale = graph.constant(np.float64(grid.step))
    real = graph.add(Affine(), integers, scale, offset, name=f"{name}_scale", before=before, origin=origin)
    if chain.value.carrier != real.carrier:
        real = graph.add(cast_to(chain.value.carrier), real, before=before, origin=origin)
    graph.replace(chain.value, real)
    return integers
