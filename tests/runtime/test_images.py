# SPDX-License-Identifier: Apache-2.0
"""A picture file in, a labelled picture out."""

import base64
import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from finnlite.backends.hls.csim import simulation_plan
from finnlite.execution import Session
from finnlite.plan import Output
from finnlite.runtime import Accelerator, Classified
from finnlite.runtime.errors import PictureError
from finnlite.runtime.images import ImageInput, classified, save_frame
from finnlite.runtime.metadata import Tensor
from finnlite.transforms import InterleaveChannels, LowerConvs
from finnlite.transforms.folding import Fold
from finnlite.transforms.hardware import MapToHardware
from finnlite.transforms.streams import SizeStreams
from finnlite.transforms.widths import MinimizeWidths
from tests.image_graphs import Images
from tests.runtime.deployed import deploy, refused

Answers = Callable[[Any], Any]
EVERY = np.arange(256, dtype=np.uint8).reshape(16, 16)
FLAT = {"shape": (4, 6)}
"""How the small network's 24 inputs are a picture."""


def tensor(datatype: str, dtype: str, *shape: int) -> Tensor:
    return Tensor("x", shape, dtype, datatype)


def grey(path: Path, pixels: NDArray[np.uint8]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def colours(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3)).astype(np.uint8)


# -- pixels and frames ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("datatype", "dtype", "rule"),
    [
        ("UINT8", "uint8", lambda p: p),
        ("UINT4", "uint8", lambda p: np.round(p / 17)),
        ("UINT1", "uint8", lambda p: p >= 128),
        ("BINARY", "uint8", lambda p: p >= 128),
        ("BIPOLAR", "int8", lambda p: np.where(p >= 128, 1, -1)),
        ("INT8", "int8", lambda p: np.clip(np.floor((2 * p / 255 - 1) * 128 + 0.5), -128, 127)),
        ("INT12", "int16", lambda p: np.clip(np.floor((2 * p / 255 - 1) * 2048 + 0.5), -2048, 2047)),
        ("FLOAT32", "float32", lambda p: (p / 255).astype(np.float32)),
    ],
)
def test_what_pixels_become(datatype: str, dtype: str, rule: Callable[[Any], Any]) -> None:
    image = ImageInput.of(tensor(datatype, dtype, 1, 16, 16))
    frame = image.frame(EVERY[..., None])
    assert (frame.shape, frame.dtype) == ((1, 16, 16), dtype)
    np.testing.assert_array_equal(frame[0], rule(EVERY.astype(np.float64)))
    np.testing.assert_array_equal(image.frame(image.pixels(frame)), frame)


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ((3, 4, 5), None, (4, 5, 3)),
        ((4, 5, 3), None, (4, 5, 3)),
        ((1, 4, 5), None, (4, 5, 1)),
        ((4, 5, 1), None, (4, 5, 1)),
        ((4, 5), None, (4, 5, 1)),
        ((60,), (3, 4, 5), (4, 5, 3)),
    ],
)
def test_how_frames_lie(shape: tuple[int, ...], given: Any, expected: tuple[int, ...]) -> None:
    pixels = colours(*expected[:2])[..., : expected[2]]
    frame = ImageInput.of(tensor("UINT8", "uint8", *shape), given).frame(pixels)
    assert frame.shape == shape
    first = (given or shape)[0] in (1, 3)
    np.testing.assert_array_equal(frame.ravel(), (pixels.transpose(2, 0, 1) if first else pixels).ravel())


def test_values_beyond_the_pixels_are_clipped() -> None:
    image = ImageInput.of(tensor("FLOAT32", "float32", 1, 3))
    assert image.pixels(np.float32([[-2, 0.5, 7]])).ravel().tolist() == [0, 128, 255]


def test_pixels_of_a_rule_of_ones_own() -> None:
    image = ImageInput.of(tensor("TERNARY", "int8", 3, 2, 2))
    frame = image.frame(colours(2, 2), lambda pixels: (pixels > 100).astype(int) - (pixels > 200))
    assert (frame.shape, frame.dtype) == ((3, 2, 2), np.int8)
    assert refused(lambda: image.frame(colours(2, 2), lambda pixels: pixels[0]), PictureError) == (
        "convert must give an array of shape [2, 2, 3], gives [2, 3]"
    )


