"""Sessions as people see them: which there are, and ending them. They name no address: where
somebody works is theirs, and the audit trail has it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cxr_triage.errors import NotFound
from cxr_triage.service.audit import Action, Actor, Origin, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.people.secrets import person_of_name, sha256_of
from cxr_triage.store.records import Person, StoredSession
from cxr_triage.store.repository import Store

SHOWN: Final = 16
"""Digits of a token's hash that name a session: they open nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """current: the one that asks."""

    id: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    current: bool = False


class Sessions:
    """Those that go on: what has ended by its time is not listed. Safe to call from several
    threads."""

    def __init__(
        self,
        store: Store,
        rules: AccountRules,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    def of(self, who: Principal, token: str) -> tuple[ListedSession, ...]:
        """One's own, newest first."""
        return self._listed(who.id, mine=sha256_of(token))

    def end(self, who: Principal, session_id: str, *, origin: Origin) -> None:
        """End one of one's own. Raises NotFound `session_not_found`."""
        self._end(who.id, only=session_id, by=who.acts_from(origin))

    def end_others(self, who: Principal, token: str, *, origin: Origin) -> int:
        """End all of one's own but the one that asks; how many."""
        return self._end(who.id, keep=sha256_of(token), by=who.acts_from(origin))

    def of_name(self, name: str) -> tuple[ListedSession, ...]:
        """Anybody's, for an administrator. Raises NotFound."""
        return self._listed(self.person(name).id)

    def end_of_name(self, name: str, session_id: str | None, *, by: Actor) -> int:
        """End anybody's, or one of them, for an administrator; how many. Raises NotFound."""
        return self._end(self.person(name).id, only=session_id, by=by)

    def counts(self) -> Counter[str]:
        """How many each person has, by the person's id."""
        return Counter(one.person_id for one in self._store.sessions.all() if self._goes_on(one))

    def person(self, name: str) -> Person:
        """Raises NotFound `person_not_found`."""
        return person_of_name(self._store, name)

    def _listed(self, person_id: str, *, mine: str = "") -> tuple[ListedSession, ...]:
        return tuple(
            ListedSession(
                id=one.sha256[:SHOWN],
                created_at=one.created_at,
                last_seen=one.last_seen,
                expires_at=one.expires_at,
                current=one.sha256 == mine,
            )
            for one in self._store.sessions.of_person(person_id)
            if self._goes_on(one)
        )

    def _goes_on(self, session: StoredSession) -> bool:
        return self._rules.goes_on(session, self._clock())

    def _end(self, person_id: str, *, only: str | None = None, keep: str = "", by: Actor) -> int:
        found = [
            one.sha256
            for one in self._store.sessions.of_person(person_id)
            if one.sha256 != keep and only in (None, one.sha256[:SHOWN])
        ]
        if only is not None and not found:
            raise NotFound("session_not_found")
        audit = entry(Action.SESSION_ENDED, by, subject_id=person_id)
        for sha256 in found:
            self._store.sessions.end(sha256, audit=audit)
        return len(found)
