# SPDX-License-Identifier: Apache-2.0
"""What pictures are drawn with: `Drawing`, a small writer of SVG, and `Picture`, its result."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from finnlite.errors import OptionError
from finnlite.text import printable, shortened

__all__ = [
    "ACCENT",
    "BAD",
    "FAINT",
    "GOOD",
    "GROUND",
    "INK",
    "MUTED",
    "RESOURCE_COLOURS",
    "UNIT",
    "Drawing",
    "Picture",
    "fitted",
]

INK, MUTED, FAINT, GROUND = "#222222", "#666666", "#e4e4e4", "#ffffff"
UNIT, ACCENT, GOOD, BAD = "#4a7fb5", "#c8501e", "#1a7f37", "#b3261e"
RESOURCE_COLOURS = {"lut": "#7a9a3c", "bram18": "#8a63a8", "dsp": "#2b8c8c"}
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
_CHARACTER = 0.66
"""Width of a character, as part of the font's size; no line that is `fitted` with it is too long."""


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture, which a notebook shows by itself.

    Args:
        title: What it shows.
        svg: The whole of it, as SVG.
    """

    title: str
    svg: str

    def save(self, path: Path | str) -> Path:
        """Writes the picture as `.svg`, or as a page of its own as `.html`; returns where.

        Raises:
            OptionError: If the file's name ends otherwise, or it cannot be written.
        """
        path = Path(path)
        if path.suffix not in (".svg", ".html"):
            raise OptionError(
                f"picture {str(path)!r}: its name must end in .svg or .html, ends in {path.suffix!r}"
            )
        try:
            path.write_text(self.svg if path.suffix == ".svg" else self._page(), encoding="utf-8")
        except OSError as error:
            raise OptionError(
                f"picture {str(path)!r}: must be writable, is not ({error.strerror or type(error).__name__})"
            ) from None
        return path

    def _page(self) -> str:
        head = f'<meta charset="utf-8"><title>{escape(self.title)}</title>'
        return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{self.svg}</body>\n</html>\n'

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg}</div>'

    def __repr__(self) -> str:
        """What it shows."""
        return f"<picture: {self.title}>"


def fitted(text: str, width: float, size: float = 12) -> str:
    """The text shortened in its middle until it fits into a width at a font's size."""
    return shortened(text, max(3, int(width / (size * _CHARACTER))))


class Drawing:
    """A picture in the making. Lengths are in pixels, from the left and from the top.

    Args:
        title: What it shows.
        width: Its width.
        height: Its height.
        fluid: Whether it shrinks with the page rather than scrolls.
    """

    def __init__(self, title: str, width: float, height: float, *, fluid: bool = True) -> None:
        """See the class."""
        self.title = shortened(title)
        size = {"width": _number(width), "height": _number(height)}
        style = "max-width:100%;height:auto" if fluid else "max-width:none"
        self._root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                **size,
                "viewBox": f"0 0 {size['width']} {size['height']}",
                "role": "img",
                "font-family": _FONT,
                "style": style,
            },
        )
        ET.SubElement(self._root, "title").text = self.title
        self._here = self._root
        self.rect(0, 0, width, height, GROUND)

    @property
    def picture(self) -> Picture:
        """The picture, finished."""
        ET.indent(self._root, " ")
        return Picture(self.title, ET.tostring(self._root, encoding="unicode") + "\n")

    def group(self, hint: str) -> None:
        """What is drawn from now on shows a hint when it is pointed at."""
        self._here = ET.SubElement(self._root, "g")
        ET.SubElement(self._here, "title").text = printable(hint)

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "", r: float = 0
    ) -> None:
        """A rectangle, whose corners may be round."""
        look = {"rx": _number(r)} if r else {}
        self._add("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=stroke or None, **look)

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, *, dashes: str = "") -> None:
        """A line."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_dasharray=dashes or None)

    def path(self, d: str, *, fill: str = "none", stroke: str = "", opacity: float | None = None) -> None:
        """A path."""
        self._add("path", d=d, fill=fill, stroke=stroke or None, fill_opacity=opacity)

    def circle(self, x: float, y: float, r: float, fill: str, *, stroke: str = GROUND) -> None:
        """A circle."""
        self._add("circle", cx=x, cy=y, r=r, fill=fill, stroke=stroke)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        fill: str = INK,
        anchor: str = "start",
        bold: bool = False,
        turned: bool = False,
    ) -> None:
        """A line of text whose baseline starts, has its middle or ends at a point."""
        self._add(
            "text",
            shortened(text, 1000),
            x=x,
            y=y,
            font_size=size,
            fill=fill,
            text_anchor=None if anchor == "start" else anchor,
            font_weight="bold" if bold else None,
            transform=f"rotate(-90 {_number(x)} {_number(y)})" if turned else None,
        )

    def _add(self, tag: str, content: str | None = None, **attributes: float | str | None) -> None:
        given = {name.replace("_", "-"): value for name, value in attributes.items() if value is not None}
        plain = {name: v if isinstance(v, str) else _number(v) for name, v in given.items()}
        ET.SubElement(self._here, tag, plain).text = content


def _number(value: float) -> str:
    """A length with at most one decimal.

    >>> _number(3.0), _number(2.25)
    ('3', '2.2')
    """
    return f"{value:.1f}".removesuffix(".0")
