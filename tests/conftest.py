# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from finnlite.cli import main
from tests.small_models import Network

ROOT = Path(__file__).parents[1]

# A busy two-core machine makes any single example slow now and then.
settings.register_profile("finnlite", deadline=None)
settings.load_profile("finnlite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("hls/mvtu.cpp", text)` compares with that file below tests/golden; a missing file fails."""

    def check(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            return
        if not path.is_file():
            pytest.fail(f"golden file {name} is missing; read the new text, then run with --update-golden")
        assert text == path.read_bytes().decode("utf-8")

    return check


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared models and data beside the repository."""
    path = ROOT.parent / "shared"
    if not (path / "models").is_dir():
        pytest.skip("the shared models (../shared/models beside the repository) are not here")
    return path


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Runs a command in `tmp_path` and gives its message, having seen that it failed and wrote nothing."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 1) -> str:
        before = _files(tmp_path)
        with pytest.raises(SystemExit) as stop:
            main(words)
        printed = capsys.readouterr()
        assert stop.value.code == code
        assert _files(tmp_path) == before
        assert printed.out == ""
        lines = printed.err.splitlines()
        message = next(k for k, line in enumerate(lines) if line.startswith("error: "))
        assert not [line for line in lines[:message] if "Traceback" in line]
        return "\n".join(lines[message:]).removeprefix("error: ")

    return run


@pytest.fixture
def build_refused(refused: Callable[..., str]) -> Callable[..., str]:
    """The message with which `finnlite build MODEL -o out` and further options is refused."""
    return lambda model, *options, code=1: refused("build", model, "-o", "out", *options, code=code)


@pytest.fixture
def build_misused(refused: Callable[..., str]) -> Callable[..., str]:
    """Likewise of options that no model could make right: exit code 2."""
    return lambda model, *options: refused("build", model, "-o", "out", *options, code=2)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A model that builds."""
    return Network().save(tmp_path / "good.onnx")
