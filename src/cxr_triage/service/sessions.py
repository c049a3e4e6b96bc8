"""Sessions as people see them: which there are, and ending them. They name no address: where
somebody works is theirs, and the audit trail has it."""

from dataclasses import dataclass
from datetime import datetime

from cxr_triage.errors import NotFound
from cxr_triage.service.accounts import account_name, sha256_of
from cxr_triage.service.audit import Action, Actor, Origin, entry
from cxr_triage.service.principal import Principal
from cxr_triage.store.records import Person, StoredSession
from cxr_triage.store.repository import Store

SHOWN: int = 16
"""Digits of a token's hash that name a session: they open nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """current: the one that asks."""

    id: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    current: bool = False


def sessions_of(store: Store, who: Principal, token: str) -> tuple[ListedSession, ...]:
    """One's own, newest first."""
    mine = sha256_of(token)
    return tuple(_listed(one, mine) for one in store.sessions.of_person(who.id))


def end_session(store: Store, who: Principal, session_id: str, *, origin: Origin) -> None:
    """End one of one's own. Raises NotFound `session_not_found`."""
    _end(store, who.id, session_id, by=who.acts_from(origin))


def sessions_of_name(store: Store, name: str) -> tuple[ListedSession, ...]:
    """Anybody's, for an administrator. Raises NotFound."""
    person = _person(store, name)
    return tuple(_listed(one, "") for one in store.sessions.of_person(person.id))


def end_sessions_of_name(store: Store, name: str, session_id: str | None, *, by: Actor) -> int:
    """End anybody's, or one of them, for an administrator; how many. Raises NotFound."""
    return _end(store, _person(store, name).id, session_id, by=by)


def _end(store: Store, person_id: str, session_id: str | None, *, by: Actor) -> int:
    found = [
        one.sha256
        for one in store.sessions.of_person(person_id)
        if session_id in (None, one.sha256[:SHOWN])
    ]
    if session_id is not None and not found:
        raise NotFound("session_not_found")
    audit = entry(Action.SESSION_ENDED, by, subject_id=person_id)
    for sha256 in found:
        store.sessions.end(sha256, audit=audit)
    return len(found)


def _person(store: Store, name: str) -> Person:
    person = store.accounts.person_named(account_name(name))
    if person is None:
        raise NotFound("person_not_found")
    return person


def _listed(session: StoredSession, mine: str) -> ListedSession:
    return ListedSession(
        id=session.sha256[:SHOWN],
        created_at=session.created_at,
        last_seen=session.last_seen,
        expires_at=session.expires_at,
        current=session.sha256 == mine,
    )
