"""What went out under another name than holds now, or of films that are gone, is withdrawn."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cxr_triage.domain import Patient
from cxr_triage.errors import NotFound
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.service.delivery.destinations import Destination
from cxr_triage.service.delivery.due import patient_version
from cxr_triage.store.records import EVERYWHERE, StudyDetail
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.deliveries import SentObject, key_of_delivery, kind_of
from cxr_triage.store.rows.tasks import NewTask

REJECTION: Final = "rejection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Objects that a destination has under one name and is to forget."""

    study_id: str
    identity: ObjectIdentity
    objects: tuple[SentObject, ...]

    def task(self, destination: Destination) -> NewTask:
        """Before anything new is sent."""
        return NewTask(
            kind=kind_of(destination.name),
            key=key_of_delivery(destination.name, self.identity.sop_uid),
            arguments={
                "study": self.study_id, "image": "", "kind": REJECTION,
                "uid": self.identity.sop_uid,
            },
            priority=0,
            most_attempts=destination.attempts,
        )  # fmt: skip


def withdrawals(
    store: Store, detail: StudyDetail, destination: Destination
) -> Iterator[Withdrawal]:
    """By the name under which they went out."""
    study_id, now = detail.row.study_id, patient_version(detail)
    sources = {study_id, *(one.image_id for one in detail.images)}
    wrong: dict[tuple[str, str], list[SentObject]] = defaultdict(list)
    for one in store.deliveries.sent(study_id=study_id, source_ids=sources):
        stays = one.source_id in sources and one.patient_version == now
        if one.destination == destination.name and one.kind != REJECTION and not stays:
            wrong[one.patient_version, one.study_uid].append(one)
    for (version, study_uid), objects in wrong.items():
        uids = json.dumps([study_uid, *sorted(one.sop_uid for one in objects)])
        yield Withdrawal(
            study_id=study_id,
            identity=ObjectIdentity(
                source=objects[0].study_id,
                patient=version,
                fingerprint=hashlib.sha256(uids.encode()).hexdigest(),
                kind=REJECTION,
                language=destination.language,
            ),
            objects=tuple(objects),
        )


def named_then(store: Store, detail: StudyDetail, version: str) -> Patient:
    """Whom the objects of that version name."""
    study_id, _, number = version.rpartition(":")
    try:
        then = detail if study_id == detail.row.study_id else store.study(study_id, EVERYWHERE)
    except NotFound:  # it was merged with this one
        return detail.row.filed
    later = [
        one for one in then.corrections
        if one.version > int(number) and one.before is not None and one.before != one.after
    ]  # fmt: skip
    first = min(later, key=lambda one: one.version, default=None)
    return then.row.patient if first is None or first.before is None else first.before
