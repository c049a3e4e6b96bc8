"""Other studies of a patient, to be looked at beside: certain ones, and those that may be."""

from sqlalchemy import Connection, or_, select

from cxr_triage.domain import Patient, folded, same_patient
from cxr_triage.store.database.tables import patients
from cxr_triage.store.records import OtherStudy, Scope, StudyRow
from cxr_triage.store.rows.keys import key_of
from cxr_triage.store.rows.studies import of_patients, study_row

MOST = 24
MOST_CANDIDATES = 400


def others(connection: Connection, study_id: str, scope: Scope) -> tuple[OtherStudy, ...]:
    """Certain ones first, each newest first. Raises NotFound."""
    row = study_row(connection, study_id, scope)
    rows = _candidates(connection, row.patient, scope)
    if not rows:
        return ()
    judged = [
        (other, _same(row, other))
        for other in of_patients(connection, rows, scope, but=study_id, limit=MOST_CANDIDATES)
    ]
    found = [
        OtherStudy(row=other, certain=bool(same)) for other, same in judged if same is not False
    ]
    found.sort(key=lambda one: not one.certain)
    return tuple(found[:MOST])


def _same(row: StudyRow, other: StudyRow) -> bool | None:
    if row.contested and not row.settled_at and other.study_uid == row.study_uid:
        return False  # whose they are is being settled
    at_one_station = row.station_id == other.station_id
    return same_patient(row.patient, other.patient, at_one_station=at_one_station)


def _candidates(connection: Connection, patient: Patient, scope: Scope) -> list[str]:
    """Rows of patients with that number, or that name and birth date."""
    ways = []
    if patient.id:
        ways.append(patients.c.patient_id == key_of(patient.id))
    name = folded(patient.name)
    if name and patient.birth_date:
        named = patients.c.folded.startswith(f"{name}\n", autoescape=True)
        ways.append(named & (patients.c.birth_date == patient.birth_date))
    if not ways:
        return []
    query = select(patients.c.id).where(or_(*ways)).limit(MOST_CANDIDATES)
    if scope.station_id is not None:
        query = query.where(patients.c.station_id == scope.station_id)
    return list(connection.scalars(query))
