"""When failed sign-ins slow further ones down, who waits now, and letting them in again.

What others try keeps nobody out who comes from where they have signed in before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from cxr_triage.errors import StoreError, TooManyAttempts
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.people.secrets import person_of_name, sha256_of
from cxr_triage.service.sender import network_of
from cxr_triage.store.records import AuditEntry, Person
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.sessions import AttemptLimit, SignInAttempt

WINDOW_S: Final = 15 * 60.0

OWN: Final = (
    AttemptLimit(
        same=("account", "address"), count=5, window_s=WINDOW_S, first_s=30, most_s=WINDOW_S
    ),
)
"""Failed sign-ins by one account from one place: all that counts where the person is known."""

LIMITS: Final = (
    *OWN,
    AttemptLimit(same=("account",), count=30, window_s=WINDOW_S, first_s=5, most_s=60),
    AttemptLimit(same=("address",), count=60, window_s=WINDOW_S, first_s=5, most_s=60),
)
"""From a place where the person has never signed in. The second slows down who guesses from
many machines, the third who guesses at many names; neither shuts a door for long."""

KEY_LIMITS: Final = (
    AttemptLimit(
        same=("account", "address"), count=30, window_s=WINDOW_S, first_s=WINDOW_S, most_s=WINDOW_S
    ),
)
"""Keys that do not count. A key cannot be guessed; this is for a machine that goes on and on
with an old one. A key that counts is never refused for it: another machine may share the
address."""

KEYS: Final = sha256_of("keys of stations")
"""Stands for the account where a key was wrong: no name has that hash."""


BROWSER: Final = "browser "
"""Before the hash of a browser's token, where it stands for an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """From where somebody signs in. name: what counts as one address. known: has the person
    signed in from there before? marks: by which it is known again."""

    name: str
    known: bool
    marks: tuple[str, ...] = field(repr=False)


def place_of(store: Store, person: Person | None, address: str, browser: str) -> Place:
    """browser: the token that this browser keeps; empty: it has none."""
    network = network_of(address)
    here = sha256_of(f"address {network}")
    if not browser:
        known = person is not None and store.sessions.knows(person.id, here)
        return Place(name=network, known=known, marks=(here,))
    mark = sha256_of(f"{BROWSER}{browser}")
    if person is not None and store.sessions.knows(person.id, mark):
        return Place(name=f"{BROWSER}{mark[:40]}", known=True, marks=(here, mark))
    known = person is not None and store.sessions.knows(person.id, here)
    return Place(name=network, known=known, marks=(here, mark))


def begin_sign_in(store: Store, attempt: SignInAttempt, place: Place, slowed: AuditEntry) -> None:
    """Count it as failed until it succeeds. slowed: the row of the trail where it must wait.

    Raises TooManyAttempts `too_many_attempts`.
    """
    limits = OWN if place.known else LIMITS
    _begin(store, attempt, limits, "too_many_attempts", slowed)


def note_wrong_key(store: Store, address: str, at: datetime) -> None:
    """Raises TooManyAttempts `too_many_keys`. Apart from sign-ins of the same address: a
    machine locks nobody out."""
    attempt = SignInAttempt(account=KEYS, address=f"key {network_of(address)}"[:64], at=at)
    with suppress(StoreError):  # a full disk makes no key right, and none wrong
        _begin(store, attempt, KEY_LIMITS, "too_many_keys")


def _begin(
    store: Store,
    attempt: SignInAttempt,
    limits: tuple[AttemptLimit, ...],
    code: str,
    slowed: AuditEntry | None = None,
) -> None:
    wait_s = store.sessions.begin_attempt(attempt, limits, slowed=slowed)
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
            until = limit.until(times)
            if until is not None and until > now:
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
    network = network_of(address)
    store.sessions.forgive(
        audit=entry(Action.SIGN_IN_UNLOCKED, by), addresses=(network, f"key {network}"[:64])
    )
