"""Rows of sessions, and of the sign-ins that failed; both survive a restart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal

from sqlalchemy import Connection, Select, and_, delete, insert, or_, select, update

from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import known_places, people, sessions, sign_in_attempts
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry, Person, StoredSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """A sign-in that is about to be tried. account: SHA-256 of the name."""

    account: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimit:
    """After `count` failures within `window_s` seconds of the same account or address, each
    further attempt comes `first_s` after the one before, then twice as long each time, `most_s`
    at most."""

    same: tuple[Literal["account", "address"], ...]
    count: int
    window_s: float
    first_s: float
    most_s: float

    def until(self, failures: Sequence[datetime]) -> datetime | None:
        """When the next attempt may be made. failures: within the window, newest first; None: at
        once."""
        over = len(failures) - self.count
        if over < 0:
            return None
        return failures[0] + timedelta(seconds=min(self.most_s, self.first_s * 2 ** min(over, 30)))


class SessionRows:
    """Safe to call from several threads. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_attempt(
        self,
        attempt: SignInAttempt,
        limits: Sequence[AttemptLimit],
        *,
        slowed: AuditEntry | None = None,
    ) -> int:
        """Count an attempt as failed before the password is looked at, so that many at once
        are many. 0, or the seconds until a limit lets it through: then it is not counted.

        slowed: the audit row of those that are not let through, one for each window.
        """

        def work(connection: Connection) -> int:
            self._database.hold(
                connection, *[f"sign-in {one}" for one in (attempt.account, attempt.address)]
            )
            waits = {limit: _wait_s(connection, attempt, limit) for limit in limits}
            longest_wait = max(limits, key=waits.__getitem__)
            if waits[longest_wait]:
                if slowed is not None:
                    _note_slowed(connection, attempt, longest_wait, slowed)
                return round(waits[longest_wait]) + 1
            longest = max(limit.window_s for limit in limits)
            _forget_before(connection, attempt.at - timedelta(seconds=longest))
            connection.execute(
                insert(sign_in_attempts).values(
                    account=attempt.account, address=attempt.address, at=attempt.at
                )
            )
            return 0

        return self._database.write(work)

    def failures(self, accounts: Iterable[str], since: datetime) -> tuple[SignInAttempt, ...]:
        """Of these accounts, newest first."""
        query = (
            select(sign_in_attempts)
            .where(sign_in_attempts.c.account.in_(tuple(accounts)), sign_in_attempts.c.at > since)
            .order_by(sign_in_attempts.c.at.desc())
        )
        with self._database.read() as connection:
            return tuple(
                SignInAttempt(account=row.account, address=row.address, at=row.at)
                for row in connection.execute(query)
            )

    def forgive(
        self, *, audit: AuditEntry, account: str | None = None, addresses: Sequence[str] = ()
    ) -> None:
        """Forget what failed for an account, or from addresses."""
        column = sign_in_attempts.c
        whose = column.address.in_(addresses) if account is None else column.account == account

        def work(connection: Connection) -> None:
            connection.execute(delete(sign_in_attempts).where(whose))
            append(connection, audit)

        self._database.write(work)

    def forget(self, attempt: SignInAttempt) -> None:
        """The password was right: what failed before from there for that account counts no
        more."""

        def work(connection: Connection) -> None:
            _forget(connection, attempt)

        self._database.write(work)

    def knows(self, person_id: str, place: str) -> bool:
        """Has the person signed in from there?"""
        column = known_places.c
        query = select(column.place).where(column.person_id == person_id, column.place == place)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def add(
        self,
        session: StoredSession,
        *,
        attempt: SignInAttempt | None = None,
        places: Sequence[str] = (),
        audit: AuditEntry,
    ) -> None:
        """Begin a session, after a successful attempt if it is by password; ended ones are
        cleared away. places: from where, to be known again."""

        def work(connection: Connection) -> None:
            connection.execute(delete(sessions).where(sessions.c.expires_at < session.created_at))
            if attempt is not None:
                _forget(connection, attempt)
            _remember(connection, session, places)
            connection.execute(
                insert(sessions).values(
                    sha256=session.sha256,
                    person_id=session.person_id,
                    created_at=session.created_at,
                    last_seen=session.last_seen,
                    expires_at=session.expires_at,
                )
            )
            append(connection, audit)

        self._database.write(work)

    def find(self, sha256: str) -> tuple[StoredSession, Person] | None:
        """The session whose token has that SHA-256, and whose it is."""
        query = (
            select(sessions, *[people.c[field.name].label(f"p_{field.name}") for field in _PERSON])
            .join(people, people.c.id == sessions.c.person_id)
            .where(sessions.c.sha256 == sha256)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        session = StoredSession(**{field.name: getattr(row, field.name) for field in _SESSION})
        person = Person(**{field.name: getattr(row, f"p_{field.name}") for field in _PERSON})
        return session, person

    def of_person(self, person_id: str) -> tuple[StoredSession, ...]:
        """Those of a person, newest first."""
        return self._sessions(select(sessions).where(sessions.c.person_id == person_id))

    def all(self) -> tuple[StoredSession, ...]:
        """Everybody's, newest first."""
        return self._sessions(select(sessions))

    def _sessions(self, query: Select[Any]) -> tuple[StoredSession, ...]:
        newest_first = query.order_by(sessions.c.created_at.desc(), sessions.c.sha256)
        with self._database.read() as connection:
            rows = connection.execute(newest_first).all()
        return tuple(
            StoredSession(**{field.name: getattr(row, field.name) for field in _SESSION})
            for row in rows
        )

    def touch(self, sha256: str, at: datetime) -> None:
        """It is in use; that need not be noted each time."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(sessions).where(sessions.c.sha256 == sha256).values(last_seen=at)
            )

        self._database.write(work, hurried=True)

    def end(self, sha256: str, *, audit: AuditEntry) -> None:
        """End it; nothing is noted if it has ended already."""

        def work(connection: Connection) -> None:
            ended = connection.execute(delete(sessions).where(sessions.c.sha256 == sha256))
            if ended.rowcount:
                append(connection, audit)

        self._database.write(work)


_SESSION = fields(StoredSession)
_PERSON = fields(Person)


PLACE_DAYS: Final = 365
"""A place from where nobody came for so long is not known any more."""


def _remember(connection: Connection, session: StoredSession, places: Sequence[str]) -> None:
    column, at = known_places.c, session.created_at
    old = column.last_at < at - timedelta(days=PLACE_DAYS)
    known = and_(column.person_id == session.person_id, or_(column.place.in_(places), old))
    connection.execute(delete(known_places).where(known))
    for place in places:
        connection.execute(
            insert(known_places).values(person_id=session.person_id, place=place, last_at=at)
        )


def _note_slowed(
    connection: Connection, attempt: SignInAttempt, limit: AttemptLimit, audit: AuditEntry
) -> None:
    """One row in the trail for what a limit holds back within its window, however often."""
    about = " ".join(["slowed", *(getattr(attempt, name) for name in limit.same)])
    mark = SignInAttempt(account=sha256(about.encode()).hexdigest(), address=SLOWED, at=attempt.at)
    noted = replace(limit, same=("account", "address"))
    if not _failures(connection, mark, noted, most=1):
        connection.execute(
            insert(sign_in_attempts).values(account=mark.account, address=SLOWED, at=mark.at)
        )
        append(connection, audit)


SLOWED: Final = "slowed"
"""Stands for the address where a row says that the trail says so: no address is called that."""


def _wait_s(connection: Connection, attempt: SignInAttempt, limit: AttemptLimit) -> float:
    """Seconds until the limit lets the attempt through; 0 if it does now.

    Never more than its window, also where the clock was set back since: what lies further ahead
    than that was noted by a clock that was wrong.
    """
    until = limit.until(_failures(connection, attempt, limit, most=limit.count + 31))
    if until is None:
        return 0.0
    return min(max(0.0, (until - attempt.at).total_seconds()), limit.window_s)


def _failures(
    connection: Connection, attempt: SignInAttempt, limit: AttemptLimit, *, most: int
) -> Sequence[datetime]:
    """Of the same account or address within the window, newest first."""
    window = timedelta(seconds=limit.window_s)
    failures = (
        select(sign_in_attempts.c.at)
        .where(
            sign_in_attempts.c.at > attempt.at - window,
            sign_in_attempts.c.at <= attempt.at + window,
            *[sign_in_attempts.c[name] == getattr(attempt, name) for name in limit.same],
        )
        .order_by(sign_in_attempts.c.at.desc())
        .limit(most)
    )
    return connection.execute(failures).scalars().all()


def _forget(connection: Connection, attempt: SignInAttempt) -> None:
    connection.execute(
        delete(sign_in_attempts).where(
            sign_in_attempts.c.account == attempt.account,
            sign_in_attempts.c.address == attempt.address,
        )
    )


def _forget_before(connection: Connection, moment: datetime) -> None:
    connection.execute(delete(sign_in_attempts).where(sign_in_attempts.c.at < moment))
