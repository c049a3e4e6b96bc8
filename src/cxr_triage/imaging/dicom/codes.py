"""View, region and side of a film as coded concepts: value and scheme decide (PS3.3 8.1, 8.3).

The meaning beside a code is for people: it may be empty, foreign or wrong. Only where a code is
not known do its words count, and then they can only speak against a film.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from cxr_triage.imaging.dicom.code_tables import (
    BODY_PARTS,
    CHEST_REGIONS,
    FRONTAL_VIEWS,
    REGIONS,
    SIDES,
    VIEWS,
)
from cxr_triage.imaging.dicom.dataset import DataSet

VALUES: Final = (0x00080100, 0x00080119, 0x00080120)
"""Code Value, Long Code Value, URN Code Value."""
SCHEME, MEANING = 0x00080102, 0x00080104
VIEW_CODES, VIEW_MODIFIERS = 0x00540220, 0x00540222
REGION_CODES, REGION_MODIFIERS, STRUCTURE_CODES = 0x00082218, 0x00082220, 0x00082228
VIEW_POSITION, BODY_PART = 0x00185101, 0x00180015
IMAGE_LATERALITY, LATERALITY = 0x00200062, 0x00200060

SNOMED_RT: Final = frozenset({"SRT", "SNM3", "99SDM"})
SNOMED_CT: Final = frozenset({"SCT", "SNOMED-CT", "2.16.840.1.113883.6.96"})

VIEW_POSITIONS: Final = frozenset({"AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO"})
"""What View Position may say (PS3.3 C.8.1.1 and C.8.11.5)."""
LATERALITIES: Final = frozenset({"R", "L", "U", "B"})

Term = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One item of a code sequence, upper case."""

    value: str
    scheme: str
    meaning: str

    def term(self, table: str) -> Term:
        """What `table` calls it; "" if it is not there. Without a scheme, both are tried."""
        by_ct, by_rt = _terms(table)
        found = ""
        if self.scheme in SNOMED_CT or not self.scheme:
            found = by_ct.get(self.value, "")
        if self.scheme in SNOMED_RT or not (self.scheme or found):
            found = by_rt.get(self.value, "")
        return found

    def __str__(self) -> str:
        return f"{self.value} ({self.scheme or '?'})" if self.value else ""


@cache
def _terms(table: str) -> tuple[dict[str, Term], dict[str, Term]]:
    """By code in SNOMED CT, and by code in SNOMED RT."""
    by_ct: dict[str, Term] = {}
    by_rt: dict[str, Term] = {}
    for line in table.split("\n")[1:-1]:
        value, older, term = line.split(" ", 2)
        by_ct[value] = term
        by_rt |= dict.fromkeys(older.split(","), term)
    return by_ct, by_rt


def codes_of(dataset: DataSet, sequence: int) -> tuple[tuple[Code, DataSet], ...]:
    """The codes of a sequence's items, each with its item."""
    return tuple((_code(item), item) for item in dataset.items(sequence))


def _code(item: DataSet) -> Code:
    value = next((text for tag in VALUES if (text := item.text(tag))), "")
    return Code(
        value=value.removeprefix("http://snomed.info/id/").upper(),
        scheme=item.text(SCHEME).upper(),
        meaning=item.text(MEANING).upper(),
    )


def _said(dataset: DataSet, tag: int) -> str:
    """As written, upper case; of several values each one, since any may speak against a film."""
    return " / ".join(dict.fromkeys(filter(None, (text.upper() for text in dataset.texts(tag)))))


def view_of(dataset: DataSet) -> str:
    """By View Code Sequence where its code is known, else View Position as it is written.

    Where the two contradict each other in whether the film is frontal, both. An unknown code
    stands as it is, with its meaning behind it.
    """
    said = _said(dataset, VIEW_POSITION)
    found = codes_of(dataset, VIEW_CODES)
    for code, item in found:
        if term := code.term(VIEWS):
            return _contradicted(said, _modified(term, item))
    if said:
        return said
    return next((f"{code} {code.meaning}".strip() for code, _ in found), "")


def _modified(term: Term, item: DataSet) -> str:
    """A modifier can turn a frontal view into another (lordotic)."""
    modifiers = (code.term(VIEWS) for code, _ in codes_of(item, VIEW_MODIFIERS))
    return " ".join([term, *filter(None, modifiers)])


def _contradicted(said: str, coded: str) -> str:
    frontal = coded in FRONTAL_VIEWS
    if said in VIEW_POSITIONS and frontal and said not in FRONTAL_VIEWS:
        return f"{said} / {coded}"
    return coded


def region_of(dataset: DataSet) -> str:
    """By Anatomic Region and Primary Anatomic Structure Sequence where their codes are known,
    else Body Part Examined as it is written.

    Where they contradict each other in whether it is the chest, both.
    """
    said = _said(dataset, BODY_PART)
    found = region_codes(dataset)
    terms = list(dict.fromkeys(filter(None, (code.term(REGIONS) for code in found))))
    other = [term for term in terms if term not in CHEST_REGIONS]
    if terms and other and len(other) < len(terms):
        return " / ".join(terms)
    if terms:
        contradicts = not other and said in OTHER_REGIONS
        return f"{said} / {terms[0]}" if contradicts else terms[0]
    if said:
        return said
    return next((code.meaning for code in found if code.meaning in OTHER_REGIONS), "")


def region_codes(dataset: DataSet) -> tuple[Code, ...]:
    """Every code that says what the film shows."""
    sequences = (REGION_CODES, STRUCTURE_CODES)
    return tuple(code for tag in sequences for code, _ in codes_of(dataset, tag))


def unknown_regions(dataset: DataSet) -> tuple[Code, ...]:
    """Those of which nothing can be told."""
    return tuple(code for code in region_codes(dataset) if code.value and not code.term(REGIONS))


def laterality_of(dataset: DataSet) -> str:
    """Image Laterality, else Laterality, else the side that the region's modifier names."""
    said = (dataset.text(IMAGE_LATERALITY) or dataset.text(LATERALITY)).upper()
    if said in LATERALITIES:
        return said
    sides = (
        code.term(SIDES)
        for _, region in codes_of(dataset, REGION_CODES)
        for code, _ in codes_of(region, REGION_MODIFIERS)
    )
    return next(filter(None, sides), said)


OTHER_REGIONS: Final = frozenset(_terms(REGIONS)[0].values()) - CHEST_REGIONS | BODY_PARTS
"""Names of regions that are not the chest."""
