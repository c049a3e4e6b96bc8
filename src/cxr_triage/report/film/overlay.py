"""Words around a heatmap: a picture file that says by itself what it shows.

Pillow's own font lacks Vietnamese letters, so a subset of Noto Sans Medium 2.015 (SIL Open
Font License, `fonts/OFL.txt`) comes with the package; fonttools made it:
`varLib.instancer wght=500 wdth=100`, then `pyftsubset` with Latin, Vietnamese and the
signs used here, without hinting.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cxr_triage.domain import F32, Assessment, FilmDecision, Finding
from cxr_triage.imaging.heatmap import backdrop, colours, display_image, lay_map, scale_top, shown
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.result.decided import share_text
from cxr_triage.result.sentences import reason_sentence, score_text

BACKGROUND = (16, 18, 22)
TEXT = (235, 238, 242)
QUIET = (176, 184, 194)
AMBER = (255, 193, 84)
LEAST_WIDTH = 560
MARGIN = 16
BAR, THICK = 26, 12
"""Where the colours of the scale begin, and how high they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text: its size in pixels and its colour."""

    text: str
    size: int
    colour: tuple[int, int, int] = TEXT


def overlay(
    pixels: F32,
    assessment: Assessment,
    finding: Finding,
    *,
    language: Language,
    longest: int = 1024,
) -> Image.Image:
    """The image [H, W] in ±1024 with a finding's heatmap, title, scale and intended use.

    The assessment must be of this image, and have a crop: without one nothing was scored.
    """
    return next(overlays(pixels, assessment, [finding], language=language, longest=longest))


def overlays(
    pixels: F32,
    assessment: Assessment,
    findings: Sequence[Finding],
    *,
    language: Language,
    longest: int = 1024,
) -> Iterator[Image.Image]:
    """As `overlay`, of each of the findings."""
    if assessment.crop is None:
        raise ValueError("an image that was not assessed has no heatmap")
    top = scale_top(assessment.findings)
    shape = (pixels.shape[0], pixels.shape[1])
    behind = backdrop(display_image(pixels, longest), assessment.crop, shape)
    width = max(behind.picture.width, LEAST_WIDTH)
    for finding in findings:
        picture, (left, above) = _stacked(
            _text(_head(finding, assessment.decision, language), width),
            behind.picture,
            _scale_bar(finding, top, width, language),
            _text(_foot(finding, assessment, language, shape), width),
        )
        box = replace(behind.crop, top=above + behind.crop.top, left=left + behind.crop.left)
        lay_map(picture, box, finding, top)
        yield picture


def _stacked(*pictures: Image.Image) -> tuple[Image.Image, tuple[int, int]]:
    """The pictures below each other, centred, and where the second lies."""
    width = max(picture.width for picture in pictures)
    canvas = Image.new("RGB", (width, sum(picture.height for picture in pictures)), BACKGROUND)
    y, corners = 0, []
    for picture in pictures:
        corners.append(((width - picture.width) // 2, y))
        canvas.paste(picture, corners[-1])
        y += picture.height
    return canvas, corners[1]


def _head(finding: Finding, decision: FilmDecision | None, language: Language) -> list[Line]:
    if decision is not None and finding.rarity is not None:
        share = share_text(finding.rarity, language)
        score = say(f"heatmap.rarity.{decision.population}", language, share=share)
    else:
        score = say(
            "heatmap.score",
            language,
            score=score_text(finding, language),
            threshold=decimal(finding.threshold, language),
        )
    level = say(f"level.{finding.level}", language)
    return [
        Line(text=finding_name(finding.label, language), size=26),
        Line(text=f"{level} · {score}", size=17),
        Line(text=say("heatmap.title", language), size=17, colour=QUIET),
    ]


def _foot(
    finding: Finding, assessment: Assessment, language: Language, shape: tuple[int, int]
) -> list[Line]:
    seen, model = shown(finding), assessment.model
    lines = []
    if not finding.flagged:
        key = "heatmap.blank" if seen.blank else "heatmap.not_flagged"
        lines.append(Line(text=say(key, language), size=15))
    if not seen.blank:
        lines.append(Line(text=say("heatmap.shared_scale", language), size=15, colour=QUIET))
    if assessment.crop is not None and assessment.crop.side < max(shape):
        lines.append(Line(text=say("heatmap.outside", language), size=15, colour=QUIET))
    name = say("report.model", language, name=model.name, version=model.version)
    use = say("intended_use", language)
    lines.append(Line(text=say("heatmap.not_an_outline", language), size=15, colour=QUIET))
    lines.append(Line(text=f"{use} · {name}", size=17))
    if model.proof == "demonstration":
        lines.append(Line(text=say("demonstration_model", language), size=17, colour=AMBER))
    for notice in assessment.notices:
        lines.append(Line(text=reason_sentence(notice, language), size=15, colour=AMBER))
    if assessment.for_research:
        lines.append(Line(text=say("for_research", language), size=17, colour=AMBER))
    return lines


def _scale_bar(finding: Finding, top: float, width: int, language: Language) -> Image.Image:
    """The colour scale from 0 to `top`, a pointer at this finding's peak, and the unit."""
    bar = _scale(top, width, language).copy()
    draw, length = ImageDraw.Draw(bar), _length(width)
    peak = float(finding.evidence.max())
    x = MARGIN + min(1.0, max(0.0, peak / top)) * (length - 1)
    draw.polygon(((x - 5, BAR - 8), (x + 5, BAR - 8), (x, BAR - 1)), fill=TEXT)
    text = say("heatmap.peak", language, peak=decimal(peak, language, _decimals(top)))
    draw.text((x + 9, BAR - 3), text, TEXT, _font(15), "ls")
    return bar


