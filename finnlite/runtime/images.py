# SPDX-License-Identifier: Apache-2.0
"""A picture file in, a labelled picture out, for networks whose input is an image.

Reading pictures needs Pillow, which PYNQ images have; nothing else of the driver does.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .errors import PictureError
from .packing import element_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .metadata import Tensor

__all__ = ["Classified", "ImageInput", "classified", "save_frame"]

_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
"""Pillow's names of pictures with up to 8 bits a channel."""
_MAX_UNSIGNED_BITS = 8
_SHOWN_SCORES = 10
_SHOWN_PIXELS = 160


class ImageInput(NamedTuple):
    """What an input that takes images wants.

    Args:
        tensor: The input.
        height: Rows.
        width: Columns.
        channels: 1: grey, 3: red, green and blue.
        channels_first: Whether a frame is (C, H, W), not (H, W, C).
    """

    tensor: Tensor
    height: int
    width: int
    channels: int
    channels_first: bool

    @classmethod
    def of(cls, tensor: Tensor, shape: Sequence[int] | None = None) -> ImageInput:
        """The image input that a tensor is.

        Args:
            tensor: The input.
            shape: What it is if it is flat: (H, W), (C, H, W) or (H, W, C).

        Raises:
            PictureError: If it is none.
        """
        shape = tensor.shape if shape is None else tuple(shape)
        if np.prod(shape) != np.prod(tensor.shape):
            raise PictureError(
                f"input {tensor.name!r}: shape must have {np.prod(tensor.shape)} elements, as the input has, "
                f"is {list(shape)}"
            )
        if len(shape) == 2:
            return cls(tensor, shape[0], shape[1], 1, True)
        if len(shape) == 3 and shape[0] in (1, 3):
            return cls(tensor, shape[1], shape[2], shape[0], True)
        if len(shape) == 3 and shape[2] in (1, 3):
            return cls(tensor, shape[0], shape[1], shape[2], False)
        raise PictureError(
            f"input {tensor.name!r} must be an image, (H, W), (C, H, W) or (H, W, C) with 1 or 3 channels, "
            f"has shape {list(shape)}; pass shape if it is an image laid flat"
        )

    def read(self, path: Path | str) -> NDArray[np.uint8]:
        """The pixels of a picture file: its middle in the input's proportions, resized.

        What is transparent becomes white, and colours become grey if the input has one channel.

        Returns:
            (H, W, C) from 0 to 255.

        Raises:
            PictureError: If Pillow is missing, or the file is no picture of up to 8 bits a channel.
        """
        image, ops = _pillow()
        try:
            with image.open(str(path)) as opened:
                if opened.mode not in _MODES:
                    raise PictureError(
                        f"{path}: must have at most 8 bits a channel, grey or RGB, has mode "
                        f"{opened.mode!r}; convert it"
                    )
                picture = ops.exif_transpose(opened).convert("RGBA")
        except FileNotFoundError:
            raise PictureError(f"{path}: must be a picture, does not exist") from None
        except (OSError, SyntaxError, EOFError, image.DecompressionBombError) as error:
            raise PictureError(f"{path}: must be a picture that Pillow reads, is not ({error})") from None
        white = image.new("RGBA", picture.size, "white")
        opaque = image.alpha_composite(white, picture).convert("L" if self.channels == 1 else "RGB")
        pixels = np.asarray(ops.fit(opaque, (self.width, self.height), image.BICUBIC), dtype=np.uint8)
        return pixels.reshape(self.height, self.width, self.channels)

    def frame(
        self, pixels: NDArray[np.uint8], convert: Callable[[NDArray[Any]], Any] | None = None
    ) -> NDArray[Any]:
        """A frame as `predict` takes it.

        Args:
            pixels: (H, W, C) from 0 to 255.
            convert: From these pixels to the input's values, of the same shape. By default 0 to 255 become:
                of UINTn up to 8 bits, 0 to the largest (UINT8: itself); of INTn, -1 to 1 with n - 1 binary
                places, rounded, halves up; of BIPOLAR, +1 from 128 on; of floats, 0 to 1.

        Raises:
            PictureError: If the datatype has no such rule, or `convert` gives another shape.
        """
        values = np.asarray((convert or self._converted)(pixels))
        if values.shape != pixels.shape:
            raise PictureError(
                f"convert must give an array of shape {list(pixels.shape)}, gives {list(values.shape)}"
            )
        if self.channels_first:
            values = values.transpose(2, 0, 1)
        return values.astype(self.tensor.dtype).reshape(self.tensor.shape)

    def pixels(self, frame: NDArray[Any]) -> NDArray[np.uint8]:
        """The pixels that a frame is of by the rules of `frame`, (H, W, C); values beyond are clipped.

        Raises:
            PictureError: If the datatype has no such rule.
        """
        low, size = self._range()
        values = np.asarray(frame, dtype=np.float64)
        if self.channels_first:
            values = values.reshape(self.channels, self.height, self.width).transpose(1, 2, 0)
        else:
            values = values.reshape(self.height, self.width, self.channels)
        return np.clip(np.rint((values - low) / size * 255), 0, 255).astype(np.uint8)

    def _converted(self, pixels: NDArray[Any]) -> NDArray[Any]:
        low, size = self._range()
        values = low + pixels / 255.0 * size
        if self.tensor.datatype == "FLOAT32":
            return values
        kind = element_type(self.tensor.datatype)
        if kind.bipolar:
            return np.where(values >= 0, 1, -1)
        return np.clip(np.floor(values + 0.5), kind.low, kind.high)

    def _range(self) -> tuple[float, float]:
        """What black means, and how much more white is."""
        datatype = self.tensor.datatype
        if datatype == "FLOAT32":
            return 0.0, 1.0
        kind = element_type(datatype)
        if kind.bipolar:
            return -1.0, 2.0
        if kind.signed and datatype.startswith("INT"):
            return float(kind.low), -2.0 * kind.low
        if not kind.signed and kind.bits <= _MAX_UNSIGNED_BITS:
            return 0.0, float(kind.high)
        raise PictureError(
            f"input {self.tensor.name!r} must be UINT1 to UINT8, INTn, BIPOLAR or FLOAT32 to take pictures "
            f"by default, is {datatype}; pass convert, from pixels to its values"
        )


