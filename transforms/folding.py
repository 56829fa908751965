# SPDX-License-Identifier: Apache-2.0
"""`Fold`: how many rows and columns each unit computes at once, and where it keeps its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from finnlite.accelerator import Placed, units
from finnlite.boards import DEFAULT_LIMITS, Board, Limits, board_named
from finnlite.errors import OptionError
from finnlite.ir import Graph, Transform
from finnlite.ops.structure import Backend

from .fitting import NAMES, Fitting, Point, exceeded, measured
from .given import resolved

__all__ = ["DEFAULT_FPS", "FOLD_NOTE", "Fold", "explain", "folding_of", "too_big"]

DEFAULT_FPS = 10_000.0
FOLD_NOTE = "note.folding"
"""Metadata key: how the folding was chosen."""


def folding_of(graph: Graph) -> dict[str, dict[str, Any]]:
    """The folding of a mapped graph as `Fold` takes it: node name to settings."""
    return {
        node.name: {name: getattr(unit, name) for name in settings}
        for node, unit in units(graph)
        if (settings := unit.settings(*node.inputs))
    }


@dataclass(frozen=True)
class Fold(Transform):
    """Chooses the settings of every unit: PE and SIMD, memory style, whether windows are parallel.

    1. What is given for a unit (by its node's name or by that of a source node it came from) is taken; it may
       leave out settings and units. Windows, padding and joins are units of their own.
    2. What is left open becomes the cheapest that reaches the target: `target_fps`; without one, the slowest
       unit whose pace the folding fixes; without that, 10,000 frames a second, or the most that fits. With
       `max_fps` it becomes the cheapest at the most frames a second that fit.
    3. Words of neighbours are aligned where that saves a converter. What a search chose fits the board within
       the limits, with converters, FIFOs and the shell; see `Fitting` for what is exact in it.

    Args:
        folding: Node name to setting to value, as a folding file holds it; None leaves a setting open.
        target_fps: Frames a second to reach.
        clock_mhz: Clock of the fabric.
        board: Name of the board whose part bounds the search.
        max_fps: Reach the most frames a second.
        limits: What of the part may be used.
        backend: Whose hardware it is: "hls" or "rtl".
    """

    folding: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    target_fps: float | None = None
    clock_mhz: float = 100.0
    board: str = "pynq-z1"
    max_fps: bool = False
    limits: Limits = DEFAULT_LIMITS
    backend: str = Backend.HLS

    def apply(self, graph: Graph) -> bool:
        """See the class.

        Raises:
            OptionError: If the folding names what is not there or cannot be, the target cannot be met, or the
                network does not fit when folded most.
        """
        board = board_named(self.board, self.backend)
        board.check_clock(self.clock_mhz)
        self.limits.check()
        if self.target_fps is not None and not 0 < self.target_fps < float("inf"):
            raise OptionError(f"target fps must be a positive number, is {self.target_fps:g}")
        given = resolved(self.folding, [Placed(n, u) for n, u in units(graph) if u.settings(*n.inputs)])
        fitting = Fitting(graph, board, self.limits, given)
        picks, note = self._chosen(fitting)
        changed = fitting.put(graph, picks) or graph.metadata.get(FOLD_NOTE) != note
        graph.metadata[FOLD_NOTE] = note
        return changed

    def _chosen(self, fitting: Fitting) -> tuple[list[int], str]:
        """For each unit its variant, and a sentence on how it was chosen."""
        name = fitting.board.name
        if self.max_fps:
            pace = None
        elif self.target_fps is None and (given := _pace(fitting)):
            pace, how = given, "as given; the rest at the pace of the slowest unit given"
            if all(len(set(item.cycles)) == 1 for item in fitting.network.variants):
                how = "as given"
        else:
            wanted = self.target_fps or DEFAULT_FPS
            default = "" if self.target_fps else "the default of "
            how = f"the cheapest that reaches {default}{wanted:,.10g} frames/s"
            pace = self._longest(wanted)
        if pace is not None and (point := fitting.reached(pace)) is not None:
            return point.picks, how
        best = fitting.fastest()
        if best is not None and self.target_fps is not None:
            raise self._too_fast(fitting, best)
        if best is not None and fitting.given:
            return best.picks, f"as given; the rest as fast as fits {name}"
        if best is not None:
            below = "" if self.max_fps else f", below {DEFAULT_FPS:,.0f} frames/s"
            return best.picks, f"the fastest that fits {name}{below}"
        if not fitting.given or self.target_fps is not None:
            raise too_big(fitting)
        point = fitting.unbounded(pace or fitting.paces[-1])
        return point.picks, f"as given, which does not fit {name}: needs {_needs(point, fitting)}"

    def _longest(self, fps: float) -> int:
        """The most cycles a frame at which so many frames a second are reached: a rate computed is met."""
        rate = self.clock_mhz * 1e6
        cycles = int(rate // fps)
        return cycles + (rate / (cycles + 1) >= fps)

    def _too_fast(self, fitting: Fitting, best: Point) -> OptionError:
        """What to say of a target that cannot be met."""
        obstacle = fitting.obstacle(best.ii_cycles)
        reason = {"dma": "a frame is so many words at the border", "unit": "it cannot be faster"}.get(
            obstacle.binding or "", "no faster folding was found that fits"
        )
        if obstacle.point is not None and obstacle.binding is not None:
            reason = f"a faster folding needs {_needs(obstacle.point, fitting)}"
        return OptionError(
            f"target fps must be at most {int(self.clock_mhz * 1e6 / best.ii_cycles):,} on {self.board} at "
            f"{self.clock_mhz:g} MHz, is {self.target_fps:,.10g}; the bottleneck at the most is "
            f"{best.bottleneck!r} with {best.ii_cycles:,} cycles a frame: {reason}"
        )


def _pace(fitting: Fitting) -> int | None:
    """Cycles of the slowest unit whose pace the folding fixes, or which others cannot beat; None if none."""
    given = [item for item in fitting.network.variants if item.node.name in fitting.given]
    fixed = [int(item.cycles[0]) for item in given if len(set(item.cycles)) == 1]
    return max(fitting.paces[0], *fixed) if fixed else None


def _needs(point: Point, fitting: Fitting) -> str:
    """What a folding takes of the resources of which it takes too much."""
    return ", ".join(
        f"{getattr(point.total, name):,} of {getattr(fitting.within, name):,} {NAMES[name]}"
        for name in exceeded(point.total, fitting.within)
    )


def too_big(fitting: Fitting) -> OptionError:
    """What to say of a network that does not fit when folded most."""
    point = fitting.closest(fitting.paces[-1])
    scarce = exceeded(point.total, fitting.within)[0]
    unit, most = fitting.greediest(point.picks, scarce)
    return OptionError(
        f"the network must fit {fitting.board.name}, needs {_needs(point, fitting)} when folded most; "
        f"{unit} takes {most:,} {NAMES[scarce]}; use fewer weights, or fewer bits, or raise the limits"
    )


def explain(graph: Graph, board: Board, limits: Limits, clock_mhz: float) -> dict[str, Any]:
    """What the report says of a folding: the bottleneck, and what the next faster one would take.

    Args:
        graph: A folded graph, its streams not sized; it stays as it is.
        board: The board.
        limits: What of it may be used.
        clock_mhz: Clock of the fabric.

    Returns:
        `binding` is the resource of which the next faster folding needs too much; "dma" where the words of a
        frame at the border are as many as the cycles; "unit" where the bottleneck cannot be folded less; None
        where a faster folding fits. `next` is that folding, or one close to fitting; None if there is none.
    """
    total, ii_cycles, bottleneck = measured(graph.copy(), board, limits)
    fitting = Fitting(graph, board, limits, {})
    binding, point = fitting.obstacle(ii_cycles)
    faster = None
    if point is not None:
        faster = {
            "ii_cycles": point.ii_cycles,
            "fps": clock_mhz * 1e6 / point.ii_cycles,
            **point.total._asdict(),
            "exceeds": exceeded(point.total, fitting.within),
        }
    return {
        "how": graph.metadata.get(FOLD_NOTE),
        "total": total._asdict(),
        "limits": fitting.within._asdict(),
        "limits_percent": limits._asdict(),
        "bottleneck": bottleneck,
        "ii_cycles": ii_cycles,
        "fps": clock_mhz * 1e6 / ii_cycles,
        "binding": binding,
        "next": faster,
    }
