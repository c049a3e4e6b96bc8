"""Rows of what stations may send in a day, and of what they sent."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, select, text, update

from cxr_triage.errors import NotFound, OverQuota
from cxr_triage.imaging.limits import MIB
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import station_days, stations
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry

COUNT: Final = text(
    "INSERT INTO station_days (station_id, day, images, bytes) VALUES (:station, :day, 1, :size)"
    " ON CONFLICT (station_id, day) DO UPDATE SET"
    " images = station_days.images + 1, bytes = station_days.bytes + excluded.bytes"
    " RETURNING images, bytes"
)
"""One statement, which locks the row: instances that count at once count one after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a station sent in a day: new images, and their files' bytes."""

    images: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a station may send on a day of the place (YYYY-MM-DD); 0: no limit.

    retry_after_s: until the day ends.
    """

    day: str
    images: int
    mib: int
    retry_after_s: int

    def check(self, used: Used) -> None:
        """Raises OverQuota `quota_images` or `quota_mib` if that is too much."""
        if self.images and used.images > self.images:
            raise OverQuota("quota_images", limit=self.images, retry_after_s=self.retry_after_s)
        if self.mib and used.bytes > self.mib * MIB:
            raise OverQuota("quota_mib", limit=self.mib, retry_after_s=self.retry_after_s)


class QuotaRows:
    """Safe to call from several threads. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def used(self, station_id: str, day: str) -> Used:
        """By one station so far."""
        return self.used_by_all(day).get(station_id, Used())

    def used_by_all(self, day: str) -> dict[str, Used]:
        """By each station that has sent something."""
        query = select(station_days).where(station_days.c.day == day)
        with self._database.read() as connection:
            return {
                row.station_id: Used(images=row.images, bytes=row.bytes)
                for row in connection.execute(query)
            }

    def set(
        self, station_id: str, *, images: int | None, mib: int | None, audit: AuditEntry
    ) -> None:
        """What it may send from now on; None: as the setting has it. Raises NotFound."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(stations)
                .where(stations.c.id == station_id)
                .values(images_a_day=images, mib_a_day=mib)
            )
            if not changed.rowcount:
                raise NotFound("station_not_found")
            append(connection, replace(audit, subject_id=station_id))

        self._database.write(work)


def count(connection: Connection, station_id: str, size: int, allowance: Allowance) -> None:
    """One new image more, in the transaction that keeps it. Raises OverQuota, and then the
    transaction must not happen."""
    row = connection.execute(
        COUNT, {"station": station_id, "day": allowance.day, "size": size}
    ).one()
    allowance.check(Used(images=row.images, bytes=row.bytes))
