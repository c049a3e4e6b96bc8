"""People whom an identity provider vouches for: which group of theirs makes them what here."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from cxr_triage.errors import AccountInvalid, Conflict, NotAuthenticated, SettingsInvalid
from cxr_triage.language import Language
from cxr_triage.service.audit import Action, Actor, Origin, entry
from cxr_triage.service.people.accounts import Accounts
from cxr_triage.service.people.administration import checked_role
from cxr_triage.service.people.principal import SignedIn
from cxr_triage.service.people.secrets import account_name, sha256_of
from cxr_triage.store.records import Person, Role
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.keys import new_id

UNUSABLE: Final = re.compile(r"[^a-z0-9._-]+")
TRIES: Final = 20


class SsoIdentity(Protocol):
    """Who an identity provider says that somebody is; see `oidc.OidcIdentity`."""

    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What a group makes somebody here. station_id: None for every station's studies."""

    group: str
    role: Role
    station_id: str | None = None


def memberships_of(text: str) -> tuple[Membership, ...]:
    """`group=role; group=station:xa-an; …`; a group's name may hold "=", as a directory's do.

    Raises SettingsInvalid.
    """
    return tuple(_membership(part.strip()) for part in text.split(";") if part.strip())


def _membership(part: str) -> Membership:
    group, _, what = (one.strip() for one in part.rpartition("="))
    role, _, station = what.partition(":")
    try:
        known = checked_role(role)
    except AccountInvalid as problem:
        raise _invalid(problem.message()) from None
    if not group or (known == "station") != bool(station):
        raise _invalid("not group=role; group=station:ID")
    return Membership(group=group, role=known, station_id=station or None)


def _invalid(problem: str) -> SettingsInvalid:
    return SettingsInvalid("settings_invalid", name="CXR_TRIAGE_OIDC_GROUPS", problem=problem)


class SsoAccounts:
    """Lets people in who are vouched for. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        memberships: tuple[Membership, ...],
        *,
        language: Language,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._memberships = memberships
        self._language = language

    def sign_in(self, identity: SsoIdentity, *, origin: Origin) -> SignedIn:
        """A session for them; an account is made at the first time, by a group that counts.
        What they may do follows their groups at each sign-in.

        Raises NotAuthenticated: `oidc_no_group`, `oidc_disabled`.
        """
        key = sha256_of(f"{identity.issuer}\n{identity.subject}")
        person = self._store.accounts.person_of_identity(key)
        try:
            membership = self._membership(identity, person)
        except NotAuthenticated:
            nobody = Actor(kind="nobody", origin=origin)
            subject = person.id if person else ""
            self._store.record(entry(Action.SIGN_IN_REFUSED, nobody, subject_id=subject))
            raise
        if person is None:
            person = self._made(identity, key, membership, origin)
        elif (person.role, person.station_id) != (membership.role, membership.station_id):
            by = Actor(kind="person", id=person.id, origin=origin)
            person = self._store.accounts.set_role(
                person.id,
                membership.role,
                membership.station_id,
                audit=entry(Action.PERSON_CHANGED, by, reason=f"role={membership.role}"),
            )
        return self._accounts.begin_session(person, origin=origin)

    def _membership(self, identity: SsoIdentity, person: Person | None) -> Membership:
        """The first of the setting that they are in, unless they are disabled here."""
        if person is not None and person.disabled_at is not None:
            raise NotAuthenticated("oidc_disabled")
        found = next((one for one in self._memberships if one.group in identity.groups), None)
        if found is None:
            raise NotAuthenticated("oidc_no_group")
        return found

    def _made(
        self, identity: SsoIdentity, key: str, membership: Membership, origin: Origin
    ) -> Person:
        """Under a name that nobody has: never somebody's account that was there before."""
        wished = UNUSABLE.sub("-", account_name(identity.name).partition("@")[0]).strip("._-")
        for number in range(1, TRIES + 1):
            name = f"{wished[:28] or 'person'}{'' if number == 1 else f'-{number}'}"
            person = Person(
                id=new_id(),
                name=name if len(name) > 1 else f"{name}-1",
                full_name=identity.full_name,
                role=membership.role,
                station_id=membership.station_id,
                language=self._language,
                password_hash="",  # no password matches it
                created_at=self._accounts.now(),
                elsewhere=key,
            )
            made = entry(Action.PERSON_CREATED, Actor(kind="system", origin=origin))
            try:
                self._store.accounts.add_person(person, audit=made)
            except Conflict:
                known = self._store.accounts.person_of_identity(key)
                if known is not None:  # another instance was faster
                    return known
                continue
            return person
        raise Conflict("name_taken")
