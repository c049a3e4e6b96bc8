"""Do the audit trail and the other tables agree? A study, film, result or signed reading that was
removed, changed or added past the service is found, whatever was done to it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Select, select

from cxr_triage.store.audit.chain import ChainCheck, ChainHead
from cxr_triage.store.audit.rows import verified
from cxr_triage.store.audit.seals import Difference, Sealed, SealKind
from cxr_triage.store.database.tables import assessments, models, reviews, studies
from cxr_triage.store.rows.codec import card_id
from cxr_triage.store.rows.sealing import (
    READINGS,
    RESULTS,
    STUDIES,
    films_seals,
    reading_seal,
    result_seal,
    study_seal,
)

CHUNK: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCheck:
    """chain: of the trail itself; with a fault there nothing was compared. unknown: studies,
    results and readings from before rows were sealed, of which the trail says only that they are
    there. cards: of models (ids) that are not as they were kept."""

    chain: ChainCheck
    differences: tuple[Difference, ...] = ()
    cards: tuple[str, ...] = ()
    unknown: int = 0

    @property
    def sound(self) -> bool:
        """Is everything as the trail says?"""
        return self.chain.fault is None and not self.differences and not self.cards


def check_trail(
    connection: Connection, noted: Iterable[ChainHead], pause: Callable[[], None]
) -> TrailCheck:
    """Walk the trail, then every study, result and signed reading, as they stand at one moment.

    pause: called a thousand rows apart.
    """
    sealed = Sealed()
    chain = verified(connection, noted, sealed, pause)
    if chain.fault is not None:
        return TrailCheck(chain=chain)
    unknown = sealed.unknown
    differences = [*_found(connection, sealed, pause), *sealed.left()]
    return TrailCheck(
        chain=chain,
        differences=tuple(differences),
        cards=tuple(_changed_cards(connection)),
        unknown=unknown,
    )


def _found(
    connection: Connection, sealed: Sealed, pause: Callable[[], None]
) -> Iterator[Difference]:
    for rows in _chunks(connection, STUDIES, studies.c.id, pause):
        yield from _compared(sealed, "study", {row.id: study_seal(row) for row in rows})
        yield from _compared(sealed, "films", films_seals(connection, [row.id for row in rows]))
    for rows in _chunks(connection, RESULTS, assessments.c.id, pause):
        yield from _compared(sealed, "result", {row.id: result_seal(row) for row in rows})
    for rows in _chunks(connection, READINGS, reviews.c.id, pause):
        yield from _compared(sealed, "reading", {row.id: reading_seal(row) for row in rows})


def _compared(sealed: Sealed, kind: SealKind, there: Mapping[str, str]) -> Iterator[Difference]:
    for id_, digest in there.items():
        if (fault := sealed.compare(kind, id_, digest)) is not None:
            yield Difference(kind=kind, id=id_, fault=fault)


def _changed_cards(connection: Connection) -> Iterator[str]:
    """A card's id is the hash of what it says."""
    for row in connection.execute(select(models)):
        if card_id(row.card) != row.id:
            yield row.id


def _chunks(
    connection: Connection, query: Select[Any], id_: Column[str], pause: Callable[[], None]
) -> Iterator[list[Row[Any]]]:
    after = ""
    while rows := connection.execute(query.where(id_ > after).order_by(id_).limit(CHUNK)).all():
        pause()
        yield list(rows)
        after = rows[-1].id
