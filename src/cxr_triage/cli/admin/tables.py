"""Lists of accounts, stations and keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from cxr_triage.imaging.limits import MIB
from cxr_triage.language import Language, say
from cxr_triage.service.intake.quotas import StationQuota
from cxr_triage.service.people.sessions import ListedSession
from cxr_triage.store.records import Person, Station, StationKey


def users_table(people: Sequence[Person], language: Language) -> Table:
    """Name, role, station, and whether they may sign in."""
    return _table(
        ("name", "full_name", "role", "station", "state"),
        (
            (
                person.name,
                person.full_name,
                say(f"role.{person.role}", language),
                person.station_id or "",
                _state(person.disabled_at, language),
            )
            for person in people
        ),
        language,
    )


def stations_table(
    stations: Sequence[Station],
    today: Mapping[str, StationQuota],
    language: Language,
    zone: ZoneInfo,
) -> Table:
    """Identifier, name, since when, and what it sent today of what it may."""
    return _table(
        ("station", "name", "since", "images_today", "mib_today", "state"),
        (
            (
                station.id,
                station.name,
                day_in(zone, station.created_at),
                _of(today[station.id].used.images, today[station.id].images),
                _of(today[station.id].used.bytes // MIB, today[station.id].mib),
                _state(station.disabled_at, language),
            )
            for station in stations
        ),
        language,
    )


def keys_table(keys: Sequence[StationKey], language: Language, zone: ZoneInfo) -> Table:
    """Prefix, station, until when it is good, and whether it counts."""
    now = datetime.now(UTC)
    return _table(
        ("key", "station", "scope", "until", "state"),
        (
            (
                key.prefix,
                key.station_id,
                say(f"key_scope.{key.scope}", language),
                day_in(zone, key.expires_at),
                say(f"account_state.{_key_state(key, now)}", language),
            )
            for key in keys
        ),
        language,
    )


def sessions_table(sessions: Sequence[ListedSession], language: Language, zone: ZoneInfo) -> Table:
    """Since when, last used when, and until when."""
    return _table(
        ("session", "since", "last_seen", "until"),
        (
            (
                one.id,
                *(
                    minute_in(zone, moment)
                    for moment in (one.created_at, one.last_seen, one.expires_at)
                ),
            )
            for one in sessions
        ),
        language,
    )


def _of(used: int, limit: int) -> str:
    return f"{used} / {limit or '∞'}"


def _key_state(key: StationKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _state(disabled_at: datetime | None, language: Language) -> str:
    return say(f"account_state.{'active' if disabled_at is None else 'disabled'}", language)


def day_in(zone: ZoneInfo, moment: datetime | None) -> str:
    """The day of the place."""
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d}"


def minute_in(zone: ZoneInfo, moment: datetime) -> str:
    """The day and the minute of the place."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], language: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(say(f"admin.column_{column}", language), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
