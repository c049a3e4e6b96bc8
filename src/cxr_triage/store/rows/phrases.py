"""Texts that readers put into an impression: everybody's, and each reader's own."""

from dataclasses import asdict

from sqlalchemy import Connection, delete, func, insert, or_, select

from cxr_triage.errors import Conflict, NotFound
from cxr_triage.language import Language
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import phrases
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry, Phrase

MOST = 200
"""Of everybody's, and of each reader's."""


class Phrases:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person_id: str, language: Language) -> tuple[Phrase, ...]:
        """Everybody's and one's own in that language, by name."""
        query = (
            select(phrases)
            .where(
                phrases.c.language == language,
                or_(phrases.c.person_id.is_(None), phrases.c.person_id == person_id),
            )
            .order_by(phrases.c.name, phrases.c.id)
        )
        with self._database.read() as connection:
            return tuple(Phrase(**row._mapping) for row in connection.execute(query))

    def add(self, phrase: Phrase, *, audit: AuditEntry) -> None:
        """Raises Conflict `too_many_phrases`."""

        def work(connection: Connection) -> None:
            theirs = phrases.c.person_id.is_not_distinct_from(phrase.person_id)
            count = connection.scalar(select(func.count()).select_from(phrases).where(theirs))
            if (count or 0) >= MOST:
                raise Conflict("too_many_phrases")
            connection.execute(insert(phrases).values(**asdict(phrase)))
            append(connection, audit)

        self._database.write(work)

    def remove(self, phrase_id: str, person_id: str, *, audit: AuditEntry) -> None:
        """Everybody's, or one's own. Raises NotFound."""

        def work(connection: Connection) -> None:
            mine = or_(phrases.c.person_id.is_(None), phrases.c.person_id == person_id)
            gone = connection.execute(delete(phrases).where(phrases.c.id == phrase_id, mine))
            if not gone.rowcount:
                raise NotFound("phrase_not_found")
            append(connection, audit)

        self._database.write(work)
