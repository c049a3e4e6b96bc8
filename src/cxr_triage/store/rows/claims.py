"""Who has a study open to read it: one at a time, for as long as something is heard of them.

Nothing in the audit trail: who opened a study stands there already, and this keeps nobody out.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from cxr_triage.store.database.tables import claims, people
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import Scope, StudyClaim
from cxr_triage.store.rows.signing import hold_study
from cxr_triage.store.rows.studies import study_row


class Claims:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self,
        study_id: str,
        scope: Scope,
        *,
        person_id: str,
        at: datetime,
        until: datetime,
        take_over: bool = False,
    ) -> StudyClaim:
        """Have it, or have it for longer; another's claim that still lasts stays, and is returned,
        unless it is taken over. Raises NotFound."""

        def work(connection: Connection) -> StudyClaim:
            study_row(connection, study_id, scope)
            hold_study(connection, study_id)
            known = connection.execute(select(claims).where(claims.c.study_id == study_id)).first()
            of_study = update(claims).where(claims.c.study_id == study_id)
            if known is None:
                values = {"study_id": study_id, "person_id": person_id, "since": at, "until": until}
                connection.execute(insert(claims).values(**values))
            elif known.person_id == person_id and known.until > at:
                connection.execute(of_study.values(until=until))
            elif known.until <= at or take_over:
                connection.execute(of_study.values(person_id=person_id, since=at, until=until))
            return _read(connection, study_id)

        return self._database.write(work, hurried=True)

    def let_go(self, study_id: str, *, person_id: str) -> None:
        """Of one's own; no error if there is none."""
        own = delete(claims).where(claims.c.study_id == study_id, claims.c.person_id == person_id)
        self._database.write(lambda connection: connection.execute(own), hurried=True)


def _read(connection: Connection, study_id: str) -> StudyClaim:
    row = connection.execute(
        select(claims, people.c.full_name)
        .join(people, people.c.id == claims.c.person_id)
        .where(claims.c.study_id == study_id)
    ).one()
    return StudyClaim(person_id=row.person_id, name=row.full_name, since=row.since, until=row.until)
