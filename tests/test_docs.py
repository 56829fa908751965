# SPDX-License-Identifier: Apache-2.0
"""The documentation builds without a warning, and what it shows is what happens."""

import doctest
import html
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import numpy as np
import pytest
import typer.core
import typer.main

from finnlite.accelerator import units
from finnlite.backends.hls.units import UNITS
from finnlite.cli import app
from finnlite.errors import FinnliteError
from finnlite.ir import Op
from finnlite.ops import OPERATORS
from finnlite.ops.convolution import Conv, ConvTranspose
from finnlite.ops.movement import Concat
from finnlite.ops.pools import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from finnlite.ops.reduction import ReduceMean, ReduceSum
from finnlite.ops.spatial import Pad, Resize
from finnlite.ops.unit import Unit
from finnlite.transforms import InterleaveChannels, LowerConvs, MapToHardware, Streamline
from finnlite.transforms.streamline import _RULES
from finnlite.transforms.supported import LAYERS, supported
from tests.conftest import ROOT
from tests.image_nets import Net
from tests.markdown import blocks

PAGES = sorted((ROOT / "docs").glob("*.md"))
BY_NAME = [pytest.param(page, id=page.stem) for page in PAGES]
FILE = re.compile(r"^(?://|#) (\S+/\S+\.\w+)\n")
CLI = typer.main.get_command(app)
OTHERS = {"python3", "scp", "source", "vitis-run", "vitis_hls", "vivado"}
"""Programs that are not finnlite's; their words cannot be looked up here."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; an unknown link, anchor or page is a warning, and a warning an error."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "WARNING" not in run.stderr
    return target


def test_every_page_is_built_and_nothing_is_left_to_generate(site: Path) -> None:
    built = {page.stem for page in site.glob("*.html")} - {"404", "search"}
    assert built == {page.stem for page in PAGES}
    assert not [page.name for page in site.glob("*.html") if "generated:" in page.read_text("utf-8")]
    assert ".codehilite" in (site / "style.css").read_text("utf-8")
    assert not list(site.rglob("*.py"))


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        loaded = re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)"', page.read_text("utf-8"))
        assert loaded
        assert not [link for link in loaded if urlsplit(link).netloc], page.name


def test_every_unit_has_its_row(site: Path) -> None:
    text = (site / "operators.html").read_text("utf-8")
    rows = text[text.index('id="units"') :]
    known = {op.op_type for op in OPERATORS.values() if issubclass(op, Unit)}
    assert set(re.findall(r"<tr>\s*<td><code>(\w+)</code>", rows)) == known
    assert re.search(
        r"<td><code>MVTU</code></td>\s*"
        r"<td><code>pe</code>, <code>simd</code>, <code>memory</code></td>",
        rows,
    )


def test_every_operator_has_its_row(site: Path) -> None:
    rows = {(row.domain, row.op_type): row for row in supported()}
    assert set(rows) == {
        (domain, name) for domain, name in OPERATORS if domain in ("", "qonnx.custom_op.general")
    }
    assert all(row.meaning and row.becomes for row in rows.values())
    assert rows["", "Slice"].becomes == "constant, folded"
    assert rows["", "HardSwish"].limits.startswith("monotone over the values that occur")
    text = (site / "operators.html").read_text("utf-8")
    assert all(f"<td><code>{name}</code></td>" in text for _, name in rows)


def test_the_table_knows_what_streamline_lifts() -> None:
    assert set(LAYERS) == {kind for kinds, _ in _RULES for kind in kinds}


def images(op: Op, *constants: object, branches: int = 1) -> Net:
    """A net of one operator on (quantized) images, and a quantizer behind it."""
    net = Net(2, 4, 6)
    inputs = [net.quant(net.conv(net.x)) for _ in range(branches)] if branches > 1 else [net.x]
    node = net.graph.add_node(op, *inputs, *(net.graph.constant(np.asarray(c)) for c in constants))
    net.graph.outputs = [net.quant(value) for value in node.outputs[:1]]
    return net


WEIGHTS = np.ones((2, 2, 2, 2), np.float32)
CASES: dict[type[Op], tuple[Op, tuple[object, ...], set[str]]] = {
    Conv: (Conv(), (WEIGHTS,), {"SWU", "MVTU"}),
    ConvTranspose: (ConvTranspose(strides=(2, 2)), (WEIGHTS,), {"Upsample", "Pad", "SWU", "MVTU"}),
    MaxPool: (MaxPool(kernel_shape=(2, 2)), (), {"SWU", "WindowMax"}),
    GlobalMaxPool: (GlobalMaxPool(), (), {"WindowMax"}),
    AveragePool: (AveragePool(kernel_shape=(2, 2)), (), {"SWU", "WindowSum"}),
    GlobalAveragePool: (GlobalAveragePool(), (), {"WindowSum"}),
    ReduceMean: (ReduceMean(axes=(2, 3)), (), {"WindowSum"}),
    ReduceSum: (ReduceSum(), (np.array([2, 3]),), {"WindowSum"}),
    Concat: (Concat(axis=1), (), {"Concat"}),
    Pad: (Pad(), (np.array([0, 0, 1, 1, 0, 0, 1, 1]),), {"Pad"}),
    Resize: (
        Resize("asymmetric", mode="nearest", nearest_mode="floor"),
        (np.zeros(0, np.float32), np.array([1, 1, 2, 2], np.float32)),
        {"Upsample"},
    ),
}


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.op_type)
def test_the_table_names_the_units_that_a_layer_becomes(kind: type[Op]) -> None:
    op, constants, wanted = CASES[kind]
    net = images(op, *constants, branches=2 if kind is Concat else 1)
    graph = net.graph.transform(Streamline(), LowerConvs(), InterleaveChannels(), MapToHardware())
    around = {"AxiIn", "AxiOut", "Thresholding"} | ({"MVTU", "SWU", "Duplicate"} if kind is Concat else set())
    assert {unit.op_type for _, unit in units(graph)} - around == wanted
    assert wanted <= set(re.findall(r"\w+", LAYERS[kind][0]))


def test_every_error_is_in_the_tree_and_has_a_section(site: Path) -> None:
    text = (site / "errors.html").read_text("utf-8")
    for error in errors(FinnliteError):
        name = error.__name__
        assert f'<a href="#{name.lower()}"><code>{name}</code></a>' in text
        assert f'<h3 id="{name.lower()}">' in text, f"docs/errors.md must have a section {name}"


def test_the_messages_to_look_for_are_said(site: Path) -> None:
    text = (site / "errors.html").read_text("utf-8")
    table = text[text.index("<th>the message says</th>") :].partition("</table>")[0]
    source = "".join(path.read_text("utf-8") for path in (ROOT / "transforms").rglob("*.py"))
    parts = [html.unescape(part) for part in re.findall(r"<tr>\s*<td>(.*?)</td>", table)]
    assert len(parts) > 4
    assert not [part for part in parts if part not in source]


def errors(error: type[Exception]) -> Iterator[type[Exception]]:
    """An exception and all below it that finnlite defines."""
    yield error
    for child in error.__subclasses__():
        if child.__module__.startswith("finnlite."):
            yield from errors(child)


@pytest.mark.parametrize("page", BY_NAME)
def test_the_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order and in one folder; a block that begins with a path is that file."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    with patch.dict(UNITS):
        for block in blocks(page.read_text("utf-8")):
            if block.not_run:
                continue
            if found := FILE.match(block.text):
                path = tmp_path / found[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text[found.end() :], "utf-8")
            elif block.language == "python":
                exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            elif block.language == "pycon":
                test = parser.get_doctest(block.text, names, page.name, str(page), block.line)
                assert test.examples
                said: list[str] = []
                assert runner.run(test, out=said.append, clear_globs=False).failed == 0, "".join(said)
                names |= test.globs


def test_few_blocks_are_not_run() -> None:
    every = [block for page in PAGES for block in blocks(page.read_text("utf-8"))]
    assert {block.language for block in every} == {"cpp", "pycon", "python", "sh"}
    assert [block.not_run for block in every if block.not_run] == ["needs a board"]
    assert not [
        page.name for page in PAGES if re.search(r"^[ \t]+```", page.read_text("utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize("page", BY_NAME)
def test_what_is_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for block in blocks(text):
        if block.language == "sh":
            for line in block.text.splitlines():
                check_command(shlex.split(line))
    commands = {name: command for name, command in CLI.commands.items()}
    known = {option for command in commands.values() for option in options(command)}
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= known
    assert set(re.findall(r"`finnlite ([a-z]+)", text)) <= set(commands)
    for path in re.findall(
        r"`((?:backends|benchmarks|docs|finnlite|notebooks|tests|transforms)/[\w/.]*)`", text
    ):
        assert "absolute" in path or (ROOT / path).exists(), path
    for name in re.findall(r"`(finnlite(?:\.\w+)+)`", text):
        pkgutil.resolve_name(name)
    for module in re.findall(r"`python -m (benchmarks\.\w+)`", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


def check_command(words: list[str]) -> None:
    """Sees that a command of ours has the subcommand, options, targets and extras that it names."""
    program, arguments = Path(words[0]).name, words[1:]
    if program == "finnlite":
        command = CLI.commands[arguments[0]]
        assert {word for word in arguments if word.startswith("-")} <= options(command), words
    elif program == "pip":
        assert arguments[:2] == ["install", "--editable"]
    else:
        assert program in OTHERS, words


def options(command: typer.core.TyperCommand) -> set[str]:
    """The spellings of a command's options."""
    return {name for parameter in command.params for name in parameter.opts if name.startswith("-")}


def test_links_to_elsewhere_are_well_formed() -> None:
    """They are not opened: the tests have no network."""
    for page in PAGES:
        for link in re.findall(r"\]\((\w+:[^)\s]+)\)", page.read_text("utf-8")):
            parts = urlsplit(link)
            assert parts.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", parts.netloc), link


def test_make_docs_builds_them() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "-m mkdocs build --strict\n" in makefile[makefile.index("\ndocs: ") :]
