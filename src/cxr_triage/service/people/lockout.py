"""When failed sign-ins stop further ones, who is stopped now, and letting them in again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from cxr_triage.errors import StoreError, TooManyAttempts
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.people.secrets import person_of_name, sha256_of
from cxr_triage.store.records import Person
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.sessions import AttemptLimit, SignInAttempt

WINDOW_S: Final = 15 * 60.0

LIMITS: Final = (
    AttemptLimit(same=("account", "address"), count=5, window_s=WINDOW_S),
    AttemptLimit(same=("account",), count=30, window_s=WINDOW_S),
    AttemptLimit(same=("address",), count=60, window_s=WINDOW_S),
)
"""Failed sign-ins. The first stops guessing; the second is wide enough that nobody locks a
doctor out from a few machines, the third that a station behind one address is not stopped."""

KEY_LIMITS: Final = (AttemptLimit(same=("account", "address"), count=30, window_s=WINDOW_S),)
"""Keys that do not count. A key cannot be guessed; this is for a machine that goes on and on
with an old one. A key that counts is never refused for it: another machine may share the
address."""

KEYS: Final = sha256_of("keys of stations")
"""Stands for the account where a key was wrong: no name has that hash."""


def begin_sign_in(store: Store, attempt: SignInAttempt) -> None:
    """Count it as failed until it succeeds. Raises TooManyAttempts `too_many_attempts`."""
    _begin(store, attempt, LIMITS, "too_many_attempts")


def note_wrong_key(store: Store, address: str, at: datetime) -> None:
    """Raises TooManyAttempts `too_many_keys`. Apart from sign-ins of the same address: a
    machine locks nobody out."""
    attempt = SignInAttempt(account=KEYS, address=f"key {address}"[:64], at=at)
    with suppress(StoreError):  # a full disk makes no key right, and none wrong
        _begin(store, attempt, KEY_LIMITS, "too_many_keys")


def _begin(
    store: Store, attempt: SignInAttempt, limits: tuple[AttemptLimit, ...], code: str
) -> None:
    wait_s = store.sessions.begin_attempt(attempt, limits)
    if wait_s:
        raise TooManyAttempts(code, retry_after_s=wait_s, minutes=ceil((wait_s - 1) / 60))


def locked_until(store: Store, people: Iterable[Person], now: datetime) -> dict[str, datetime]:
    """People who could not sign in now, at least from one address, by id: until when."""
    accounts = {sha256_of(person.name): person.id for person in people}
    failures = store.sessions.failures(accounts, now - timedelta(seconds=WINDOW_S))
    found: dict[str, datetime] = {}
    for limit in LIMITS:
        if "account" not in limit.same:
            continue
        for (account, *_), times in _grouped(failures, limit).items():
            if len(times) >= limit.count:
                until = times[limit.count - 1] + timedelta(seconds=limit.window_s)
                person = accounts[account]
                found[person] = max(until, found.get(person, until))
    return found


def _grouped(
    failures: Iterable[SignInAttempt], limit: AttemptLimit
) -> Mapping[tuple[str, ...], list[datetime]]:
    groups: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for one in failures:
        groups[tuple(getattr(one, name) for name in limit.same)].append(one.at)
    return groups


def unlock(store: Store, name: str, *, by: Actor) -> Person:
    """Forget somebody's failed sign-ins, wherever they came from. Raises NotFound."""
    person = person_of_name(store, name)
    audit = entry(Action.SIGN_IN_UNLOCKED, by, subject_id=person.id)
    store.sessions.forgive(audit=audit, account=sha256_of(person.name))
    return person


def unlock_address(store: Store, address: str, *, by: Actor) -> None:
    """Forget the failed sign-ins that came from an address, and its wrong keys."""
    store.sessions.forgive(
        audit=entry(Action.SIGN_IN_UNLOCKED, by), addresses=(address, f"key {address}"[:64])
    )
