# SPDX-License-Identifier: Apache-2.0
"""The Verilog spelling of ports, instances and memory files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from finnlite.errors import IRError

__all__ = ["hex_file", "instance", "module_head", "wire"]


def wire(width: int, name: str) -> str:
    """The declaration of a net.

    >>> wire(1, "a"), wire(8, "b")
    ('wire a;', 'wire [7:0] b;')
    """
    return f"wire {_range(width)}{name};"


def module_head(
    name: str,
    ports: Sequence[tuple[str, int, str]],
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[str]:
    """`module NAME (ports);` of (direction, width, name), with the lines of attributes before their ports."""
    lines = [f"module {name} ("]
    for index, (way, width, port) in enumerate(ports):
        lines += [f"    {attribute}" for attribute in attributes.get(port, ())]
        comma = "," if index < len(ports) - 1 else ""
        lines.append(f"    {way:6} wire {_range(width)}{port}{comma}")
    return [*lines, ");"]


def instance(
    cell: str, name: str, parameters: Sequence[tuple[str, int | str]], ports: Iterable[tuple[str, str]]
) -> list[str]:
    """An instance of a module, one parameter and one port a line; a parameter that is a text is quoted."""
    settings = [f".{key}({_constant(value)})" for key, value in parameters]
    connections = [f".{port}({net})" for port, net in ports]
    head = [f"{cell} #(", *_items(settings), f") {name} ("] if settings else [f"{cell} {name} ("]
    return [*head, *_items(connections), ");"]


def _constant(value: int | str) -> str:
    """A parameter's value; integers that 32 bits do not hold are said to have 64, 96, ….

    >>> _constant(-7), _constant("block"), _constant(1 << 40)
    ('-7', '"block"', "64'h10000000000")
    """
    if isinstance(value, str):
        return f'"{value}"'
    if -(1 << 31) <= value < 1 << 31:
        return str(value)
    if value < 0:
        raise IRError(f"a parameter of more than 32 bits must not be negative, is {value}")
    return f"{-(-value.bit_length() // 32) * 32}'h{value:x}"


def hex_file(words: Iterable[int], width: int) -> bytes:
    r"""What `$readmemh` reads: a word a line.

    >>> hex_file([1, 255], 12)
    b'001\n0ff\n'
    """
    digits = -(-width // 4)
    return "".join(f"{word:0{digits}x}\n" for word in words).encode()


def _range(width: int) -> str:
    return "" if width == 1 else f"[{width - 1}:0] "


def _items(texts: Sequence[str]) -> list[str]:
    return [*(f"    {text}," for text in texts[:-1]), *(f"    {text}" for text in texts[-1:])]
