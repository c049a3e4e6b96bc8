"""One shard from claim to done: the same here, in an array job and on a cluster."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

from cxr_triage.batch.archive.folder import RunFolder
from cxr_triage.batch.archive.lease import Lease, claim
from cxr_triage.batch.archive.plan import Shard
from cxr_triage.batch.archive.rows import GrowingRows, ScoredRow
from cxr_triage.batch.archive.scorer import Scorer
from cxr_triage.batch.archive.sources import Entry
from cxr_triage.batch.results import error_row
from cxr_triage.errors import TriageError

Report = Callable[[str], None]
"""Told of each row: its outcome, or "" for one that was there."""

Came = Literal["done", "taken", "stopped"]


def score_shard(
    run: RunFolder, shard: Shard, scorer: Scorer, report: Report, stopped: threading.Event
) -> Came:
    """Score what lacks a row, write the tables. taken: somebody else is at it.

    Raises TriageError where that concerns every file.
    """
    if run.done(shard) is not None:
        _tell_of(shard.files, report)
        return "done"
    lease = claim(run.lease_file(shard))
    if lease is None:
        return "taken"
    started = time.monotonic()
    with lease:
        came = _fill(run, shard, scorer, report, stopped, lease)
        if came != "done":
            return came
        run.publish(shard, time.monotonic() - started)
    return "done"


def _fill(
    run: RunFolder,
    shard: Shard,
    scorer: Scorer,
    report: Report,
    stopped: threading.Event,
    lease: Lease,
) -> Came:
    """Add rows until each file has one."""
    paths = (entry.path for entry in run.plan.entries(shard))
    with GrowingRows(run.row_file(shard), paths) as rows:
        _tell_of(rows.kept, report)

        def entries() -> Iterator[Entry]:
            for entry in islice(run.plan.entries(shard), rows.kept, None):
                if stopped.is_set():
                    return
                yield entry

        def failed(entry: Entry, error: TriageError) -> ScoredRow:
            facts = run.facts
            return ScoredRow(
                row=error_row(entry.path, error, facts.model, facts.fingerprint, run.job.language)
            )

        made = rows.kept
        for row in scorer.rows(entries(), failed):
            if not lease.held:
                return "taken"
            rows.add(row)
            made += 1
            report(str(row.row["outcome"]))
            if stopped.is_set():
                return "stopped"
        rows.settle()
    return "done" if made == shard.files else "stopped"


def _tell_of(rows: int, report: Report) -> None:
    for _ in range(rows):
        report("")
