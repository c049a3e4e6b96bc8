"""Who makes a request, and what they may do."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from cxr_triage.errors import NotAllowed
from cxr_triage.language import Language
from cxr_triage.service.audit import Actor, Origin
from cxr_triage.store.records import (
    LOCAL_STATION,
    FirstLook,
    KeyScope,
    Person,
    Role,
    Scope,
    Station,
    StationKey,
)

Permission = Literal[
    "upload", "read_results", "read", "see_patients", "correct", "review", "sign", "read_audit",
    "manage_accounts",
]  # fmt: skip
"""read_results: single results; read: also worklist and studies."""

_SENDING: Final[frozenset[Permission]] = frozenset({"upload", "read_results", "see_patients"})
_READING: Final[frozenset[Permission]] = frozenset({"read_results", "read", "see_patients"})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "station": _SENDING | _READING | {"correct"},
    "clinician": _SENDING | _READING | {"correct", "review"},
    "radiologist": _SENDING | _READING | {"correct", "review", "sign"},
    "administrator": frozenset({"read_results", "read", "read_audit", "manage_accounts"}),
}


KEY_PERMISSIONS: Final[dict[KeyScope, frozenset[Permission]]] = {
    "send": _SENDING,
    "read": _READING,
    "both": PERMISSIONS["station"],
}


def party_of_station(station_id: str) -> str:
    """Whose turn the work of a station's people and machines takes."""
    return f"station {station_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person, or a station's machine by its key. station_id: None for who sees every station's
    studies. key_scope, machine: what the key is for, and whose it is. first_look: what a reader
    sees of the AI before they have looked."""

    kind: Literal["person", "station"]
    id: str
    name: str
    role: Role
    station_id: str | None
    language: Language
    key_scope: KeyScope | None = None
    machine: str = ""
    first_look: FirstLook = "off"

    @property
    def looks_first(self) -> bool:
        """Do they read films before they see what the AI says?"""
        return self.first_look != "off" and self.may("review")

    @property
    def scope(self) -> Scope:
        """Whose studies they see."""
        only = self.machine if self.key_scope == "send" else None
        return Scope(station_id=self.station_id, machine=only)

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
        if self.key_scope is not None:
            return permission in KEY_PERMISSIONS[self.key_scope]
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
    by_password: has the person a password here? chosen_first_look: None: as the site has it."""

    principal: Principal
    csrf: str = field(repr=False)
    expires_at: datetime
    by_password: bool = True
    chosen_first_look: FirstLook | None = None

    def check_csrf(self, sent: str) -> None:
        """Raises NotAllowed `csrf` unless `sent` is this session's."""
        if not hmac.compare_digest(sent.encode(), self.csrf.encode()):
            raise NotAllowed("csrf")


def of_station(station: Station, key: StationKey, language: Language) -> Principal:
    """A machine of a station that came with its key."""
    return Principal(
        kind="station",
        id=station.id,
        name=station.name,
        role="station",
        station_id=station.id,
        language=language,
        key_scope=key.scope,
        machine=key.machine or key.id,
    )


def of_modality(station: Station, ae_title: str, language: Language) -> Principal:
    """A station's machine that came by DICOM: its calling AE title stands for a key to send."""
    return Principal(
        kind="station",
        id=station.id,
        name=station.name,
        role="station",
        station_id=station.id,
        language=language,
        key_scope="send",
        machine=f"AE {ae_title}",
    )


def of_person(person: Person, site: FirstLook = "off") -> Principal:
    """Somebody who signed in. site: what the site wants readers to see of the AI at first."""
    return Principal(
        kind="person",
        id=person.id,
        name=person.full_name,
        role=person.role,
        station_id=person.station_id,
        language=person.language,
        first_look=person.first_look or site,
    )
