"""How much a station may send in a day of the place, and how much of it is used.

What counts is a new result that is kept: a file that was sent before is answered as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from cxr_triage.errors import AccountInvalid
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.settings import Settings
from cxr_triage.store.records import Station
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.quotas import Allowance, Used

MOST: Final = 10_000_000
"""Images or MiB a day: more is a slip of the keyboard."""

UTC_ZONE: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRules:
    """What a station without limits of its own may send in a day; 0: no limit. zone: of the
    place, whose midnight ends the day."""

    images: int = 0
    mib: int = 0
    zone: ZoneInfo = UTC_ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class StationQuota:
    """What a station may send today and has sent; a limit of 0 is none."""

    images: int
    mib: int
    used: Used


class Quotas:
    """Safe to call from several threads. Every method may raise StoreError."""

    def __init__(
        self,
        store: Store,
        rules: QuotaRules,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    @property
    def rules(self) -> QuotaRules:
        """What counts where a station has nothing of its own."""
        return self._rules

    def allowance(self, station_id: str) -> Allowance:
        """What the station may send today. Raises NotFound."""
        now = self._clock().astimezone(self._rules.zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), time.min, self._rules.zone)
        left = midnight.astimezone(UTC) - now.astimezone(UTC)  # also on a day of 23 or 25 hours
        images, mib = self._limits(self._store.accounts.station(station_id))
        return Allowance(
            day=now.date().isoformat(),
            images=images,
            mib=mib,
            retry_after_s=ceil(left.total_seconds()),
        )

    def check(self, station_id: str, size: int, allowance: Allowance) -> None:
        """May it send one file more of so many bytes, as it looks now? Before any work is done;
        what counts is the count when it is kept. Raises OverQuota."""
        if allowance.images or allowance.mib:
            used = self._store.quotas.used(station_id, allowance.day)
            allowance.check(Used(images=used.images + 1, bytes=used.bytes + size))

    def today(self) -> dict[str, StationQuota]:
        """Of every station."""
        day = self._clock().astimezone(self._rules.zone).date().isoformat()
        used = self._store.quotas.used_by_all(day)
        found = {}
        for station in self._store.accounts.stations():
            images, mib = self._limits(station)
            found[station.id] = StationQuota(
                images=images, mib=mib, used=used.get(station.id, Used())
            )
        return found

    def set(self, station_id: str, *, images: int | None, mib: int | None, by: Actor) -> None:
        """What a station may send in a day from now on: 0 no limit, None as the setting has it.
        Raises AccountInvalid or NotFound."""
        if any(limit is not None and not 0 <= limit <= MOST for limit in (images, mib)):
            raise AccountInvalid("quota_invalid", most=MOST)
        said = " ".join(
            f"{name}={'default' if limit is None else limit}"
            for name, limit in (("images", images), ("mib", mib))
        )
        self._store.quotas.set(
            station_id, images=images, mib=mib, audit=entry(Action.QUOTA_SET, by, reason=said)
        )

    def _limits(self, station: Station) -> tuple[int, int]:
        images, mib = station.images_a_day, station.mib_a_day
        return (
            self._rules.images if images is None else images,
            self._rules.mib if mib is None else mib,
        )


def quotas_of(store: Store, settings: Settings) -> Quotas:
    """As the settings have it."""
    rules = QuotaRules(
        images=settings.station_images_a_day,
        mib=settings.station_mib_a_day,
        zone=settings.zone,
    )
    return Quotas(store, rules)


def limit_of(text: str) -> int | None:
    """A limit as somebody typed it; empty: the setting's. Raises AccountInvalid."""
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()) or len(text.strip()) > 9:
        raise AccountInvalid("quota_invalid", most=MOST)
    return int(text)