@pytest.mark.parametrize("datatype", ["TERNARY", "UINT9"])
def test_a_datatype_without_a_rule(datatype: str) -> None:
    image = ImageInput.of(tensor(datatype, "int16", 3, 2, 2))
    assert refused(lambda: image.frame(colours(2, 2)), PictureError) == (
        f"input 'x' must be UINT1 to UINT8, INTn, BIPOLAR or FLOAT32 to take pictures by default, "
        f"is {datatype}; pass convert, from pixels to its values"
    )


# -- files ------------------------------------------------------------------------------------------
def read(path: Path, *shape: int) -> NDArray[np.uint8]:
    return ImageInput.of(tensor("UINT8", "uint8", *shape)).read(path)


def test_a_picture_of_the_input_s_size_is_read_as_it_is(tmp_path: Path) -> None:
    pixels = colours(6, 5)
    np.testing.assert_array_equal(read(grey(tmp_path / "a.png", pixels), 3, 6, 5), pixels)
    np.testing.assert_array_equal(read(grey(tmp_path / "b.png", EVERY), 16, 16)[..., 0], EVERY)


def test_the_middle_is_cut_out_and_resized(tmp_path: Path) -> None:
    wide = np.zeros((20, 60), np.uint8)
    wide[:, 20:30], wide[:, 30:40] = 100, 200  # what is left and right of the middle is black
    found = read(grey(tmp_path / "wide.png", wide), 4, 4)[..., 0]
    assert found.shape == (4, 4)
    assert (found[:, 0] == found[0, 0]).all()
    assert abs(int(found[0, 0]) - 100) < 15
    assert abs(int(found[0, 3]) - 200) < 15


@pytest.mark.parametrize(("mode", "value"), [("RGBA", (9, 9, 9, 0)), ("LA", (9, 0)), ("L", 255), ("1", 1)])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str, value: Any) -> None:
    Image.new(mode, (3, 2), value).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", 3, 2, 3).tolist() == np.full((2, 3, 3), 255).tolist()
    assert read(tmp_path / "a.png", 2, 3).tolist() == np.full((2, 3, 1), 255).tolist()


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert refused(lambda: read(path, 2, 2), PictureError) == f"{path}: must be a picture, does not exist"
    for content in (b"", b"hello", grey(tmp_path / "b.png", colours(9, 9)).read_bytes()[:99]):
        path.write_bytes(content)
        message = refused(lambda: read(path, 2, 2), PictureError)
        assert message.startswith(f"{path}: must be a picture that Pillow reads, is not (")
    Image.fromarray(EVERY.astype(np.uint16) * 257).save(path)
    assert refused(lambda: read(path, 2, 2), PictureError) == (
        f"{path}: must have at most 8 bits a channel, grey or RGB, has mode 'I;16'; convert it"
    )


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert refused(lambda: read(tmp_path / "a.png", 2, 2), PictureError) == (
        "pictures need Pillow, which is missing: `pip install pillow`, or `apt install python3-pil`"
    )


# -- the accelerator --------------------------------------------------------------------------------
def test_a_picture_in_and_a_label_out(accelerator: Accelerator, answers: Answers, tmp_path: Path) -> None:
    pixels = colours(4, 6)[..., 0]
    scores = answers(pixels.reshape(1, 24))[0]
    labels = [f"class {index}" for index in range(10)]
    found = accelerator.classify_image(grey(tmp_path / "a.png", pixels), labels, **FLAT)
    best = int(scores.argmax())
    assert (found.label, found.index, found.scores.tolist()) == (f"class {best}", best, scores.tolist())
    assert repr(found) == f"<Classified 'class {best}', score {scores[best]:g}>"
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(found.png()))), pixels)
    assert accelerator.classify_image(str(tmp_path / "a.png"), **FLAT).label == str(best)
    inverted = accelerator.classify_image(tmp_path / "a.png", convert=lambda p: 255 - p, **FLAT)
    assert inverted.scores.tolist() == answers(255 - pixels.reshape(1, 24))[0].tolist()


