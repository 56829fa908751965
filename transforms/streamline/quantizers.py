# SPDX-License-Identifier: Apache-2.0
"""Materialising: whatever a chain of operators does, integers and thresholds that do the same.

1. The values at the end of the chain must be few and lie on one grid.
2. Thresholds are the points where the value changes, found on the integers.
3. A level that a channel never reaches gets a threshold just beyond the accumulator's range.
4. A function that falls and rises of few integers is a table (`tables`).
5. A channel that falls is turned around by negating its weights where their type allows it, and compared
   the other way round where not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finnlite.errors import UnsupportedError
from finnlite.ir import FLOAT32, Graph, Node, Value, carrier_of
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.linear import MatMul
from finnlite.ops.movement import Concat, Reshape, cast_to
from finnlite.ops.scaling import Affine
from finnlite.ops.shapes import integer_type
from finnlite.ops.spatial import Pad
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.window import WindowOp

from .chains import Chain, chain_of, is_integer, varying, walk_back, widens
from .constants import Grid, Zero, fit_grid
from .levels import MAX_LEVELS, Breakpoints, Domain, TooManyLevels, find_breakpoints, is_monotone
from .ranges import root_domain
from .tables import has_table, write_table

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
    domain = root_domain(chain.root, chain.lanes)
    points = _breakpoints(chain, domain, reader)
    if points is None or not is_monotone(points):
        if _cut_earlier(graph, chain, reader):
            return materialise(graph, value, reader)
        if points is None or not has_table(chain, len(domain.low)):
            raise _not_monotone(chain, domain)
    levels = np.unique(np.concatenate([points.first, points.value]))
    grid = fit_grid(levels, _zero(graph))
    if grid is None:
        raise _off_grid(chain, reader, points, len(levels))
    before = chain.following
    if not is_monotone(points):
        return _finish(graph, chain, grid, write_table(graph, chain, points, levels, grid), before)
    thresholds, falling = _channels(chain.root, *_thresholds(points, domain, grid, levels))
    if falling.any():
        thresholds, falling = _turn_around(graph, chain, thresholds, falling)
    return _finish(graph, chain, grid, _write(graph, chain, grid, thresholds, falling), before)


def _zero(graph: Graph) -> Zero:
    """Where the grids should have their zero: it matters where zeros are put beside or between values.

    Branches that meet in a `Concat` are padded with one integer, so it is 0 for all of them.
    """
    padded = meets = False
    for node in graph.nodes:
        op = node.op
        if isinstance(op, ConvTranspose):
            return Zero.ORIGIN
        meets |= isinstance(op, Concat)
        padded |= isinstance(op, Pad)
        padded |= isinstance(op, WindowOp) and (op.auto_pad.startswith("SAME") or any(op.pads or ()))
    if not padded:
        return Zero.ANYWHERE
    return Zero.ORIGIN if meets else Zero.INTEGER


def _channels(
    root: Value, thresholds: NDArray[np.float64], falling: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The rows of the channels, where those of all elements of an image agree."""
    channels = root.shape[1] if len(root.shape) > 1 else 1
    if len(thresholds) == channels or len(root.shape) < 3:
        return thresholds, falling
    rows = thresholds.reshape(channels, -1, thresholds.shape[1])
    falls = falling.reshape(channels, -1)
    if (rows == rows[:, :1]).all() and (falls == falls[:, :1]).all():
        return rows[:, 0], falls[:, 0]
    return thresholds, falling


def _single_chain(value: Value) -> Chain:
    chain = chain_of(value)
    if isinstance(chain, Chain):
        return chain
    node = chain[0].producer
    if len(chain) > 1:
        names = " and ".join(repr(v.producer.name if v.producer else v.name) for v in chain)
        name = _join(value)
        message, fix = f"its inputs must depend on one layer, depend on {names}", "join them by Add or Concat"
    elif node is not None and node.op.elementwise and widens(node):
        name = node.name
        shapes = " and ".join(str(list(node.input(i).shape)) for i in varying(node))
        message = (
            f"{node.op.op_type} must keep the shape of its input, makes {list(node.output.shape)} of {shapes}"
        )
        fix = "repeat channels by a convolution 1 × 1, pixels by Resize"
    else:
        name, kind = (node.name, node.op.op_type) if node is not None else (value.name, "input")
        message = f"must be elementwise or a product of integers to become hardware, is {kind}"
        fix = "use it behind the last layer only, or remove it"
    raise UnsupportedError(f"node {name!r}: {message}", node=name, fix=fix)


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


