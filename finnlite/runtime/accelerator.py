# SPDX-License-Identifier: Apache-2.0
"""`Accelerator`: frames in, results out, on a board or in simulation."""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from .codec import Codec
from .dma import MAX_BYTES
from .engine import Engine
from .errors import BusyError, ClosedError, DriverError, InputError, MetadataError
from .images import Classified, ImageInput, classified
from .measuring import Benchmark, Sweep, measure
from .metadata import FILE, Metadata
from .pynq_device import PynqDevice
from .simulated import LIBRARY, SimulatedDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from .device import Device

__all__ = ["Accelerator"]

_GOLDEN = "golden.npz"


class Accelerator:
    """A built network, ready to run. Use it as a context manager, or `close` it.

    It loads the overlay, having checked that it belongs to the folder, and runs golden frames through it.
    After a failed transfer there is no result, and the next call begins with all of that again.

    One call at a time: a call that comes while another thread is in one, or while an iterator of results is
    not finished, raises `BusyError`. Threads that share an accelerator need a lock of their own.

    Args:
        folder: What `finnlite build` made, or its folder `deploy`.
        device: "pynq" for the board this runs on, "sim" for the C simulation, or a `Device`, which is
            closed with the accelerator.
        timeout: Seconds a transfer may take; by default ten times what it should, and two seconds.
        self_test: Whether to run golden frames when the overlay has been loaded.

    Raises:
        DriverError: If something is missing, does not belong together or does not work; says what.
    """

    def __init__(
        self,
        folder: Path | str,
        device: str | Device = "pynq",
        *,
        timeout: float | None = None,
        self_test: bool = True,
    ) -> None:
        """See the class."""
        deploy = _deploy_folder(Path(folder))
        if timeout is not None and not _is_positive(timeout, Real):
            raise InputError(f"timeout must be a positive number of seconds, is {timeout!r}")
        self.metadata: Metadata = Metadata.read(deploy)
        self._codec = Codec(self.metadata)
        golden = _read_golden(deploy, self._codec) if self_test else None
        if not isinstance(device, str) and not hasattr(device, "allocate"):
            raise InputError(_wrong_device(device))
        if isinstance(device, str):
            device = _make_device(device, deploy, self.metadata)
        self._engine = Engine(device, self.metadata, self._codec, golden, timeout)
        self._lock = threading.RLock()
        self._iterating = self._working = self._closed = False
        try:
            self._engine.make_ready()
        except BaseException:
            with contextlib.suppress(DriverError):
                self.close()
            raise

    def __repr__(self) -> str:
        """Its model and where it runs."""
        where = "simulation" if self.simulated else "board"
        return f"<Accelerator {self.metadata.name!r}, {where}{', closed' if self._closed else ''}>"

    def __enter__(self) -> Accelerator:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()

    def close(self) -> None:
        """Frees the buffers and the device; an iterator of results that is not finished can not go on.

        Raises:
            BusyError: If another thread is in a call, or the iterator of frames of a call is running.
            OverlayError: If the DMA cannot be stopped; its buffers are kept then, as it may still write.
        """
        with self._alone():
            if self._working:  # the same thread: the caller's own iterator of frames closes us
                raise BusyError(f"{self._what}: must be closed outside of the iterator of its frames, is not")
            if not self._closed:
                self._closed = True
                self._engine.close()

    @property
    def simulated(self) -> bool:
        """Whether it runs in simulation, so that its speed says nothing about the board's."""
        return self._engine.device.simulated

    def predict(self, x: Any) -> Any:
        """Runs frames.

        Frames are packed and answers unpacked while the accelerator works on others.

        Args:
            x: One frame as the model takes it (integers where an input type was declared), a batch of them,
                or an iterator of either.

        Returns:
            The output (F, …), without F for one frame; a dict by name if the model has several outputs. Of
            an iterator: an iterator of such results, which takes one item more than it has given results.

        Raises:
            InputError: If frames do not fit the input.
            TransferError: If a transfer failed; there are no results of it.
            OverlayError: If the overlay had to be loaded again and could not be.
            SelfTestError: If it then answered golden frames wrongly.
            BusyError: See the class.
            ClosedError: If the accelerator has been closed.
        """
        if isinstance(x, Iterator):
            return self._results(x, self._engine.chunk())
        (result,) = self._results(iter([x]), self._engine.chunk())
        return result

    def benchmark(self, frames: Any = 1000, batch: int | None = None) -> Benchmark:
        """Measures the speed.

        Args:
            frames: Frames to run, or how many random ones.
            batch: Frames a transfer; by default as many as `predict` takes.

        Raises:
            InputError: If frames do not fit, or a batch is longer than a transfer.
        """
        largest = self._engine.chunk(MAX_BYTES)
        if batch is None:
            batch = self._engine.chunk()
        if not _is_positive(batch, Integral) or batch > largest:
            raise InputError(f"batch must be from 1 to {largest} frames, is {batch!r}")
        size = batch

        def run(x: NDArray[Any]) -> None:
            list(self._results(iter([x]), size))

        with self._alone():
            self._check_free()
            return measure(self._engine, self._codec, self.metadata, frames, batch, run)

    def sweep(self, frames: Any = 1000, batches: Sequence[int] | None = None) -> Sweep:
        """Measures the speed with batches of several sizes; the result has a plot.

        Args:
            frames: Frames to run with each, or how many random ones.
            batches: Frames a transfer; by default 1, 4, 16 and so on, up to what `predict` takes.

        Raises:
            InputError: If frames do not fit, or a batch is longer than a transfer or than the frames.
        """
        count = int(frames) if isinstance(frames, Integral) else len(self._codec.frames(frames)[0])
        count = max(1, count)  # of none, `benchmark` complains
        if batches is None:
            largest = min(count, self._engine.chunk())
            batches = [4**power for power in range(largest.bit_length()) if 4**power <= largest]
        if not len(batches) or not all(_is_positive(size, Integral) and size <= count for size in batches):
            raise InputError(f"batches must be sizes up to the {count} frames to run, are {list(batches)}")
        return Sweep(tuple(self.benchmark(frames, batch) for batch in batches))

    def classify_image(
        self,
        path: Path | str,
        labels: Sequence[str] | None = None,
        convert: Callable[[NDArray[Any]], Any] | None = None,
        shape: Sequence[int] | None = None,
    ) -> Classified:
        """Reads a picture file, runs it, and labels it by the first output's largest element.

        Its middle is cut out in the input's proportions and resized. Needs Pillow.

        Args:
            path: PNG, JPEG, or what else Pillow reads.
            labels: Names of the classes, in the output's order; by default their numbers.
            convert: From pixels (H, W, C) of 0 to 255 to the input's values, if the model wants others than
                `images.ImageInput.frame` makes (of UINT8 the pixels, of INT8 and BIPOLAR what stands for
                -1 to 1, of floats 0 to 1).
            shape: If the input is an image laid flat, its (H, W), (C, H, W) or (H, W, C).

        Raises:
            PictureError: If it is no picture, the input takes none, or labels and classes are not as many.
            DriverError: As of `predict`.
        """
        image = ImageInput.of(self.metadata.input, shape)
        pixels = image.read(path)
        result = self.predict(image.frame(pixels, convert))
        output = next(iter(result.values())) if isinstance(result, dict) else result
        return classified(output, labels, pixels)

    # -- results ----------------------------------------------------------------------------------
    def _results(self, items: Iterator[Any], chunk: int) -> Iterator[Any]:
        """A result an item."""
        with self._alone():
            self._check_free()
            self._iterating = True
        plan: deque[tuple[int, bool]] = deque()
        pieces: list[dict[str, NDArray[Any]]] = []
        decoded = self._decoded(self._chunks(items, chunk, plan))
        try:
            while True:
                with self._alone():
                    self._check_open()
                    self._working = True
                    try:
                        piece = next(decoded, None)
                    finally:
                        self._working = False
                if piece is not None:
                    pieces.append(piece)
                while plan and len(pieces) >= plan[0][0]:
                    count, single = plan.popleft()
                    whole = self._joined(pieces[:count], single)
                    del pieces[:count]
                    yield whole
                if piece is None:
                    return
        finally:
            with self._lock:
                self._iterating = False
                self._engine.drain()

    def _chunks(
        self, items: Iterator[Any], size: int, plan: deque[tuple[int, bool]]
    ) -> Iterator[NDArray[Any]]:
        """The frames of each transfer; of each item, `plan` gets the transfers, and if it is one frame."""
        for item in items:
            frames, single = self._codec.frames(item)
            starts = range(0, len(frames), size)
            plan.append((len(starts), single))
            for start in starts:
                yield frames[start : start + size]

    def _decoded(self, chunks: Iterator[NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
        """The answers of each chunk; when they are unpacked, the next chunk is under way."""
        engine = self._engine
        engine.make_ready()
        while True:
            packed, problem = None, None
            try:
                packed = engine.pack(next(chunks))
            except StopIteration:
                pass
            except Exception as error:  # a bad frame, or the caller's own: what came before it is good
                problem = error
            done = engine.finish()
            if packed is not None:
                engine.start(packed)
            if done is not None:
                yield self._codec.decode(done)
            if problem is not None:
                raise problem
            if packed is None:
                return

    def _joined(self, pieces: list[dict[str, NDArray[Any]]], single: bool) -> Any:
        if not pieces:
            pieces = [self._codec.decode(np.zeros((0, self._codec.out_bytes), dtype=np.uint8))]
        whole = pieces[0]
        if len(pieces) > 1:
            whole = {name: np.concatenate([piece[name] for piece in pieces]) for name in whole}
        if single:
            whole = {name: array[0] for name, array in whole.items()}
        return next(iter(whole.values())) if len(whole) == 1 else whole

    # -- one at a time ----------------------------------------------------------------------------
    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise BusyError(
                f"{self._what}: must be used by one thread at a time, is used by another; "
                f"hold a lock of your own around each call"
            )
        try:
            yield
        finally:
            self._lock.release()

    def _check_free(self) -> None:
        self._check_open()
        if self._iterating:
            raise BusyError(
                f"{self._what}: must be called when its last iterator of results is finished, that is not; "
                f"finish it, or call its close()"
            )

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(f"{self._what}: must be open, has been closed; make a new Accelerator")

    @property
    def _what(self) -> str:
        return f"accelerator {self.metadata.name!r}"


def _deploy_folder(folder: Path) -> Path:
    inner = folder / "deploy"
    return inner if not (folder / FILE).is_file() and inner.is_dir() else folder


def _make_device(name: str, deploy: Path, metadata: Metadata) -> Device:
    if name == "pynq":
        cell = None if metadata.status is None else metadata.status.cell
        return PynqDevice(deploy / metadata.overlay.bitstream, metadata.overlay.dma, cell)
    if name == "sim":
        overlay = metadata.overlay
        library = deploy.resolve().parent / "hls" / LIBRARY
        return SimulatedDevice(library, overlay.user_id, (overlay.cell,), metadata.clock_mhz, metadata.status)
    raise InputError(_wrong_device(name))


def _is_positive(value: Any, kind: Any) -> bool:
    """Numpy's numbers are numbers too."""
    return isinstance(value, kind) and bool(value > 0)


def _wrong_device(device: object) -> str:
    return f"device must be 'pynq', 'sim' or a Device, is {device!r}"


def _read_golden(deploy: Path, codec: Codec) -> tuple[NDArray[Any], NDArray[Any]]:
    """Packed frames and their packed answers.

    Raises:
        MetadataError: If the file is missing or damaged.
    """
    path = deploy / _GOLDEN
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            given, expected = (np.atleast_1d(data[name]) for name in ("input", "output"))
    except FileNotFoundError:
        raise MetadataError(
            f"{path}: must exist for the self-test, does not; copy the folder anew, or pass self_test=False"
        ) from None
    except (
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        EOFError,
        BadZipFile,
        zlib.error,
    ):
        raise MetadataError(
            f"{path}: must be an .npz file with input and output, is not; copy the folder anew, "
            f"or pass self_test=False"
        ) from None
    frames = len(given)
    if given.dtype != np.uint8 or expected.dtype != np.uint8:
        raise MetadataError(
            f"{path}: golden frames must be uint8, are {given.dtype} and {expected.dtype}; "
            f"copy the folder anew"
        )
    if given.shape != (frames, codec.in_bytes) or expected.shape != (frames, codec.out_bytes) or not frames:
        raise MetadataError(
            f"{path}: golden frames must have shapes [F, {codec.in_bytes}] and [F, {codec.out_bytes}], "
            f"have {list(given.shape)} and {list(expected.shape)}; copy the folder anew"
        )
    return given, expected
