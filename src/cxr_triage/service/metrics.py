"""What is counted and timed, for Prometheus. Its labels are codes, findings and routes of our
own, all of a known number; never a station, a person or anything of a patient.

Each instance of the service counts for itself, from its start.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cxr_triage.domain import Assessment, Priority
from cxr_triage.errors import NotAFilm, StoreError, TriageError
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.tasks.kinds import HANDLERS
from cxr_triage.service.tasks.store_check import Found, last_check
from cxr_triage.store.records import IncidentKind, Kept, Opinion, ReviewDraft
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.deliveries import Backlog
from cxr_triage.store.rows.tasks import UNDONE

Entrance = Literal["upload", "dicomweb", "dimse"]
Stage = Literal["receive", "assess", "keep", "whole"]

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SCORES: Final = tuple(tenth / 10 for tenth in range(1, 11))
"""0.5 is the operating point."""
RARITIES: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Shares of films without findings."""

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One service's. Safe to call from several threads."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._images = Counter(
            "cxr_triage_images",
            "Images that came in: assessed, referred or failed with the reason's code, or known; "
            "kept_out: what was made of films.",
            ("entrance", "outcome", "reason"),
            registry=registry,
        )
        self._stages = Histogram(
            "cxr_triage_stage_seconds",
            "How long an image takes: receive, assess in a process, keep, and from whole file "
            "to acknowledgement (whole).",
            ("stage",),
            buckets=SECONDS,
            registry=registry,
        )
        self._steps = Histogram(
            "cxr_triage_step_seconds",
            "How long the steps of an assessment take, as its process measures them.",
            ("step",),
            buckets=SECONDS,
            registry=registry,
        )
        self._scores = Histogram(
            "cxr_triage_score",
            "Scores by finding; 0.5 is the operating point. To see drift.",
            ("finding",),
            buckets=SCORES,
            registry=registry,
        )
        self._rarity = Histogram(
            "cxr_triage_film_rarity",
            "How unusual assessed films are: the share of films without findings that look so. Of "
            "such films as many lie below each limit as it says; to see drift.",
            buckets=RARITIES,
            registry=registry,
        )
        self._flags = Counter(
            "cxr_triage_findings",
            "Findings of assessed images by level: none, possible, likely.",
            ("finding", "level"),
            registry=registry,
        )
        self._priorities = Counter(
            "cxr_triage_priorities", "Images by priority.", ("priority",), registry=registry
        )
        self._verdicts = Counter(
            "cxr_triage_verdicts",
            "What doctors who signed said of findings, by the level that the model gave; "
            "missed: they saw what was not flagged.",
            ("finding", "level", "verdict"),
            registry=registry,
        )
        self._first_opinions = Counter(
            "cxr_triage_first_opinions",
            "What readers said of films before they saw what the AI says; none: they asked for it.",
            ("opinion",),
            registry=registry,
        )
        self._incidents = Counter(
            "cxr_triage_incidents",
            "Films on which a doctor said that the AI was wrong, by how.",
            ("kind",),
            registry=registry,
        )
        self._escalations = Counter(
            "cxr_triage_escalations",
            "Studies that nobody had read in their time, each time that it passed, by priority and "
            "for whom they rang: 1 who signs, 2 every doctor, 3 the station.",
            ("priority", "level"),
            registry=registry,
        )
        self._requests = Counter(
            "cxr_triage_http_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._problems = Counter(
            "cxr_triage_problems",
            "Errors that were answered, by code: sign-ins refused, full disks, overload …",
            ("code",),
            registry=registry,
        )
        self._associations = Counter(
            "cxr_triage_associations",
            "DICOM associations: accepted, rejected (unknown caller, wrong title, too many), "
            "aborted by either side.",
            ("outcome",),
            registry=registry,
        )
        self._deliveries = Counter(
            "cxr_triage_deliveries",
            "Deliveries to archives: done; superseded by a newer result; away, where nobody "
            "answered; failed.",
            ("destination", "outcome"),
            registry=registry,
        )
        self._tasks = Counter(
            "cxr_triage_task_attempts",
            "Attempts at work that can wait: done, failed, or interrupted by the service's end.",
            ("kind", "outcome"),
            registry=registry,
        )

    def watch(self, pool: InferencePool, folder: Path) -> None:
        """Show a pool's state, and the room that is left where images are kept."""
        self._registry.register(_Watched(pool, folder))

    def watch_tasks(self, store: Store) -> None:
        """Show what waits and what was given up, and how the last check of the store ended: the
        same from every instance on one database."""
        self._registry.register(_WatchedTasks(store))

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """How long the block takes, if it ends well."""
        started = time.perf_counter()
        yield
        self._stages.labels(stage).observe(time.perf_counter() - started)

    def received(self, seconds: float) -> None:
        self._stages.labels("receive").observe(seconds)

    def taken(self, kept: Kept, entrance: Entrance) -> None:
        """An image that is acknowledged."""
        found = kept.stored.assessment
        if not kept.created:
            self._images.labels(entrance, "known", "").inc()
            return
        reasons = found.eligibility.reasons
        reason = reasons[0].code if reasons else ""
        self._images.labels(entrance, found.outcome, reason).inc()
        self._priorities.labels(found.priority).inc()
        for step, ms in found.timings_ms.items():
            self._steps.labels(step).observe(ms / 1000)
        if found.decision is not None:
            self._rarity.observe(found.decision.rarity)
        for finding in found.findings:
            self._scores.labels(finding.label).observe(finding.score)
            self._flags.labels(finding.label, finding.level).inc()

    def refused(self, error: TriageError, entrance: Entrance) -> None:
        """An image that was not kept, or what is none and was kept out."""
        outcome = "kept_out" if isinstance(error, NotAFilm) else "failed"
        self._images.labels(entrance, outcome, error.code).inc()

    def signed(self, draft: ReviewDraft, assessment: Assessment) -> None:
        """A review that was signed."""
        levels = {finding.label: finding.level for finding in assessment.findings}
        for label, verdict in draft.verdicts.items():
            self._verdicts.labels(label, levels.get(label, "none"), verdict).inc()
        for label in draft.missed:
            self._verdicts.labels(label, levels.get(label, "none"), "missed").inc()

    def first_opinion(self, opinion: Opinion) -> None:
        self._first_opinions.labels(opinion or "none").inc()

    def incident(self, kind: IncidentKind) -> None:
        self._incidents.labels(kind).inc()

    def escalated(self, priority: Priority, level: int) -> None:
        self._escalations.labels(priority, str(level)).inc()

    def answered(self, method: str, route: str, status: int) -> None:
        """route: its template, never the address that was asked for."""
        self._requests.labels(method, route, str(status)).inc()

    def problem(self, code: str) -> None:
        self._problems.labels(code).inc()

    def association(self, outcome: Literal["accepted", "rejected", "aborted"]) -> None:
        """One of a modality or an archive that sends to us."""
        self._associations.labels(outcome).inc()

    def delivered(
        self, destination: str, outcome: Literal["done", "superseded", "away", "failed"]
    ) -> None:
        """destination: a name of the settings' file."""
        self._deliveries.labels(destination, outcome).inc()

    def task_ended(self, kind: str, outcome: Literal["done", "failed", "interrupted"]) -> None:
        self._tasks.labels(kind, outcome).inc()


