"""Accounts to try the service with, in a store of their own."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from cxr_triage.errors import SettingsInvalid
from cxr_triage.language import Language
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people import passwords
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.secrets import sha256_of
from cxr_triage.store.records import Person, Role, StationKey
from cxr_triage.store.repository import Store

FILE: Final = "demo-accounts.json"
"""Beside the demonstration's store: what was printed when it was started last."""

STATION = "thanh-an"
"""Where the nurse works."""

STATIONS = {
    STATION: "Trạm y tế Thạnh An (minh hoạ)",
    "ly-nhon": "Trạm y tế Lý Nhơn (minh hoạ)",
}
READER = "radiologist"
PEOPLE: dict[str, Role] = {
    "nurse": "station",
    READER: "radiologist",
    "administrator": "administrator",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccounts:
    """passwords: by name. keys: by station. language: that pages spoke to all at first."""

    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    language: Language | None = None


_KNOWN = TypeAdapter(DemoAccounts)


def prepare_demo(
    store: Store, admin: Administration, language: Language, folder: Path
) -> DemoAccounts:
    """Make the accounts, or go on with those of an earlier demonstration: their passwords, keys
    and sessions are those that they were. Pages speak `language` to them from the start, and
    when it changes. folder: of the store; the file in it is its owner's alone to read.

    Raises SettingsInvalid `demo_store_in_use` if the store has anybody else's account.
    """
    people = {person.name: person for person in store.accounts.people()}
    if not people.keys() <= PEOPLE.keys():
        raise SettingsInvalid("demo_store_in_use")
    stations = {station.id for station in store.accounts.stations()}
    for station in STATIONS.keys() - stations:
        admin.create_station(station, STATIONS[station], by=SYSTEM)
    before = _kept(folder / FILE)
    accounts = DemoAccounts(
        passwords={
            name: _password(admin, name, people.get(name), before.passwords.get(name), language)
            for name in PEOPLE
        },
        keys=_keys(store, admin, before.keys),
        language=language,
    )
    if language != before.language:
        for person in people.values():
            store.accounts.set_language(person.id, language)
    _keep(folder / FILE, accounts)
    return accounts


def _kept(file: Path) -> DemoAccounts:
    """Of the last start; empty if there was none, or nobody can tell any more."""
    try:
        return _KNOWN.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return DemoAccounts()


def _keep(file: Path, accounts: DemoAccounts) -> None:
    """Whole or not at all, and never readable by others."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(accounts), out, indent=1)
    new.replace(file)


def _password(
    admin: Administration, name: str, person: Person | None, before: str | None, language: Language
) -> str:
    """The one of before while it is good; what was printed always lets in."""
    if person is not None and before and passwords.matches(person.password_hash, before):
        return before
    password = before or secrets.token_urlsafe(12)
    if person is None:
        _create(admin, name, password, language)
    else:
        admin.reset_password(name, password, by=SYSTEM)
    return password


def _create(admin: Administration, name: str, password: str, language: Language) -> None:
    role = PEOPLE[name]
    station = STATION if role == "station" else None
    admin.create_person(name, password, role=role, station_id=station, language=language, by=SYSTEM)


def _keys(store: Store, admin: Administration, before: dict[str, str]) -> dict[str, str]:
    """Those of before that still count; new ones for the rest, whose old ones are revoked."""
    known = {key.sha256: key for key in store.accounts.keys() if key.revoked_at is None}  # noqa: SIM118 (no dictionary)
    counting = {
        station: key
        for station, key in before.items()
        if (found := known.get(sha256_of(key))) and found.station_id == station and _counts(found)
    }
    kept = {sha256_of(key) for key in counting.values()}
    for sha256, key in known.items():
        if sha256 not in kept:
            admin.revoke_key(key.prefix, by=SYSTEM)
    return {
        station: counting.get(station) or admin.create_key(station, scope="both", by=SYSTEM)[0]
        for station in STATIONS
    }


def _counts(key: StationKey) -> bool:
    return key.expires_at is None or key.expires_at > datetime.now(UTC)
