# SPDX-License-Identifier: Apache-2.0
"""Synthesis of an accelerator's parts for a 7-series FPGA by Yosys: each part alone, and equal ones once."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from finnlite.errors import ToolError
from finnlite.plan import MANIFEST, Output, Plan, amend
from finnlite.progress import Count
from finnlite.workers import run

from .measured import Measured, parse
from .yosys import PRIMITIVES, Yosys, find_yosys

__all__ = ["Cache", "Part", "library_of", "measure", "script", "synthesise"]

_DESIGN, _PART = "parts", "part"
_SCRIPT = "synthesis.ys"
_KEPT = "synthesis"
_STATISTICS = "statistics.json"
_PRIMITIVES = "primitives.v"
_SIZE = 40_000
"""Bytes of parts that share a run of Yosys."""
_MOST = 12
"""Parts that share one."""
_NONE: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Part:
    """A module to be synthesised, with what it needs.

    Args:
        name: The module; begins the names of its memories' files.
        source: Its Verilog.
        memories: File name of each memory of constants that it reads, to its content.
    """

    name: str
    source: str
    memories: Mapping[str, bytes] = field(default_factory=lambda: _NONE)

    def renamed(self, name: str) -> Part:
        """The same part under another name, without comments."""
        pattern = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(self.name)}(?![A-Za-z0-9])")
        source = _bare(self.source)
        memories = {pattern.sub(name, file): content for file, content in self.memories.items()}
        return Part(name, pattern.sub(name, source), memories)

    @property
    def size(self) -> int:
        """Bytes of source and memories: about how long it takes."""
        return len(self.source) + sum(map(len, self.memories.values()))


def _bare(source: str) -> str:
    """A source without the lines that are comments: what they say has no influence."""
    return re.sub(r"^\s*//.*\n", "", source, flags=re.MULTILINE)


def library_of(source: str, library: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the library that a source needs, with what these need, without their comments.

    Args:
        source: Verilog.
        library: File name, which is `<module>.v`, to text.
    """
    found: dict[str, bytes] = {}
    texts = [source]
    while texts:
        for word in set(re.findall(r"\bfinnlite_\w+", texts.pop())):
            name = f"{word}.v"
            if name in library and name not in found:
                texts.append(_bare(library[name].decode()))
                found[name] = texts[-1].encode()
    return dict(sorted(found.items()))


def script(sources: Iterable[str], names: Sequence[str], primitives: str = f"+/{PRIMITIVES}") -> str:
    """What Yosys is told to do with some parts.

    Args:
        sources: The files of the library and of the parts.
        names: Of the parts.
        primitives: The file of the primitives; by default Yosys' own.

    Modules are elaborated only with the parameters that they are used with (`-defer`): Yosys would read the
    memories of their defaults otherwise. Of the primitives only those that Yosys infers are read, which
    `synth_xilinx` would have read with all others. What it spends on its own files it spends once: the parts
    are modules of one design, which do not know each other.
    """
    return "\n".join(
        [
            *(f"read_verilog -defer {source}" for source in sources),
            f"read_verilog -lib -specify {primitives}",
            f"hierarchy -check -top {_DESIGN}",
            f"setattr -mod -set keep_hierarchy 1 {' '.join(names)}",
            "proc",
            "flatten",
            f"hierarchy -top {_DESIGN}",
            f"delete {_DESIGN}",
            "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -abc9 -run prepare:",
            f"tee -q -o {_STATISTICS} stat -tech xilinx -json",
            "",
        ]
    )


@dataclass(frozen=True)
class Cache:
    """Results in a folder by the digest of all that they depend on; without a folder nothing is kept."""

    folder: Path | None = None

    @property
    def files(self) -> dict[str, bytes]:
        """Relative path to content of all that is kept."""
        paths = sorted((self.folder / _KEPT).glob("*.json")) if self.folder is not None else []
        return {f"{_KEPT}/{path.name}": path.read_bytes() for path in paths}

    def find(self, digest: str) -> Measured | None:
        """The result that was kept; None if none was, or it is damaged."""
        if self.folder is None:
            return None
        try:
            found = json.loads((self.folder / _file(digest)).read_text(encoding="utf-8"))
            return Measured(**{key: int(found[key]) for key in asdict(Measured())})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, digest: str, result: Measured) -> None:
        """Keeps a result at once, so that it is there after an interrupt; makes the folder if need be.

        Raises:
            OptionError: If the folder is not finnlite's, or cannot be written.
        """
        if self.folder is None:
            return
        files = {_file(digest): (json.dumps(asdict(result)) + "\n").encode()}
        if (self.folder / MANIFEST).is_file():
            amend(self.folder, files)
            return
        with Output(self.folder) as out:
            out.run(Plan(files))


def _file(digest: str) -> str:
    return f"{_KEPT}/{digest}.json"


