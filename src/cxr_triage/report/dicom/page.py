"""A page that stands alone on any viewer: the decision, the film, leading heatmaps, findings.

White on black, for a dark room; nothing is animated, nothing names the patient, for a viewer does.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from PIL import Image, ImageDraw

from cxr_triage.domain import F32, Assessment, Finding, NextSteps, Priority
from cxr_triage.imaging.heatmap import backdrop, blend, display_image, scale_top
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.dates import time_text
from cxr_triage.report.film.film import leading_first
from cxr_triage.report.film.lettering import (
    AMBER,
    BACKGROUND,
    QUIET,
    TEXT,
    Line,
    broken,
    font,
    leading,
)
from cxr_triage.result.decided import next_step, rarity_text
from cxr_triage.result.sentences import priority_sentence, reason_sentence, score_text

SIZE: Final = (960, 690)
"""Uncompressed that is two million bytes; a compressed page is drawn larger."""
LARGER: Final = 1.5
EDGE: Final = 18
MOST_MAPS: Final = 2
MOST_FINDINGS: Final = 6
PICTURE_TOP, PICTURE_BOTTOM = 118, 486
FOOT_TOP: Final = 622

COLOURS: Final[dict[Priority, tuple[int, int, int]]] = {
    "critical": (255, 92, 92), "urgent": AMBER, "not_assessed": (200, 150, 255),
    "routine": (120, 180, 255), "none": QUIET,
}  # fmt: skip
POLYGONS: Final[dict[Priority, tuple[tuple[float, float], ...]]] = {
    "critical": (
        (0.3, 0), (0.7, 0), (1, 0.3), (1, 0.7), (0.7, 1), (0.3, 1), (0, 0.7), (0, 0.3)
    ),
    "urgent": ((0.5, 0.05), (1, 0.95), (0, 0.95)),
    "not_assessed": ((0.06, 0.06), (0.94, 0.06), (0.94, 0.94), (0.06, 0.94)),
}  # fmt: skip
"""Octagon, triangle, square; the rest are circles."""


class _Page:
    """A canvas in units of the small page."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (self.px(SIZE[0]), self.px(SIZE[1])), BACKGROUND)
        self.pen = ImageDraw.Draw(self.image)

    def px(self, length: float) -> int:
        return round(length * self.scale)

    def write(self, line: Line, left: float, top: float, width: float, most: int = 2) -> float:
        """The line, broken to the width, on `most` lines at most; where the next one begins."""
        sized = Line(text=line.text, size=self.px(line.size), colour=line.colour)
        parts = broken(sized, self.px(width))
        if len(parts) > most:
            parts = [*parts[: most - 1], f"{parts[most - 1].rstrip(',;')} …"]
        at = self.px(top)
        for part in parts:
            at += leading(sized)
            self.pen.text(
                (self.px(left), at - round(sized.size * 0.35)), part, sized.colour,
                font(sized.size), "ls",
            )  # fmt: skip
        return at / self.scale

    def mark(self, priority: Priority, left: float, top: float, side: float) -> None:
        """Its shape, as everywhere."""
        corners = POLYGONS.get(priority)
        colour = COLOURS[priority]
        if corners is None:
            box = [self.px(value) for value in (left, top, left + side, top + side)]
            filled = colour if priority == "routine" else None
            self.pen.ellipse(box, fill=filled, outline=colour, width=self.px(3))
        else:
            points = [(self.px(left + x * side), self.px(top + y * side)) for x, y in corners]
            self.pen.polygon(points, fill=colour)
        if priority == "not_assessed":
            middle = (self.px(left + side / 2), self.px(top + side / 2))
            self.pen.text(middle, "?", BACKGROUND, font(self.px(side * 0.7)), "mm")

    def place(self, picture: Image.Image, left: float, width: float) -> float:
        """A picture within its column, at the top of it; where it ends."""
        height = PICTURE_BOTTOM - PICTURE_TOP
        scale = min(self.px(width) / picture.width, self.px(height) / picture.height)
        size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
        fitted = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        self.image.paste(fitted, (self.px(left), self.px(PICTURE_TOP)))
        return PICTURE_TOP + size[1] / self.scale


def page(
    pixels: F32 | None,
    assessment: Assessment,
    *,
    language: Language,
    when: datetime,
    steps: NextSteps,
    scale: float = 1.0,
) -> Image.Image:
    """Of a film's image [H, W] in ±1024, None where it was never decoded. when: it was made, in
    the zone of the place. scale: of the small page, which an uncompressed one is."""
    sheet = _Page(scale)
    _head(sheet, assessment, language, steps)
    _pictures(sheet, pixels, assessment, language)
    _findings(sheet, assessment, language)
    _foot(sheet, assessment, language, when)
    return sheet.image


