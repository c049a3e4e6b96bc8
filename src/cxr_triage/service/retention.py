"""How long studies are kept: what an administrator purges, and why."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.errors import QueryInvalid
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.purging import PurgePlan

LEAST_REASON: Final = 5
MOST_REASON: Final = 200
"""Characters."""


def plan_older_than(store: Store, days: int) -> PurgePlan:
    """What was received more than so many days ago."""
    return store.purging.plan(received_before=datetime.now(UTC) - timedelta(days=days))


def purge(store: Store, plan: PurgePlan, reason: str, *, by: Actor) -> int:
    """Remove the studies of the plan one by one, each with its row in the audit trail; how
    many files went with them.

    reason: stands in the trail for good, so it may name no patient. Raises QueryInvalid
    `reason_invalid`, or NotFound if somebody else was faster.
    """
    audit = entry(Action.STUDY_PURGED, by, reason=checked_reason(reason))
    return sum(store.purging.purge(study, audit=audit) for study in plan.study_ids)


def remove_orphans(store: Store, *, by: Actor) -> int:
    """Remove files that no result names, left by uploads and purges that were cut off."""
    removed = store.purging.remove_files(store.inspect().orphans)
    if removed:
        store.record(entry(Action.FILES_REMOVED, by))
    return removed


def checked_reason(reason: str) -> str:
    """One line, neither empty nor long. Raises QueryInvalid `reason_invalid`."""
    line = " ".join(reason.split())
    if not LEAST_REASON <= len(line) <= MOST_REASON or not line.isprintable():
        raise QueryInvalid("reason_invalid", least=LEAST_REASON, most=MOST_REASON)
    return line
