"""Words around a heatmap: a picture file that says by itself what it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from cxr_triage.domain import F32, Assessment, FilmDecision, Finding
from cxr_triage.imaging.heatmap import backdrop, colours, display_image, lay_map, scale_top, shown
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.report.film.lettering import (
    AMBER,
    BACKGROUND,
    MARGIN,
    QUIET,
    TEXT,
    Line,
    font,
    stacked,
    text_block,
)
from cxr_triage.result.decided import share_text
from cxr_triage.result.sentences import reason_sentence, score_text

LEAST_WIDTH = 560
BAR, THICK = 26, 12
"""Where the colours of the scale begin, and how high they are."""


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
        picture, (_, (left, above), *_) = stacked(
            text_block(_head(finding, assessment.decision, language), width),
            behind.picture,
            _scale_bar(finding, top, width, language),
            text_block(_foot(finding, assessment, language, shape), width),
        )
        box = replace(behind.crop, top=above + behind.crop.top, left=left + behind.crop.left)
        lay_map(picture, box, finding, top)
        yield picture


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
    draw.text((x + 9, BAR - 3), text, TEXT, font(15), "ls")
    return bar


@lru_cache(maxsize=32)
def _scale(top: float, width: int, language: Language) -> Image.Image:
    """What of the scale is the same for every finding. Not to be drawn on."""
    length = _length(width)
    bar = Image.new("RGB", (width, BAR + THICK + 22 + 24), BACKGROUND)
    strip = np.repeat(colours(np.linspace(0, 1, length))[None], THICK, axis=0)
    bar.paste(Image.fromarray(strip), (MARGIN, BAR))
    draw, letters = ImageDraw.Draw(bar), font(15)
    for share in (0.0, 0.5, 1.0):
        x = MARGIN + share * (length - 1)
        draw.line((x, BAR + THICK, x, BAR + THICK + 4), fill=QUIET)
        text, anchor = decimal(share * top, language, _decimals(top)), "lt" if share == 0 else "mt"
        draw.text((x, BAR + THICK + 7), text, TEXT, letters, anchor)
    draw.text((MARGIN, BAR + THICK + 42), say("heatmap.unit", language), QUIET, letters, "ls")
    return bar


def _length(width: int) -> int:
    return min(360, width - 2 * MARGIN - 80)


def _decimals(top: float) -> int:
    return 1 if top >= 1 else 2
