"""Words around a heatmap: a picture file that says by itself what it shows."""

import numpy as np
from PIL import Image, ImageDraw

from cxr_triage.domain import F32, Assessment, FilmDecision, Finding, ModelCard
from cxr_triage.imaging.heatmap import backdrop, blend, colours, display_image, scale_top, shown
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
    return stacked(
        text_block(_head(finding, assessment.decision, language), width),
        picture,
        _scale_bar(finding, top, width, language),
        text_block(foot, width),
    )


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
    draw, letters = ImageDraw.Draw(bar), font(15)
    decimals = 1 if top >= 1 else 2
    for share in (0.0, 0.5, 1.0):
        x = MARGIN + share * (length - 1)
        draw.line((x, bar_top + thick, x, bar_top + thick + 4), fill=QUIET)
        text, anchor = decimal(share * top, language, decimals), "lt" if share == 0 else "mt"
        draw.text((x, bar_top + thick + 7), text, TEXT, letters, anchor)
    peak = float(finding.evidence.max())
    x = MARGIN + min(1.0, max(0.0, peak / top)) * (length - 1)
    draw.polygon(((x - 5, bar_top - 8), (x + 5, bar_top - 8), (x, bar_top - 1)), fill=TEXT)
    text = say("heatmap.peak", language, peak=decimal(peak, language, decimals))
    draw.text((x + 9, bar_top - 3), text, TEXT, letters, "ls")
    draw.text((MARGIN, bar_top + thick + 42), say("heatmap.unit", language), QUIET, letters, "ls")
    return bar
