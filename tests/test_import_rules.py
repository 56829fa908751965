# SPDX-License-Identifier: Apache-2.0
"""Who may import whom (read from the source, so that nothing has to be imported)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = {"finnlite": "finnlite", "transforms": "finnlite.transforms", "backends": "finnlite.backends"}
WINGS = ("finnlite.transforms", "finnlite.backends")
MAY_IMPORT_WINGS = ("finnlite.flow", "finnlite.cli")
READS_ONNX = ("finnlite.serde", "finnlite.transforms.importing")
RUNS_ONNX = ("finnlite.execution",)
# What QONNX calls, what runs QONNX's transformations, and the untouched source file in foreign executors.
MEETS_QONNX = ("finnlite.qonnx_ops", "finnlite.adapter", "finnlite.oracle")
THIRD_PARTY = {
    "onnx": (*READS_ONNX, *MEETS_QONNX),
    "onnxruntime": RUNS_ONNX,
    "qonnx": (*READS_ONNX, *RUNS_ONNX, *MEETS_QONNX),
}
EVERYWHERE = ("qonnx.core.datatype",)


def within(module: str, parents: tuple[str, ...]) -> bool:
    """Whether the module is one of the parents or lies below one."""
    return any(module == parent or module.startswith(parent + ".") for parent in parents)


def imports(path: Path, package: str) -> Iterator[tuple[int, int, str]]:
    """Line, level and absolute name of everything a file imports, `from a import b` read as a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            for alias in node.names:
                yield node.lineno, node.level, ".".join([*base, *filter(None, [node.module]), alias.name])


def broken_rule(module: str, level: int, target: str) -> str | None:
    """The rule that a module breaks by importing the target, if any."""
    wing = next((w for w in WINGS if within(module, (w,))), None)
    if target.split(".")[0] in ("transforms", "backends", "tests", "typings"):
        return "the wings are finnlite.transforms and finnlite.backends"
    if wing is None and within(target, WINGS) and not within(module, MAY_IMPORT_WINGS):
        return "the core imports no wing, but for flow and cli"
    if wing is not None and within(target, tuple(w for w in WINGS if w != wing)):
        return "transforms and backends do not import each other"
    if wing is not None and within(target, (wing,)) and not level:
        return "a wing imports its siblings relatively"
    if wing is not None and within(target, ("finnlite",)) and not within(target, (wing,)) and level:
        return "a wing imports the core absolutely"
    library = target.split(".")[0]
    if library in THIRD_PARTY and not within(target, EVERYWHERE) and not within(module, THIRD_PARTY[library]):
        return f"{library} is imported by {', '.join(THIRD_PARTY[library])} only"
    return None


def violations(root: Path) -> list[str]:
    """Every import below the three rooms that breaks a rule."""
    found = []
    for room, package in ROOMS.items():
        for path in sorted((root / room).rglob("*.py")):
            parts = [package, *path.relative_to(root / room).with_suffix("").parts]
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            for line, level, target in imports(path, ".".join(parts[:-1])):
                rule = broken_rule(module, level, target)
                if rule:
                    found.append(f"{path.relative_to(root)}:{line} imports {target}: {rule}")
    return found


def test_the_three_packages_keep_the_rules(root: Path) -> None:
    assert len(list((root / "finnlite").rglob("*.py"))) > 3
    assert violations(root) == []


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("finnlite/plan.py", "from finnlite.backends.hls import emit", "the core imports no wing"),
        ("finnlite/plan.py", "from .transforms import Fold", "the core imports no wing"),
        ("finnlite/plan.py", "from finnlite import backends", "the core imports no wing"),
        ("finnlite/plan.py", "def f():\n    import finnlite.backends", "the core imports no wing"),
        ("finnlite/plan.py", "from transforms import Fold", "the wings are"),
        ("transforms/a.py", "from finnlite.backends import hls", "do not import each other"),
        ("backends/hls/a.py", "from ...transforms import Fold", "do not import each other"),
        ("transforms/streamline/a.py", "from finnlite.transforms.b import c", "siblings relatively"),
        ("transforms/a.py", "from ..ir import Graph", "the core absolutely"),
        ("transforms/a.py", "import onnx.helper", "onnx is imported by"),
        ("finnlite/ladder.py", "import onnxruntime as ort", "onnxruntime is imported by"),
        ("finnlite/ir.py", "from qonnx.core import modelwrapper", "qonnx is imported by"),
    ],
)
def test_a_broken_rule_is_noticed(tmp_path: Path, path: str, source: str, rule: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(source)
    found = violations(tmp_path)
    assert len(found) == 1
    assert path in found[0]
    assert rule in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("finnlite/flow/building.py", "from finnlite.backends.hls import emit"),
        ("finnlite/cli.py", "import finnlite.transforms"),
        ("finnlite/ir.py", "from qonnx.core.datatype import DataType"),
        ("finnlite/serde/read.py", "import onnx"),
        ("transforms/importing/nodes.py", "import onnx"),
        (
            "transforms/streamline/a.py",
            "from finnlite.ir import Graph\nfrom ..views import View\nfrom . import b",
        ),
        ("finnlite/ladder.py", "from finnlite.execution import run_source"),
    ],
)
def test_what_is_allowed(tmp_path: Path, path: str, source: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(source)
    assert violations(tmp_path) == []
