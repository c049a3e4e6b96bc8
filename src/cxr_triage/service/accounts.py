"""Who may do what: stations by API key, people by password and session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from cxr_triage.language import Language
from cxr_triage.service.audit import Actor, Origin
from cxr_triage.store.records import (
    LOCAL_STATION,
    Person,
    Role,
    Scope,
    Station,
    StationKey,
)
from cxr_triage.store.repository import Store

Permission = Literal[
    "upload", "read", "review", "sign", "see_patients", "read_audit", "manage_accounts"
]

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "station": frozenset({"upload", "read", "see_patients"}),
    "clinician": frozenset({"upload", "read", "see_patients", "review"}),
    "radiologist": frozenset({"upload", "read", "see_patients", "review", "sign"}),
    "administrator": frozenset({"read", "read_audit", "manage_accounts"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request. station_id: None for people who see every station's studies."""

    kind: Literal["person", "station"]
    id: str
    name: str
    role: Role
    station_id: str | None
    language: Language

    @property
    def scope(self) -> Scope:
        """Whose studies they see."""
        return Scope(station_id=self.station_id)

    @property
    def home(self) -> str:
        """The station that their uploads belong to."""
        return self.station_id or LOCAL_STATION

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def acts_from(self, origin: Origin) -> Actor:
        """For the audit trail."""
        return Actor(kind=self.kind, id=self.id, origin=origin)

    def need(self, permission: Permission) -> None:
        """Raises NotAllowed."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session. token: for the cookie, shown once. csrf: for forms and headers."""

    principal: Principal
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that goes on. csrf: what a request that changes something must send."""

    principal: Principal
    csrf: str = field(repr=False)
    expires_at: datetime

    def check_csrf(self, sent: str) -> None:
        """Raises NotAllowed `csrf` unless `sent` is this session's."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """Lengths in seconds. idle_s: a session ends when unused for so long; session_s: always."""

    idle_s: float = 30 * 60
    session_s: float = 12 * 3600
    key_days: int = 365


class Accounts:
    """Sign-in of stations and people, and what an administrator does with accounts."""

    def __init__(
        self,
        store: Store,
        rules: AccountRules,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        raise NotImplementedError

    # What a request needs

    def station_of_key(self, key: str) -> Principal:
        """Raises NotAuthenticated (`key_invalid`): unknown, expired, revoked, disabled."""
        raise NotImplementedError

    def sign_in(self, name: str, password: str, *, origin: Origin) -> SignedIn:
        """Raises NotAuthenticated `sign_in_failed`, or TooManyAttempts (`retry_after_s`)."""
        raise NotImplementedError

    def session(self, token: str) -> Session:
        """Raises NotAuthenticated `session_ended`."""
        raise NotImplementedError

    def sign_out(self, token: str, *, origin: Origin) -> None:
        """End the session; no error if it has ended already."""
        raise NotImplementedError

    def change_password(self, token: str, old: str, new: str, *, origin: Origin) -> None:
        """End every other session of the person. Raises NotAuthenticated, TooManyAttempts or
        AccountInvalid (`password_…`)."""
        raise NotImplementedError

    # What an administrator does (the command line, later a page)

    def create_station(self, station_id: str, name: str, *, by: Actor) -> Station:
        """station_id: short, lower case. Raises AccountInvalid or Conflict `name_taken`."""
        raise NotImplementedError

    def create_key(self, station_id: str, *, days: int | None, by: Actor) -> tuple[str, StationKey]:
        """The key itself, to be shown once, and its record. days None: the rule's."""
        raise NotImplementedError

    def revoke_key(self, prefix: str, *, by: Actor) -> StationKey:
        """Raises NotFound."""
        raise NotImplementedError

    def create_person(
        self,
        name: str,
        password: str,
        *,
        role: Role,
        station_id: str | None,
        language: Language,
        by: Actor,
    ) -> Person:
        """Raises AccountInvalid, Conflict `name_taken` or NotFound (the station)."""
        raise NotImplementedError

    def disable_person(self, name: str, *, by: Actor) -> Person:
        """They cannot sign in any more; their sessions end. Raises NotFound."""
        raise NotImplementedError
