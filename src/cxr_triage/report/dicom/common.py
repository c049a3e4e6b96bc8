"""What every object of ours says: whom and which study it is of, who made it, when, of what."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from cxr_triage import __version__
from cxr_triage.domain import ModelCard
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.language import Language, say
from cxr_triage.report.dicom.naming import SERIES_NUMBERS, ObjectIdentity
from cxr_triage.report.dicom.source import SourceFilm

MANUFACTURER: Final = "cxr-triage"
UTF8: Final = "ISO_IR 192"
Charset = str
CHARSETS: Final = ("utf-8", "ascii")
"""ascii: for archives that show other letters as garbage; diacritics are left out then."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomObject:
    """A whole object. predecessor: the UID of what it replaces, empty if nothing."""

    identity: ObjectIdentity
    sop_class_uid: str
    study_uid: str = field(repr=False)
    dataset: Dataset = field(repr=False)

    @property
    def sop_uid(self) -> str:
        return self.identity.sop_uid

    def file(self) -> bytes:
        """As a DICOM file (PS3.10), in the transfer syntax of its data set."""
        buffer = BytesIO()
        dcmwrite(buffer, self.dataset, enforce_file_format=True)
        return buffer.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Making:
    """How objects are made. made_at: of the content, in the zone of the place: a retry says the
    same. predecessors: what each identity replaces, as SOP class and instance UIDs,
    and the series that they are of."""

    language: Language
    made_at: datetime
    model: ModelCard = field(repr=False)
    charset: Charset = "utf-8"
    predecessors: tuple[tuple[str, str], ...] = ()
    predecessor_series: str = ""

    def text(self, text: str, longest: int = 64) -> str:
        """As the character set can hold it, at most so long."""
        composed = unicodedata.normalize("NFC", text).replace("\\", "/")
        if self.charset == "ascii":
            composed = plain(composed)
        return composed[:longest].strip()

    def say(self, key: str, **values: Any) -> str:  # noqa: ANN401 - of sentences
        return self.text(say(key, self.language, **values))


def plain(text: str) -> str:
    """Without diacritics; what has no letter in ASCII becomes a question mark."""
    folded = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    for typographic, simple in (("–", "-"), ("·", "-"), ("“", '"'), ("”", '"'), ("…", "...")):
        kept = kept.replace(typographic, simple)
    return kept.encode("ascii", "replace").decode()


def begun(identity: ObjectIdentity, sop_class: str, film: SourceFilm, making: Making) -> Dataset:
    """A data set with everything but what the kind itself adds."""
    ds = Dataset()
    ds.file_meta = _meta(sop_class, identity.sop_uid)
    if making.charset != "ascii":
        ds.SpecificCharacterSet = UTF8
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, identity.sop_uid
    date, time = making.made_at.strftime("%Y%m%d"), making.made_at.strftime("%H%M%S")
    ds.InstanceCreationDate, ds.InstanceCreationTime = date, time
    ds.InstanceCreatorUID = f"{OWN_ROOT}.0"
    ds.ContentDate, ds.ContentTime = date, time
    ds.TimezoneOffsetFromUTC = making.made_at.strftime("%z")[:5] or "+0000"
    _of_patient(ds, film, making)
    _of_study(ds, film, making)
    ds.SeriesInstanceUID = identity.series_uid
    ds.SeriesNumber = SERIES_NUMBERS[identity.kind]
    ds.SeriesDescription = making.say("dicom.series")
    ds.SeriesDate, ds.SeriesTime = date, time
    _of_equipment(ds, making)
    ds.InstanceNumber = 1
    return ds


def _meta(sop_class: str, sop_uid: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(f"{OWN_ROOT}.0")
    meta.ImplementationVersionName = f"CXRTRIAGE_{__version__}"[:16]
    return meta


def _of_patient(ds: Dataset, film: SourceFilm, making: Making) -> None:
    patient = film.patient
    ds.PatientName = making.text(patient.name, 320)
    ds.PatientID = patient.id
    if patient.issuer:
        ds.IssuerOfPatientID = making.text(patient.issuer)
    born = patient.birth_date.replace("-", "")
    ds.PatientBirthDate = born if len(born) == 8 else ""
    ds.PatientSex = patient.sex if patient.sex in {"M", "F", "O"} else ""
    if film.age:
        ds.PatientAge = film.age


def _of_study(ds: Dataset, film: SourceFilm, making: Making) -> None:
    ds.StudyInstanceUID = film.study_uid
    ds.StudyDate, ds.StudyTime = film.study_date, film.study_time
    ds.StudyID = making.text(film.study_id, 16)
    ds.AccessionNumber = film.accession
    ds.ReferringPhysicianName = making.text(film.referring, 320)
    if film.study_description:
        ds.StudyDescription = making.text(film.study_description)


def _of_equipment(ds: Dataset, making: Making) -> None:
    ds.Manufacturer = MANUFACTURER
    ds.ManufacturerModelName = making.text(f"{making.model.name} {making.model.version}")
    ds.DeviceSerialNumber = making.model.sha256[:16]
    ds.SoftwareVersions = __version__


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def reference(sop_class: str, sop_uid: str, purpose: Dataset | None = None) -> Dataset:
    """An item that refers to an instance."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_uid
    if purpose is not None:
        item.PurposeOfReferenceCodeSequence = DicomSequence([purpose])
    return item


def replaced(making: Making) -> DicomSequence | None:
    """References to what an object replaces."""
    if not making.predecessors:
        return None
    purpose = coded("121360", "DCM", "Replaced report")
    return DicomSequence([reference(*one, purpose) for one in making.predecessors])
