"""The store: one object that an entrance opens and hands to the services."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from cxr_triage.domain import Assessment, Patient, Reason
from cxr_triage.store.audit import rows as audit_rows
from cxr_triage.store.audit.chain import ChainHead
from cxr_triage.store.backup.backup import BackupSummary, back_up
from cxr_triage.store.blobs import Blobs
from cxr_triage.store.comparison import TrailCheck, check_trail
from cxr_triage.store.database.migrate import migrate
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.inspection import Inspection, inspect
from cxr_triage.store.records import (
    NO_MAXIMUM,
    AuditEntry,
    AuditRow,
    EarlyReading,
    Kept,
    ListCounts,
    MaximumWait,
    Neighbours,
    NewImage,
    OtherStudy,
    PageCursor,
    Review,
    ReviewDraft,
    Scope,
    ScoredResult,
    StoredAssessment,
    StudyDetail,
    StudyPage,
    StudyRow,
    TrailQuery,
    WholeStudy,
    WorklistQuery,
)
from cxr_triage.store.rows import history, results, signing
from cxr_triage.store.rows import reviews as review_rows
from cxr_triage.store.rows import studies as study_rows
from cxr_triage.store.rows.accounts import AccountRows
from cxr_triage.store.rows.calling import CallingRows
from cxr_triage.store.rows.claims import Claims
from cxr_triage.store.rows.correcting import Correcting
from cxr_triage.store.rows.deliveries import DeliveryRows
from cxr_triage.store.rows.incidents import Incidents
from cxr_triage.store.rows.ingest import identify_file, keep_rows, place
from cxr_triage.store.rows.keys import result_id
from cxr_triage.store.rows.opinions import Opinions, rows_with_opinions, with_opinions
from cxr_triage.store.rows.others import others
from cxr_triage.store.rows.pending import Signatures
from cxr_triage.store.rows.phrases import Phrases
from cxr_triage.store.rows.placing import station_lock
from cxr_triage.store.rows.purging import Purging, file_lock
from cxr_triage.store.rows.quotas import Allowance, QuotaRows
from cxr_triage.store.rows.sealing import seals_of
from cxr_triage.store.rows.sessions import SessionRows
from cxr_triage.store.rows.tasks import TaskRows


def open_store(url: str, blobs_folder: Path, *, publishes: bool = False) -> "Store":
    """Migrate the database at `url` to this version's schema and open it.

    publishes: results go to archives.
    url: `sqlite:////path/store.sqlite3` (folders are made) or `postgresql://…`. Safe to
    call from several processes at once. Raises StoreUnavailable, StoreFull,
    StoreReadOnly, StoreBusy, StoreInvalid (`store_newer`, `store_not_ours`, `store_url`) or
    MissingExtra.
    """
    database = Database(url, publishes=publishes)
    database.prepare()
    blobs = Blobs(blobs_folder)
    migrate(database)
    return Store(database, blobs)


class Store:
    """Safe to call from several threads and processes. Every method may raise StoreError;
    after StoreFull, StoreReadOnly or StoreBusy nothing was changed and a repeat succeeds
    once the trouble is over."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self.accounts = AccountRows(database)
        self.sessions = SessionRows(database)
        self.quotas = QuotaRows(database)
        self.purging = Purging(database, blobs)
        self.correcting = Correcting(database)
        self.tasks = TaskRows(database)
        self.calling = CallingRows(database)
        self.signatures = Signatures(database)
        self.opinions = Opinions(database)
        self.claims = Claims(database)
        self.incidents = Incidents(database)
        self.phrases = Phrases(database)
        self.deliveries = DeliveryRows(database)
        self._database = database
        self._blobs = blobs

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Can the store be read and written now? For /readyz. Raises StoreError."""
        self._database.write(audit_rows.held_head)
        self._blobs.check()

    def make_room(self) -> None:
        """Keep some back for what matters more than another film, before one is received. Raises
        StoreFull if there is none."""
        if self._database.room is not None:
            self._database.room.take()

    def keep(
        self,
        image: NewImage,
        assessment: Assessment,
        *,
        audit: AuditEntry,
        allowance: Allowance | None = None,
    ) -> Kept:
        """Keep an image, its result and the audit row; all are on the disk on return.

        allowance: what its station may send on that day; None: without counting.

        Idempotent: the same result of the same station is found, not made again (and no
        audit row is written). The same SOP instance with other file bytes but the same pixels
        and patient is the same image with another result. An image of another patient, or with
        other pixels, is kept apart whatever numbers it bears: see `placing`, and the warnings of
        what is returned. Raises OverQuota if it is one too many.
        """
        placed = place(image, assessment)
        self._blobs.adopt(image.file, assessment.digest)  # before any row names it

        def work(connection: Connection) -> Kept:
            held = (file_lock(assessment.digest), station_lock(image.station_id))
            self._database.hold(connection, *held)
            if not self._blobs.path(assessment.digest).exists():  # it was purged since
                self._blobs.adopt(image.file, assessment.digest)
            while (made := keep_rows(connection, placed, audit, allowance)) is None:
                there = results.find(connection, placed.assessment.id)
                if there is not None:  # else it was purged between the two looks
                    return Kept(created=False, stored=there)
            return made

        return self._database.write(work)

    def identify(
        self, digest: str, patient: Patient, *, station_id: str, at: datetime, audit: AuditEntry
    ) -> tuple[Reason, ...]:
        """A file that is kept has come again, as that patient's: see `keeping.identify`.

        The warnings of `Kept`. Raises Conflict `other_patient` if it was somebody else's, or
        NotFound.
        """

        def work(connection: Connection) -> tuple[Reason, ...]:
            self._database.hold(connection, station_lock(station_id))
            return identify_file(connection, digest, patient, station_id, at, audit)

        return self._database.write(work)

    def find_result(
        self, digest: str, fingerprint: str, *, station_id: str
    ) -> StoredAssessment | None:
        """The result that this station's file with that SHA-256 has already.

        None too if the store has lost the file, or it is damaged: keeping it again then heals the
        store.
        """
        with self._database.read() as connection:
            found = results.find(connection, result_id(station_id, digest, fingerprint))
        return found if found and self._blobs.is_whole(digest) else None

    def station_of_file(self, digest: str) -> str | None:
        """Which station's the file with that SHA-256 is, if it was ever kept."""
        with self._database.read() as connection:
            return results.station_of_file(connection, digest)

    def assessment(self, assessment_id: str, scope: Scope) -> StoredAssessment:
        """Raises NotFound, also if it lies outside `scope`."""
        with self._database.read() as connection:
            (found,) = with_opinions(
                connection, (results.result(connection, assessment_id, scope),)
            )
            return found

    def scored_films(self) -> list[ScoredResult]:
        """The current result of every assessed film."""
        with self._database.read() as connection:
            return results.scored_films(connection)

    def file(self, assessment_id: str, scope: Scope) -> bytes:
        """The bytes that were assessed. Raises NotFound, or BlobDamaged if the hash differs."""
        return self._blobs.read(self.assessment(assessment_id, scope).assessment.digest)

    def path_of(self, digest: str) -> Path:
        """Where the file with that SHA-256 is, or was; nobody writes to it."""
        return self._blobs.path(digest)

    def whole_file(self, digest: str) -> Path:
        """Where the file with that SHA-256 is. Raises BlobDamaged, or another StoreError."""
        self._blobs.check_file(digest)
        return self._blobs.path(digest)

    def study(self, study_id: str, scope: Scope) -> StudyDetail:
        """By our own id. Raises NotFound, also if it lies outside `scope`."""
        with self._database.read() as connection:
            row = study_rows.study_row(connection, study_id, scope)
            found = with_opinions(connection, results.current_of_study(connection, study_id))
            return StudyDetail(
                row=rows_with_opinions(connection, (row,))[0],
                images=tuple(one for one in found if one.hidden_at is None),
                reviews=review_rows.of_study(connection, study_id),
                unsigned=signing.unsigned_results(connection, study_id),
                hidden=tuple(one for one in found if one.hidden_at is not None),
                corrections=history.of_study(connection, study_id) if row.version else (),
                siblings=study_rows.siblings(connection, row) if row.contested else (),
            )

    def others(self, study_id: str, scope: Scope) -> tuple[OtherStudy, ...]:
        """Other studies that show the same patient, or may. Raises NotFound."""
        with self._database.read() as connection:
            found = others(connection, study_id, scope)
            rows = rows_with_opinions(connection, tuple(one.row for one in found))
            return tuple(replace(one, row=row) for one, row in zip(found, rows, strict=True))

    def studies_with_uid(self, study_uid: str, scope: Scope) -> tuple[StudyRow, ...]:
        """Studies with that Study Instance UID, newest first: one a station, but for numbers that
        several patients bear."""
        with self._database.read() as connection:
            return study_rows.with_uid(connection, study_uid, scope)

    def worklist(
        self,
        query: WorklistQuery,
        scope: Scope,
        *,
        after: PageCursor | None,
        limit: int,
        waits: MaximumWait = NO_MAXIMUM,
    ) -> StudyPage:
        """At most `limit` rows after a place, in the order of the worklist."""
        with self._database.read() as connection:
            page = study_rows.page(connection, query, scope, after=after, limit=limit, waits=waits)
            return replace(page, rows=rows_with_opinions(connection, page.rows))

    def neighbours(
        self, study_id: str, query: WorklistQuery, scope: Scope, waits: MaximumWait = NO_MAXIMUM
    ) -> Neighbours:
        """The studies beside one in the worklist that the query gives. Raises NotFound."""
        with self._database.read() as connection:
            return study_rows.neighbours(connection, study_id, query, scope, waits)

    def counts(self, query: WorklistQuery, scope: Scope) -> ListCounts:
        """How many studies wait and how many are signed, among those of a query's stations and
        days."""
        with self._database.read() as connection:
            return study_rows.counts(connection, query, scope)

    def early_reading(self) -> EarlyReading:
        """What came of the studies that were drawn by lot to be read early."""
        with self._database.read() as connection:
            return study_rows.early_reading(connection)

    def older_results(self, image_id: str, scope: Scope) -> tuple[StoredAssessment, ...]:
        """Results of an image that are not current any more, newest first."""
        with self._database.read() as connection:
            older = results.older_of_image(connection, image_id, scope)
            return with_opinions(connection, older)

    def open_study(self, study_id: str, scope: Scope, *, audit: AuditEntry) -> None:
        """Note who looks at it: a new study becomes opened. Raises NotFound."""

        def work(connection: Connection) -> None:
            study_rows.study_row(connection, study_id, scope)
            study_rows.open_(connection, study_id, audit.actor_id)
            seals = seals_of(connection, study_id, rows_alone=True)
            audit_rows.append(connection, replace(audit, study_id=study_id), seals)

        self._database.write(work, hurried=True)

    def save_review(
        self, draft: ReviewDraft, scope: Scope, *, reader_id: str, version: int, audit: AuditEntry
    ) -> Review:
        """Make (`version` 0) or change the review of a result.

        version: that of the review that the reader saw. Raises NotFound, Conflict
        `review_changed` (somebody else saved meanwhile) or `review_signed`.
        """
        return self._database.write(
            lambda connection: review_rows.save(
                connection, draft, scope, reader_id=reader_id, version=version, audit=audit
            )
        )

    def sign_review(
        self,
        assessment_id: str,
        scope: Scope,
        *,
        reader_id: str,
        version: int,
        audit: AuditEntry,
        whole: WholeStudy | None = None,
    ) -> Review:
        """Sign what was saved; it cannot change any more. The study is signed when every film
        has a signed review, or if this signature stands for the `whole` of it.

        Raises as `save_review`, Conflict `review_not_saved` or `study_changed` (films or results
        came since), ReviewInvalid `reading_empty`.
        """
        return self._database.write(
            lambda connection: review_rows.sign(
                connection,
                assessment_id,
                scope,
                reader_id=reader_id,
                version=version,
                audit=audit,
                whole=whole,
            )
        )

    def add_addendum(
        self,
        draft: ReviewDraft,
        scope: Scope,
        *,
        reader_id: str,
        audit: AuditEntry,
        whole: WholeStudy | None = None,
    ) -> Review:
        """Add to a signed review, signed at once; it may stand for the `whole` study. Raises
        NotFound, Conflict `review_not_signed` or `study_changed`."""
        return self._database.write(
            lambda c: review_rows.add(
                c, draft, scope, reader_id=reader_id, audit=audit, whole=whole
            )
        )

    def record(self, entry: AuditEntry, *, hurried: bool = False) -> None:
        """Add a row to the audit trail. hurried: see `Database.write`."""
        self._database.write(lambda c: audit_rows.append(c, entry), hurried=hurried)

    def back_up(self, target: Path) -> BackupSummary:
        """Write the store of this moment to a new folder or .zip. Raises BackupFailed."""
        return back_up(self._database, self._blobs, target)

    def inspect(self, pause: Callable[[], None] = lambda: None) -> Inspection:
        """Hash every file and compare with the rows. pause: called for each file that is listed
        and each that is hashed, holding nothing; what it raises ends the inspection."""
        return inspect(self._database, self._blobs, pause)

    def check_trail(
        self, *noted: ChainHead, pause: Callable[[], None] = lambda: None
    ) -> TrailCheck:
        """Walk the trail's chain, and compare what it says with the other tables.

        noted: heads of earlier that must still lie on the chain. pause: called now and then; what
        it raises ends the check.
        """
        with self._database.read() as connection:
            return check_trail(connection, noted, pause)

    def audit_between(
        self, since: datetime | None, until: datetime | None
    ) -> Iterator[dict[str, Any]]:
        """Every column of the trail's rows as stored, oldest first, as they stand at one
        moment."""
        with self._database.read() as connection:
            yield from audit_rows.between(connection, since, until)

    def trail(self, wanted: TrailQuery, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """Of what is wanted the newest rows, or those before a number."""
        with self._database.read() as connection:
            return audit_rows.newest(connection, before=before, limit=limit, wanted=wanted)

    def audit_trail(self, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """The newest rows, or those before a number."""
        with self._database.read() as connection:
            return audit_rows.newest(connection, before=before, limit=limit)
