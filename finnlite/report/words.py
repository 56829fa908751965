# SPDX-License-Identifier: Apache-2.0
"""What the page and the command line say with the same words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from finnlite.text import shortened

__all__ = [
    "RESOURCES",
    "Fact",
    "accuracy",
    "bound",
    "extent",
    "kind",
    "labelled",
    "plural",
    "rate",
    "summary",
    "waiting",
]

_NAMED = 2
_SHORT = 32

RESOURCES = {"lut": "LUT", "lutram": "LUTRAM", "bram18": "RAMB18", "dsp": "DSP"}
"""Keys of the report to the names of what a unit is made of."""
_RUNGS = {
    "source": "the model file",
    "file": "the outputs given",
    "import": "the imported network",
    "integer": "the network in integers",
    "hardware": "the graph of the hardware",
    "csim": "the compiled C++",
    "rtl": "the Verilog, cycle by cycle",
    "device": "the driver before a simulated board",
}


@dataclass(frozen=True)
class Fact:
    """One answer of the summary.

    Args:
        title: The question, in a word or two.
        text: The answer, in sentences.
        good: Whether it is as it should be; None where that is no question.
    """

    title: str
    text: str
    good: bool | None = None


def rate(fps: float) -> str:
    """Frames a second, never more than there are: whoever reads it may ask for it.

    >>> rate(13_888.9), rate(99.99), rate(0.012345)
    ('13,888', '99.9', '0.0123')
    """
    decimals = max(0, 2 - math.floor(math.log10(fps)))
    return f"{Decimal(fps).quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR):,}"


def extent(exploration: Mapping[str, Any]) -> str:
    """How much of the front an exploration shows.

    Args:
        exploration: What `exploration.json` holds.
    """
    count = plural(len(exploration["points"]), "point")
    return f"all {count} of the front" if exploration["complete"] else f"{count} of the front"


def kind(row: Mapping[str, Any]) -> str:
    """A layer's unit, and whether it writes whole windows.

    Args:
        row: A row of the report's `layers`.
    """
    return f"{row['op']}, parallel" if row.get("parallel") else str(row["op"])


def waiting(waits: Mapping[str, int] | None) -> str:
    """For whom a unit waits, the longest first, and for how many cycles a frame.

    >>> waiting({"a": 5, "b": 1000, "c": 2})
    'b 1,000, a 5, …'
    """
    longest = sorted((waits or {}).items(), key=lambda item: -item[1])
    named = [f"{shortened(name, _SHORT)} {cycles:,}" for name, cycles in longest[:_NAMED]]
    return ", ".join(named + ["…"] * (len(longest) > _NAMED))


def bound(folding: Mapping[str, Any]) -> str:
    """What keeps the accelerator from being faster, and what the next faster folding would take.

    Args:
        folding: The report's `folding`.
    """
    binding, following = folding["binding"], folding["next"]
    if binding == "dma":
        return f"bound by DMA: a frame crosses the border in {folding['ii_cycles']:,} cycles"
    if following is None:
        return f"bound by {shortened(folding['bottleneck'])}: it has no faster folding"
    costs = ", ".join(f"{following[key]:,} {name}" for key, name in RESOURCES.items() if following[key])
    point = f"{rate(following['fps'])} frames/s (a frame every {following['ii_cycles']:,} cycles)"
    faster = f"the next faster point, {point}, would take {costs}"
    if binding is None:
        return f"bound by the folding chosen ({folding['how']}): {faster}, and fit"
    over = " and ".join(_within(folding, key) for key in following["exceeds"])
    return f"bound by {RESOURCES.get(binding, binding.upper())}: {faster}; the limit is {over}"


def _within(folding: Mapping[str, Any], key: str) -> str:
    percent = folding["limits_percent"].get(key)
    share = "" if percent is None else f" ({percent:g} %)"
    return f"{folding['limits'][key]:,} {RESOURCES.get(key, key.upper())}{share}"


def summary(report: Mapping[str, Any]) -> list[Fact]:
    """What a reader wants to know first: what it is, how fast, how exact, whether it fits, what limits it.

    Args:
        report: What `report.json` holds.
    """
    if report["performance"]["fps"] is None:
        what = f"A network for {report['board']}; the build stopped before its hardware was known."
        return [Fact("What it is", what), _exactness(report)]
    return [_what(report), _speed(report), _exactness(report), _fit(report["resources"]), _limit(report)]


def _what(report: Mapping[str, Any]) -> Fact:
    model = report["model"]
    return Fact(
        "What it is",
        f"A neural network as a circuit for {report['board']} at {report['clock_mhz']:g} MHz: every layer "
        f"has a unit of its own, and the weights stay on the chip. A frame takes {model['macs']:,} "
        f"multiply–accumulates; there are {model['weight_bits']:,} bits of weights.",
    )


def _speed(report: Mapping[str, Any]) -> Fact:
    found = report["performance"]
    latency = found["latency_cycles"] / report["clock_mhz"]
    after = f"{latency:,.2f} µs" if latency < 1000 else f"{latency / 1000:,.2f} ms"
    return Fact(
        "Speed",
        f"{rate(found['fps'])} frames a second; the first answer comes {after} after its frame began to "
        "arrive. Computed cycle by cycle, not measured on a board.",
    )


def _exactness(report: Mapping[str, Any]) -> Fact:
    rows = [row for row in report["verification"] if row["mismatches"] is not None]
    if not rows:
        return Fact("Exactness", "Nothing was compared.")
    wrong = next((row for row in rows if row["mismatches"]), None)
    if wrong is not None:
        first = wrong.get("first_mismatch")
        where = f", first in {shortened(first['layer'])}" if first else ""
        text = f"Not exact: {_rung(wrong, 'stage')} differs from {_rung(wrong, 'against')} in "
        return Fact("Exactness", f"{text}{plural(wrong['mismatches'], 'element')}{where}.", good=False)
    fewest, most = min(row["samples"] for row in rows), max(row["samples"] for row in rows)
    frames = plural(most, "frame") if fewest == most else f"{fewest:,} to {most:,} frames"
    source = "random frames" if rows[-1]["data"] == "synthetic" else "the data given"
    text = (
        f"No difference from {_rung(rows[0], 'against')} to {_rung(rows[-1], 'stage')}, in "
        f"{plural(len(rows), 'comparison')} on {frames} ({source})."
    )
    left_out = len(report["verification"]) - len(rows)
    text += f" {plural(left_out, 'comparison')} could not be made." if left_out else ""
    near = sum(row["near_ties"] or 0 for row in rows)
    text += f" {plural(near, 'near-tie')} of rounding in the source." if near else ""
    rungs = list(report.get("accuracy") or {})
    text += f" Labels that are right: {labelled(report, rungs[-1])}." if rungs else ""
    return Fact("Exactness", text, good=None if left_out else True)


def labelled(report: Mapping[str, Any], rung: str) -> str:
    """The accuracy of a rung, and of how many samples: simulations run fewer than graphs.

    Args:
        report: A report with an accuracy of that rung; those of earlier versions count no samples.
        rung: The rung.
    """
    count = (report.get("accuracy_samples") or {}).get(rung)
    share = f"{100 * report['accuracy'][rung]:.2f} %"
    return share if count is None else f"{share} of {count:,}"


def accuracy(report: Mapping[str, Any]) -> str:
    """The accuracy of every rung; empty where the samples have no labels."""
    rungs = report.get("accuracy") or {}
    counts = set((report.get("accuracy_samples") or {}).values())
    if len(counts) == 1:
        shares = ", ".join(f"{rung} {100 * share:.2f} %" for rung, share in rungs.items())
        return f"accuracy on {plural(counts.pop(), 'sample')}: {shares}"
    return "accuracy: " + ", ".join(f"{rung} {labelled(report, rung)}" for rung in rungs) if rungs else ""


def _rung(row: Mapping[str, Any], side: str) -> str:
    name = str(row[side])
    return _RUNGS.get(name, name)


def _fit(resources: Mapping[str, Any]) -> Fact:
    made, limits = resources["implemented"], resources.get("limits", {})
    used = {
        key: 100 * count / most
        for key, most in resources["budget"].items()
        if (count := _used(resources, key))
    }
    key = max(used, key=lambda key: used[key])
    fullest = f"{RESOURCES.get(key, key.upper())}, takes {used[key]:.1f} % of the board"
    if made:
        met = min(made["wns_ns"], made["whs_ns"]) >= 0
        timing = "and keeps its clock" if met else "but misses its clock"
        return Fact(
            "Fit", f"Placed and routed by Vivado, {timing}: the fullest resource, {fullest}.", good=met
        )
    over = [RESOURCES.get(key, key.upper()) for key, share in used.items() if share > limits.get(key, 100)]
    fitted = resources.get("calibrated")
    how = "fitted to open synthesis" if fitted else "that no synthesis has calibrated yet"
    estimate = f"By estimates {how}, it"
    if used[key] > 100:
        return Fact("Fit", f"{estimate} does not fit: the fullest resource, {fullest}.", good=False)
    beyond = f", beyond the limit set for {' and '.join(over)}" if over else ""
    return Fact("Fit", f"{estimate} fits{beyond}: the fullest resource, {fullest}.", good=not over)


def _used(resources: Mapping[str, Any], key: str) -> int | None:
    count: int | None = (resources["implemented"] or resources).get(key)
    return count


def _limit(report: Mapping[str, Any]) -> Fact:
    folding, bottleneck = report.get("folding"), shortened(report["performance"]["bottleneck"])
    if not folding:
        return Fact("What limits it", f"The slowest unit, {bottleneck}, for which the others wait.")
    binding, following = folding["binding"], folding["next"]
    if binding == "dma":
        return Fact("What limits it", "The transfer of frames to and from the circuit, not the circuit.")
    if following is None:
        return Fact("What limits it", f"The slowest unit, {bottleneck}, which cannot be made more parallel.")
    faster = f"the next faster circuit, {rate(following['fps'])} frames a second,"
    if binding is None:
        text = f"Only the folding chosen ({folding['how']}): {faster} would fit as well."
        return Fact("What limits it", text)
    over = " and ".join(_within(folding, key) for key in following["exceeds"])
    scarce = RESOURCES.get(binding, binding.upper())
    text = f"The board's {scarce}: {faster} would take more than the {over} allowed."
    return Fact("What limits it", text)


def plural(count: int, word: str) -> str:
    """A count of things.

    >>> plural(1, "FIFO"), plural(1_000, "FIFO")
    ('1 FIFO', '1,000 FIFOs')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
