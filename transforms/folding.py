# SPDX-License-Identifier: Apache-2.0
"""`Fold`: how many rows and columns each unit computes at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from finnlite.accelerator import Placed, units
from finnlite.boards import Board, board_named
from finnlite.errors import IRError, OptionError
from finnlite.ir import Graph, Transform
from finnlite.ops.axi import AxiIn
from finnlite.ops.cost import Resources
from finnlite.ops.unit import Unit
from finnlite.ops.width_converter import WidthConverter

from .aligning import aligned, longest_converter
from .search import Choice, cheapest, fastest

__all__ = ["DEFAULT_FPS", "FOLD_NOTE", "Fold", "folding_of"]

DEFAULT_FPS = 10_000.0
FOLD_NOTE = "note.folding"
"""Metadata key: how the folding was chosen."""
_PORT_LUT = 1
"""LUTs a bit of a unit's ports: the FIFOs and converters it will need, which depend on its neighbours."""
_FILL = 0.8
"""Share of a part's LUTs that a folding may ask for: fuller ones rarely route."""


def folding_of(graph: Graph) -> dict[str, dict[str, int]]:
    """The folding of a mapped graph as `Fold` takes it: node name to attributes."""
    return {
        node.name: {name: int(getattr(unit, name)) for name in axes}
        for node, unit in units(graph)
        if (axes := unit.axes(*node.inputs))
    }


class _Search(NamedTuple):
    """The units that can be folded, each with the choices that are open, and what is fixed."""

    placed: list[Placed]
    choices: list[list[Choice]]
    floor: int
    budget: Resources

    def pace(self, given: Mapping[str, object]) -> int:
        """Cycles of the slowest unit that cannot be faster: the borders, and those whose folding is given."""
        pairs = zip(self.placed, self.choices, strict=True)
        fixed = [choices[0].cycles for (node, _), choices in pairs if node.name in given]
        fastest_ = [min(choice.cycles for choice in choices) for choices in self.choices]
        return max(*fixed, *fastest_, self.floor)


