"""What an administrator does with accounts, from the command line and from the pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.errors import AccountInvalid
from cxr_triage.language import Language
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.people import passwords
from cxr_triage.service.people.accounts import AccountRules, new_key, prefix_of
from cxr_triage.service.people.secrets import account_name, person_of_name, sha256_of
from cxr_triage.store.records import (
    KEY_SCOPES,
    ROLES,
    KeyScope,
    Person,
    Role,
    Station,
    StationKey,
)
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.keys import new_id

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
LONGEST_NAME: Final = 120


class Administration:
    """Makes and disables accounts; each change leaves a row in the audit trail."""

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

    def create_station(self, station_id: str, name: str, *, by: Actor) -> Station:
        """station_id: 2–32 of a–z, 0–9, dot, dash, underscore. Raises AccountInvalid or
        Conflict `name_taken`."""
        station = Station(id=_checked_name(station_id), name=_shown(name), created_at=self._clock())
        self._store.accounts.add_station(station, audit=entry(Action.STATION_CREATED, by))
        return station

    def create_key(
        self, station_id: str, *, scope: KeyScope = "send", days: int | None = None, by: Actor
    ) -> tuple[str, StationKey]:
        """The key itself, to be shown once, and its record. An X-ray machine only sends.

        Raises NotFound.
        """
        key, record = self._new_key(station_id, scope, days)
        self._store.accounts.add_key(record, audit=entry(Action.KEY_CREATED, by))
        return key, record

    def rotate_key(
        self, prefix: str, *, overlap_days: int, days: int | None = None, by: Actor
    ) -> tuple[str, StationKey]:
        """A new key for the machine of one; the old one counts for `overlap_days` more, so that
        the machine need not change at that moment. Raises NotFound or Conflict `key_not_in_use`."""
        key, record = self._new_key("", "send", days)
        made = self._store.accounts.rotate_key(
            prefix,
            record,
            old_until=record.created_at + timedelta(days=overlap_days),
            audit=entry(Action.KEY_ROTATED, by),
        )
        return key, made

    def set_key_scope(self, prefix: str, scope: KeyScope, *, by: Actor) -> StationKey:
        """What a key is for from now on. Raises NotFound."""
        audit = entry(Action.KEY_SCOPE_SET, by)
        return self._store.accounts.set_key_scope(prefix, scope, audit=audit)

    def _new_key(
        self, station_id: str, scope: KeyScope, days: int | None
    ) -> tuple[str, StationKey]:
        key, now, id_ = new_key(), self._clock(), new_id()
        return key, StationKey(
            id=id_,
            station_id=station_id,
            prefix=prefix_of(key),
            sha256=sha256_of(key),
            created_at=now,
            expires_at=now + timedelta(days=self._rules.key_days if days is None else days),
            scope=scope,
            machine=id_,
        )

    def revoke_key(self, prefix: str, *, by: Actor) -> StationKey:
        """Raises NotFound."""
        audit = entry(Action.KEY_REVOKED, by)
        return self._store.accounts.revoke_key(prefix, self._clock(), audit=audit)

    def create_person(
        self,
        name: str,
        password: str,
        *,
        role: Role,
        full_name: str = "",
        station_id: str | None = None,
        language: Language = "vi",
        by: Actor,
    ) -> Person:
        """Raises AccountInvalid, Conflict `name_taken` or NotFound (the station)."""
        known = _checked_name(account_name(name))
        if role == "station" and station_id is None:
            raise AccountInvalid("station_needed")
        passwords.check_new(password, known)
        person = Person(
            id=new_id(),
            name=known,
            full_name=_shown(full_name or known),
            role=role,
            station_id=station_id,
            language=language,
            password_hash=passwords.hash_of(password),
            created_at=self._clock(),
        )
        self._store.accounts.add_person(person, audit=entry(Action.PERSON_CREATED, by))
        return person

    def disable_person(self, name: str, *, by: Actor) -> Person:
        """They cannot sign in any more; their sessions end. Raises NotFound."""
        audit = entry(Action.PERSON_DISABLED, by)
        return self._store.accounts.disable_person(account_name(name), self._clock(), audit=audit)

    def reset_password(self, name: str, password: str, *, by: Actor) -> Person:
        """For somebody who forgot it; every session of theirs ends. Raises NotFound or
        AccountInvalid."""
        person = person_of_name(self._store, name)
        if person.elsewhere is not None:
            raise AccountInvalid("no_password_here")
        passwords.check_new(password, person.name)
        self._store.accounts.set_password(
            person.id,
            passwords.hash_of(password),
            keep_session=None,
            audit=entry(Action.PASSWORD_CHANGED, by),
        )
        return person


def checked_scope(scope: str) -> KeyScope:
    """Raises AccountInvalid `key_scope_unknown`."""
    for known in KEY_SCOPES:
        if scope == known:
            return known
    raise AccountInvalid("key_scope_unknown", known=", ".join(KEY_SCOPES))


def checked_role(role: str) -> Role:
    """Raises AccountInvalid `role_unknown`."""
    for known in ROLES:
        if role == known:
            return known
    raise AccountInvalid("role_unknown", known=", ".join(ROLES))


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise AccountInvalid("name_invalid")
    return name


def _shown(name: str) -> str:
    """A name that people read: one line, not too long."""
    line = " ".join(name.split())
    if not line or len(line) > LONGEST_NAME or not line.isprintable():
        raise AccountInvalid("full_name_invalid", most=LONGEST_NAME)
    return line
