"""One image, its result and its audit row → rows, within the caller's transaction."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from cxr_triage.domain import Assessment, Patient, Reason, contradict, names_differ
from cxr_triage.errors import Conflict, NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import assessments, images, patients, studies
from cxr_triage.store.records import AuditEntry, Kept, NewImage
from cxr_triage.store.rows import keys as identity
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.history import note_correction
from cxr_triage.store.rows.patients import COLUMNS, keep_patient, patient_of
from cxr_triage.store.rows.placing import StudyNumber, arrange, mark_twins, refresh, study_for
from cxr_triage.store.rows.quotas import Allowance, count
from cxr_triage.store.rows.results import find, image_of_file, keep_result
from cxr_triage.store.rows.sealing import seals_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A new image whose assessment bears the store's id, and UIDs that were made where the file
    had none."""

    image: NewImage = field(repr=False)
    assessment: Assessment

    @property
    def number(self) -> StudyNumber:
        """The study's, as columns hold it."""
        uid = identity.key_of(self.assessment.header.study_uid)
        return StudyNumber(station_id=self.image.station_id, uid=uid)


def place(image: NewImage, assessment: Assessment) -> Placed:
    """Name what has no name yet."""
    station, digest, header = image.station_id, assessment.digest, assessment.header
    header = replace(
        header,
        study_uid=header.study_uid or identity.made_uid("study uid", station, digest),
        series_uid=header.series_uid or identity.made_uid("series uid", station, digest),
        sop_uid=header.sop_uid or identity.made_uid("sop uid", station, digest),
    )
    return Placed(
        image=image,
        assessment=replace(
            assessment,
            id=identity.result_id(station, digest, assessment.fingerprint),
            header=header,
        ),
    )


def keep_rows(
    connection: Connection, placed: Placed, audit: AuditEntry, allowance: Allowance | None
) -> Kept | None:
    """Write every row; None if the result was there already (then nothing is written).

    The caller holds the station. Raises OverQuota.
    """
    if _there(connection, assessments.c.id, placed.assessment.id):
        return None
    known = _known_image(connection, placed)
    changed: frozenset[str] = frozenset()
    corrected = False
    if known is None:
        image_id, changed = _keep_image(connection, placed)
    else:
        image_id = str(known.id)
        _note_pixels(connection, image_id, placed.assessment.pixel_digest)
        said = placed.image.patient
        changed = identify(connection, known, said, at=placed.image.received_at, audit=audit)
        corrected = bool(changed)
    _keep_assessment(connection, placed, image_id)
    study_id = str(connection.scalar(select(images.c.study_id).where(images.c.id == image_id)))
    new = known is None
    signing.after_keeping(connection, study_id, new_film=new, new_result=not new)
    _note_accession(connection, study_id, placed.assessment.header.accession)
    refresh(connection, study_id)
    if allowance is not None:
        count(connection, placed.image.station_id, placed.image.size, allowance)
    append(
        connection,
        replace(
            audit,
            study_id=study_id,
            assessment_id=placed.assessment.id,
            fingerprint=placed.assessment.fingerprint,
        ),
        seals_of(connection, study_id, *changed, results=(placed.assessment.id,)),
    )
    stored = find(connection, placed.assessment.id)
    if stored is None:
        raise RuntimeError("what was written is there")
    return Kept(
        created=True,
        stored=stored,
        warnings=warnings_of(connection, image_id, corrected=corrected),
    )


def identify(
    connection: Connection, known: Row[Any], patient: Patient, *, at: datetime, audit: AuditEntry
) -> frozenset[str]:
    """A known image has come again: whom does its file show now? The studies that changed, if that
    was another answer.

    known: a row of it that has `COLUMNS`. What the new file leaves out stays as it was.
    """
    said = patient.completed_by(patient_of(known))
    row = keep_patient(connection, known.station_id, said)
    if row == known.patient_id:
        return frozenset()
    connection.execute(
        update(images).where(images.c.id == known.id).values(patient_id=row, identified_at=at)
    )
    note_correction(
        connection,
        study_id=known.study_id,
        image_id=known.id,
        kind="sent_again",
        audit=audit,
        at=at,
        patients=(known.patient_id, row),
    )
    uid = connection.scalar(select(studies.c.study_uid).where(studies.c.id == known.study_id))
    number = StudyNumber(station_id=known.station_id, uid=str(uid))
    return arrange(connection, number, received_at=at).changed | {str(known.study_id)}


