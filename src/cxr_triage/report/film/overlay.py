"""Words around a heatmap: a picture file that says by itself what it shows.

Pillow's own font lacks Vietnamese letters, so a subset of Noto Sans Medium 2.015 (SIL Open
Font License, `fonts/OFL.txt`) comes with the package; fonttools made it:
`varLib.instancer wght=500 wdth=100`, then `pyftsubset` with Latin, Vietnamese and the
signs used here, without hinting.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cxr_triage.domain import F32, Assessment, FilmDecision, Finding, ModelCard
from cxr_triage.imaging.heatmap import backdrop, blend, colours, display_image, scale_top, shown
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
    if assessment.crop is None:
        raise ValueError("an image that was not assessed has no heatmap")
    top = scale_top(assessment.findings)
    shape = (pixels.shape[0], pixels.shape[1])
    behind = backdrop(display_image(pixels, longest), assessment.crop, shape)
    picture = blend(behind, finding, top)
    cropped = assessment.crop.side < max(shape)
    foot = _foot(finding, language, assessment.model, cropped=cropped)
    for notice in assessment.notices:
        foot.append(Line(text=reason_sentence(notice, language), size=15, colour=AMBER))
    if assessment.for_research:
        foot.append(Line(text=say("for_research", language), size=17, colour=AMBER))
    width = max(picture.width, LEAST_WIDTH)
    return _stacked(
        _text(_head(finding, assessment.decision, language), width),
        picture,
        _scale_bar(finding, top, width, language),
        _text(foot, width),
    )


def _stacked(*pictures: Image.Image) -> Image.Image:
    """The pictures below each other, centred."""
    width = max(picture.width for picture in pictures)
    canvas = Image.new("RGB", (width, sum(picture.height for picture in pictures)), BACKGROUND)
    y = 0
    for picture in pictures:
        canvas.paste(picture, ((width - picture.width) // 2, y))
        y += picture.height
    return canvas


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


def _foot(finding: Finding, language: Language, model: ModelCard, *, cropped: bool) -> list[Line]:
    seen = shown(finding)
    lines = []
    if not finding.flagged:
        key = "heatmap.blank" if seen.blank else "heatmap.not_flagged"
        lines.append(Line(text=say(key, language), size=15))
    if not seen.blank:
        lines.append(Line(text=say("heatmap.shared_scale", language), size=15, colour=QUIET))
    if cropped:
        lines.append(Line(text=say("heatmap.outside", language), size=15, colour=QUIET))
    name = say("report.model", language, name=model.name, version=model.version)
    use = say("intended_use", language)
    lines.append(Line(text=say("heatmap.not_an_outline", language), size=15, colour=QUIET))
    lines.append(Line(text=f"{use} · {name}", size=17))
    if model.proof == "demonstration":
        lines.append(Line(text=say("demonstration_model", language), size=17, colour=AMBER))
    return lines


def _scale_bar(finding: Finding, top: float, width: int, language: Language) -> Image.Image:
    """The colour scale from 0 to `top`, a pointer at this finding's peak, and the unit."""
    length, thick, bar_top = min(360, width - 2 * MARGIN - 80), 12, 26
    bar = Image.new("RGB", (width, bar_top + thick + 22 + 24), BACKGROUND)
    strip = np.repeat(colours(np.linspace(0, 1, length))[None], thick, axis=0)
    bar.paste(Image.fromarray(strip), (MARGIN, bar_top))
    draw, font = ImageDraw.Draw(bar), _font(15)
    decimals = 1 if top >= 1 else 2
    for share in (0.0, 0.5, 1.0):
        x = MARGIN + share * (length - 1)
        draw.line((x, bar_top + thick, x, bar_top + thick + 4), fill=QUIET)
        text, anchor = decimal(share * top, language, decimals), "lt" if share == 0 else "mt"
        draw.text((x, bar_top + thick + 7), text, TEXT, font, anchor)
    peak = float(finding.evidence.max())
    x = MARGIN + min(1.0, max(0.0, peak / top)) * (length - 1)
    draw.polygon(((x - 5, bar_top - 8), (x + 5, bar_top - 8), (x, bar_top - 1)), fill=TEXT)
    text = say("heatmap.peak", language, peak=decimal(peak, language, decimals))
    draw.text((x + 9, bar_top - 3), text, TEXT, font, "ls")
    draw.text((MARGIN, bar_top + thick + 42), say("heatmap.unit", language), QUIET, font, "ls")
    return bar


def _text(lines: list[Line], width: int) -> Image.Image:
    """The lines, broken at spaces so that each fits the width."""
    parts = [
        Line(text=part, size=line.size, colour=line.colour)
        for line in lines
        for part in _broken(line, width - 2 * MARGIN)
    ]
    height = sum(_leading(line) for line in parts) + MARGIN
    block = Image.new("RGB", (width, height), BACKGROUND)
    draw, y = ImageDraw.Draw(block), MARGIN // 2
    for line in parts:
        y += _leading(line)
        baseline = y - round(line.size * 0.35)
        draw.text((MARGIN, baseline), line.text, line.colour, _font(line.size), "ls")
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