@dataclass(frozen=True)
class Fold(Transform):
    """Chooses `pe` and `simd` of every unit.

    1. A folding given for a unit (by its node's name or by that of a source node it came from) is taken;
       it may leave out attributes and units. Windows, padding and joins are units of their own.
    2. What is left open becomes the cheapest that reaches the target: `target_fps`; without one, the
       slowest unit that the folding fixes; without that, 10,000 frames a second, or the most that fits.
    3. Units without constants then take the words of their neighbours where that saves a converter.

    Args:
        folding: Node name to attribute to value, as a folding file holds it.
        target_fps: Frames a second to reach.
        clock_mhz: Clock of the fabric.
        board: Name of the board whose part bounds the search.
    """

    folding: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    target_fps: float | None = None
    clock_mhz: float = 100.0
    board: str = "pynq-z1"

    def apply(self, graph: Graph) -> bool:
        """See the class.

        Raises:
            OptionError: If the folding names what is not there or cannot be, or the target cannot be met.
        """
        board = board_named(self.board)
        board.check_clock(self.clock_mhz)
        placed = units(graph)
        foldable = [(node, unit) for node, unit in placed if unit.axes(*node.inputs)]
        given = _resolve(self.folding, [Placed(*pair) for pair in foldable])
        search = _open(placed, given, board)
        chosen, note = self._choose(search, given, board)
        better = aligned(search.placed, search.choices, chosen, search.floor)
        if _sum(choice.cost for choice in better).fits(search.budget):
            chosen = better
        changed = False
        for (node, _), choice in zip(search.placed, chosen, strict=True):
            changed |= node.op != choice.unit
            node.op = choice.unit
            graph.refresh(node)
        changed |= graph.metadata.get(FOLD_NOTE) != note
        graph.metadata[FOLD_NOTE] = note
        return changed

    def _choose(
        self, search: _Search, given: Mapping[str, Mapping[str, int]], board: Board
    ) -> tuple[list[Choice], str]:
        if self.target_fps is None and all(len(choices) == 1 for choices in search.choices):
            only = [choices[0] for choices in search.choices]
            fits = _sum(choice.cost for choice in only).fits(search.budget)
            return only, "as given" if fits else f"as given, which does not fit {board.name}"
        target = self.target_fps
        if target is not None and not 0 < target < float("inf"):
            raise OptionError(f"target fps must be a positive number, is {target:g}")
        limit = int(self.clock_mhz * 1e6 // (target or DEFAULT_FPS))
        if target is None and given:
            slowest = search.pace(given)
            chosen = cheapest(search.choices, slowest, search.budget)
            if chosen is not None:
                return chosen, "as given; the rest at the pace of the slowest unit given"
            chosen = fastest(search.choices, search.floor, search.budget)
            if chosen is not None:
                return chosen, f"as given; the rest as fast as fits {board.name}"
            slowest = max(slowest, limit)
            return cheapest(search.choices, slowest) or [], f"as given, which does not fit {board.name}"
        chosen = self._within(search, limit)
        if chosen is not None:
            wanted = target or DEFAULT_FPS
            return chosen, f"the cheapest that reaches {wanted:,.0f} frames/s"
        return self._missed(search, target, board)

    def _within(self, search: _Search, limit: int) -> list[Choice] | None:
        """The cheapest choice whose threads, converters included, take at most `limit` cycles."""
        goal = limit
        while goal >= search.floor:
            chosen = cheapest(search.choices, goal, search.budget)
            if chosen is None:
                return None
            longest = longest_converter(search.placed, chosen)
            if longest <= limit:
                return chosen
            goal = min(goal, max(choice.cycles for choice in chosen)) - 1
        return None

    def _missed(self, search: _Search, target: float | None, board: Board) -> tuple[list[Choice], str]:
        best = fastest(search.choices, search.floor, search.budget)
        if best is None:
            least = cheapest(search.choices, 2**62) or []
            need = _sum(choice.cost for choice in least)
            raise OptionError(
                f"the network must fit {board.name} ({search.budget.lut:,} LUT and "
                f"{search.budget.bram18} RAMB18 for its units), needs {need.lut:,} LUT and "
                f"{need.bram18} RAMB18 when folded most; use fewer weights, or fewer bits"
            )
        longest = max(
            max(choice.cycles for choice in best), search.floor, longest_converter(search.placed, best)
        )
        fps = self.clock_mhz * 1e6 / longest
        if target is None:
            return best, f"the fastest that fits {board.name}, below {DEFAULT_FPS:,.0f} frames/s"
        names = [node.name for node, _ in search.placed]
        slow = max(range(len(best)), key=lambda index: best[index].cycles)
        slowest = names[slow] if best[slow].cycles >= search.floor else "the border"
        raise OptionError(
            f"target fps must be at most {int(fps):,} on {board.name} at {self.clock_mhz:g} MHz, "
            f"is {target:,.10g}; the bottleneck at the most is {slowest!r} with {longest:,} cycles a frame"
        )


def _sum(costs: Iterable[Resources]) -> Resources:
    result = Resources()
    for cost in costs:
        result = result.plus(cost)
    return result


def _open(placed: list[Placed], given: Mapping[str, Mapping[str, int]], board: Board) -> _Search:
    """Every unit's choices. The converter that the first unit may need counts as its cost."""
    foldable: list[Placed] = []
    choices: list[list[Choice]] = []
    fixed = board.shell
    floor = 1
    for node, unit in placed:
        axes = unit.axes(*node.inputs)
        if not axes:
            fixed = fixed.plus(unit.resources(node))
            floor = max(floor, unit.cycles(node))
            continue
        foldable.append(Placed(node, unit))
        producer = node.input(0).producer
        border = producer.op if producer is not None and isinstance(producer.op, AxiIn) else None
        choices.append(_choices(foldable[-1], given.get(node.name, {}), border))
    budget = board.budget._replace(lut=int(board.budget.lut * _FILL))
    rest = Resources(*(max(0, have - used) for have, used in zip(budget, fixed, strict=True)))
    return _Search(foldable, choices, floor, rest)


def _choices(placed: Placed, given: Mapping[str, int], border: AxiIn | None) -> list[Choice]:
    node, unit = placed
    options: list[dict[str, int]] = [{}]
    for name, values in unit.legal(*node.inputs).items():
        allowed = (given[name],) if name in given else values
        options = [{**option, name: value} for option in options for value in allowed]
    result = []
    for option in options:
        folded = replace(unit, **option)
        source, sink = folded.source(node), folded.sink(node)
        cost = folded.resources(node).plus(Resources(lut=_PORT_LUT * (source.width + sink.width)))
        words = source.elems
        converts = border is not None and border.elems != words
        if border is not None and converts:
            converter = WidthConverter(in_elems=border.elems, out_elems=words)
            cost = cost.plus(converter.resources(node))
        result.append(Choice(folded, folded.cycles(node), cost, converts))
    return result


def _resolve(folding: Mapping[str, Mapping[str, int]], placed: list[Placed]) -> dict[str, dict[str, int]]:
    """The folding by node name, checked.

    Raises:
        OptionError: If it names what is not there, or a value is not legal.
    """
    by_name = {node.name: index for index, (node, _) in enumerate(placed)}
    by_origin: dict[str, set[int]] = {}
    for index, (node, _) in enumerate(placed):
        for name in node.origin:
            by_origin.setdefault(name, set()).add(index)
    result: dict[str, dict[str, int]] = {}
    for key, attributes in folding.items():
        owners = {by_name[key]} if key in by_name else by_origin.get(key, set())
        if len(owners) > 1:  # a convolution's node made windows and padding too: who computes is meant
            owners = {index for index in owners if _computes(placed[index], key)} or owners
        if len(owners) != 1:
            _unknown(key, [node.name for node, _ in placed], several=len(owners) > 1)
        node, unit = placed[next(iter(owners))]
        if node.name in result:
            raise OptionError(f"folding: layer {node.name!r} must be given once, is given again as {key!r}")
        result[node.name] = _attributes(key, attributes, node.name, unit, unit.legal(*node.inputs))
        try:
            replace(unit, **result[node.name]).check_folding(*node.inputs)
        except IRError as error:
            raise OptionError(f"folding: node {key!r}: {error}") from None
    return result


def _computes(placed: Placed, name: str) -> bool:
    """Whether a unit has constants, its weights or thresholds, of a source node that it begins with."""
    node = placed.node
    return node.origin[:1] == (name,) and any(v is not None and v.const is not None for v in node.inputs)


def _unknown(key: str, names: list[str], *, several: bool) -> None:
    listed = ", ".join(map(repr, names))
    if several:
        raise OptionError(f"folding: layer {key!r} must name one unit, belongs to several; use {listed}")
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? The layers" if near else "the layers"
    raise OptionError(f"folding: layer {key!r} must be a layer of the model, is unknown; {hint} are {listed}")


def _attributes(
    key: str, attributes: object, name: str, unit: Unit, legal: Mapping[str, tuple[int, ...]]
) -> dict[str, int]:
    allowed = " and ".join(map(repr, legal))
    if not isinstance(attributes, Mapping):
        raise OptionError(f"folding: layer {key!r} must map {allowed} to integers, is {attributes!r}")
    result = {}
    for attribute, value in attributes.items():
        if attribute not in legal:
            near = difflib.get_close_matches(str(attribute).lower(), legal, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise OptionError(
                f"folding: layer {key!r} ({unit.op_type}): attributes must be {allowed}, "
                f"is {attribute!r}{hint}"
            )
        if isinstance(value, bool) or not isinstance(value, int):
            raise OptionError(f"folding: layer {key!r}: {attribute} must be an integer, is {value!r}")
        result[attribute] = value
    return result