@dataclass(frozen=True)
class _Job:
    """What a worker needs for some parts: the files, and which Yosys its results are to be of."""

    parts: tuple[Part, ...]
    library: Mapping[str, bytes]
    yosys: Yosys

    @property
    def names(self) -> list[str]:
        """What the parts are called while they are synthesised: their own names have no influence then."""
        return [f"{_PART}{number}" for number in range(len(self.parts))]

    @property
    def files(self) -> dict[str, bytes]:
        """All that Yosys reads."""
        parts = [part.renamed(name) for part, name in zip(self.parts, self.names, strict=True)]
        files = library_of("\n".join(part.source for part in parts), self.library)
        files |= {f"{part.name}.v": part.source.encode() for part in parts}
        cells = "".join(f"  {name} {name}_i ();\n" for name in self.names)
        files[f"{_DESIGN}.v"] = f"module {_DESIGN};\n{cells}endmodule\n".encode()
        sources = list(files)
        for part in parts:
            files |= part.memories
        primitives = self.yosys.primitives
        if primitives is None:
            return {**files, _SCRIPT: script(sources, self.names).encode()}
        return {**files, _PRIMITIVES: primitives, _SCRIPT: script(sources, self.names, _PRIMITIVES).encode()}

    @property
    def digest(self) -> str:
        """Of all that the result depends on."""
        contents = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return hashlib.sha256(json.dumps([contents, self.yosys.build], sort_keys=True).encode()).hexdigest()


def measure(
    parts: Mapping[str, Part],
    library: Mapping[str, bytes],
    yosys: Yosys,
    workers: AbstractContextManager[Executor],
    cache: Cache,
    progress: Count = lambda done, total: None,
) -> dict[str, Measured]:
    """Synthesises every part by itself, out of context.

    Small ones share a run of Yosys. What a part takes may differ by a LUT or two with its neighbours there,
    as with everything that names and orders things in a synthesiser; what was found once is kept.

    Args:
        parts: By the name that messages call them.
        library: File name to text of the library's cells.
        yosys: The one that results are to be of; workers must have the same.
        workers: Where they run; not started if all results are known.
        cache: Where results are looked for and kept.
        progress: Called with (done, total) parts; equal ones are one.

    Raises:
        ToolError: If one cannot be synthesised; names it.
    """
    parts = {name: part.renamed(_PART) for name, part in parts.items()}
    digests = {name: _Job((part,), library, yosys).digest for name, part in parts.items()}
    first = {digest: name for name, digest in reversed(digests.items())}
    found = {digest: result for digest in first if (result := cache.find(digest)) is not None}
    progress(len(found), len(first))
    runs = _shared({name: parts[name] for digest, name in first.items() if digest not in found})
    if runs:
        jobs = {
            ", ".join(names): _Job(tuple(parts[name] for name in names), library, yosys) for names in runs
        }
        members = dict(zip(jobs, runs, strict=True))
        with workers as pool:
            for label, outcomes in run(pool, _work, jobs):
                for name, outcome in zip(members[label], outcomes, strict=True):
                    if isinstance(outcome, str):
                        raise ToolError(f"{name}: {outcome}")
                    found[digests[name]] = outcome
                    cache.keep(digests[name], outcome)
                progress(len(found), len(first))
    return {name: found[digest] for name, digest in digests.items()}


def _shared(parts: Mapping[str, Part]) -> list[list[str]]:
    """Names of the parts that share a run; the longest runs first."""
    result: list[list[str]] = []
    room = 0
    for name in sorted(parts, key=lambda name: (-parts[name].size, name)):
        if parts[name].size > room or len(result[-1]) == _MOST:
            result.append([])
            room = _SIZE
        result[-1].append(name)
        room -= parts[name].size
    return result


def _work(job: _Job) -> list[Measured | str]:
    """Some parts, in a worker; where all together fail each is tried alone, and what went wrong told.

    Raises:
        ToolError: If the worker has another Yosys.
    """
    yosys = find_yosys()
    if yosys.build != job.yosys.build:
        raise ToolError(f"synthesis: the worker's Yosys must be {job.yosys.build!r}, is {yosys.build!r}")
    job = replace(job, yosys=yosys)
    try:
        return list(_run(job)[0])
    except ToolError as error:
        if len(job.parts) == 1:
            return [str(error)]
    return [result for part in job.parts for result in _work(replace(job, parts=(part,)))]


def synthesise(part: Part, library: Mapping[str, bytes], yosys: Yosys) -> tuple[Measured, tuple[str, ...]]:
    """Synthesises one part here and now; the result, and the warnings of Yosys.

    Raises:
        ToolError: If it cannot be synthesised.
    """
    (found,), warnings = _run(_Job((part,), library, yosys))
    return found, warnings


def _run(job: _Job) -> tuple[list[Measured], tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="finnlite-synthesis-") as home:
        folder = Path(home)
        for name, content in job.files.items():
            (folder / name).write_bytes(content)
        warnings = job.yosys.run(_SCRIPT, folder)
        try:
            statistics = (folder / _STATISTICS).read_text(encoding="utf-8")
        except OSError:
            raise ToolError("synthesis: Yosys must write its statistics, did not") from None
    found = parse(statistics)
    return [found[name] for name in job.names], warnings
