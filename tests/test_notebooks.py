# SPDX-License-Identifier: Apache-2.0
"""The notebooks: committed as they must be, and executed as a reader executes them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_A_CELL = 300
EPOCHS = "EPOCHS = 60"


def read(path: Path) -> NotebookNode:
    """The notebook, having seen that it is a valid one."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_there_are_notebooks() -> None:
    assert {path.name[:2] for path in NOTEBOOKS} >= {"01", "02", "03", "04"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_clean(path: Path) -> None:
    """Without outputs, with unique cell ids, and without an editor's metadata."""
    notebook = read(path)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert "SPDX-License-Identifier: Apache-2.0" in notebook.cells[0].source
    for cell in notebook.cells:
        assert cell.metadata == {}
        assert cell.source.strip()
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a fresh kernel of this interpreter, in an empty folder, where it writes only `notebook-output`."""
    notebook = read(path)
    if path.stem == "03_train_and_compare":
        if find_spec("brevitas") is None and not os.environ.get("CI"):
            pytest.skip("it trains with Brevitas, which is not here: pip install -e '.[train]'")
        settings = next(cell for cell in notebook.cells if cell.id == "settings")
        assert EPOCHS in settings.source
        settings.source = settings.source.replace(EPOCHS, "EPOCHS = 2")
    home = tmp_path / "home"
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        (home / name).mkdir(parents=True)
        monkeypatch.setenv(name, str(home / name))
    folder = tmp_path / "folder"
    folder.mkdir()
    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, km=kernel, timeout=SECONDS_A_CELL, resources=resources).execute(cleanup_kc=True)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert [item.name for item in folder.iterdir()] == ["notebook-output"]
