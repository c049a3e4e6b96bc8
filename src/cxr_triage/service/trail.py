"""Noting in the audit trail what was looked at."""

from dataclasses import asdict

import structlog

from cxr_triage.errors import StoreError
from cxr_triage.store.records import AuditEntry
from cxr_triage.store.repository import Store

_log = structlog.get_logger("cxr_triage.audit")


def note(store: Store, entry: AuditEntry) -> None:
    """Add a row for something that changed nothing.

    A full disk must not keep a doctor from a film: then the row goes to the log instead.
    """
    try:
        store.record(entry)
    except StoreError as trouble:
        not_in_the_trail(entry, trouble)


def not_in_the_trail(entry: AuditEntry, trouble: StoreError) -> None:
    """The row in the log; it holds identifiers of our own alone."""
    _log.error("audit row not kept", trouble=trouble.code, **asdict(entry))
