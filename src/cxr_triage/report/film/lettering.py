"""Lines of text as pictures, in a typeface that has Vietnamese letters.

Pillow's own font lacks them, so a subset of Noto Sans Medium 2.015 (SIL Open
Font License, `fonts/OFL.txt`) comes with the package; fonttools made it:
`varLib.instancer wght=500 wdth=100`, then `pyftsubset` with Latin, Vietnamese and the
signs used here, without hinting.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (16, 18, 22)
TEXT = (235, 238, 242)
QUIET = (176, 184, 194)
AMBER = (255, 193, 84)
MARGIN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text: its size in pixels and its colour."""

    text: str
    size: int
    colour: tuple[int, int, int] = TEXT


def stacked(*pictures: Image.Image) -> tuple[Image.Image, list[tuple[int, int]]]:
    """The pictures below each other, centred, and where the corner (x, y) of each lies."""
    width = max(picture.width for picture in pictures)
    canvas = Image.new("RGB", (width, sum(picture.height for picture in pictures)), BACKGROUND)
    y, corners = 0, []
    for picture in pictures:
        corners.append(((width - picture.width) // 2, y))
        canvas.paste(picture, corners[-1])
        y += picture.height
    return canvas, corners


def text_block(lines: Iterable[Line], width: int) -> Image.Image:
    """The lines, broken at spaces so that each fits the width."""
    blocks = [_block(line, width) for line in lines]
    height = sum(block.height for block in blocks) + MARGIN
    whole, y = Image.new("RGB", (width, height), BACKGROUND), MARGIN // 2
    for block in blocks:
        whole.paste(block, (0, y))
        y += block.height
    return whole


@lru_cache(maxsize=128)
def _block(line: Line, width: int) -> Image.Image:
    """One line, in as many as it takes: most are the same on every picture. Not to be drawn on."""
    parts, height = broken(line, width - 2 * MARGIN), leading(line)
    block = Image.new("RGB", (width, height * len(parts)), BACKGROUND)
    draw = ImageDraw.Draw(block)
    for number, part in enumerate(parts, 1):
        baseline = height * number - round(line.size * 0.35)
        draw.text((MARGIN, baseline), part, line.colour, font(line.size), "ls")
    return block


def broken(line: Line, width: int) -> list[str]:
    letters, parts = font(line.size), [""]
    for word in unicodedata.normalize("NFC", line.text).split(" "):
        longer = f"{parts[-1]} {word}".strip()
        if parts[-1] and letters.getlength(longer) > width:
            parts.append(word)
        else:
            parts[-1] = longer
    return parts


def leading(line: Line) -> int:
    return round(line.size * 1.4)


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont:
    data = files("cxr_triage.report").joinpath("fonts", "NotoSans-Medium.subset.ttf")
    # Pillow's own layout is enough for precomposed letters and the same on every machine.
    return ImageFont.truetype(
        BytesIO(data.read_bytes()), size, layout_engine=ImageFont.Layout.BASIC
    )