def _head(sheet: _Page, found: Assessment, language: Language, steps: NextSteps) -> None:
    width = SIZE[0] - 2 * EDGE
    sheet.write(
        Line(text=say("dicom.series", language), size=17, colour=AMBER), EDGE, 6, width, most=1
    )
    sheet.mark(found.priority, EDGE, 36, 30)
    title = Line(
        text=say(f"priority.{found.priority}", language), size=27, colour=COLOURS[found.priority]
    )
    sheet.write(title, EDGE + 42, 30, width - 42, most=1)
    reason = priority_sentence(found.reason, language, found.decision)
    said = f"{next_step(found.priority, language, steps)} {reason}"
    sheet.write(Line(text=said, size=16), EDGE, 68, width, most=2)


def _pictures(sheet: _Page, pixels: F32 | None, found: Assessment, language: Language) -> None:
    width = SIZE[0] - 2 * EDGE
    if pixels is None:
        sheet.write(
            Line(text=say("dicom.no_picture", language), size=18, colour=QUIET),
            EDGE, PICTURE_TOP + 120, width,
        )  # fmt: skip
        return
    display = display_image(pixels, sheet.px(PICTURE_BOTTOM - PICTURE_TOP))
    shown: list[tuple[Image.Image, str]] = [(display, say("dicom.film", language))]
    if found.crop is not None:
        behind = backdrop(display, found.crop, (pixels.shape[0], pixels.shape[1]))
        top = scale_top(found.findings)
        for finding in leading_first(found)[:MOST_MAPS]:
            name = finding_name(finding.label, language)
            picture = blend(behind, finding, top)
            shown.append((picture, say("dicom.map", language, finding=name)))
    column = width / max(2, len(shown))
    for index, (picture, caption) in enumerate(shown):
        left = EDGE + index * column
        end = sheet.place(picture, left, column - 8)
        sheet.write(Line(text=caption, size=14, colour=QUIET), left, end, column - 8, most=1)


def _findings(sheet: _Page, found: Assessment, language: Language) -> None:
    """In two columns; reasons for a refusal, which are sentences, in one."""
    columns = 2 if found.outcome == "assessed" else 1
    width = (SIZE[0] - 2 * EDGE) / columns
    for index, line in enumerate(list(_finding_lines(found, language))[: 3 * columns]):
        left = EDGE + (index % columns) * width
        top = PICTURE_BOTTOM + 24 + (index // columns) * 34
        sheet.write(line, left, top, width - 12, most=1)


def _finding_lines(found: Assessment, language: Language) -> Iterator[Line]:
    if found.outcome != "assessed":
        for reason in found.eligibility.reasons[:MOST_FINDINGS]:
            yield Line(text=reason_sentence(reason, language), size=15)
        return
    leading_findings = leading_first(found)
    if not leading_findings:
        yield Line(text=say("dicom.nothing_flagged", language), size=16)
    more = len(leading_findings) - (MOST_FINDINGS - 1)
    for finding in leading_findings[: MOST_FINDINGS - (1 if more > 1 else 0)]:
        yield Line(text=finding_text(finding, language), size=16)
    if more > 1:
        yield Line(text=say("dicom.more", language, count=more), size=16, colour=QUIET)


def finding_text(finding: Finding, language: Language) -> str:
    """Name, how sure, how rare."""
    value = (
        score_text(finding, language)
        if finding.rarity is None
        else rarity_text(finding.rarity, language)
    )
    level = say(f"level.{finding.level}", language)
    return f"{finding_name(finding.label, language)} · {level} · {value}"


def _foot(sheet: _Page, found: Assessment, language: Language, when: datetime) -> None:
    width = SIZE[0] - 2 * EDGE
    sheet.pen.line(
        (sheet.px(EDGE), sheet.px(FOOT_TOP), sheet.px(SIZE[0] - EDGE), sheet.px(FOOT_TOP)),
        fill=QUIET,
    )
    uses = [say("intended_use", language), say("heatmap.not_an_outline", language)]
    if found.model.proof == "demonstration":
        uses.insert(1, say("demonstration_model", language))
    if found.for_research:
        uses.insert(1, say("for_research", language))
    at = sheet.write(
        Line(text=" · ".join(uses[:-1]), size=15, colour=AMBER), EDGE, FOOT_TOP + 2, width, most=1
    )
    model = say("report.model", language, name=found.model.name, version=found.model.version)
    made = time_text(when, language)
    small = f"{model} · {found.policy or '–'} · {made} · {uses[-1]}"
    sheet.write(Line(text=small, size=12, colour=TEXT), EDGE, at, width, most=2)
