"""Words for chest, frontal and not frontal in header text, in the languages that sites write.

English, German, French, Spanish, Portuguese, Italian, Vietnamese, and the signs for "side" in
Chinese, Japanese and Korean. A word counts only where it stands alone: Manchester is no chest
and a bilateral film no lateral one.
"""

import re
from typing import Final

from cxr_triage.imaging.dicom.code_tables import CHEST_REGIONS, FRONTAL_VIEWS, VIEWS
from cxr_triage.imaging.dicom.codes import VIEW_POSITIONS


def _words(*alternatives: str) -> re.Pattern[str]:
    """Any of these where no letter stands before or behind."""
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(alternatives)})(?![^\W\d_])")


CHEST: Final = _words(
    r"(?:XR|X RAY|XRAY|DX|CR|PORT|PORTABLE|AP|PA)?CHESTS?(?:AP|PA|XR|XRAY|LAT|PORT|V|VIEWS?)?",
    r"CXR",
    r"\w*T(?:H)?[OÓ]RAX\w*",
    r"TORACE",
    r"LUNGS?",
    r"LUNGEN?",
    r"BRUST(?:KORB|RAUM)?",
    r"PULM\w*",
    r"POUMONS?",
    r"POITRINE",
    r"NGUC",
    r"NGỰC",
    r"PHOI",
    r"PHỔI",
)
OTHER_TARGET: Final = re.compile(
    r"SPINE|CLAVIC|STERN|SHOULDER|HUMER|\bRIBS?\b|\bCOT SONG\b|\bCỘT SỐNG\b"
)
"""Words that name another target although a chest word may stand beside them."""

_LATERAL: Final = (
    r"(?:CHEST|CXR|THORAX|TORAX|LEFT|RIGHT|L|R)?LATS?",
    r"(?:CHEST|CXR|THORAX|TORAX|LEFT|RIGHT|ANTERO|POSTERO|DORSO|MEDIO|LATERO)?"
    r"LAT[EÉ]RAL(?:E|ES|I|IS|LY|S)?",
    r"LATERO\w*",
    r"SIDE ?VIEWS?",
    r"SIDEWAYS",
    r"SIDEWISE",
    r"PROFIL\w*",
    r"PERFIL\w*",
    r"SEITL\w*",
    r"SEITEN(?:BILD|ANSICHT|AUFNAHME)\w*",
    r"DE C[OÔ]T[EÉ]",
    r"NGHIENG",
    r"NGHIÊNG",
)
_TURNED: Final = (
    r"LL",
    r"RL",
    r"LLD",
    r"RLD",
    r"[LR][AP]O",
    r"[LR]LO",
    r"OBL\w*",
    r"SCHR[ÄA]G\w*",
    r"CHECH",
    r"CHẾCH",
    r"LORDO\w*",
    r"D[EÉ]C[UÚ]B\w*",
)
NOT_FRONTAL: Final = re.compile(
    rf"{_words(*_LATERAL, *_TURNED).pattern}|側|侧|측면|БОКОВ", re.UNICODE
)
NOT_FRONTAL_VIEWS: Final = (
    frozenset(line.split(" ", 2)[2] for line in VIEWS.split("\n")[1:-1]) | VIEW_POSITIONS
) - FRONTAL_VIEWS
SHORT_VIEWS: Final = _words(r"ML", r"LM", r"MLO", r"LMO", r"L L", r"R L")
"""Names of views that in a description could be anything."""

FRONTAL: Final = re.compile(
    r"\bAP\b|\bPA\b|FRONTAL|ANTERO.?POSTERIOR|POSTERO.?ANTERIOR|\bTHANG\b|\bTHẲNG\b"
)
DECUBITUS: Final = re.compile(r"D[EÉ]C[UÚ]B|\bLLD\b|\bRLD\b")


def says_chest(part: str) -> bool:
    """Does a region or a part of the body, upper case, name the chest and no other target?"""
    if part in CHEST_REGIONS:
        return True
    words = _spaced(part)
    return bool(CHEST.search(words)) and not OTHER_TARGET.search(words)


def not_frontal_view(view: str) -> bool:
    """Does a view, upper case, name one that is not frontal?"""
    words = _spaced(view)
    named = any(one in NOT_FRONTAL_VIEWS for one in view.split(" / "))
    return named or bool(NOT_FRONTAL.search(words) or SHORT_VIEWS.search(words))


def not_frontal_word(text: str) -> str:
    """The first word of a text that names a view that is not frontal; "" if there is none."""
    found = NOT_FRONTAL.search(_spaced(text))
    return found.group().strip() if found else ""


def says_frontal(text: str) -> bool:
    return bool(FRONTAL.search(_spaced(text)))


def says_decubitus(text: str) -> bool:
    return bool(DECUBITUS.search(_spaced(text)))


def _spaced(text: str) -> str:
    """Upper case, with blanks for what separates words in headers."""
    return re.sub(r"[_\-/.,^()]", " ", text.upper())
