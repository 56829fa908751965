# SPDX-License-Identifier: Apache-2.0
"""`metadata.json` of a deployment folder: what the driver has to know of an accelerator."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import MetadataError
from .operators import OPERATORS
from .packing import frame_bytes
from .sections import Section
from .status import MAX_STREAMS, OUTSIDE, Status, StatusStream, StatusUnit
from .steps import Program, Step

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["FILE", "FORMAT", "Border", "Metadata", "Overlay", "Tensor"]

FILE = "metadata.json"
"""Its name in the deployment folder."""
FORMAT = 1
"""The version of the format that this driver reads."""

_USER_ID_DIGITS = 8


@dataclass(frozen=True)
class Tensor:
    """An input or output of the model.

    Args:
        name: As the model names it.
        shape: Without the batch axis.
        dtype: Its numpy type.
        datatype: "FLOAT32", or the integer datatype of its elements.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    datatype: str


@dataclass(frozen=True)
class Border:
    """A side of the accelerator.

    Args:
        datatype: Of an element.
        elements: Of a frame.
        frame_bytes: Bytes of a packed frame.
    """

    datatype: str
    elements: int
    frame_bytes: int


@dataclass(frozen=True)
class Overlay:
    """What the bitstream is and how it says whose it is.

    Args:
        bitstream: Path of the `.bit` below the deployment folder.
        cell: Name of the cell that carries the identity.
        dma: Name of the DMA's cell.
        user_id: USERID in the bitstream's header, eight hexadecimal digits.
    """

    bitstream: str
    cell: str
    dma: str
    user_id: str


@dataclass(frozen=True, eq=False)
class Metadata:
    """Everything `metadata.json` says.

    Args:
        finnlite: Version that built it.
        name: Of the model.
        identity: Digest of the build, 64 hexadecimal digits.
        board: Its name.
        clock_mhz: Clock of the accelerator.
        ii_cycles: Cycles between two frames.
        latency_cycles: Cycles of a frame from end to end.
        overlay: The bitstream.
        input: What the model takes.
        border_in: What the accelerator takes.
        border_out: What the accelerator gives.
        encode: From the input to the accelerator's integers.
        decode: From the accelerator's integers to the outputs, in their order.
        outputs: What the model gives.
        status: What the registers of the status block belong to; None if there is none.
    """

    finnlite: str
    name: str
    identity: str
    board: str
    clock_mhz: float
    ii_cycles: int
    latency_cycles: int
    overlay: Overlay
    input: Tensor
    border_in: Border
    border_out: Border
    encode: Program
    decode: Program
    outputs: tuple[Tensor, ...]
    status: Status | None = None

    @classmethod
    def read(cls, folder: Path) -> Metadata:
        """Reads the metadata of a deployment folder.

        Raises:
            MetadataError: If the file is missing, damaged, of another format, or lacks something.
        """
        path = Path(folder) / FILE
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text"
            raise MetadataError(
                f"{path}: must be readable, is not ({reason}); name a folder that `finnlite build` made, "
                f"or its folder deploy"
            ) from None
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, what: str = FILE) -> Metadata:
        """Reads metadata from their text.

        Args:
            text: The JSON.
            what: What messages call it.

        Raises:
            MetadataError: If it is damaged, of another format, or lacks something.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise MetadataError(f"{what}: must be JSON, is damaged ({error}); copy the folder anew") from None
        if not isinstance(data, dict):
            raise MetadataError(f"{what}: must be a JSON object, is not; copy the folder anew")
        top = Section(what, "", data)
        found = top.number("format")
        if found != FORMAT:
            raise MetadataError(
                f"{what}: format must be {FORMAT}, is {found:g}; "
                f"build the folder anew with the finnlite whose driver this is"
            )
        result = cls(
            top.text("finnlite"),
            top.text("name"),
            top.text("identity"),
            top.text("board"),
            top.number("clock_mhz"),
            top.integer("ii_cycles"),
            top.integer("latency_cycles"),
            _read_overlay(top.section("overlay")),
            _read_tensor(top.section("input")),
            _read_border(top.section("border_in")),
            _read_border(top.section("border_out")),
            _read_program(top.section("encode")),
            _read_program(top.section("decode")),
            tuple(_read_tensor(section) for section in top.sections("outputs")),
            _read_status(top.section("status")) if top.has("status") else None,
        )
        result._check(top)
        wanted = top.text("sha256")
        if digest_of(data) != wanted:
            raise MetadataError(f"{what}: must be as finnlite wrote it, was changed; copy the folder anew")
        return result

    def _check(self, top: Section) -> None:
        user_id = self.identity[:_USER_ID_DIGITS]
        if self.overlay.user_id != user_id:
            raise top.error(
                "overlay.user_id", f"the first digits of identity, {user_id!r}", self.overlay.user_id
            )
        if len(self.encode.results) != 1:
            raise top.error("encode.results", "one name", f"{len(self.encode.results)} names")
        if len(self.decode.results) != len(self.outputs):
            wanted = f"as many names as there are outputs, {len(self.outputs)}"
            raise top.error("decode.results", wanted, str(len(self.decode.results)))

    def encoded(self) -> bytes:
        """The file's content; equal metadata give equal bytes."""
        data = {
            "format": FORMAT,
            "finnlite": self.finnlite,
            "name": self.name,
            "identity": self.identity,
            "board": self.board,
            "clock_mhz": self.clock_mhz,
            "ii_cycles": self.ii_cycles,
            "latency_cycles": self.latency_cycles,
            "overlay": vars(self.overlay),
            "input": vars(self.input),
            "border_in": vars(self.border_in),
            "border_out": vars(self.border_out),
            "encode": _write_program(self.encode),
            "decode": _write_program(self.decode),
            "outputs": [vars(output) for output in self.outputs],
        }
        if self.status is not None:
            data["status"] = _write_status(self.status)
        return (json.dumps({**data, "sha256": digest_of(data)}, indent=1) + "\n").encode()


