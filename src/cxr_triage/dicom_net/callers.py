"""Who may call: which AE title, from where, is which station's."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from cxr_triage.errors import NotAllowed, NotFound, SettingsInvalid
from cxr_triage.service.people.principal import Principal, of_modality
from cxr_triage.service.sender import is_loopback, is_within
from cxr_triage.settings import Network, Settings
from cxr_triage.store.repository import Store

CALLER: Final = re.compile(
    r"(?P<title>[ -~]{1,16}?)\s*(?:@\s*(?P<network>[^=]+?)\s*)?=\s*(?P<id>\S+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An AE title and whose it is. network: where it calls from; None: anywhere."""

    title: str
    station_id: str
    network: Network | None = None

    def may_call_from(self, address: str) -> bool:
        return self.network is None or is_within(address, (self.network,))


def callers_of(settings: Settings) -> tuple[Caller, ...]:
    """Raises SettingsInvalid, also where others on a network could pass themselves off as one of
    them: without certificates of theirs each has to have an address."""
    found = tuple(_caller(part) for part in settings.dicom_callers.split(";") if part.strip())
    if not found:
        raise _invalid("nobody may call: AE=station; AE@address=station")
    elsewhere = settings.dicom_host != "localhost" and not is_loopback(settings.dicom_host)
    if elsewhere and settings.dicom_tls_clients is None:
        nowhere = [caller for caller in found if caller.network is None]
        if nowhere:
            raise SettingsInvalid("dicom_openly")
    return found


def _caller(part: str) -> Caller:
    match = CALLER.fullmatch(part.strip())
    if match is None:
        raise _invalid("not AE=station or AE@address=station")
    try:
        network = match["network"] and ipaddress.ip_network(match["network"])
    except ValueError:
        raise _invalid("not an address or network after @") from None
    return Caller(title=match["title"].strip(), station_id=match["id"], network=network or None)


def _invalid(problem: str) -> SettingsInvalid:
    return SettingsInvalid("settings_invalid", name="CXR_TRIAGE_DICOM_CALLERS", problem=problem)


class Callers:
    """Known ones. Safe to call from several threads."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raises SettingsInvalid."""
        self._known = callers_of(settings)
        self._language = settings.language
        self._store = store

    def may_connect(self, address: str) -> bool:
        """May anybody call from there?"""
        return any(caller.may_call_from(address) for caller in self._known)

    def principal(self, title: str, address: str) -> Principal:
        """The station's machine that calls so, from there. Raises NotAllowed `caller_unknown`, or
        another StoreError."""
        for caller in self._known:
            if caller.title == title.strip() and caller.may_call_from(address):
                return self._of_station(caller)
        raise NotAllowed("caller_unknown")

    def _of_station(self, caller: Caller) -> Principal:
        try:
            station = self._store.accounts.station(caller.station_id)
        except NotFound:
            raise NotAllowed("caller_unknown") from None
        if station.disabled_at is not None:
            raise NotAllowed("caller_unknown")
        return of_modality(station, caller.title, self._language)
