"""The audit trail: every action that is noted, and who, from where, did it.

Rows hold identifiers of our own, never a patient's name or number, an accession number or
a UID.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Literal

import structlog

from cxr_triage.errors import StoreError
from cxr_triage.store.records import AuditEntry
from cxr_triage.store.repository import Store

_log = structlog.get_logger("cxr_triage.audit")

LONGEST: Final = 64
"""Characters of an address or a request's id that are kept."""


class Action(StrEnum):
    """Everything that leaves a row."""

    IMAGE_KEPT = "image_kept"
    IMAGE_SENT_AGAIN = "image_sent_again"
    IMAGE_REJECTED = "image_rejected"
    IDENTITY_CORRECTED = "identity_corrected"
    FILM_MOVED = "film_moved"
    FILM_HIDDEN = "film_hidden"
    FILM_SHOWN = "film_shown"
    FILM_READ_ANYWAY = "film_read_anyway"
    FILM_JUDGED_AGAIN = "film_judged_again"
    NUMBER_SETTLED = "number_settled"
    STUDIES_MERGED = "studies_merged"
    STUDY_PARTED = "study_parted"
    WORKLIST_VIEWED = "worklist_viewed"
    WORKLIST_SEARCHED = "worklist_searched"
    STUDY_OPENED = "study_opened"
    IMAGE_VIEWED = "image_viewed"
    REPORT_VIEWED = "report_viewed"
    REVIEW_SAVED = "review_saved"
    REVIEW_SIGNED = "review_signed"
    ADDENDUM_SIGNED = "addendum_signed"
    STUDY_SIGNED = "study_signed"
    SIGNATURE_GIVEN = "signature_given"  # it counts in a moment
    SIGNATURE_TAKEN_BACK = "signature_taken_back"  # before it counted
    SIGNATURE_LAPSED = "signature_lapsed"  # the study changed before it counted
    FIRST_OPINION = "first_opinion"
    PHRASE_ADDED = "phrase_added"
    PHRASE_REMOVED = "phrase_removed"
    AI_WRONG = "ai_wrong"
    INCIDENTS_EXPORTED = "incidents_exported"
    SIGNATURE_WITHDRAWN = "signature_withdrawn"
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_IN_SLOWED = "sign_in_slowed"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an action
    PERSON_CREATED = "person_created"
    PERSON_DISABLED = "person_disabled"
    STATION_CREATED = "station_created"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    TRAIL_READ = "trail_read"
    KEY_ROTATED = "key_rotated"
    KEY_SCOPE_SET = "key_scope_set"
    SESSION_ENDED = "session_ended"
    QUOTA_SET = "quota_set"
    PERSON_CHANGED = "person_changed"
    SIGN_IN_UNLOCKED = "sign_in_unlocked"
    STUDY_PURGED = "study_purged"
    FILES_REMOVED = "files_removed"
    BACKUP_MADE = "backup_made"
    BACKUP_TAKEN = "backup_taken"
    BACKUP_RESTORED = "backup_restored"
    DELIVERY_RETRIED = "delivery_retried"
    DELIVERY_DROPPED = "delivery_dropped"
    DESTINATION_TESTED = "destination_tested"
    SEALS_BEGUN = "seals_begun"  # written by the migration that brought them


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request comes from. address: of the network; empty for the command line."""

    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, from where. id: of a person or a station; empty for system and nobody."""

    kind: Literal["person", "station", "system", "nobody"]
    id: str = ""
    origin: Origin = Origin()


SYSTEM = Actor(kind="system")
"""The command line on the server itself."""


def entry(
    action: Action,
    actor: Actor,
    *,
    study_id: str = "",
    assessment_id: str = "",
    subject_id: str = "",
    fingerprint: str = "",
    reason: str = "",
) -> AuditEntry:
    """A row to be written with what it is about."""
    return AuditEntry(
        action=action.value,
        actor_kind=actor.kind,
        actor_id=actor.id,
        study_id=study_id,
        assessment_id=assessment_id,
        subject_id=subject_id,
        fingerprint=fingerprint,
        address=actor.origin.address[:LONGEST],
        request_id=actor.origin.request_id[:LONGEST],
        reason=reason,
    )


def note(store: Store, row: AuditEntry) -> None:
    """Add a row for something that changed nothing.

    A full disk, or another process that holds the database, must not keep a doctor from a film:
    then the row goes to the log instead.
    """
    try:
        store.record(row, hurried=True)
    except StoreError as trouble:
        log_instead(row, trouble)


def log_instead(row: AuditEntry, trouble: StoreError) -> None:
    """The row in the log; it holds identifiers of our own alone."""
    _log.error("audit row not kept", trouble=trouble.code, **asdict(row))