@dataclass(frozen=True, eq=False)
class Classified:
    """A picture and what the network sees in it; Jupyter shows both.

    Args:
        label: What it is.
        index: Number of its class.
        scores: (K,) the network's output of each class; one number if it gives the class itself.
        labels: Names of the classes; none: their numbers are their names.
        pixels: (H, W, C) what the network saw.
    """

    label: str
    index: int
    scores: NDArray[Any]
    labels: tuple[str, ...]
    pixels: NDArray[np.uint8]

    def __repr__(self) -> str:
        """The label and its score."""
        score = f", score {self.scores[self.index]:g}" if len(self.scores) > 1 else ""
        return f"<Classified {self.label!r}{score}>"

    def png(self) -> bytes:
        """The picture that the network saw."""
        data = io.BytesIO()
        _picture_of(self.pixels).save(data, "PNG")
        return data.getvalue()

    def save(self, path: Path | str) -> None:
        """Writes an HTML page with the picture and the scores, which needs no other file."""
        with open(str(path), "w", encoding="utf-8") as file:
            file.write(f'<!DOCTYPE html><meta charset="utf-8"><title>{escape(self.label)}</title>')
            file.write(self._repr_html_())

    def _repr_html_(self) -> str:
        height, width = self.pixels.shape[:2]
        scale = _SHOWN_PIXELS / max(height, width)
        data = base64.b64encode(self.png()).decode("ascii")
        label = escape(self.label)
        return (
            f'<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:center;font-family:sans-serif">'
            f'<figure style="margin:0;text-align:center"><img alt="{label}" '
            f'width="{width * scale:.0f}" height="{height * scale:.0f}" style="image-rendering:pixelated" '
            f'src="data:image/png;base64,{data}"><figcaption style="font-size:1.3em"><b>{label}</b>'
            f"</figcaption></figure>{self._bars()}</div>"
        )

    def _bars(self) -> str:
        """The best scores as bars from zero."""
        if len(self.scores) < 2:
            return ""
        best = np.argsort(-self.scores, kind="stable")[:_SHOWN_SCORES]
        scores = self.scores[best].astype(np.float64)
        low, high = min(0.0, float(scores.min())), max(0.0, float(scores.max()))
        scale = 200 / ((high - low) or 1.0)
        rows = []
        for row, (index, score) in enumerate(zip(best, scores)):
            name, x, y = (
                escape(_name(self.labels, int(index))),
                130 + (min(score, 0.0) - low) * scale,
                22 * row,
            )
            colour = "#0072b2" if index == self.index else "#999999"
            rows.append(
                f'<text x="122" y="{y + 15}" text-anchor="end">{name}</text><rect x="{x:.1f}" y="{y + 3}" '
                f'width="{abs(score) * scale:.1f}" height="16" fill="{colour}"/>'
                f'<text x="338" y="{y + 15}">{score:.4g}</text>'
            )
        return (
            f'<svg viewBox="0 0 400 {22 * len(rows)}" width="400" role="img" aria-label="Scores" '
            f'font-size="13" fill="currentColor" style="max-width:100%">{"".join(rows)}</svg>'
        )


def classified(output: NDArray[Any], labels: Sequence[str] | None, pixels: NDArray[np.uint8]) -> Classified:
    """What an output says of a picture.

    Args:
        output: Of one frame: a score a class, or the class itself.
        labels: Names of the classes, in the output's order.
        pixels: (H, W, C) what the network saw.

    Raises:
        PictureError: If there are more or fewer labels than classes.
    """
    scores, names = np.ravel(output), tuple(map(str, labels or ()))
    index = int(scores.argmax()) if len(scores) > 1 else int(scores[0])
    if names and len(scores) > 1 and len(names) != len(scores):
        raise PictureError(f"labels must name {len(scores)} classes, name {len(names)}")
    if names and not 0 <= index < len(names):
        raise PictureError(
            f"labels must name class {index}, which the network gave, name {len(names)} classes"
        )
    return Classified(_name(names, index), index, scores, names, pixels)


def save_frame(
    tensor: Tensor, frame: NDArray[Any], path: Path | str, shape: Sequence[int] | None = None
) -> None:
    """Writes a frame as a picture, by the rules by which `ImageInput.frame` makes one.

    Args:
        tensor: The input.
        frame: A frame as `predict` takes it.
        path: Of the picture; its name's end says of which kind.
        shape: What the input is if it is flat.

    Raises:
        PictureError: If the input takes no images, or Pillow is missing.
    """
    _picture_of(ImageInput.of(tensor, shape).pixels(frame)).save(str(path))


def _name(labels: Sequence[str], index: int) -> str:
    return labels[index] if labels else str(index)


def _picture_of(pixels: NDArray[np.uint8]) -> Any:
    image, _ = _pillow()
    return image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _pillow() -> tuple[Any, Any]:
    """Its modules `Image` and `ImageOps`."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise PictureError(
            "pictures need Pillow, which is missing: `pip install pillow`, or `apt install python3-pil`"
        ) from None
    return Image, ImageOps
