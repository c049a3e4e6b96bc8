"""The store: one object that an entrance opens and hands to the services."""

from pathlib import Path
from typing import Self

from cxr_triage.domain import Assessment
from cxr_triage.store.records import (
    AuditEntry,
    AuditRow,
    Kept,
    NewImage,
    Place,
    Review,
    ReviewDraft,
    Scope,
    StoredAssessment,
    StudyDetail,
    StudyPage,
    StudyRow,
    WorklistQuery,
)


def open_store(url: str, blobs_folder: Path) -> "Store":
    """Migrate the database at `url` to this version's schema and open it.

    url: `sqlite:////path/store.sqlite3`; folders are made. Safe to call from several
    processes at once. Raises StoreUnavailable, StoreFull, StoreReadOnly, StoreBusy,
    StoreInvalid (`store_newer`, `store_not_ours`) or MissingExtra.
    """
    raise NotImplementedError


class Store:
    """Safe to call from several threads and processes. Every method may raise StoreError;
    after StoreFull, StoreReadOnly or StoreBusy nothing was changed and a repeat succeeds
    once the trouble is over."""

    def close(self) -> None:
        """Let go of the database."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Can the store be read and written now? For /readyz. Raises StoreError."""
        raise NotImplementedError

    def keep(self, image: NewImage, assessment: Assessment, *, audit: AuditEntry) -> Kept:
        """Keep an image, its result and the audit row; all are on the disk on return.

        Idempotent: the same result of the same station is found, not made again (and no
        audit row is written). The same SOP instance with other file bytes but the same
        pixels is the same image with another result. Raises Conflict `other_pixels` if its
        pixels differ.
        """
        raise NotImplementedError

    def find_result(
        self, digest: str, fingerprint: str, *, station_id: str
    ) -> StoredAssessment | None:
        """The result that this station's file with that SHA-256 has already."""
        raise NotImplementedError

    def assessment(self, assessment_id: str, scope: Scope) -> StoredAssessment:
        """Raises NotFound, also if it lies outside `scope`."""
        raise NotImplementedError

    def file(self, assessment_id: str, scope: Scope) -> bytes:
        """The bytes that were assessed. Raises NotFound, or BlobDamaged if the hash differs."""
        raise NotImplementedError

    def study(self, study_id: str, scope: Scope) -> StudyDetail:
        """By our own id. Raises NotFound, also if it lies outside `scope`."""
        raise NotImplementedError

    def studies_with_uid(self, study_uid: str, scope: Scope) -> tuple[StudyRow, ...]:
        """Studies with that Study Instance UID: at most one a station, newest first."""
        raise NotImplementedError

    def worklist(
        self, query: WorklistQuery, scope: Scope, *, after: Place | None, limit: int
    ) -> StudyPage:
        """At most `limit` rows after a place, in the order of the worklist."""
        raise NotImplementedError

    def open_study(self, study_id: str, scope: Scope, *, audit: AuditEntry) -> None:
        """Note that somebody looks at it: a new study becomes opened. Raises NotFound."""
        raise NotImplementedError

    def save_review(
        self, draft: ReviewDraft, scope: Scope, *, reader_id: str, version: int, audit: AuditEntry
    ) -> Review:
        """Make (`version` 0) or change the reading of a result.

        version: that of the reading that the reader saw. Raises NotFound, Conflict
        `review_changed` (somebody else saved meanwhile) or `review_signed`.
        """
        raise NotImplementedError

    def sign_review(
        self, assessment_id: str, scope: Scope, *, reader_id: str, version: int, audit: AuditEntry
    ) -> Review:
        """Sign what was saved; it cannot change any more. Raises as `save_review`."""
        raise NotImplementedError

    def add_addendum(
        self, draft: ReviewDraft, scope: Scope, *, reader_id: str, audit: AuditEntry
    ) -> Review:
        """Add to a signed reading, signed at once. Raises NotFound or Conflict
        `review_not_signed`."""
        raise NotImplementedError

    def record(self, entry: AuditEntry) -> None:
        """Add a row to the audit trail."""
        raise NotImplementedError

    def audit_trail(self, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """The newest rows, or those before a number."""
        raise NotImplementedError