def identify_file(
    connection: Connection,
    digest: str,
    patient: Patient,
    station_id: str,
    at: datetime,
    audit: AuditEntry,
) -> tuple[Reason, ...]:
    """See Store.identify."""
    known = image_of_file(connection, digest, station_id)
    if known is None:
        raise NotFound("assessment_not_found")
    if contradict(patient_of(known), patient):
        raise Conflict("other_patient")
    changed = identify(connection, known, patient, at=at, audit=audit)
    if changed:
        study_id = str(connection.scalar(select(images.c.study_id).where(images.c.id == known.id)))
        refresh(connection, study_id)
        seals = seals_of(connection, study_id, *changed)
        append(connection, replace(audit, study_id=study_id), seals)
    return warnings_of(connection, known.id, corrected=bool(changed))


def warnings_of(connection: Connection, image_id: str, *, corrected: bool) -> tuple[Reason, ...]:
    """What the sender should know of how the image was kept."""
    row = connection.execute(
        select(images.c.twin, studies.c.contested, studies.c.filed_patient_id, *COLUMNS)
        .join_from(images, studies, studies.c.id == images.c.study_id)
        .join(patients, patients.c.id == images.c.patient_id)
        .where(images.c.id == image_id)
    ).one()
    shown = connection.execute(select(*COLUMNS).where(patients.c.id == row.filed_patient_id)).one()
    said = {
        "identity_corrected": corrected,
        "same_study_number": row.contested,
        "same_image_number": row.twin,
        "other_name": names_differ(patient_of(row), patient_of(shown)),
    }
    return tuple(Reason(code=code) for code, holds in said.items() if holds)


def _there(connection: Connection, column: Any, value: str) -> bool:  # noqa: ANN401 - any column
    return connection.execute(select(column).where(column == value)).first() is not None


def _known_image(connection: Connection, placed: Placed) -> Row[Any] | None:
    """The image that this is another file of: the same SOP instance, pixels and patient."""
    pixels, patient = placed.assessment.pixel_digest, placed.image.patient
    uid = identity.key_of(placed.assessment.header.sop_uid)
    of_instance = connection.execute(
        select(images, *COLUMNS)
        .join(patients, patients.c.id == images.c.patient_id)
        .where(images.c.station_id == placed.image.station_id, images.c.sop_uid == uid)
        .order_by(images.c.received_at, images.c.id)
    )
    alike = [
        row
        for row in of_instance
        if not (row.pixel_digest and pixels and row.pixel_digest != pixels)
        and not contradict(patient_of(row), patient)
    ]
    return min(alike, key=lambda row: row.pixel_digest != pixels, default=None)


def _keep_image(connection: Connection, placed: Placed) -> tuple[str, frozenset[str]]:
    """Make the image in the study that it is of, and which studies that changed; others of its SOP
    Instance UID are marked."""
    image, header = placed.image, placed.assessment.header
    found = study_for(connection, placed.number, image.patient, received_at=image.received_at)
    first = identity.image_id(image.station_id, header.sop_uid)
    made = identity.new_id() if _there(connection, images.c.id, first) else first
    connection.execute(
        insert(images).values(
            id=made,
            study_id=found.study,
            station_id=image.station_id,
            patient_id=keep_patient(connection, image.station_id, image.patient),
            sop_uid=identity.key_of(header.sop_uid),
            series_uid=identity.key_of(header.series_uid),
            digest=placed.assessment.digest,
            pixel_digest=placed.assessment.pixel_digest,
            file_name=image.file_name,
            machine=image.machine,
            rows=header.rows,
            columns=header.columns,
            received_at=image.received_at,
            identified_at=image.received_at,
            twin=False,
            placed_by_hand=False,
            corrected="{}",
        )
    )
    mark_twins(connection, image.station_id, [identity.key_of(header.sop_uid)])
    return made, found.changed


def _note_pixels(connection: Connection, image_id: str, pixel_digest: str) -> None:
    """An image that was refused by its header was not decoded: the first decoding says what
    its pixels are."""
    connection.execute(
        update(images)
        .where(images.c.id == image_id, images.c.pixel_digest == "")
        .values(pixel_digest=pixel_digest)
    )


def _note_accession(connection: Connection, study_id: str, accession: str) -> None:
    connection.execute(
        update(studies)
        .where(studies.c.id == study_id, studies.c.accession == "")
        .values(accession=identity.key_of(accession))
    )


def _keep_assessment(connection: Connection, placed: Placed, image_id: str) -> None:
    connection.execute(
        update(assessments)
        .where(assessments.c.image_id == image_id, assessments.c.is_current)
        .values(is_current=False)
    )
    keep_result(connection, placed.assessment, image_id, at=placed.image.received_at)
