"""Small drawings and styles of a PDF: a priority's mark, a score's bar, a heatmap's scale."""

from typing import Final

import numpy as np
from reportlab.lib.colors import Color, black, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable

from cxr_triage.domain import FilmDecision, Finding, Priority
from cxr_triage.imaging.heatmap import colours
from cxr_triage.report.typeface import BOLD, REGULAR
from cxr_triage.result.decided import AXIS, cuts_of, place

GREY: Final = Color(0.55, 0.55, 0.55)
PALE: Final = Color(0.92, 0.92, 0.92)


def _style(name: str, size: float, font: str = REGULAR) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.28, splitLongWords=1)


STYLES: Final = {
    style.name: style
    for style in (
        _style("text", 9),
        _style("bold", 9, BOLD),
        _style("cell", 8.2),
        _style("fact", 8.6),
        _style("label", 7),
        _style("small", 6.4),
        _style("remark", 7.2),
        _style("place", 11, BOLD),
        _style("title", 13, BOLD),
        _style("priority", 11.5, BOLD),
        ParagraphStyle(
            "section", parent=_style("", 10, BOLD), spaceBefore=5, spaceAfter=2, keepWithNext=1
        ),
    )
}


class PriorityMark(Flowable):
    """The priority's shape, so that it is known without colour or words."""

    def __init__(self, priority: Priority, size: float = 12) -> None:
        super().__init__()
        self.width = self.height = size
        self._priority = priority

    def draw(self) -> None:
        pen = self.canv
        pen.scale(self.width / 24, self.height / 24)
        pen.setFillColor(black)
        if self._priority in OUTLINES:
            path = pen.beginPath()
            (x, y), *rest = OUTLINES[self._priority]
            path.moveTo(x, y)
            for x, y in rest:
                path.lineTo(x, y)
            path.close()
            pen.drawPath(path, stroke=0, fill=1)
        elif self._priority == "not_assessed":
            pen.rect(2, 2, 20, 20, stroke=0, fill=1)
            pen.setFillColor(white)
            pen.setFont(BOLD, 17)
            pen.drawCentredString(12, 6, "?")
        else:
            pen.setLineWidth(3)
            pen.circle(12, 12, 9, stroke=1, fill=int(self._priority == "routine"))


OUTLINES: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "critical": (
        (7.5, 1), (16.5, 1), (23, 7.5), (23, 16.5), (16.5, 23), (7.5, 23), (1, 16.5), (1, 7.5),
    ),
    "urgent": ((12, 22.5), (23.5, 2), (0.5, 2)),
}  # fmt: skip


class Bar(Flowable):
    """A score from 0 to 1 with its threshold as a tick."""

    def __init__(self, finding: Finding, width: float, height: float = 7) -> None:
        super().__init__()
        self.width, self.height = width, height
        self._finding = finding

    def draw(self) -> None:
        pen, found = self.canv, self._finding
        score, threshold = (min(1.0, max(0.0, at)) for at in (found.score, found.threshold))
        pen.setLineWidth(0.4)
        pen.setStrokeColor(GREY)
        pen.setFillColor(PALE)
        pen.rect(0, 1.5, self.width, self.height - 3, fill=1)
        pen.setFillColor(black if found.level == "likely" else Color(0.4, 0.4, 0.4))
        pen.rect(0, 1.5, self.width * score, self.height - 3, stroke=0, fill=1)
        for colour, line in ((white, 2.6), (black, 1.2)):
            pen.setStrokeColor(colour)
            pen.setLineWidth(line)
            pen.line(self.width * threshold, 0, self.width * threshold, self.height)


class RarityBar(Flowable):
    """How unusual a finding is, with the marks of the scale below and the cuts as ticks: half as
    high for routine, whole for urgent, thicker for critical."""

    def __init__(
        self, finding: Finding, decision: FilmDecision, width: float, height: float = 8
    ) -> None:
        super().__init__()
        self.width, self.height = width, height
        self._finding, self._decision = finding, decision

    def draw(self) -> None:
        pen, found = self.canv, self._finding
        low, high = 2.0, self.height - 1.5
        pen.setLineWidth(0.4)
        pen.setStrokeColor(GREY)
        pen.setFillColor(PALE)
        pen.rect(0, low, self.width, high - low, fill=1)
        pen.setFillColor(black if found.level == "likely" else Color(0.4, 0.4, 0.4))
        filled = self.width * place(1.0 if found.rarity is None else found.rarity)
        pen.rect(0, low, filled, high - low, stroke=0, fill=1)
        for count in AXIS:
            at = self.width * place(1 / count)
            pen.line(at, 0, at, low)
        for tier, cut in cuts_of(found, self._decision):
            at = self.width * place(cut)
            bottom = (low + high) / 2 if tier == "routine" else 0
            thick = 2.0 if tier == "critical" else 1.2
            for colour, line in ((white, thick + 1.4), (black, thick)):
                pen.setStrokeColor(colour)
                pen.setLineWidth(line)
                pen.line(at, bottom, at, self.height)


class Scale(Flowable):
    """The colours of a heatmap from 0 to the end of its scale, with the peak as a tick."""

    STEPS = 32

    def __init__(self, peak: float, top: float, width: float, ends: tuple[str, str]) -> None:
        super().__init__()
        self.width, self.height = width, 8.0
        self._peak = min(1.0, max(0.0, peak / top))
        self._ends = ends

    def draw(self) -> None:
        pen, (first, last) = self.canv, self._ends
        pen.setFont(REGULAR, 6)
        pen.drawString(0, 1.5, first)
        pen.drawRightString(self.width, 1.5, last)
        left = pen.stringWidth(first, REGULAR, 6) + 3
        step = (self.width - left - pen.stringWidth(last, REGULAR, 6) - 3) / self.STEPS
        for index, colour in enumerate(colours(np.linspace(0, 1, self.STEPS)) / 255):
            pen.setFillColorRGB(*map(float, colour))
            pen.rect(left + index * step, 1, step + 0.2, 5, stroke=0, fill=1)
        at = left + self._peak * step * self.STEPS
        for shade, line in ((white, 2.4), (black, 1.1)):
            pen.setStrokeColor(shade)
            pen.setLineWidth(line)
            pen.line(at, 0, at, 7)
