"""Whom an image shows, and when two images cannot show the same person."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

SEXES: Final = ("M", "F", "O")
"""What Patient's Sex may be (PS3.3 C.7.1.1); anything else says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Patient:
    """Who the image shows. Never in a log, a metric, a repr, an exception or a file name.

    issuer: who gave the id; empty: nobody says. birth_date: YYYY-MM-DD, YYYY-MM or YYYY.
    """

    id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    issuer: str = ""

    def __repr__(self) -> str:
        return "Patient(…)"

    @property
    def withheld(self) -> bool:
        """Does who asks get nothing of the patient?"""
        return False

    @property
    def nameless(self) -> bool:
        """Has it neither name nor number?"""
        return not (self.id or self.name)

    def completed_by(self, other: "Patient") -> "Patient":
        """With the other's where this says nothing; an issuer belongs to its number."""
        identified = self if self.id else other
        return Patient(
            id=identified.id,
            name=self.name or other.name,
            birth_date=max(self.birth_date, other.birth_date, key=len),
            sex=self.sex or other.sex,
            issuer=self.issuer or (other.issuer if other.id == identified.id else ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WithheldPatient(Patient):
    """Somebody of whom who asks may know nothing; says nothing, and is nobody's."""

    @property
    def withheld(self) -> bool:
        return True


def folded(text: str) -> str:
    """Words as people search them: no case, no diacritics, no punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    kept = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def contradict(one: Patient, other: Patient) -> bool:
    """Can they not be one person?

    Another number, birth date or sex says so, and so does a name that shares no part, unless
    an equal number ties them. What is absent contradicts nothing.
    """
    if one.id and other.id and not _same_id(one, other):
        return True
    if not one.birth_date.startswith(other.birth_date[: len(one.birth_date)]):
        return True
    if one.sex in SEXES and other.sex in SEXES and one.sex != other.sex:
        return True
    tied = one.id and other.id
    return bool(not tied and one.name and other.name and not _shared(one.name, other.name))


def same_patient(one: Patient, other: Patient, *, at_one_station: bool) -> bool | None:
    """Are they one person, whose other films may stand beside? None: perhaps, to be asked.

    Certain is an equal number of one issuer, or of one station, or a citizen's (which is nobody
    else's), with an equal birth date, and nothing that contradicts it. Perhaps: an equal number
    alone, or an equal name with an equal birth date.
    """
    born = len(one.birth_date) == len("2026-01-01") and one.birth_date == other.birth_date
    if one.id and one.id == other.id:
        if contradict(replace(one, issuer=""), replace(other, issuer="")):
            return False
        tied = one.issuer == other.issuer and bool(one.issuer or at_one_station)
        named_alike = not (one.name and other.name) or _shared(one.name, other.name)
        certain = born and named_alike and (tied or bool(_CITIZEN.fullmatch(one.id)))
        return True if certain else None
    if born and one.name and folded(one.name) == folded(other.name):
        return False if {one.sex, other.sex} == {"M", "F"} else None
    return False


_CITIZEN: Final = re.compile(r"[0-9]{12}")
"""The number of a Vietnamese citizen (căn cước công dân)."""


def names_differ(one: Patient, other: Patient) -> bool:
    """Do their names say different things? One without diacritics may stand for one with."""
    if not (one.name and other.name):
        return False
    mine, theirs = _comparable(one.name, other.name)
    return sorted(mine) != sorted(theirs)


def persons(patients: Sequence[Patient]) -> tuple[tuple[int, ...], ...]:
    """The films of one Study Instance UID by whom they show: places in `patients`.

    If none contradicts another, all are one person's. Else a film is put to others only if it
    fits one person: who could be one of two, and who has neither name nor number, stands alone.
    The outcome does not depend on the order.
    """
    distinct = list(dict.fromkeys(patients))
    if not _contested(distinct):
        return (tuple(range(len(patients))),) if patients else ()
    named = [one for one in distinct if not one.nameless]
    fitting = _fitting(named)
    group_of: dict[Patient, frozenset[Patient]] = {}
    for one in named:
        others = fitting[one] | {one}
        unambiguous = all(others <= fitting[a] | {a} for a in others)
        group_of[one] = frozenset(others) if unambiguous else frozenset({one})
    whole = {
        one: frozenset(a for a in group if group_of[a] == group) for one, group in group_of.items()
    }
    groups: dict[object, list[int]] = defaultdict(list)
    for place, one in enumerate(patients):
        groups[place if one.nameless else whole[one]].append(place)
    return tuple(tuple(places) for places in groups.values())


def _contested(distinct: Sequence[Patient]) -> bool:
    return any(
        contradict(one, other)
        for place, one in enumerate(distinct)
        for other in distinct[place + 1 :]
    )


def _fitting(named: Sequence[Patient]) -> dict[Patient, set[Patient]]:
    """With whom each is compatible. Only those are compared that could be: with an equal
    number, or with a part of the name in common where one has no number."""
    by_id: dict[str, list[Patient]] = defaultdict(list)
    by_part: dict[str, list[Patient]] = defaultdict(list)
    unnumbered: dict[str, list[Patient]] = defaultdict(list)
    unnamed: list[Patient] = []
    for one in named:
        if one.id:
            by_id[one.id].append(one)
        if not one.name:
            unnamed.append(one)
        for part in folded(one.name).split():
            by_part[part].append(one)
            if not one.id:
                unnumbered[part].append(one)
    without_id = [one for one in named if not one.id]
    found: dict[Patient, set[Patient]] = {one: set() for one in named}
    for one in named:
        likely: Iterable[Patient]
        if one.id:
            parts = (unnumbered if one.name else {}).get
            likely = [
                *by_id[one.id],
                *(a for part in folded(one.name).split() for a in parts(part, ())),
            ]
            if not one.name:
                likely = [*likely, *without_id]
        else:
            likely = [*unnamed, *(a for part in folded(one.name).split() for a in by_part[part])]
        for other in likely:
            if other != one and not contradict(one, other):
                found[one].add(other)
                found[other].add(one)
    return found


def _same_id(one: Patient, other: Patient) -> bool:
    issuers = {one.issuer, other.issuer} - {""}
    return one.id == other.id and len(issuers) < 2


def _shared(one: str, other: str) -> bool:
    mine, theirs = _comparable(one, other)
    return not set(mine).isdisjoint(theirs)


def _comparable(one: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts of both names; without diacritics if one of them was typed without."""
    (mine, plain), (theirs, other_plain) = _parts(one), _parts(other)
    if plain or other_plain:
        return tuple(folded(one).split()), tuple(folded(other).split())
    return mine, theirs


@lru_cache(maxsize=4096)
def _parts(name: str) -> tuple[tuple[str, ...], bool]:
    """Words of a name, NFC, without case and punctuation; were they typed without diacritics?"""
    text = unicodedata.normalize("NFC", name.casefold())
    words = tuple("".join(c if c.isalnum() else " " for c in text).split())
    return words, " ".join(words) == folded(name)
