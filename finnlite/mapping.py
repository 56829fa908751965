# SPDX-License-Identifier: Apache-2.0
"""The answer of `check`: every node of a model, whether it maps, and if not the reason, cause and fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from finnlite.accelerator import units
from finnlite.errors import UnsupportedError
from finnlite.ir import Graph, Node
from finnlite.ops.unit import Unit
from finnlite.text import printable

__all__ = ["Check", "Entry", "SourceNode", "becomes", "judge"]


@dataclass(frozen=True)
class Entry:
    """What becomes of one node of the source file.

    Args:
        node: Its name, as the file has it.
        op: Its operator.
        ok: Whether it maps.
        reason: What becomes of it, or why it is blocked.
        cause: The first blocked node that it depends on, which may be itself; empty if it maps.
        fix: What the user can do; empty if it maps.
    """

    node: str
    op: str
    ok: bool
    reason: str = ""
    cause: str = ""
    fix: str = ""


class Check(tuple[Entry, ...]):
    """The entries of a model in the order of its file."""

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """Whether the whole model maps."""
        return all(entry.ok for entry in self)

    @property
    def blocked(self) -> tuple[Entry, ...]:
        """The entries that do not map."""
        return tuple(entry for entry in self if not entry.ok)

    def __repr__(self) -> str:
        """How many nodes map, and the first that does not."""
        return f"<check: {self._summary}>"

    def _repr_html_(self) -> str:
        rows = [("node", "operator", "", "becomes, or why not", "fix")]
        rows += [(e.node, e.op, "maps" if e.ok else "blocked", e.reason, e.fix) for e in self]
        cell = '<td style="text-align:left">{}</td>'
        lines = ("".join(cell.format(escape(printable(text))) for text in row) for row in rows)
        return f"<p>{escape(self._summary)}</p><table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    @property
    def _summary(self) -> str:
        blocked = self.blocked
        first = f", first blocked {blocked[0].node!r}: {printable(blocked[0].reason)}" if blocked else ""
        return f"{len(self) - len(blocked)} of {len(self)} nodes map{first}"


@dataclass(frozen=True)
class SourceNode:
    """A node of the source file: its name, operator, and the tensors it reads and makes."""

    name: str
    op: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]


def judge(nodes: Sequence[SourceNode], errors: Iterable[UnsupportedError], ends: Mapping[str, str]) -> Check:
    """Every node's entry, given the nodes that block the model.

    Args:
        nodes: The file's nodes in topological order.
        errors: The blocked nodes.
        ends: What becomes of a node that maps, by its name.
    """
    blocked: dict[str, UnsupportedError] = {}
    for error in errors:
        blocked.setdefault(error.node, error)
    tainted: dict[str, str] = {}  # tensor: the first blocked node it depends on
    entries = []
    for node in nodes:
        cause = next((tainted[name] for name in node.reads if name in tainted), "")
        own = blocked.get(node.name)
        if own is not None:
            who = f"node {node.name!r}"
            reason = own.reason.removeprefix(f"{who} ({node.op}): ").removeprefix(f"{who}: ")
            entries.append(Entry(node.name, node.op, False, reason, cause or node.name, own.fix))
        elif cause:
            reason = f"depends on {cause!r}, which is blocked"
            entries.append(Entry(node.name, node.op, False, reason, cause, f"fix {cause!r} first"))
        else:
            reason = ends.get(node.name, "" if blocked else "needs no hardware")
            entries.append(Entry(node.name, node.op, True, reason))
        if own is not None or cause:
            tainted.update(dict.fromkeys(node.makes, cause or node.name))
    known = {node.name for node in nodes}
    for name, error in blocked.items():
        if name not in known:
            entries.append(Entry(name, "", False, error.reason, name, error.fix))
    return Check(entries)


def becomes(mapped: Graph) -> dict[str, str]:
    """What becomes of the source's nodes, by name: the unit they are part of, or work of the host."""
    inside: dict[Node, Unit] = dict(units(mapped))
    result: dict[str, str] = {}
    ranks: dict[str, int] = {}
    for node in mapped.nodes:
        text = f"in {inside[node].op_type} {node.name!r}" if node in inside else "on the host"
        for name in (node.name, *node.origin):
            rank = _rank(node, name) if node in inside else 0
            if rank > ranks.get(name, -1):
                result[name], ranks[name] = text, rank
    return result


def _rank(node: Node, name: str) -> int:
    """How much a unit stands for a source node: most under its name, more with its constants than without."""
    has_constants = any(value is not None and value.const is not None for value in node.inputs)
    return 1 + int(has_constants) + 2 * int(node.name == name)
