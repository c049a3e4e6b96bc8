"""What a destination should have of a study as it is now."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cxr_triage.domain import PRIORITIES
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.service.delivery.destinations import Destination
from cxr_triage.store.records import StoredAssessment, StudyDetail
from cxr_triage.store.rows.deliveries import key_of_delivery, kind_of
from cxr_triage.store.rows.tasks import NewTask

OF_STUDY: Final = frozenset({"pdf"})
OF_READING: Final = frozenset({"pdf", "sr"})
"""Kinds that tell what doctors said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An object (a series of captures) for a destination. image_id: of the film; empty for one that
    is of the whole study."""

    study_id: str
    image_id: str
    identity: ObjectIdentity
    urgency: int

    def task(self, destination: Destination) -> NewTask:
        """Once alone, for ever."""
        return NewTask(
            kind=kind_of(destination.name),
            key=key_of_delivery(destination.name, self.identity.sop_uid),
            arguments={
                "study": self.study_id, "image": self.image_id, "kind": self.identity.kind,
                "uid": self.identity.sop_uid,
            },
            priority=self.urgency,
            most_attempts=destination.attempts,
        )  # fmt: skip


def is_signed(detail: StudyDetail) -> bool:
    """Does a signature stand for every film as it is now?"""
    return detail.row.state == "signed"


def due(detail: StudyDetail, destination: Destination) -> Iterator[Order]:
    """Nothing while it is open whose films they are, and nothing of pictures, which no archive has
    a study of."""
    row = detail.row
    if row.contested and row.settled_at is None:
        return
    films = [one for one in detail.images if one.assessment.header.source == "dicom"]
    if not films or not destination.wants(row.priority, row.station_id, signed=is_signed(detail)):
        return
    urgency = PRIORITIES.index(row.priority)
    for kind in destination.send:
        for one in films[:1] if kind in OF_STUDY else films:
            image_id = "" if kind in OF_STUDY else one.image_id
            identity = identity_of(detail, one, kind, destination)
            yield Order(
                study_id=row.study_id, image_id=image_id, identity=identity, urgency=urgency
            )


def identity_of(
    detail: StudyDetail, one: StoredAssessment, kind: str, destination: Destination
) -> ObjectIdentity:
    """Of an object about that film, or about the study."""
    whole = kind in OF_STUDY
    fingerprint = one.assessment.fingerprint
    if whole:
        fingerprint = _hashed([film.assessment.id for film in detail.images])
    form = f"{destination.compressed} {destination.charset}"
    return ObjectIdentity(
        source=detail.row.study_id if whole else one.image_id,
        patient=patient_version(detail),
        fingerprint=f"{fingerprint} {form}",
        kind=kind,
        language=destination.language,
        reading=_reading(detail, one, whole=whole) if kind in OF_READING else "",
        part="page" if kind == "capture" else "",
    )


def patient_version(detail: StudyDetail) -> str:
    """Of whom its results name: another after each change, though it be back to what was before."""
    changes = [one.version for one in detail.corrections if one.before != one.after]
    changes += [one.version for one in detail.corrections if one.kind == "identity"]
    return f"{detail.row.study_id}:{max(changes, default=0)}"


def _reading(detail: StudyDetail, one: StoredAssessment, *, whole: bool) -> str:
    """Of what was signed of the film, or of any; drafts are nobody's business yet."""
    signed = [
        (review.id, review.version)
        for review in detail.reviews
        if review.signed_at is not None and (whole or review.assessment_id == one.assessment.id)
    ]
    state = detail.row.state if detail.row.state in {"signed", "changed"} else ""
    if not signed and not state:
        return ""
    when = "" if detail.row.signed_at is None else detail.row.signed_at.isoformat()
    return _hashed([*map(str, sorted(signed)), state, when])


def _hashed(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
