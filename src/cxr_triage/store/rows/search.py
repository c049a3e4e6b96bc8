"""What people type to find a study: part of a name, of a patient's number, of an accession number
or of a file's name; and the findings that it must show.

No index helps with parts of words, so that is looked up first, as far as `FEW`. Few studies are
sorted; of many, a walk through the worklist in its order soon has a page full.
"""

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, and_, exists, false, func, or_, select

from cxr_triage.domain import folded
from cxr_triage.store.database.tables import images, patients, studies
from cxr_triage.store.records import Scope, WorklistQuery

FEW: Final = 2000

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_TONE_BEFORE: Final = re.compile(rf"([ou])([{_TONES}])([aey])")
_TONE_AFTER: Final = re.compile(rf"([ou])([aey])([{_TONES}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What the studies of a query must fulfil; few: they are so few that sorting them is less
    work than walking through the worklist."""

    conditions: tuple[ColumnElement[bool], ...] = ()
    few: bool = False


def narrowed(connection: Connection, query: WorklistQuery, scope: Scope) -> Narrowed:
    """The studies that a query's text and findings name."""
    found = Narrowed()
    if query.text:
        found = _by_text(connection, query.text, scope)
    if query.findings:
        flagged = _flagged(query.findings)
        way = _Way(id=studies.c.id, in_study=studies.c.id, holds=flagged)
        rare = None if found.few else _ids(connection, way, scope)
        few = found.few or rare is not None
        shown = flagged if rare is None else studies.c.id.in_(rare)
        found = Narrowed(conditions=(*found.conditions, shown), few=few)
    return found


def _by_text(connection: Connection, text: str, scope: Scope) -> Narrowed:
    words = tuple(words_of(text))
    ways = (
        _Way(
            id=patients.c.id,
            in_study=studies.c.patient_id,
            holds=_hold(words, patients.c.folded),
            spelt=_spelt(words, patients.c.name, patients.c.patient_id),
        ),
        _Way(
            id=studies.c.id,
            in_study=studies.c.id,
            holds=_contains_any_case(connection, text),
        ),
        _Way(
            id=images.c.study_id,
            in_study=studies.c.id,
            holds=and_(images.c.hidden_at.is_(None), _hold(words, images.c.folded)),
            spelt=_spelt(words, images.c.file_name),
        ),
    )
    found: list[ColumnElement[bool]] = []
    for way in ways:
        ids = _ids(connection, way, scope)
        if ids is None:
            return Narrowed(conditions=(or_(*(way.is_there for way in ways)),))
        found.append(way.in_study.in_(ids))
    return Narrowed(conditions=(or_(*found),), few=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What a text may name a study by. id: stands in the study's column `in_study`. holds: what
    is looked for everywhere; spelt: only where that is true."""

    id: Column[str]
    in_study: Column[str]
    holds: ColumnElement[bool]
    spelt: ColumnElement[bool] | None = None

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        return (self.holds,) if self.spelt is None else (self.holds, self.spelt)

    @property
    def is_there(self) -> ColumnElement[bool]:
        """For a study."""
        if self.id is self.in_study:
            return and_(*self.conditions)
        return exists().where(self.id == self.in_study, *self.conditions)


def _ids(connection: Connection, way: _Way, scope: Scope) -> set[str] | None:
    """What it leads to; None if that is much. Spelling is looked at last: what is read for the
    rest has an index."""
    query = select(way.id).where(way.holds).limit(FEW + 1)
    if scope.station_id is not None:
        query = query.where(way.id.table.c.station_id == scope.station_id)
    found = set(connection.execute(query).scalars())
    if len(found) > FEW:
        return None
    if way.spelt is None or not found:
        return found
    rows = connection.execute(select(way.id).where(way.id.in_(found), way.spelt))
    return set(rows.scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word that was typed. spellings: what it may look like; none if it has no diacritics, which
    then do not matter."""

    plain: str
    spellings: tuple[str, ...] = ()


def words_of(text: str) -> Iterator[Word]:
    """The words of a search. One with diacritics means no other: Hùng is not Hưng; but a name that
    was typed without any may be meant."""
    composed = unicodedata.normalize("NFC", text.casefold())
    for typed in re.findall(r"(?:[^\W_]|[\u0300-\u036f])+", composed):
        for plain in folded(typed).split():
            yield Word(plain=plain, spellings=() if plain == typed else _spellings(typed, plain))


def _spellings(typed: str, plain: str) -> tuple[str, ...]:
    """With the tone mark on either vowel (hòa, hoà), in every case that names are written in."""
    apart = unicodedata.normalize("NFD", typed)
    placed = {apart, _TONE_BEFORE.sub(r"\1\3\2", apart), _TONE_AFTER.sub(r"\1\3\2", apart)}
    composed = {unicodedata.normalize("NFC", one) for one in placed}
    cases = (str.lower, str.upper, str.capitalize)
    return tuple(sorted({case(one) for one in {*placed, *composed, plain} for case in cases}))


def _hold(words: Sequence[Word], searched: Column[str]) -> ColumnElement[bool]:
    """Is every word part of what is searched?"""
    return and_(*(_contains(searched, word.plain) for word in words)) if words else false()


def _spelt(words: Sequence[Word], *originals: Column[str]) -> ColumnElement[bool] | None:
    """Does what was searched spell its words so? None if that does not matter."""
    each = [
        or_(*(_contains(one, spelling) for one in originals for spelling in word.spellings))
        for word in words
        if word.spellings
    ]
    return and_(*each) if each else None


def _flagged(findings: Sequence[str]) -> ColumnElement[bool]:
    labels = (label.replace(" ", "_") for label in findings)
    return or_(*(_contains(studies.c.flags, f" {label} ") for label in labels))


def _contains(column: Column[str], part: str) -> ColumnElement[bool]:
    return column.contains(part, autoescape=True)


def _contains_any_case(connection: Connection, text: str) -> ColumnElement[bool]:
    """Is the text part of an accession number, whose letters are ASCII's? SQLite's LIKE looks at
    no case of those."""
    if connection.dialect.name == "sqlite":
        return _contains(studies.c.accession, text)
    plain = func.lower(studies.c.accession.collate("C"))
    return plain.contains(text.translate(_ASCII_LOWER), autoescape=True)


_ASCII_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
