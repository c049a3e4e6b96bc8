"""Accounts to try the service with, in a store of their own."""

import secrets
from dataclasses import dataclass, field

from cxr_triage.errors import SettingsInvalid
from cxr_triage.language import Language
from cxr_triage.service.administration import Administration
from cxr_triage.service.audit import SYSTEM
from cxr_triage.store.records import Role
from cxr_triage.store.repository import Store

STATION = "thanh-an"
"""Where the nurse works."""

STATIONS = {
    STATION: "Trạm y tế Thạnh An (demo)",
    "ly-nhon": "Trạm y tế Lý Nhơn (demo)",
    "tam-thon-hiep": "Trạm y tế Tam Thôn Hiệp (demo)",
}
PEOPLE: dict[str, Role] = {
    "nurse": "station",
    "radiologist": "radiologist",
    "administrator": "administrator",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccounts:
    """passwords: by name. keys: by station. All are new each time."""

    passwords: dict[str, str] = field(repr=False)
    keys: dict[str, str] = field(repr=False)


def prepare_demo(store: Store, admin: Administration, language: Language) -> DemoAccounts:
    """Make the accounts, or give those of an earlier demo new passwords and a new key; pages
    speak `language` to them.

    Raises SettingsInvalid `demo_store_in_use` if the store has anybody else's account.
    """
    known = {person.name for person in store.accounts.people()}
    if not known <= PEOPLE.keys():
        raise SettingsInvalid("demo_store_in_use")
    stations = {station.id for station in store.accounts.stations()}
    for station in STATIONS.keys() - stations:
        admin.create_station(station, STATIONS[station], by=SYSTEM)
    passwords = {name: secrets.token_urlsafe(12) for name in PEOPLE}
    for name, password in passwords.items():
        if name in known:
            person = admin.reset_password(name, password, by=SYSTEM)
            store.accounts.set_language(person.id, language)
        else:
            _create(admin, name, password, language)
    return DemoAccounts(passwords=passwords, keys=_new_keys(store, admin))


def _create(admin: Administration, name: str, password: str, language: Language) -> None:
    role = PEOPLE[name]
    station = STATION if role == "station" else None
    admin.create_person(name, password, role=role, station_id=station, language=language, by=SYSTEM)


def _new_keys(store: Store, admin: Administration) -> dict[str, str]:
    for key in store.accounts.keys():  # noqa: SIM118 (no dictionary)
        if key.revoked_at is None:
            admin.revoke_key(key.prefix, by=SYSTEM)
    return {station: admin.create_key(station, by=SYSTEM)[0] for station in STATIONS}
