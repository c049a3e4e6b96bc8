"""Who may come in: stations by API key, people by password and session.

Keys and tokens are 256 random bits, kept as their SHA-256; passwords as argon2id.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.errors import NotAuthenticated, StoreError
from cxr_triage.language import Language
from cxr_triage.service.audit import Action, Actor, Origin, entry
from cxr_triage.service.people import lockout, passwords
from cxr_triage.service.people.principal import (
    PERMISSIONS,
    Permission,
    Principal,
    Session,
    SignedIn,
    of_person,
    of_station,
)
from cxr_triage.service.people.secrets import account_name, sha256_of
from cxr_triage.store.records import FirstLook, Person, StationKey, StoredSession
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.sessions import SignInAttempt

__all__ = [
    "PERMISSIONS",
    "AccountRules",
    "Accounts",
    "Permission",
    "Principal",
    "Session",
    "SignedIn",
]

TOUCH_S: Final = 60.0
"""A session that is in use is noted at most this often: a page is not a write."""

PREFIX: Final = "cxr_"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """idle_s: a session ends when unused for so many seconds; session_s: in any case.
    key_days: for how long a station's key is good. first_look: what readers see of the AI before
    they have looked, unless they choose otherwise."""

    idle_s: float = 30 * 60
    session_s: float = 12 * 3600
    key_days: int = 365
    first_look: FirstLook = "off"

    def goes_on(self, session: StoredSession, now: datetime) -> bool:
        """Has it neither ended nor been left unused for too long?"""
        idle = (now - session.last_seen).total_seconds() > self.idle_s
        return not idle and session.expires_at > now


class Accounts:
    """Keys, passwords and sessions. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        rules: AccountRules,
        *,
        language: Language = "en",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """language: of stations, which have none of their own."""
        self._store = store
        self._rules = rules
        self._language = language
        self._clock = clock

    def now(self) -> datetime:
        """The time that sessions go by."""
        return self._clock()

    def station_of_key(self, key: str, *, origin: Origin) -> Principal:
        """Raises NotAuthenticated `key_invalid`: unknown, expired, revoked, disabled; or
        TooManyAttempts where such keys came from too often."""
        found = self._store.accounts.key_with_prefix(prefix_of(key))
        if found is not None:
            known, station = found
            if self._counts(known, key) and station.disabled_at is None:
                return of_station(station, known, self._language)
        lockout.note_wrong_key(self._store, origin.address, self._clock())
        raise NotAuthenticated("key_invalid")

    def _counts(self, known: StationKey, key: str) -> bool:
        right = hmac.compare_digest(known.sha256, sha256_of(key))
        late = known.expires_at is not None and known.expires_at <= self._clock()
        return right and not late and known.revoked_at is None

    def sign_in(self, name: str, password: str, *, origin: Origin, browser: str = "") -> SignedIn:
        """browser: the token by which this browser is known again; empty: it keeps none.

        Raises NotAuthenticated `sign_in_failed`, or TooManyAttempts (`retry_after_s`).
        """
        account = account_name(name)
        known = self._store.accounts.person_named(account)
        place = lockout.place_of(self._store, known, origin.address, browser)
        attempt = SignInAttempt(account=sha256_of(account), address=place.name, at=self._clock())
        person = self._checked(known, password, attempt, place, origin)
        return self.begin_session(person, origin=origin, attempt=attempt, places=place.marks)

    def begin_session(
        self,
        person: Person,
        *,
        origin: Origin,
        attempt: SignInAttempt | None = None,
        places: Sequence[str] = (),
    ) -> SignedIn:
        """For somebody who is known to be that person. attempt: which succeeded. places: from
        where, to be known again."""
        now, token = self._clock(), secrets.token_urlsafe(32)
        session = StoredSession(
            sha256=sha256_of(token),
            person_id=person.id,
            created_at=now,
            last_seen=now,
            expires_at=now + timedelta(seconds=self._rules.session_s),
        )
        principal = of_person(person, self._rules.first_look)
        self._store.sessions.add(
            session,
            attempt=attempt,
            places=places,
            audit=entry(Action.SIGNED_IN, principal.acts_from(origin)),
        )
        return SignedIn(
            principal=principal,
            token=token,
            csrf=csrf_of(token),
            expires_at=session.expires_at,
        )

    def _checked(
        self,
        person: Person | None,
        password: str,
        attempt: SignInAttempt,
        place: lockout.Place,
        origin: Origin,
    ) -> Person:
        """The person, if the password is theirs and they may come in."""
        nobody, subject = Actor(kind="nobody", origin=origin), person.id if person else ""
        slowed = entry(Action.SIGN_IN_SLOWED, nobody, subject_id=subject)
        lockout.begin_sign_in(self._store, attempt, place, slowed)
        right = passwords.matches(person.password_hash if person else None, password)
        if person is None or not right or person.disabled_at is not None:
            self._store.record(entry(Action.SIGN_IN_REFUSED, nobody, subject_id=subject))
            raise NotAuthenticated("sign_in_failed")
        if passwords.is_outdated(person.password_hash):
            self._store.accounts.rehash(
                person.id, old=person.password_hash, new=passwords.hash_of(password)
            )
        return person

    def session(self, token: str, *, in_use: bool = True) -> Session:
        """in_use: False if a page asks by itself, which must not keep the session alive.

        Raises NotAuthenticated `session_ended`.
        """
        stored, person = self._live(token)
        if in_use and (self._clock() - stored.last_seen).total_seconds() > TOUCH_S:
            with suppress(StoreError):  # a full disk must not keep anybody from reading
                self._store.sessions.touch(stored.sha256, self._clock())
        return Session(
            principal=of_person(person, self._rules.first_look),
            csrf=csrf_of(token),
            expires_at=stored.expires_at,
            by_password=person.elsewhere is None,
            chosen_first_look=person.first_look,
        )

    def _live(self, token: str) -> tuple[StoredSession, Person]:
        found = self._store.sessions.find(sha256_of(token))
        if found is None:
            raise NotAuthenticated("session_ended")
        stored, person = found
        if person.disabled_at is not None or not self._rules.goes_on(stored, self._clock()):
            raise NotAuthenticated("session_ended")
        return stored, person

    def sign_out(self, token: str, *, origin: Origin) -> None:
        """End the session; no error if it has ended already."""
        found = self._store.sessions.find(sha256_of(token))
        if found is None:
            return
        stored, person = found
        actor = of_person(person).acts_from(origin)
        self._store.sessions.end(stored.sha256, audit=entry(Action.SIGNED_OUT, actor))

    def change_password(self, token: str, old: str, new: str, *, origin: Origin) -> None:
        """End every other session of the person. Raises NotAuthenticated, TooManyAttempts or
        AccountInvalid (`password_…`)."""
        stored, person = self._live(token)
        place = lockout.place_of(self._store, person, origin.address, "")
        attempt = SignInAttempt(
            account=sha256_of(person.name), address=place.name, at=self._clock()
        )
        passwords.check_new(new, person.name)
        self._checked(person, old, attempt, replace(place, known=True), origin)
        self._store.sessions.forget(attempt)
        actor = of_person(person).acts_from(origin)
        self._store.accounts.set_password(
            person.id,
            passwords.hash_of(new),
            keep_session=stored.sha256,
            audit=entry(Action.PASSWORD_CHANGED, actor),
        )

    def change_first_look(
        self, token: str, first_look: FirstLook | None, *, origin: Origin
    ) -> None:
        """What a reader sees of the AI before they have looked. Raises NotAuthenticated or
        NotAllowed."""
        _, person = self._live(token)
        who = of_person(person)
        who.need("review")
        reason = f"first_look={first_look or 'site'}"
        row = entry(Action.PERSON_CHANGED, who.acts_from(origin), reason=reason)
        self._store.accounts.set_first_look(person.id, first_look, audit=row)

    def change_language(self, token: str, language: Language) -> None:
        """What pages speak to the person. Raises NotAuthenticated."""
        _, person = self._live(token)
        self._store.accounts.set_language(person.id, language)


def new_key() -> str:
    """A station's API key: what people may see of it, then 256 random bits."""
    return f"{PREFIX}{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def prefix_of(key: str) -> str:
    """What people may see of a key, and what it is found by."""
    return key[: len(PREFIX) + 8]


def csrf_of(token: str) -> str:
    """Bound to the session: only who has its token can make it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"csrf", "sha256").hexdigest()