class _Watched(Collector):
    """What is looked up when somebody asks."""

    def __init__(self, pool: InferencePool, folder: Path) -> None:
        self._pool = pool
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        yield from self._places()
        yield from self._processes()
        yield self._model()
        yield from self._disk()

    def _places(self) -> Iterator[Metric]:
        pool = self._pool
        workers = GaugeMetricFamily(
            "cxr_triage_workers", "Places for work of a kind.", labels=("work",)
        )
        busy = GaugeMetricFamily("cxr_triage_workers_busy", "Places in use.", labels=("work",))
        queue = GaugeMetricFamily("cxr_triage_queue", "Jobs that wait.", labels=("work",))
        for work, turns in (
            ("film", pool.films.turns), ("drawing", pool.drawings.turns), ("report", pool.printing)
        ):  # fmt: skip
            workers.add_metric((work,), turns.places)
            busy.add_metric((work,), turns.running)
            queue.add_metric((work,), turns.waiting)
        yield from (workers, busy, queue)

    def _processes(self) -> Iterator[Metric]:
        starts = CounterMetricFamily(
            "cxr_triage_worker_starts",
            "Processes that were started: at first, where one more was needed, and for each that "
            "was lost.",
            labels=("work",),
        )
        losses = CounterMetricFamily(
            "cxr_triage_worker_losses",
            "Processes that were lost at work, by why.",
            labels=("work", "why"),
        )
        for work, workers in (("film", self._pool.films), ("drawing", self._pool.drawings)):
            starts.add_metric((work,), workers.starts)
            for why, count in workers.losses.items():
                losses.add_metric((work, why), count)
        yield from (starts, losses)

    def _model(self) -> Metric:
        running = self._pool.running
        card = running.card
        model = GaugeMetricFamily(
            "cxr_triage_model_info",
            "Which model, policy and fingerprint run.",
            labels=("name", "version", "policy", "fingerprint"),
        )
        model.add_metric((card.name, card.version, running.policy, running.fingerprint), 1)
        return model

    def _disk(self) -> Iterator[Metric]:
        """Nothing where the disk does not answer."""
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return
        yield GaugeMetricFamily(
            "cxr_triage_disk_free_bytes", "Room where images are kept.", value=usage.free
        )
        yield GaugeMetricFamily(
            "cxr_triage_disk_bytes", "Size of the disk where images are kept.", value=usage.total
        )