def digest_of(data: dict[str, Any]) -> str:
    """Of all entries but the digest itself."""
    rest = {key: value for key, value in data.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _read_overlay(section: Section) -> Overlay:
    return Overlay(
        section.text("bitstream"), section.text("cell"), section.text("dma"), section.text("user_id")
    )


def _read_tensor(section: Section) -> Tensor:
    datatype = section.text("datatype")
    if datatype != "FLOAT32":
        section.datatype("datatype")
    return Tensor(section.text("name"), section.items("shape", int), section.dtype("dtype"), datatype)


def _read_border(section: Section) -> Border:
    border = Border(section.datatype("datatype"), section.integer("elements"), section.integer("frame_bytes"))
    wanted = frame_bytes(border.elements, border.datatype)
    if border.frame_bytes != wanted:
        raise section.error("frame_bytes", str(wanted), str(border.frame_bytes))
    return border


def _read_status(section: Section) -> Status:
    units = tuple(StatusUnit(unit.text("name"), unit.text("node")) for unit in section.sections("units"))
    streams = tuple(_read_stream(stream, len(units)) for stream in section.sections("streams"))
    if not 0 < len(streams) <= MAX_STREAMS:
        raise section.error("streams", f"1 to {MAX_STREAMS}", str(len(streams)))
    return Status(section.text("cell"), units, streams)


def _read_stream(section: Section, units: int) -> StatusStream:
    stream = StatusStream(
        section.text("name"),
        *(section.integer(key) for key in ("writer", "reader", "words", "depth")),
    )
    for key, value in (("writer", stream.writer), ("reader", stream.reader)):
        if not OUTSIDE <= value < units:
            raise section.error(key, f"{OUTSIDE} or the index of one of {units} units", str(value))
    if stream.words < 1:
        raise section.error("words", "at least 1", str(stream.words))
    return stream


def _write_status(status: Status) -> dict[str, Any]:
    return {
        "cell": status.cell,
        "units": [unit._asdict() for unit in status.units],
        "streams": [stream._asdict() for stream in status.streams],
    }


def _read_program(section: Section) -> Program:
    constants = section.section("constants")
    program = Program(
        section.text("source"),
        section.dtype("dtype"),
        {name: _read_array(constants.section(name)) for name in constants.names()},
        tuple(_read_step(step) for step in section.sections("steps")),
        section.items("results", str),
    )
    known = {None, program.source, *program.constants}
    for step, part in zip(program.steps, section.sections("steps")):
        _check_known(part, "inputs", step.inputs, known)
        known.update(step.outputs)
    _check_known(section, "results", program.results, known)
    return program


def _check_known(section: Section, key: str, names: Collection[str | None], known: set[str | None]) -> None:
    for name in names:
        if name not in known:
            raise section.error(key, "values that are there", repr(name))


def _read_step(section: Section) -> Step:
    op = section.text("op")
    if op not in OPERATORS:
        raise section.error("op", "an operator of this driver", repr(op))
    outputs, dtypes = section.items("outputs", str), section.items("dtypes", str)
    if len(outputs) != len(dtypes):
        raise section.error("dtypes", "one for each output", f"{len(dtypes)} for {len(outputs)}")
    inputs = section.items("inputs", str, optional=True)
    return Step(op, section.text("node"), section.raw("attributes"), inputs, outputs, dtypes)


def _write_program(program: Program) -> dict[str, Any]:
    return {
        "source": program.source,
        "dtype": program.dtype,
        "constants": {name: _write_array(array) for name, array in program.constants.items()},
        "steps": [vars(step) for step in program.steps],
        "results": program.results,
    }


def _read_array(section: Section) -> NDArray[Any]:
    dtype, shape = np.dtype(section.dtype("dtype")).newbyteorder("<"), section.items("shape", int)
    try:
        data = base64.b64decode(section.text("base64"), validate=True)
        array = np.frombuffer(data, dtype=dtype).reshape(shape)
    except ValueError:
        raise section.error("base64", f"the bytes of {dtype.name} {list(shape)}", "others") from None
    return array.astype(dtype.newbyteorder("="), copy=False)


def _write_array(array: NDArray[Any]) -> dict[str, Any]:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "base64": text}
