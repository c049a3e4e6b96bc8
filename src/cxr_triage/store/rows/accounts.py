"""Rows of stations, their keys and people; every change with its row in the audit trail."""

from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from cxr_triage.errors import Conflict, NotFound
from cxr_triage.language import Language
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import people, sessions, station_keys, stations
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import (
    AuditEntry,
    FirstLook,
    KeyScope,
    Person,
    Role,
    Station,
    StationKey,
)

R = TypeVar("R", Station, StationKey, Person)


class AccountRows:
    """Safe to call from several threads. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_station(self, station: Station, *, audit: AuditEntry) -> None:
        """Raises Conflict `name_taken`."""

        def work(connection: Connection) -> None:
            _add(connection, stations, station, unique="id", audit=audit)

        self._database.write(work)

    def stations(self) -> tuple[Station, ...]:
        """By name of the row."""
        return self._all(stations, Station)

    def station(self, station_id: str) -> Station:
        """Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(stations).where(stations.c.id == station_id)).first()
        return _record(Station, row, "station_not_found")

    def add_key(self, key: StationKey, *, audit: AuditEntry) -> None:
        """Raises NotFound if there is no such station."""

        def work(connection: Connection) -> None:
            station = select(stations.c.id).where(stations.c.id == key.station_id)
            if connection.execute(station).first() is None:
                raise NotFound("station_not_found")
            _add(connection, station_keys, key, unique="prefix", audit=audit)

        self._database.write(work)

    def keys(self) -> tuple[StationKey, ...]:
        """Every key, also those that no longer count."""
        return self._all(station_keys, StationKey)

    def key_with_prefix(self, prefix: str) -> tuple[StationKey, Station] | None:
        """The key and its station."""
        with self._database.read() as connection:
            key = connection.execute(
                select(station_keys).where(station_keys.c.prefix == prefix)
            ).first()
            if key is None:
                return None
            station = connection.execute(
                select(stations).where(stations.c.id == key.station_id)
            ).one()
        return _made(StationKey, key), _made(Station, station)

    def revoke_key(self, prefix: str, at: datetime, *, audit: AuditEntry) -> StationKey:
        """Revoke it unless it is revoked already. Raises NotFound."""

        def work(connection: Connection) -> StationKey:
            connection.execute(
                update(station_keys)
                .where(station_keys.c.prefix == prefix, station_keys.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )
            key = _key(connection, prefix)
            append(connection, _about(audit, key.id))
            return key

        return self._database.write(work)

    def set_key_scope(self, prefix: str, scope: KeyScope, *, audit: AuditEntry) -> StationKey:
        """What the key is for from now on. Raises NotFound."""

        def work(connection: Connection) -> StationKey:
            connection.execute(
                update(station_keys).where(station_keys.c.prefix == prefix).values(scope=scope)
            )
            key = _key(connection, prefix)
            append(connection, _about(audit, key.id))
            return key

        return self._database.write(work)

    def rotate_key(
        self, prefix: str, key: StationKey, *, old_until: datetime, audit: AuditEntry
    ) -> StationKey:
        """Add `key` for the station, the machine and the scope of the key with that prefix, which
        counts until `old_until` at most; the new one.

        Raises NotFound, or Conflict `key_not_in_use`.
        """

        def work(connection: Connection) -> StationKey:
            row = connection.execute(
                select(station_keys).where(station_keys.c.prefix == prefix).with_for_update()
            ).first()
            old = _record(StationKey, row, "key_not_found")
            late = old.expires_at is not None and old.expires_at <= key.created_at
            if old.revoked_at is not None or late:
                raise Conflict("key_not_in_use")
            until = old_until if old.expires_at is None else min(old.expires_at, old_until)
            connection.execute(
                update(station_keys).where(station_keys.c.id == old.id).values(expires_at=until)
            )
            made = replace(
                key, station_id=old.station_id, scope=old.scope, machine=old.machine or old.id
            )
            _add(connection, station_keys, made, unique="prefix", audit=audit)
            return made

        return self._database.write(work)

    def add_person(self, person: Person, *, audit: AuditEntry) -> None:
        """Raises Conflict `name_taken`, or NotFound if there is no such station."""

        def work(connection: Connection) -> None:
            _check_station(connection, person.station_id)
            elsewhere = select(people.c.id).where(people.c.elsewhere == person.elsewhere)
            if person.elsewhere and connection.execute(elsewhere).first() is not None:
                raise Conflict("name_taken")
            _add(connection, people, person, unique="name", audit=audit)

        self._database.write(work)

    def people(self) -> tuple[Person, ...]:
        """Everybody, also those who may not sign in any more."""
        return self._all(people, Person)

    def person_named(self, name: str) -> Person | None:
        """Who signs in with that name."""
        with self._database.read() as connection:
            row = connection.execute(select(people).where(people.c.name == name)).first()
        return None if row is None else _made(Person, row)

    def person_of_identity(self, key: str) -> Person | None:
        """Whom somebody else vouches for under that hash."""
        with self._database.read() as connection:
            row = connection.execute(select(people).where(people.c.elsewhere == key)).first()
        return None if row is None else _made(Person, row)

    def set_role(
        self, person_id: str, role: Role, station_id: str | None, *, audit: AuditEntry
    ) -> Person:
        """What they may do from now on, also where they are signed in already. Raises
        NotFound (the person, the station)."""

        def work(connection: Connection) -> Person:
            _check_station(connection, station_id)
            connection.execute(
                update(people)
                .where(people.c.id == person_id)
                .values(role=role, station_id=station_id)
            )
            row = connection.execute(select(people).where(people.c.id == person_id)).first()
            append(connection, _about(audit, person_id))
            return _record(Person, row, "person_not_found")

        return self._database.write(work)

    def disable_person(self, name: str, at: datetime, *, audit: AuditEntry) -> Person:
        """Let nobody sign in by that name, and end what sessions there are. Raises NotFound."""

        def work(connection: Connection) -> Person:
            connection.execute(
                update(people)
                .where(people.c.name == name, people.c.disabled_at.is_(None))
                .values(disabled_at=at)
            )
            row = connection.execute(select(people).where(people.c.name == name)).first()
            person = _record(Person, row, "person_not_found")
            connection.execute(delete(sessions).where(sessions.c.person_id == person.id))
            append(connection, _about(audit, person.id))
            return person

        return self._database.write(work)

    def set_password(
        self, person_id: str, password_hash: str, *, keep_session: str | None, audit: AuditEntry
    ) -> None:
        """Change it and end every session but one (by the SHA-256 of its token)."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(people).where(people.c.id == person_id).values(password_hash=password_hash)
            )
            connection.execute(
                delete(sessions).where(
                    sessions.c.person_id == person_id, sessions.c.sha256 != (keep_session or "")
                )
            )
            append(connection, _about(audit, person_id))

        self._database.write(work)

    def set_language(self, person_id: str, language: Language) -> None:
        """What pages speak to the person: theirs to choose, so no row in the trail."""
        change = update(people).where(people.c.id == person_id).values(language=language)
        self._database.write(lambda connection: connection.execute(change))

    def set_first_look(
        self, person_id: str, first_look: FirstLook | None, *, audit: AuditEntry
    ) -> None:
        """What a reader sees of the AI before they have looked; None: as the site has it."""

        def work(connection: Connection) -> None:
            change = update(people).where(people.c.id == person_id).values(first_look=first_look)
            connection.execute(change)
            append(connection, _about(audit, person_id))

        self._database.write(work)

    def rehash(self, person_id: str, *, old: str, new: str) -> None:
        """The same password under stronger parameters, unless it was changed meanwhile."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(people)
                .where(people.c.id == person_id, people.c.password_hash == old)
                .values(password_hash=new)
            )

        self._database.write(work)

    def _all(self, table: Table, kind: type[R]) -> tuple[R, ...]:
        query = select(table).order_by(table.c.created_at, table.c.id)
        with self._database.read() as connection:
            return tuple(_made(kind, row) for row in connection.execute(query))


def _check_station(connection: Connection, station_id: str | None) -> None:
    station = select(stations.c.id).where(stations.c.id == station_id)
    if station_id and connection.execute(station).first() is None:
        raise NotFound("station_not_found")


def _add(
    connection: Connection, table: Table, record: R, *, unique: str, audit: AuditEntry
) -> None:
    values = asdict(record)
    if connection.execute(select(table.c.id).filter_by(**{unique: values[unique]})).first():
        raise Conflict("name_taken")
    connection.execute(insert(table).values(**values))
    append(connection, _about(audit, record.id))


def _about(audit: AuditEntry, subject_id: str) -> AuditEntry:
    return replace(audit, subject_id=subject_id)


def _key(connection: Connection, prefix: str) -> StationKey:
    """Raises NotFound."""
    row = connection.execute(select(station_keys).where(station_keys.c.prefix == prefix)).first()
    return _record(StationKey, row, "key_not_found")


def _record(kind: type[R], row: Row[Any] | None, missing: str) -> R:
    if row is None:
        raise NotFound(missing)
    return _made(kind, row)


def _made(kind: type[R], row: Row[Any]) -> R:
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})
