# SPDX-License-Identifier: Apache-2.0
"""The wheel and the sdist hold what the repository holds, and the wheel works alone."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

HOMES = {"finnlite": "finnlite", "transforms": "finnlite/transforms", "backends": "finnlite/backends"}
PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
import finnlite, finnlite.backends, finnlite.cli, finnlite.examples, finnlite.transforms
assert finnlite.__file__.startswith(sys.argv[1]), finnlite.__file__
assert finnlite.examples.digits_model().is_file() and finnlite.examples.digits_data().is_file()
finnlite.cli.main(["--help"])
"""


@dataclass(frozen=True)
class Built:
    tracked: set[str]
    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An sdist of a copy of the repository's own files, and the wheel of that sdist."""
    if shutil.which("git") is None or not (root / ".git").exists():
        pytest.skip("what belongs to the package is asked of git, and this is no git checkout")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True).stdout
    tracked = {name for name in names.split("\0") if name and (root / name).exists()}
    copy, dist = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, copy / name, follow_symlinks=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(copy)]
    run = subprocess.run(command, cwd=dist, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return Built(tracked, next(dist.glob("*.whl")), next(dist.glob("*.tar.gz")))


def installed_name(name: str) -> str | None:
    """Where a file of the repository lies once installed; None if it is no part of the three packages."""
    room, _, rest = name.partition("/")
    return f"{HOMES[room]}/{rest}" if rest and room in HOMES else None


def test_wheel_holds_exactly_the_tracked_files_of_the_three_packages(built: Built) -> None:
    expected = {installed_name(name) for name in built.tracked} - {None}
    found = {name for name in zipfile.ZipFile(built.wheel).namelist() if ".dist-info/" not in name}
    assert expected - found == set(), "missing from the wheel: packages or package_data in setup.cfg"
    assert found - expected == set(), "in the wheel but not in the repository"
    assert {"finnlite/py.typed", "finnlite/examples/digits_w1a1.onnx"} <= found


def test_wheel_works_without_the_repository(built: Built, tmp_path: Path) -> None:
    target = tmp_path / "site"
    zipfile.ZipFile(built.wheel).extractall(target)
    command = [sys.executable, "-I", "-c", PROBE, str(target)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Usage: finnlite" in run.stdout


def test_wheel_metadata(built: Built) -> None:
    archive = zipfile.ZipFile(built.wheel)
    by_name = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
    assert "finnlite = finnlite.cli:main" in archive.read(by_name["entry_points.txt"]).decode()
    metadata = archive.read(by_name["METADATA"]).decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "licenses/LICENSE" in by_name


def test_sdist_leaves_the_type_checkers_symlinks_out(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not [name for name in names if name.startswith("typings")]
    assert {name for name in built.tracked if installed_name(name)} <= names
    assert {"LICENSE", "README.md", "setup.cfg", "pyproject.toml"} <= names
