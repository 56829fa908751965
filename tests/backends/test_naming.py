# SPDX-License-Identifier: Apache-2.0
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finnlite.backends.naming import MAX_LENGTH, comment, identifiers

NASTY = (
    "a b",
    'say "hi"',
    "it's",
    "a/b",
    "../../etc/passwd",
    "$(reboot)",
    "`reboot`",
    "line\nbreak",
    "x" * 10_000,
    "int",
    "always",
    "module",
    "",
    "_",
    "1",
    "ä",
    "a\\",
    "*/ int x; /*",
    "\udce4",
)


def test_plain_names_survive() -> None:
    assert identifiers([("mvtu", "fc1"), ("mvtu", "MVTU_1"), ("axiin", "AxiIn_0")]) == [
        "mvtu_fc1",
        "mvtu_1",
        "axiin_0",
    ]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_become_identifiers(name: str) -> None:
    (result,) = identifiers([("mvtu", name)])
    assert re.fullmatch(r"mvtu(_[a-z0-9]+)+", result)
    assert len(result) <= MAX_LENGTH


def test_names_equal_after_cleaning_stay_apart() -> None:
    names = ["a b", "a/b", "a_b", "A_b", "a__b", "a_b"]
    result = identifiers([("mvtu", name) for name in names])
    assert len(set(result)) == len(names)


def test_a_name_does_not_depend_on_unrelated_ones() -> None:
    assert identifiers([("mvtu", "a b"), ("mvtu", "c")])[0] == identifiers([("mvtu", "a b")])[0]


@pytest.mark.parametrize("suffix", ["_step", "_state", "_weights", "_out", "_level3", "_shape", "_unit"])
def test_a_layer_cannot_be_taken_for_a_part_of_another(suffix: str) -> None:
    result = identifiers([("mvtu", "a"), ("mvtu", "a" + suffix)])
    assert result[0] == "mvtu_a"
    assert not result[1].endswith(suffix)


def test_a_name_that_looks_hashed_does_not_collide() -> None:
    (hashed,) = identifiers([("mvtu", "a b")])
    result = identifiers([("mvtu", "a b"), ("mvtu", hashed)])
    assert len(set(result)) == 2


@given(st.lists(st.tuples(st.sampled_from(["mvtu", "fifo"]), st.text(max_size=40)), max_size=12))
def test_all_names_become_unique_identifiers(names: list[tuple[str, str]]) -> None:
    result = identifiers(names)
    assert len(set(result)) == len(names)
    assert result == identifiers(names)
    for (kind, _), text in zip(names, result, strict=True):
        assert text.startswith(kind)
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", text)
        assert len(text) <= MAX_LENGTH


@given(st.text())
def test_comments_cannot_end_or_continue(text: str) -> None:
    result = comment(text)
    assert re.fullmatch(r"[A-Za-z0-9_./: \-]*", result)
    assert len(result) <= 63