class _WatchedTasks(Collector):
    """Nothing where the store does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        try:
            counts, last = self._store.tasks.counts(), last_check(self._store)
            early = self._store.early_reading()
            backlog = self._store.deliveries.backlog()
        except StoreError:
            return
        tasks = GaugeMetricFamily(
            "cxr_triage_tasks",
            "Work that can wait: waiting, running, or dead (failed as often as it may).",
            labels=("kind", "state"),
        )
        for kind, state in product(HANDLERS, UNDONE):
            tasks.add_metric((kind, state), counts.get((kind, state), 0))
        yield tasks
        yield from _backlogs(backlog)
        drawn = GaugeMetricFamily(
            "cxr_triage_early_reading",
            "Studies drawn by lot where nothing is flagged: drawn, read, and with a finding that "
            "a doctor named.",
            labels=("state",),
        )
        for name, count in asdict(early).items():
            drawn.add_metric((name,), count)
        yield drawn
        if last is not None:
            yield GaugeMetricFamily(
                "cxr_triage_store_check_age_seconds",
                "Since the last check of the store ended.",
                value=(datetime.now(UTC) - last.at).total_seconds(),
            )
            yield GaugeMetricFamily(
                "cxr_triage_store_check_sound",
                "1 if it was done and everything was there as it came.",
                value=float(last.sound),
            )
        if last is not None and last.found is not None:
            yield _found(last.found)


def _backlogs(backlog: Mapping[str, Backlog]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "cxr_triage_deliveries_open",
        "Deliveries that wait, and dead ones (given up).",
        labels=("destination", "state"),
    )
    oldest = GaugeMetricFamily(
        "cxr_triage_delivery_oldest_seconds",
        "Since the oldest delivery that waits was put down.",
        labels=("destination",),
    )
    for name, found in backlog.items():
        waiting.add_metric((name, "waiting"), found.waiting)
        waiting.add_metric((name, "dead"), found.dead)
        age = 0.0 if found.oldest is None else (datetime.now(UTC) - found.oldest).total_seconds()
        oldest.add_metric((name,), max(0.0, age))
    yield from (waiting, oldest)


def _found(found: Found) -> Metric:
    counts = {
        "missing": found.missing,
        "damaged": found.damaged,
        "database": found.database,
        "trail": int(found.trail_fault is not None),
        "differing": found.differing,
        "unknown": found.unknown,
    }
    metric = GaugeMetricFamily(
        "cxr_triage_store_check_found",
        "What the last check found: images that are missing or damaged, faults of the database and "
        "of the audit trail, studies, results and readings that differ from the trail; unknown: "
        "those from before the trail held digests.",
        labels=("kind",),
    )
    for kind, count in counts.items():
        metric.add_metric((kind,), count)
    return metric