def test_an_input_that_is_no_image(accelerator: Accelerator, tmp_path: Path) -> None:
    path = grey(tmp_path / "a.png", EVERY)
    assert refused(lambda: accelerator.classify_image(path), PictureError) == (
        "input 'x' must be an image, (H, W), (C, H, W) or (H, W, C) with 1 or 3 channels, has shape [24]; "
        "pass shape if it is an image laid flat"
    )
    assert refused(lambda: accelerator.classify_image(path, shape=(5, 5)), PictureError) == (
        "input 'x': shape must have 24 elements, as the input has, is [5, 5]"
    )
    assert refused(lambda: accelerator.classify_image(path, ["a", "b"], **FLAT), PictureError) == (
        "labels must name 10 classes, name 2"
    )


def test_a_convolutional_network(tmp_path: Path) -> None:
    net = Images((3, 8, 6), "UINT8")
    source = net.end(net.dense(net.quantize(net.conv(net.x, 4)), 5))
    graph = source.copy().transform(LowerConvs(), InterleaveChannels(), MapToHardware())
    graph.transform(MinimizeWidths(), Fold(), SizeStreams())
    pixels = colours(8, 6)
    frame = pixels.transpose(2, 0, 1)[None]
    with Output(tmp_path / "out") as out:
        out.run(simulation_plan(graph), "hls")
    deploy(tmp_path / "out" / "deploy", graph, frames=np.concatenate([frame, 255 - frame]).reshape(2, -1))
    expected = Session(source).run(frame)["y"][0]
    with Accelerator(tmp_path / "out", device="sim") as accelerator:
        found = accelerator.classify_image(grey(tmp_path / "a.png", pixels))
        large = Image.fromarray(pixels).resize((60, 80), Image.Resampling.NEAREST)
        large.save(tmp_path / "large.png")
        again = accelerator.classify_image(tmp_path / "large.png")
    assert found.scores.tolist() == expected.tolist()
    assert found.index == int(expected.argmax())
    assert again.pixels.shape == (8, 6, 3)


def test_saving_a_frame(tmp_path: Path) -> None:
    save_frame(tensor("UINT8", "uint8", 24), np.arange(24), tmp_path / "a.png", shape=(4, 6))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")).ravel(), np.arange(24))


# -- what is shown ----------------------------------------------------------------------------------
def test_the_class_itself_as_output() -> None:
    found = classified(np.array([2]), ["a", "b", "c"], colours(2, 2))
    assert (found.label, found.index) == ("c", 2)
    assert repr(found) == "<Classified 'c'>"
    assert "<svg" not in found._repr_html_()
    message = "labels must name class 2, which the network gave, name 2 classes"
    assert refused(lambda: classified(np.array([2]), ["a", "b"], colours(2, 2)), PictureError) == message


def test_the_picture_and_its_scores(tmp_path: Path) -> None:
    labels = ["<cat>", *(f"c{index}" for index in range(1, 12))]
    scores = np.array([8, -2, 4, *[-1.5] * 9])
    found: Classified = classified(scores, labels, colours(4, 8))
    html = found._repr_html_()
    data = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert data is not None
    assert base64.b64decode(data.group(1)) == found.png()
    assert 'width="160" height="80"' in html
    assert "<cat>" not in html
    assert html.count("&lt;cat&gt;") == 3
    names = re.findall(r'text-anchor="end">([^<]+)<', html)
    assert names == ["&lt;cat&gt;", "c2", *(f"c{index}" for index in range(3, 11))]  # the ten best
    bars = [tuple(map(float, bar)) for bar in re.findall(r'<rect x="([^"]+)" y="\d+" width="([^"]+)"', html)]
    zero = bars[0][0]
    assert bars[0][1] == pytest.approx(2 * bars[1][1], abs=0.1)
    assert bars[2][0] + bars[2][1] == pytest.approx(zero, abs=0.1)  # negative: to the left
    found.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").endswith(html)
