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

NUMBER: Final = 7.6
"""Points of a page's number."""

_TURN = threading.Lock()  # reportlab keeps its fonts for the whole process


def pdf(sheet: Sheet) -> bytes:
    """The file. It is laid out once: how many pages there are is filled in at the end."""
    with _TURN:
        typeface()
        return _Layout(sheet).write()


class _Layout:
    """One run over the sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.letters = Letters()
        self.pages_made = 0
        self._sheet = sheet

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
        self._further = self.letters.plain(self._sheet.line)
        flow += story(self._sheet, self.letters)
        document.build(flow, canvasmaker=self._numbered())
        return buffer.getvalue()

    def _numbered(self) -> type[Canvas]:
        """A canvas that fills in the pages' numbers before it is saved."""
        layout = self

        class Numbered(Canvas):
            def save(self) -> None:
                layout.number(self)
                super().save()

        return Numbered

    def number(self, pen: Canvas) -> None:
        """Draw what `_foot` left room for on each page."""
        for page in range(1, self.pages_made + 1):
            text = say("paper.page", self._sheet.language, page=page, pages=self.pages_made)
            pen.beginForm(_number_name(page), -int(WIDTH), -int(NUMBER), 0, int(NUMBER))
            pen.setFont(REGULAR, NUMBER)
            pen.drawRightString(0, 0, text)
            pen.endForm()

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
            self._line(pen, self._further, REGULAR, 8, top - 3.4 * mm)
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
        pen.saveState()
        pen.translate(self._left + WIDTH, base + 1 * mm)
        pen.doForm(_number_name(page))
        pen.restoreState()

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


def _number_name(page: int) -> str:
    """What a page's number is called within the file."""
    return f"number{page}"
