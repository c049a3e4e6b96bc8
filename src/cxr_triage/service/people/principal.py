"""Who makes a request, and what they may do."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cxr_triage.errors import NotAllowed
from cxr_triage.language import Language
from cxr_triage.service.audit import Actor, Origin
from cxr_triage.store.records import LOCAL_STATION, Person, Role, Scope, Station

Permission = Literal[
    "upload", "read", "see_patients", "correct", "review", "sign", "read_audit", "manage_accounts"
]

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "station": frozenset({"upload", "read", "see_patients", "correct"}),
    "clinician": frozenset({"upload", "read", "see_patients", "correct", "review"}),
    "radiologist": frozenset({"upload", "read", "see_patients", "correct", "review", "sign"}),
    "administrator": frozenset({"read", "read_audit", "manage_accounts"}),
}


def party_of_station(station_id: str) -> str:
    """Whose turn the work of a station's people and machines takes."""
    return f"station {station_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or a station. station_id: None for who sees every station's studies."""

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

    @property
    def party(self) -> str:
        """Whose turn their work takes: their station's, or their own."""
        if self.station_id is None:
            return f"person {self.id}"
        return party_of_station(self.station_id)

    def acts_from(self, origin: Origin) -> Actor:
        """For the audit trail."""
        return Actor(kind=self.kind, id=self.id, origin=origin)

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def need(self, permission: Permission) -> None:
        """Raises NotAllowed `not_allowed`."""
        if not self.may(permission):
            raise NotAllowed("not_allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session. token: for the cookie, shown once. csrf: for forms and headers."""

    principal: Principal
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that goes on. csrf: what a request that changes something must send.
    by_password: has the person a password here?"""

    principal: Principal
    csrf: str = field(repr=False)
    expires_at: datetime
    by_password: bool = True

    def check_csrf(self, sent: str) -> None:
        """Raises NotAllowed `csrf` unless `sent` is this session's."""
        if not hmac.compare_digest(sent.encode(), self.csrf.encode()):
            raise NotAllowed("csrf")


def of_station(station: Station, language: Language) -> Principal:
    """A station that came with its key."""
    return Principal(
        kind="station",
        id=station.id,
        name=station.name,
        role="station",
        station_id=station.id,
        language=language,
    )


def of_person(person: Person) -> Principal:
    """Somebody who signed in."""
    return Principal(
        kind="person",
        id=person.id,
        name=person.full_name,
        role=person.role,
        station_id=person.station_id,
        language=person.language,
    )
