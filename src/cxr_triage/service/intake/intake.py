"""Taking an image in: known already, or read, scored, kept, and only then acknowledged."""

from dataclasses import replace
from datetime import UTC, datetime

from cxr_triage.domain import Header
from cxr_triage.errors import (
    BlobDamaged,
    Conflict,
    DecodingInterrupted,
    ImageError,
    TriageError,
)
from cxr_triage.imaging.dicom.dataset import looks_like_dicom
from cxr_triage.logs import log
from cxr_triage.service.audit import Action, Actor, Origin, entry, note
from cxr_triage.service.inference.pool import Assessed, InferencePool
from cxr_triage.service.inference.turns import Claim
from cxr_triage.service.intake.attempts import Attempts
from cxr_triage.service.intake.declared import NOTHING_DECLARED, Declared
from cxr_triage.service.intake.quotas import Quotas
from cxr_triage.service.intake.spool import Received
from cxr_triage.service.metrics import Entrance, Metrics
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.corrections import Corrections
from cxr_triage.store.records import EVERYWHERE, Kept, NewImage, StoredAssessment
from cxr_triage.store.repository import Store

FIRST_BYTES = 4096


class Intake:
    """One for every entrance. Safe to call from several threads."""

    def __init__(self, store: Store, pool: InferencePool, metrics: Metrics, quotas: Quotas) -> None:
        self._corrections = Corrections(store=store, pool=pool)
        self._store = store
        self._pool = pool
        self._metrics = metrics
        self._quotas = quotas
        self._attempts = Attempts()

    def take(
        self,
        received: Received,
        who: Principal,
        *,
        origin: Origin,
        declared: Declared = NOTHING_DECLARED,
        study_uid: str = "",
        entrance: Entrance = "upload",
    ) -> Kept:
        """Keep a file and its result; both are on the disk on return.

        declared: counts for pictures alone; a DICOM object speaks for itself.
        study_uid: of the study that the file must be of; empty: any. Of whom the film is, see
        the warnings of what is returned.
        Raises NotAllowed, ImageError, Conflict (`other_patient`, `other_study`), OverQuota,
        Overloaded, ModelError or StoreError; nothing was kept then, and the file may be sent
        again.
        """
        self._metrics.received(received.seconds)
        try:
            with self._metrics.timed("whole"):
                kept = self._taken(received, who, origin, declared, study_uid)
        except TriageError as error:
            self._metrics.refused(error, entrance)
            raise
        self._metrics.taken(kept, entrance)
        return kept

    def _taken(
        self,
        received: Received,
        who: Principal,
        origin: Origin,
        declared: Declared,
        study_uid: str,
    ) -> Kept:
        who.need("upload")
        actor = who.acts_from(origin)
        with received.file.open("rb") as content:
            if looks_like_dicom(content.read(FIRST_BYTES)):
                declared = NOTHING_DECLARED
        station = who.home
        if who.station_id is None:  # who sees every station may send again what one of them sent
            station = self._store.station_of_file(received.digest) or who.home
        try:
            known = self._store.find_result(
                received.digest,
                declared.fingerprint(self._pool.running.fingerprint),
                station_id=station,
            )
            if known is not None:
                _check_study(known.assessment.header, study_uid)
                return self._sent_again(known, declared, actor)
            return self._keep(received, station, who, origin, declared, study_uid)
        except (ImageError, Conflict):
            note(self._store, entry(Action.IMAGE_REJECTED, actor))
            raise

    def _sent_again(self, known: StoredAssessment, declared: Declared, actor: Actor) -> Kept:
        again = entry(
            Action.IMAGE_SENT_AGAIN,
            actor,
            study_id=known.study_id,
            assessment_id=known.assessment.id,
        )
        note(self._store, again)
        warnings = self._store.identify(
            known.assessment.digest,
            declared.patient,
            station_id=known.station_id,
            at=datetime.now(UTC),
            audit=entry(Action.IDENTITY_CORRECTED, actor),
        )
        stored = self._store.assessment(known.assessment.id, EVERYWHERE)
        return self._followed(Kept(created=False, stored=stored, warnings=warnings))

    def _keep(
        self,
        received: Received,
        station: str,
        who: Principal,
        origin: Origin,
        declared: Declared,
        study_uid: str,
    ) -> Kept:
        allowance = self._quotas.allowance(station)
        self._quotas.check(station, received.size, allowance)
        with self._metrics.timed("assess"):
            assessed = self._assessed(received, declared, Claim(party=who.party))
        if assessed.assessment.digest != received.digest:  # the disk does not give what it got
            raise BlobDamaged("blob_damaged")
        _check_study(assessed.assessment.header, study_uid)
        image = NewImage(
            file=received.file,
            size=received.size,
            patient=assessed.patient,
            station_id=station,
            received_at=datetime.now(UTC),
            file_name=received.name,
            machine=who.machine,
        )
        audit = entry(Action.IMAGE_KEPT, who.acts_from(origin))
        with self._metrics.timed("keep"):
            kept = self._store.keep(image, assessed.assessment, audit=audit, allowance=allowance)
        return self._followed(kept)

    def _assessed(self, received: Received, declared: Declared, claim: Claim) -> Assessed:
        """A film that could not be finished as often as it may be tried is refused for that."""
        try:
            assessed = self._pool.assess(received.file, declared, claim=claim)
        except DecodingInterrupted as trouble:
            if not self._attempts.failed(received.digest):
                raise
            log.warning("a film is not assessed: %s too often", trouble.code)
            assessed = self._pool.assess(
                received.file, declared, claim=claim, unfinished=trouble.code
            )
        self._attempts.ended(received.digest)
        return assessed

    def _followed(self, kept: Kept) -> Kept:
        """By what was put right of the study that it came to, or of the film before."""
        try:
            followed = self._corrections.followed(kept.stored)
        except ImageError as trouble:  # it is kept, and refused as it was
            log.warning("a film was not assessed again: %s", trouble.code)
            return kept
        return kept if followed is kept.stored else replace(kept, stored=followed)


def _check_study(header: Header, study_uid: str) -> None:
    """Raises Conflict `other_study`."""
    if study_uid and header.study_uid != study_uid:
        raise Conflict("other_study")
