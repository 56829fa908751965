# SPDX-License-Identifier: Apache-2.0
"""What an output does with whole folders: list them, carry files over, put a new one in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["paths_below", "replace", "share"]


def paths_below(folder: Path) -> Iterator[Path]:
    """Files and links below `folder`, relative to it, and folders that are empty.

    Raises:
        OSError: If not everything there can be seen.
    """
    for at, folders, files in os.walk(folder, onerror=_refuse):
        folders.sort()
        links = [name for name in folders if Path(at, name).is_symlink()]
        for name in sorted(files + links):
            yield Path(at, name).relative_to(folder)
        if not folders and not files and Path(at) != folder:
            yield Path(at).relative_to(folder)


def _refuse(error: OSError) -> None:
    raise error


def share(old: Path, new: Path) -> None:
    """Makes `new` the same as `old`; of a file a second name, as a tool's results may be very large.

    Raises:
        FileExistsError: If there is something already.
    """
    if old.is_symlink():
        new.symlink_to(old.readlink(), target_is_directory=old.is_dir())
    elif old.is_dir():
        new.mkdir(exist_ok=True)
    else:
        try:
            new.hardlink_to(old)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            shutil.copy2(old, new)


def replace(new: Path, target: Path) -> None:
    """Puts `new` where `target` is; the old content goes last."""
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=".finnlite-", dir=target.parent))
    try:
        target.rename(old / "old")
    except OSError:
        old.rmdir()
        raise
    try:
        new.rename(target)
    except OSError:
        (old / "old").rename(target)
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)
