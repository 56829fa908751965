# SPDX-License-Identifier: Apache-2.0
"""Plans: what a backend wants written and run, and the one runner that does it.

A `Plan` is a dict of relative path to bytes and the commands that use them; equal inputs give equal
digests. Only an `Output` writes files and starts tools. It works in a folder beside the target and puts it
in place when all went well, so a failure leaves the last good output as it was. A command whose program,
arguments and input files did not change is not run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType

from finnlite.errors import IRError, OptionError, ToolError
from finnlite.folders import paths_below, replace, share

__all__ = ["MANIFEST", "Command", "Output", "Plan", "amend", "check_output"]

MANIFEST = "plan.json"
"""The file that marks a folder as finnlite's own and says what it was made from."""

_MADE_BY = "finnlite"
_ERROR_LINES = 12


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Command:
    """A tool to run in the plan's folder.

    Args:
        argv: Program and arguments; paths are relative to the plan's folder.
        inputs: Files it reads.
        outputs: Files it writes.
        label: What it works for, as the user's file names it; begins the message if it fails.
        version: What else its result depends on (the compiler's version).
        scratch: Folders that it works in, removed when it is done.
    """

    argv: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str = ""
    version: str = ""
    scratch: tuple[str, ...] = ()

    def moved(self, prefix: str) -> Command:
        """The same command in a folder `prefix` below; its paths are relative to there."""
        inputs = tuple(f"{prefix}/{p}" for p in self.inputs)
        outputs = tuple(f"{prefix}/{p}" for p in self.outputs)
        scratch = tuple(f"{prefix}/{p}" for p in self.scratch)
        return Command(self.argv, inputs, outputs, self.label, self.version, scratch)


@dataclass(frozen=True)
class Plan:
    """Files and the commands that use them.

    Args:
        files: Relative POSIX path to content.
        commands: In an order in which every input is written before it is read.

    Raises:
        IRError: If a path leaves the plan's folder.
    """

    files: Mapping[str, bytes]
    commands: tuple[Command, ...] = ()

    def __post_init__(self) -> None:
        """Checks the paths."""
        for path in (*self.files, *(o for c in self.commands for o in c.outputs)):
            parts = PurePosixPath(path).parts
            if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path:
                raise IRError(f"plan: a path must stay in the plan's folder, is {path!r}")

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file, hashed once."""
        return {path: _sha256(self.files[path]) for path in sorted(self.files)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything: paths, contents, commands."""
        commands = [[c.argv, c.inputs, c.outputs, c.version] for c in self.commands]
        return _sha256(json.dumps([self.digests, commands], sort_keys=True).encode())


