"""Administrators make the keys of stations' machines, and say what each is for."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from cxr_triage.api.platform.access import Administrator, From
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1 import examples
from cxr_triage.store.records import KeyScope, StationKey

router = APIRouter(prefix="/v1", tags=["keys"])

StationId = Annotated[str, Path(alias="station", max_length=64)]
Prefix = Annotated[str, Path(max_length=64)]


class KeyOut(BaseModel):
    """A key by what may be seen of it. `scope` send: films, and the results of those that its own
    machine sent; read: the station's studies; both: all that the station may."""

    model_config = ConfigDict(frozen=True)

    prefix: str
    station_id: str
    scope: KeyScope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeysOut(BaseModel):
    """A station's keys, oldest first, also those that no longer count."""

    model_config = ConfigDict(frozen=True)

    keys: list[KeyOut]


class NewKeyOut(KeyOut):
    """A new key. `key`: itself, shown this once."""

    key: str = Field(repr=False)


class KeyScopeIn(BaseModel):
    """What a key is for."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [examples.KEY_SCOPE]}
    )

    scope: KeyScope


class NewKeyIn(BaseModel):
    """What the new key is for. `days`: for how long it is good; null: as the setting has it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [examples.NEW_KEY]}
    )

    scope: KeyScope = "send"
    days: int | None = Field(default=None, ge=1, le=3650)


@router.get("/stations/{station}/keys")
def list_keys(services: Opened, _: Administrator, station: StationId) -> KeysOut:
    """The keys of a station's machines."""
    accounts = services.store.accounts
    wanted = accounts.station(station).id
    return KeysOut(keys=[_out(one) for one in accounts.keys() if one.station_id == wanted])  # noqa: SIM118 (no dictionary)


@router.post("/stations/{station}/keys", status_code=201)
def make_key(
    services: Opened, who: Administrator, origin: From, station: StationId, body: NewKeyIn
) -> NewKeyOut:
    """A key for one more machine, which sends and reads its own results unless `scope` says
    otherwise."""
    key, record = services.administration.create_key(
        station, scope=body.scope, days=body.days, by=who.acts_from(origin)
    )
    return NewKeyOut(**_out(record).model_dump(), key=key)


@router.put("/keys/{prefix}")
def set_key_scope(
    services: Opened, who: Administrator, origin: From, prefix: Prefix, body: KeyScopeIn
) -> KeyOut:
    """What a key is for from now on."""
    by = who.acts_from(origin)
    return _out(services.administration.set_key_scope(prefix, body.scope, by=by))


@router.delete("/keys/{prefix}", status_code=204)
def revoke_key(services: Opened, who: Administrator, origin: From, prefix: Prefix) -> None:
    """What sends with it is refused from now on."""
    services.administration.revoke_key(prefix, by=who.acts_from(origin))


def _out(key: StationKey) -> KeyOut:
    return KeyOut(**{name: getattr(key, name) for name in KeyOut.model_fields})
