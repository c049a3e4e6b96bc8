"""A study's report as a PDF: A4, black on white, one page for a usual study.

Text can be selected and searched; the language is stated; nothing in the file's own data
says whom it is about. The same sheet gives the same bytes.
"""

import threading
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import Color, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageTemplate

from cxr_triage.language import say
from cxr_triage.report.study.pdf_story import WIDTH, story
from cxr_triage.report.study.sheet import Sheet
from cxr_triage.report.typeface import BOLD, REGULAR, Letters, typeface

MARGIN: Final = 12 * mm
HEAD: Final = 6 * mm
"""Of a further page: its line."""
BAND: Final = 7 * mm
"""That says at head and foot that nobody has signed."""
FOOT: Final = 9 * mm
LEAST: Final = 5.5
"""Points of a letter that can still be read."""
WATER: Final = Color(0.88, 0.88, 0.88)

_TURN = threading.Lock()  # reportlab keeps its fonts for the whole process


def pdf(sheet: Sheet) -> bytes:
    """The file. It is laid out twice: how many pages there are must be known on the first."""
    with _TURN:
        typeface()
        first = _Layout(sheet, pages=0, lacked=False)
        first.write()
        final = _Layout(sheet, pages=first.pages_made, lacked=first.letters.lacked)
        data = final.write()
        if final.pages_made != first.pages_made:  # a line about lacking letters made one more
            data = _Layout(sheet, pages=final.pages_made, lacked=True).write()
        return data


class _Layout:
    """One run over the sheet."""

    def __init__(self, sheet: Sheet, *, pages: int, lacked: bool) -> None:
        self.letters = Letters()
        self.pages_made = 0
        self._sheet = sheet
        self._pages = pages
        self._lacked = lacked

    def write(self) -> bytes:
        buffer = BytesIO()
        document = BaseDocTemplate(
            buffer,
            pagesize=A4,
            title=self._sheet.title,
            author="cxr-triage",
            creator="cxr-triage",
            subject=self._sheet.study_id,
            lang=self._sheet.language,
            invariant=1,
            displayDocTitle=1,
            pageCompression=1,
        )
        document.addPageTemplates([self._page("first", 0.0), self._page("further", HEAD)])
        flow: list[Any] = [NextPageTemplate("further")]
        flow += story(self._sheet, self.letters, lacked=self._lacked)
        document.build(flow)
        return buffer.getvalue()

    def _page(self, name: str, head: float) -> PageTemplate:
        band = BAND if self._sheet.unsigned else 0
        bottom = MARGIN * 0.7 + FOOT + band
        height = A4[1] - MARGIN * 0.8 - band - head - bottom
        frame = Frame(
            (A4[0] - WIDTH) / 2, bottom, WIDTH, height,
            leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
        )  # fmt: skip
        return PageTemplate(name, [frame], onPage=self._around, pagesize=A4)

    def _around(self, pen: Canvas, document: BaseDocTemplate) -> None:
        """What every page bears."""
        self.pages_made = max(self.pages_made, document.page)
        top = A4[1] - MARGIN * 0.8
        pen.saveState()
        if self._sheet.unsigned:
            self._water(pen)
            self._unsigned(pen, top - BAND + 1.2 * mm)
            self._unsigned(pen, MARGIN * 0.7 + FOOT + 0.6 * mm)
            top -= BAND
        if document.page > 1:
            line = self.letters.plain(self._sheet.line)
            self._line(pen, line, REGULAR, 8, top - 3.4 * mm)
            pen.setLineWidth(0.5)
            pen.line(self._left, top - 4.6 * mm, self._left + WIDTH, top - 4.6 * mm)
        self._foot(pen, document.page)
        pen.restoreState()

    @property
    def _left(self) -> float:
        return float((A4[0] - WIDTH) / 2)

    def _water(self, pen: Canvas) -> None:
        pen.saveState()
        pen.translate(A4[0] / 2, A4[1] / 2)
        pen.rotate(52)
        pen.setFillColor(WATER)
        pen.setFont(BOLD, 92)
        pen.drawCentredString(0, -30, self._sheet.mark)
        pen.restoreState()

    def _unsigned(self, pen: Canvas, bottom: float) -> None:
        pen.setLineWidth(1.4)
        pen.setFillColor(black)
        pen.rect(self._left, bottom, WIDTH, BAND - 2 * mm)
        text = self._sheet.unsigned
        size = min(10.5, 10.5 * (WIDTH - 4 * mm) / pen.stringWidth(text, BOLD, 10.5))
        pen.setFont(BOLD, size)
        pen.drawCentredString(A4[0] / 2, bottom + 1.4 * mm, text)

    def _foot(self, pen: Canvas, page: int) -> None:
        base = MARGIN * 0.7
        pen.setLineWidth(0.5)
        pen.line(self._left, base + FOOT - 1 * mm, self._left + WIDTH, base + FOOT - 1 * mm)
        self._line(pen, " · ".join(self._sheet.uses), BOLD, 7.6, base + 4.6 * mm)
        self._line(pen, f"{self._sheet.model} · {self._sheet.printed}", REGULAR, 7, base + 1 * mm)
        number = say("paper.page", self._sheet.language, page=page, pages=self._pages)
        pen.setFont(REGULAR, 7.6)
        pen.drawRightString(self._left + WIDTH, base + 1 * mm, number)

    def _line(self, pen: Canvas, text: str, font: str, size: float, y: float) -> None:
        """On one line: smaller if need be, and if that is not enough with its end cut off."""
        width = pen.stringWidth(text, font, size)
        size = max(LEAST, size * min(1.0, WIDTH / max(width, 1)))
        shown = text
        while pen.stringWidth(shown, font, size) > WIDTH + 0.01:
            shown = f"{shown[:-2]}…"
        pen.setFillColor(black)
        pen.setFont(font, size)
        pen.drawString(self._left, y, shown)