@dataclass
class _Manifest:
    """What an output folder was made from: digests of its files, and of the commands that were run."""

    files: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> _Manifest | None:
        """The manifest of `folder`; None if finnlite did not make it."""
        try:
            data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if data["made_by"] != _MADE_BY:
                return None
            return cls(dict(data["files"]), dict(data["commands"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def encode(self) -> bytes:
        digest = _sha256(json.dumps([self.files, self.commands], sort_keys=True).encode())
        data = {"made_by": _MADE_BY, "digest": digest, "files": self.files, "commands": self.commands}
        return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


def check_output(target: Path) -> None:
    """Checks that `target` may be written: it is absent, empty, or finnlite's own, and not where we are.

    Raises:
        OptionError: Otherwise.
    """
    if target.is_dir():
        if any(target.iterdir()) and _Manifest.read(target) is None:
            raise OptionError(
                f"output folder {str(target)!r}: must be new, empty or made by finnlite, "
                f"holds other things; name another folder"
            )
        if Path.cwd().is_relative_to(target.resolve()):
            raise OptionError(
                f"output folder {str(target)!r}: must not be the folder you are in, "
                f"as it is replaced as a whole; name another folder"
            )
    elif target.exists() or target.is_symlink():
        raise OptionError(f"output folder {str(target)!r}: must be a folder, is a file; name another folder")


def amend(target: Path, files: Mapping[str, bytes]) -> None:
    """Replaces single files of an output, each at once; all else stays as it is.

    Args:
        target: A folder that an `Output` made.
        files: Relative POSIX path to content.

    Raises:
        OptionError: If finnlite did not make the folder or one of the files, or they cannot be written.
    """
    manifest = _Manifest.read(target)
    if manifest is None:
        raise OptionError(f"folder {str(target)!r}: must be made by finnlite, is not; build it first")
    plan = Plan(files)
    for path in files:
        if path not in manifest.files and os.path.lexists(target / path):
            raise _in_the_way(target, path)
    manifest.files.update(plan.digests)
    contents = {**files, MANIFEST: manifest.encode()}  # in this order
    try:
        with tempfile.TemporaryDirectory(prefix=".finnlite-", dir=target.resolve().parent) as folder:
            for number, content in enumerate(contents.values()):
                Path(folder, str(number)).write_bytes(content)
            for number, path in enumerate(contents):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, str(number)).replace(target / path)
    except OSError as error:
        raise OptionError(f"folder {str(target)!r}: must be writable, is not ({error.strerror})") from error


class Output:
    """A transaction on an output folder: `with Output(target) as out: out.run(plan)`.

    Everything happens in a new folder beside the target, which replaces the target when the block ends
    well and vanishes when it does not.

    Args:
        target: The folder to make or to replace.
        jobs: Commands to run at once; by default as many as there are processors.
        progress: Called with a label and (done, total) as commands finish.
    """

    def __init__(
        self,
        target: Path,
        *,
        jobs: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        """See the class."""
        self.target = target
        self._jobs = jobs or os.cpu_count() or 1
        self._progress = progress
        self._manifest = _Manifest()
        self._last = _Manifest()
        self._staging: Path | None = None
        self.ran: list[str] = []
        """First outputs of the commands that had to be run."""

    @property
    def folder(self) -> Path:
        """Where the files are now: beside the target until the end, then the target."""
        return self._staging or self.target

    def __enter__(self) -> Output:
        """Begins.

        Raises:
            OptionError: If the target holds something finnlite did not make, or cannot be made.
        """
        check_output(self.target)
        target = self.target.resolve()  # of a link the folder is replaced, not the link
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._staging = Path(tempfile.mkdtemp(prefix=".finnlite-", dir=target.parent))
            self._staging.chmod(0o755)
        except OSError as error:
            raise OptionError(
                f"output folder {str(self.target)!r}: must be writable, is not ({error.strerror})"
            ) from error
        self.target = target
        self._last = _Manifest.read(self.target) or _Manifest()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Puts the new folder in place, or removes it if there was an exception.

        Raises:
            OptionError: If the file system does not allow it, or something of somebody else is in the way.
        """
        staging, self._staging = self._staging, None
        if staging is None:
            return
        if error is not None:
            shutil.rmtree(staging, ignore_errors=True)
            return
        try:
            (staging / MANIFEST).write_bytes(self._manifest.encode())
            self._keep_foreign(staging)
            replace(staging, self.target)
        except OSError as fault:
            raise OptionError(
                f"output folder {str(self.target)!r}: must be replaceable, is not ({fault.strerror})"
            ) from fault
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _keep_foreign(self, staging: Path) -> None:
        """Carries over what somebody else put into the last output: the results of tools, a user's notes.

        Raises:
            OptionError: If a plan wrote to where such a thing is.
        """
        for path in paths_below(self.target) if self.target.is_dir() else ():
            old, new, name = self.target / path, staging / path, path.as_posix()
            if name in self._last.files or name == MANIFEST:
                continue
            if new.is_file() and name not in self._manifest.files:
                continue  # a tool leaves it behind, whenever it runs
            try:
                new.parent.mkdir(parents=True, exist_ok=True)
                share(old, new)
            except (FileExistsError, NotADirectoryError):
                raise _in_the_way(self.target, name) from None

    def run(self, plan: Plan, prefix: str = "") -> None:
        """Writes a plan's files below `prefix` and runs its commands there.

        Raises:
            ToolError: If a command fails, with its label and the first lines it printed.
        """
        base = f"{prefix}/" if prefix else ""
        for path, content in plan.files.items():
            self._write(base + path, content, plan.digests[path])
        commands = [c.moved(prefix) if prefix else c for c in plan.commands]
        done = 0
        for wave in _waves(commands):
            with ThreadPoolExecutor(self._jobs) as pool:
                for command in pool.map(lambda c: self._execute(c, prefix), wave):
                    done += 1
                    if self._progress is not None:
                        self._progress(command.label, done, len(commands))

    def _write(self, path: str, content: bytes, digest: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self._manifest.files[path] = digest

    def _execute(self, command: Command, prefix: str) -> Command:
        inputs = [[path, self._digest_of(path)] for path in command.inputs]
        digest = _sha256(json.dumps([command.argv, command.version, inputs]).encode())
        key = command.outputs[0]
        self._manifest.commands[key] = digest
        if self._last.commands.get(key) == digest and self._reuse(command.outputs):
            return command
        for path in command.outputs:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        self.ran.append(key)
        _start(command, self.folder / prefix)
        for path in command.scratch:
            shutil.rmtree(self.folder / path, ignore_errors=True)
        for path in command.outputs:
            try:
                self._manifest.files[path] = _sha256((self.folder / path).read_bytes())
            except OSError:
                raise ToolError(f"{_subject(command)} must write {path!r}, did not") from None
        return command

    def _digest_of(self, path: str) -> str:
        try:
            return self._manifest.files[path]
        except KeyError:
            raise IRError(f"plan: input {path!r} must be written before it is read, is not") from None

    def _reuse(self, outputs: Iterable[str]) -> bool:
        for path in outputs:
            old = self.target / path
            try:
                content = old.read_bytes()
            except OSError:
                return False
            digest = _sha256(content)
            if digest != self._last.files.get(path):
                return False
            new = self.folder / path
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old, new)
            self._manifest.files[path] = digest
        return True


def _waves(commands: list[Command]) -> list[list[Command]]:
    """Groups in which no command reads what another of its group writes."""
    made_in: dict[str, int] = {}
    waves: list[list[Command]] = []
    for command in commands:
        level = max((made_in[p] + 1 for p in command.inputs if p in made_in), default=0)
        made_in.update(dict.fromkeys(command.outputs, level))
        if level == len(waves):
            waves.append([])
        waves[level].append(command)
    return waves


def _in_the_way(target: Path, path: str) -> OptionError:
    return OptionError(
        f"output folder {str(target)!r}: {path!r} must be finnlite's, "
        f"was put there by somebody else; move it away"
    )


def _subject(command: Command) -> str:
    program = Path(command.argv[0]).name
    return f"{command.label}: {program}" if command.label else program


def _start(command: Command, folder: Path) -> None:
    subject = _subject(command)
    try:
        result = subprocess.run(
            command.argv, cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ToolError(f"{subject} must be startable, is not ({error.strerror})") from error
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines()
        shown = "\n".join(lines[:_ERROR_LINES]) or "it printed nothing"
        raise ToolError(f"{subject} must succeed, exited with {result.returncode}:\n{shown}")
