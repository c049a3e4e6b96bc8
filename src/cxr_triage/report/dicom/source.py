"""The film that an object is about, with what a bare header lacks: completed here alone."""

import re
from dataclasses import dataclass, field
from typing import Final

from cxr_triage.domain import Header, Patient
from cxr_triage.imaging.dicom.dataset import DataSet, read_header
from cxr_triage.imaging.dicom.header import header_of, patient_of
from cxr_triage.imaging.limits import Limits

STUDY_DATE, STUDY_TIME, STUDY_ID = 0x00080020, 0x00080030, 0x00200010
REFERRING, STUDY_DESCRIPTION, AGE = 0x00080090, 0x00081030, 0x00101010
COMPUTED_RADIOGRAPHY: Final = "1.2.840.10008.5.1.4.1.1.1"
SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"

DATE: Final = re.compile(r"\d{8}")
TIME: Final = re.compile(r"\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?")
AGE_TEXT: Final = re.compile(r"\d{3}[DWMY]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SourceFilm:
    """What an object takes from its film. Times and dates are valid, or empty.

    patient: whom the study shows now. laterality: R, L, B or empty. spacing_mm: between rows and
    columns, 1 where the film does not say (`spacing_said`: does it?).
    """

    sop_class_uid: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient: Patient
    accession: str
    rows: int
    columns: int
    age: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    referring: str = ""
    study_description: str = ""
    modality: str = "CR"
    view: str = ""
    acquired_at: str = ""
    patient_orientation: tuple[str, ...] = ()
    laterality: str = ""
    spacing_mm: tuple[float, float] = (1.0, 1.0)
    spacing_said: bool = False
    institution: str = field(default="")


def source_of(
    data: bytes, *, header: Header | None = None, patient: Patient | None = None,
    accession: str | None = None,
) -> SourceFilm:  # fmt: skip
    """The film of a DICOM file. header: as the store holds it (UIDs that it gave), patient,
    accession: what holds now, if a person put it right. Raises ImageError."""
    file = read_header(data, Limits())
    ds, found = file.dataset, header_of(file)
    uids = header or found
    orientation = tuple(part for part in found.patient_orientation.split("\\") if part)
    return SourceFilm(
        sop_class_uid=found.sop_class_uid or _class_of(found.modality),
        sop_uid=uids.sop_uid,
        series_uid=uids.series_uid,
        study_uid=uids.study_uid,
        patient=patient_of(ds) if patient is None else patient,
        accession=found.accession if accession is None else accession,
        rows=found.rows,
        columns=found.columns,
        age=_valid(ds, AGE, AGE_TEXT),
        study_date=_valid(ds, STUDY_DATE, DATE),
        study_time=_valid(ds, STUDY_TIME, TIME),
        study_id=ds.text(STUDY_ID)[:16],
        referring=ds.text(REFERRING),
        study_description=ds.text(STUDY_DESCRIPTION)[:64],
        modality=found.modality or "CR",
        view=found.view,
        acquired_at=found.acquired_at,
        patient_orientation=orientation if len(orientation) == 2 else (),
        laterality=found.laterality if found.laterality in {"R", "L", "B"} else "",
        spacing_mm=found.spacing_mm or (1.0, 1.0),
        spacing_said=found.spacing_mm is not None,
        institution=found.institution[:64],
    )


def _class_of(modality: str) -> str:
    return COMPUTED_RADIOGRAPHY if modality in {"CR", "DX"} else SECONDARY_CAPTURE


def _valid(ds: DataSet, tag: int, form: re.Pattern[str]) -> str:
    text = ds.text(tag)
    return text if form.fullmatch(text) else ""
