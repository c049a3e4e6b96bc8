"""A thread for each destination, which brings it what is due, one object after another.

Most urgent first; each fourth time the oldest, so that nothing waits for ever. Where nobody
answers, the courier stays home for longer and longer (the *breaker*) and what waits is not blamed
for it; what is refused for a reason of its own is tried so often, later and later, and then given
up.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cxr_triage.errors import DeliveryFailed, TriageError
from cxr_triage.logs import log, log_unexpected
from cxr_triage.report.dicom.common import DicomObject
from cxr_triage.service.delivery.destinations import Destination
from cxr_triage.service.delivery.transport import Transport
from cxr_triage.service.delivery.withdrawing import REJECTION
from cxr_triage.service.metrics import Metrics
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.deliveries import SentObject
from cxr_triage.store.rows.tasks import Task

if TYPE_CHECKING:
    from cxr_triage.service.delivery.building import Builder

LEASE_S: Final = 900.0
POLL_S: Final = 2.0
STOP_S: Final = 5.0
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 600.0
FIRST_RETRY_S: Final = 30.0
LONGEST_RETRY_S: Final = 6 * 3600.0
OLDEST_EACH: Final = 4
"""Of so many deliveries one is the oldest, whatever is more urgent."""
LOOKS: Final = (0.0, 1.0, 3.0)
"""Seconds before each look whether it is there: archives file what they took a little later."""
KIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a courier waits. Tests are quicker."""

    poll_s: float = POLL_S
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S
    first_retry_s: float = FIRST_RETRY_S
    looks: tuple[float, ...] = LOOKS


def jittered(first_s: float, times: int, longest_s: float) -> float:
    """Twice as long each time up to the longest; at random between half of it and all of it."""
    longest = min(first_s * 2.0 ** min(times, 30), longest_s)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


class Courier:
    """Begins when started, ends when closed. Safe beside those of other instances."""

    def __init__(
        self,
        destination: Destination,
        transport: Transport,
        *,
        store: Store,
        builder: "Builder",
        metrics: Metrics,
        pace: Pace = Pace(),
    ) -> None:
        self.destination = destination
        self.transport = transport
        self._store = store
        self._builder = builder
        self._metrics = metrics
        self._pace = pace
        self._away = 0
        self._until = 0.0
        self._turn = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"courier {destination.name}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """What is on its way is finished or comes again when its lease has run out."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    @property
    def waits_s(self) -> float:
        """Until the breaker lets it try again; 0: it may."""
        return max(0.0, self._until - time.monotonic())

    def do_next(self) -> bool:
        """Bring one delivery; was there one that may be tried? Raises StoreError."""
        if self.waits_s:
            return False
        self._turn += 1
        task = self._store.deliveries.claim(
            self.destination.name,
            at=_now(),
            lease_s=LEASE_S,
            oldest=self._turn % OLDEST_EACH == 0,
        )
        if task is None:
            return False
        self._bring(task)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._try_next():
                self._stopping.wait(self._pace.poll_s * random.uniform(0.5, 1.5))  # noqa: S311

    def _try_next(self) -> bool:
        try:
            return self.do_next()
        except TriageError as error:
            log.warning("deliveries wait: %s", error.code)
        except Exception as error:  # noqa: BLE001 (the thread lives as long as the service)
            log_unexpected(error)
        return False

    def _bring(self, task: Task) -> None:
        try:
            built = self._builder.build(
                str(task.arguments["study"]), str(task.arguments["uid"]), self.destination
            )
            if not built:
                self._store.deliveries.finish(task, {"superseded": True}, (), at=_now())
                self._metrics.delivered(self.destination.name, "superseded")
                return
            self._sent(built)
        except DeliveryFailed as failure:
            said = f"{failure.code} {failure.values['status']}".strip()
            self._failed(task, said[:64], away=failure.away)
        except TriageError as error:
            self._failed(task, error.code, away=False)
        except Exception as error:  # noqa: BLE001 (one object must not stop the others)
            log_unexpected(error)
            self._failed(task, "unexpected", away=False)
        else:
            self._arrived(task, built)

    def _sent(self, built: Sequence[DicomObject]) -> None:
        """Sent, and seen there where the destination can be asked. No faster than it may be."""
        started = time.monotonic()
        self.transport.send(built)
        if self.destination.kib_a_second:
            size = sum(len(one.file()) for one in built)
            left = size / KIB / self.destination.kib_a_second - (time.monotonic() - started)
            self._stopping.wait(max(0.0, left))
        if self.destination.confirm:
            self._confirm(built)

    def _confirm(self, built: Sequence[DicomObject]) -> None:
        """Raises DeliveryFailed `delivery_lost`: it said Success, and does not have it."""
        for pause_s in self._pace.looks:
            self._stopping.wait(pause_s)
            if not self.transport.missing(built):
                return
        raise DeliveryFailed("delivery_lost")

    def _arrived(self, task: Task, built: Sequence[DicomObject]) -> None:
        self._away, self._until = 0, 0.0
        at = _now()
        sent = [
            SentObject(
                destination=self.destination.name,
                study_id=str(task.arguments["study"]),
                source_id=one.identity.source,
                kind=one.identity.kind,
                language=one.identity.language,
                sop_class_uid=one.sop_class_uid,
                sop_uid=one.sop_uid,
                series_uid=one.identity.series_uid,
                study_uid=one.study_uid,
                patient_version=one.identity.patient,
                at=at,
            )
            for one in built
        ]
        withdrawn = [
            str(item.ReferencedSOPInstanceUID)
            for one in built
            if one.identity.kind == REJECTION
            for study in one.dataset.CurrentRequestedProcedureEvidenceSequence
            for series in study.ReferencedSeriesSequence
            for item in series.ReferencedSOPSequence
        ]
        self._store.deliveries.finish(
            task, {"objects": len(built)}, sent, at=at, withdrawn=withdrawn
        )
        self._metrics.delivered(self.destination.name, "done")

    def _failed(self, task: Task, code: str, *, away: bool) -> None:
        now = _now()
        if away:
            pause_s = jittered(self._pace.first_pause_s, self._away, self._pace.longest_pause_s)
            self._away += 1
            self._until = time.monotonic() + pause_s
            self._store.deliveries.postpone(task, code, until=now)
            self._metrics.delivered(self.destination.name, "away")
            log.warning("destination %s is away: %s", self.destination.name, code)
            return
        retry_s = jittered(self._pace.first_retry_s, task.attempts - 1, LONGEST_RETRY_S)
        self._store.tasks.fail(task, code, at=now, retry_at=now + timedelta(seconds=retry_s))
        self._metrics.delivered(self.destination.name, "failed")
        log.warning(
            "a delivery to %s failed, attempt %d: %s", self.destination.name, task.attempts, code
        )


class Couriers:
    """Of every destination. transport_of: how one is reached."""

    def __init__(
        self,
        destinations: Sequence[Destination],
        transport_of: Callable[[Destination], Transport],
        *,
        store: Store,
        builder: "Builder",
        metrics: Metrics,
        pace: Pace = Pace(),
    ) -> None:
        self.all = tuple(
            Courier(
                one, transport_of(one), store=store, builder=builder, metrics=metrics, pace=pace
            )
            for one in destinations
        )

    def start(self) -> None:
        for courier in self.all:
            courier.start()

    def close(self) -> None:
        for courier in self.all:
            courier.close()


def _now() -> datetime:
    return datetime.now(UTC)