def _breakpoints(chain: Chain, domain: Domain, reader: Node | None) -> Breakpoints | None:
    function = chain.function(domain)

    def evaluate(indices: NDArray[np.int64]) -> NDArray[Any]:
        values = function(indices)
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise _not_a_number(chain, reader)
        return values

    try:
        return find_breakpoints(evaluate, domain, monotone=chain.unproven() is None)
    except TooManyLevels:
        raise _no_quantizer(chain, reader, "takes more") from None


def _cut_earlier(graph: Graph, chain: Chain, reader: Node | None) -> bool:
    """Materialises a quantizer in front of what is not monotone; says whether there is one."""
    doubtful = chain.unproven()
    if doubtful is None:
        return False
    for index in varying(doubtful):
        base, _ = walk_back(doubtful.input(index))
        if base is not chain.root and not is_integer(base):
            try:
                materialise(graph, base, reader)
            except UnsupportedError:
                continue
            return True
    return False


def _not_monotone(chain: Chain, domain: Domain) -> UnsupportedError:
    culprit = chain.unproven() or chain.nodes[-1]
    size = int((domain.high - domain.low).max()) + 1
    message = (
        f"node {culprit.name!r} ({culprit.op.op_type}): the function before a quantizer must be monotone, "
        f"is not over the {size} values of {chain.root.name!r}"
    )
    fix = "use a monotone activation (Relu, Clip, Sign, Tanh)"
    return UnsupportedError(message, node=culprit.name, fix=fix)


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
    if node is None or not isinstance(node.op, MatMul | Conv) or not own:
        return thresholds, falling
    weights = node.input(1)
    axis = 1 if isinstance(node.op, MatMul) else 0  # of the output channels
    if weights.const is None or weights.shape[axis] != len(falling):
        return thresholds, falling
    low, high = weights.datatype.min(), weights.datatype.max()
    array: NDArray[Any] = weights.const
    others = tuple(a for a in range(array.ndim) if a != axis)
    flip = falling & (-array.max(axis=others) >= low) & (-array.min(axis=others) <= high)
    if not flip.any():
        return thresholds, falling
    turned = np.where(np.expand_dims(flip, others), -array, array)
    graph.set_input(node, 1, graph.constant(turned, weights.datatype, name=weights.name))
    graph.refresh(node)  # the accumulator's range is turned around too
    return np.where(flip[:, None], -thresholds, thresholds), falling & ~flip


def _write(
    graph: Graph, chain: Chain, grid: Grid, thresholds: NDArray[np.float64], falling: NDArray[np.bool_]
) -> Value:
    root, before, origin = chain.root, chain.following, chain.origin
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
    name = f"{chain.name}_thresholds"
    integers = graph.add(op, x, table, flags, name=name, before=before, origin=origin)
    if x.shape != root.shape:
        back = graph.constant(np.array([0, *root.shape[1:]], dtype=np.int64))
        integers = graph.add(Reshape(), integers, back, before=before, origin=origin)
    return integers


def _finish(graph: Graph, chain: Chain, grid: Grid, integers: Value, before: Node | None) -> Value:
    """The moves of the chain behind its integers, and their scale, which everybody reads from now on."""
    origin, name = chain.origin, chain.name
    for node in chain.moves:
        rest, made_by = node.inputs[1:], node.origin or (node.name,)
        integers = graph.add(node.op, integers, *rest, name=node.name, before=before, origin=made_by)
    offset = graph.constant(np.float64(grid.offset)) if grid.offset else None
    scale = graph.constant(np.float64(grid.step))
    real = graph.add(Affine(), integers, scale, offset, name=f"{name}_scale", before=before, origin=origin)
    if chain.value.carrier != real.carrier:
        real = graph.add(cast_to(chain.value.carrier), real, before=before, origin=origin)
    graph.replace(chain.value, real)
    return integers
