"""Rows of patients: made when something needs them, gone with the last that does."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from cxr_triage.domain import Patient, folded
from cxr_triage.store.database.tables import corrections, images, patients, studies
from cxr_triage.store.rows.keys import LONGEST, key_of, new_id, patient_key

COLUMNS: Final = (
    patients.c.patient_id.label("patient_number"),
    patients.c.issuer,
    patients.c.name.label("patient_name"),
    patients.c.birth_date,
    patients.c.sex,
)
"""Of a query that `patient_of` reads."""

REFERENCES: Final = (
    studies.c.patient_id,
    studies.c.filed_patient_id,
    images.c.patient_id,
    corrections.c.patient_before,
    corrections.c.patient_after,
)


def keep_patient(connection: Connection, station_id: str, patient: Patient) -> str:
    """The row of that very patient at that station, made if it is not there."""
    key = patient_key(patient)
    known = connection.execute(
        select(patients.c.id).where(patients.c.station_id == station_id, patients.c.key == key)
    ).scalar()
    if known is not None:
        return str(known)
    row = new_id()
    connection.execute(
        insert(patients).values(
            id=row,
            station_id=station_id,
            key=key,
            patient_id=key_of(patient.id),
            issuer=key_of(patient.issuer),
            name=patient.name[:LONGEST],
            birth_date=patient.birth_date,
            sex=patient.sex,
            folded=f"{folded(patient.name)}\n{folded(patient.id)}",
        )
    )
    return row


def patient_of(row: Any) -> Patient:  # noqa: ANN401 - SQLAlchemy types rows by their number of columns
    """From a row that has `COLUMNS`."""
    return Patient(
        id=row.patient_number,
        issuer=row.issuer,
        name=row.patient_name,
        birth_date=row.birth_date,
        sex=row.sex,
    )


def remove_unneeded(connection: Connection, *rows: str) -> None:
    """Remove those of the rows that nothing refers to any more."""
    needed: list[ColumnElement[bool]] = [
        patients.c.id.in_(select(column).where(column.in_(rows))) for column in REFERENCES
    ]
    connection.execute(delete(patients).where(patients.c.id.in_(rows), ~or_(*needed)))
