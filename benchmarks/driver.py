# SPDX-License-Identifier: Apache-2.0
"""The driver's own time for 10,000 MNIST frames: source inputs into the DMA's buffer, results out of it.

What lies between, the device, is left out. The board's A9 takes some 10-20 times as long.
"""

from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from finnlite.backends.pynq.deployment import deployment_plan
from finnlite.boards import BOARDS
from finnlite.flow import compile_stages
from finnlite.options import Options
from finnlite.runtime.codec import Codec
from finnlite.runtime.metadata import Metadata

from .measuring import SHARED, shared

FRAMES = 10_000
RUNS = 15
PIXELS = {"input_type": "uint8", "input_scale": "1/255"}


class Row(NamedTuple):
    """Times of one case, in milliseconds, and what they may be."""

    name: str
    encode_ms: float
    decode_ms: float
    limit_ms: float


def images() -> NDArray[np.uint8]:
    """10,000 images of 28 x 28 pixels: MNIST's test images if they are there, else random ones."""
    path = SHARED / "data/mnist_test.npz"
    if path.is_file():
        found: NDArray[np.uint8] = np.load(path)["x"][:FRAMES]
        return np.resize(found, (FRAMES, *found.shape[1:]))
    return np.random.default_rng(0).integers(0, 256, (FRAMES, 28, 28), dtype=np.uint8)


def codec_of(model: str, **options: Any) -> tuple[Codec, tuple[int, ...]]:
    """The codec of a shared model as it is deployed, and the shape of its input."""
    graph = compile_stages(shared(f"models/{model}.onnx"), Options(**options))["SizeStreams"]
    plan = deployment_plan(
        graph,
        "0" * 64,
        name=model,
        board=BOARDS["pynq-z1"],
        clock_mhz=100.0,
        ii_cycles=1,
        latency_cycles=1,
        frames=np.ones((1, 784)),
    )
    metadata = Metadata.parse(plan.files["metadata.json"].decode())
    return Codec(metadata), metadata.input.shape


def measure(name: str, codec: Codec, frames: NDArray[Any], limit_ms: float) -> Row:
    """Encodes frames into a buffer and decodes answers from one; both are used again in every run."""
    source = np.zeros((len(frames), codec.in_bytes), dtype=np.uint8)
    answers = np.random.default_rng(1).integers(0, 256, (len(frames), codec.out_bytes), dtype=np.uint8)
    encoding, decoding = [], []
    for _ in range(RUNS):
        start = perf_counter()
        codec.encode(frames, source)
        middle = perf_counter()
        codec.decode(answers)
        encoding.append(middle - start)
        decoding.append(perf_counter() - middle)
    return Row(name, 1e3 * median(encoding), 1e3 * median(decoding), limit_ms)


def rows() -> list[Row]:
    """The cases: pixels as they are, and bits from floats, from bools and from -1 and +1."""
    pixels = images()
    bits = pixels >= 128
    tfc8, shape = codec_of("tfc_w1a1", **PIXELS)
    tfc, _ = codec_of("tfc_w1a1")
    tfc2, _ = codec_of("tfc_w1a2")
    lfc, flat = codec_of("lfc_w1a1")
    floats = (pixels / np.float32(255)).astype(np.float32)
    cases = [
        ("tfc_w1a1, uint8 pixels, 8 bits each", tfc8, pixels.reshape(-1, *shape), 10.0),
        ("tfc_w1a1, float32 pixels, 1 bit each", tfc, floats.reshape(-1, *shape), 40.0),
        ("tfc_w1a1, bool pixels, 1 bit each", tfc, bits.reshape(-1, *shape), 40.0),
        (
            "lfc_w1a1, int8 -1 and +1, 1 bit each",
            lfc,
            (bits * np.int8(2) - np.int8(1)).reshape(-1, *flat),
            40.0,
        ),
        ("tfc_w1a2, float32 pixels, 2 bits each", tfc2, floats.reshape(-1, *shape), 40.0),
    ]
    return [measure(*case) for case in cases]


def main() -> None:
    print(f"{FRAMES:,} frames, medians of {RUNS} runs")
    print(f"{'ms':40}{'in':>8}{'out':>8}{'sum':>8}{'at most':>9}")
    for row in rows():
        total = row.encode_ms + row.decode_ms
        print(f"{row.name:40}{row.encode_ms:8.2f}{row.decode_ms:8.2f}{total:8.2f}{row.limit_ms:9.0f}")


if __name__ == "__main__":
    main()
