"""A rejection note (IHE IOCM, RAD TF-2 4.66): what went out under a wrong name is withdrawn.

A key object selection "Rejected for Patient Safety Reasons", in the study and under the name that
the objects bear, for that is where the archive has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from highdicom import ko, sr
from pydicom import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.coding import Code as CodedConcept

from cxr_triage.report.dicom.common import MANUFACTURER, DicomObject, Making, begun
from cxr_triage.report.dicom.naming import ObjectIdentity, uid_of
from cxr_triage.report.dicom.source import SourceFilm

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
REASON: Final = CodedConcept("113037", "DCM", "Rejected for Patient Safety Reasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An object that is withdrawn."""

    sop_class_uid: str
    sop_uid: str
    series_uid: str = field(repr=False)


def rejection(
    rejected: Sequence[Rejected], identity: ObjectIdentity, film: SourceFilm, making: Making
) -> DicomObject:
    """film: study and patient as the objects have them."""
    evidence = [_evidence(one, film) for one in rejected]
    content = ko.KeyObjectSelection(
        document_title=REASON,
        referenced_objects=evidence,
        observer_device_context=sr.ObserverContext(
            observer_type=CodedConcept("121007", "DCM", "Device"),
            observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                uid=uid_of(f"device {making.model.sha256}"), manufacturer_name=MANUFACTURER
            ),
        ),
        description=making.say("dicom.rejection"),
    )
    made = ko.KeyObjectSelectionDocument(
        evidence=evidence,
        content=content,
        series_instance_uid=identity.series_uid,
        series_number=1,
        sop_instance_uid=identity.sop_uid,
        instance_number=1,
        manufacturer=MANUFACTURER,
    )
    ds = begun(identity, KEY_OBJECT_SELECTION, film, making)
    ds.Modality = "KO"
    for element in made:
        if element.tag not in ds and element.keyword != "ContributingEquipmentSequence":
            ds.add(element)
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence()
    return DicomObject(
        identity=identity, sop_class_uid=KEY_OBJECT_SELECTION, study_uid=film.study_uid, dataset=ds
    )


def _evidence(one: Rejected, film: SourceFilm) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = one.sop_class_uid, one.sop_uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = film.study_uid, one.series_uid
    ds.PatientID, ds.PatientName = film.patient.id, film.patient.name
    ds.PatientBirthDate, ds.PatientSex = "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID = "", "", ""
    ds.AccessionNumber, ds.ReferringPhysicianName = film.accession, ""
    ds.Modality, ds.Rows, ds.Columns = "OT", 1, 1
    return ds
