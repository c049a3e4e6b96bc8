"""The typeface of PDFs, and text that it can show.

Noto Sans Regular and Bold 2.015 (SIL Open Font License, `fonts/OFL.txt`), with the letters of
Latin-1, Latin Extended-A and Vietnamese, punctuation and signs; fonttools' `pyftsubset`
made them without hinting or layout features. Text runs from left to right, letter by letter.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "NotoSans-Regular"
BOLD: Final = "NotoSans-Bold"
LACKING: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for each letter that the typeface lacks: nothing vanishes without a trace."""


@lru_cache
def typeface() -> frozenset[int]:
    """Have both weights ready for reportlab; the code points that they show."""
    shown = []
    for name in (REGULAR, BOLD):
        data = files("cxr_triage.report").joinpath("fonts", f"{name}.subset.ttf").read_bytes()
        font = TTFont(name, BytesIO(data))
        pdfmetrics.registerFont(font)
        shown.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )
    return shown[0] & shown[1]


@dataclass(slots=True)
class Letters:
    """Text made fit for a page. lacked: was anything replaced so far?"""

    lacked: bool = False

    def plain(self, text: str) -> str:
        """One line, composed; what cannot be seen is dropped, what is lacking replaced."""
        return " ".join(self._shown(text).split())

    def markup(self, text: str) -> str:
        """The text for reportlab's paragraphs, whose markup is XML: escaped, its lines kept."""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
        return "<br/>".join(escape(self._shown(line).rstrip()) for line in lines)

    def _shown(self, text: str) -> str:
        return "".join(map(self._letter, unicodedata.normalize("NFC", text)))

    def _letter(self, letter: str) -> str:
        if ord(letter) in typeface() and letter != "\N{SOFT HYPHEN}":
            return letter
        kind = unicodedata.category(letter)
        if kind in ("Cc", "Zs", "Zl", "Zp"):
            return " "
        if kind == "Cf":
            return ""
        self.lacked = True
        return LACKING