@lru_cache(maxsize=32)
def _scale(top: float, width: int, language: Language) -> Image.Image:
    """What of the scale is the same for every finding. Not to be drawn on."""
    length = _length(width)
    bar = Image.new("RGB", (width, BAR + THICK + 22 + 24), BACKGROUND)
    strip = np.repeat(colours(np.linspace(0, 1, length))[None], THICK, axis=0)
    bar.paste(Image.fromarray(strip), (MARGIN, BAR))
    draw, font = ImageDraw.Draw(bar), _font(15)
    for share in (0.0, 0.5, 1.0):
        x = MARGIN + share * (length - 1)
        draw.line((x, BAR + THICK, x, BAR + THICK + 4), fill=QUIET)
        text, anchor = decimal(share * top, language, _decimals(top)), "lt" if share == 0 else "mt"
        draw.text((x, BAR + THICK + 7), text, TEXT, font, anchor)
    draw.text((MARGIN, BAR + THICK + 42), say("heatmap.unit", language), QUIET, font, "ls")
    return bar


def _length(width: int) -> int:
    return min(360, width - 2 * MARGIN - 80)


def _decimals(top: float) -> int:
    return 1 if top >= 1 else 2


def _text(lines: Iterable[Line], width: int) -> Image.Image:
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
    parts, leading = _broken(line, width - 2 * MARGIN), _leading(line)
    block = Image.new("RGB", (width, leading * len(parts)), BACKGROUND)
    draw = ImageDraw.Draw(block)
    for number, part in enumerate(parts, 1):
        baseline = leading * number - round(line.size * 0.35)
        draw.text((MARGIN, baseline), part, line.colour, _font(line.size), "ls")
    return block


def _broken(line: Line, width: int) -> list[str]:
    font, parts = _font(line.size), [""]
    for word in unicodedata.normalize("NFC", line.text).split(" "):
        longer = f"{parts[-1]} {word}".strip()
        if parts[-1] and font.getlength(longer) > width:
            parts.append(word)
        else:
            parts[-1] = longer
    return parts


def _leading(line: Line) -> int:
    return round(line.size * 1.4)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = files("cxr_triage.report").joinpath("fonts", "NotoSans-Medium.subset.ttf")
    # Pillow's own layout is enough for precomposed letters and the same on every machine.
    return ImageFont.truetype(
        BytesIO(font.read_bytes()), size, layout_engine=ImageFont.Layout.BASIC
    )
