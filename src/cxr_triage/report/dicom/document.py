"""Encapsulated PDF (PS3.3 A.45.1): the study's report on paper, as an instance."""

from typing import Final

from pydicom.sequence import Sequence as DicomSequence

from cxr_triage.report.dicom.common import (
    DicomObject,
    Making,
    begun,
    coded,
    reference,
    replaced,
)
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.source import SourceFilm

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"


def document(
    pdf: bytes,
    identity: ObjectIdentity,
    films: tuple[SourceFilm, ...],
    making: Making,
    *,
    title: str,
    verified: bool,
) -> DicomObject:
    """films: what it is about, the one that makes the priority first. verified: everything in it
    is signed."""
    film = films[0]
    ds = begun(identity, ENCAPSULATED_PDF, film, making)
    ds.Modality = "DOC"
    ds.ConversionType = "WSD"
    ds.AcquisitionDateTime = film.acquired_at.translate(str.maketrans("", "", "-T:"))
    ds.BurnedInAnnotation = "YES"
    ds.RecognizableVisualFeatures = "NO"
    purpose = coded("121324", "DCM", "Source image")
    sources = [reference(one.sop_class_uid, one.sop_uid, purpose) for one in films]
    ds.SourceInstanceSequence = DicomSequence([*sources, *(replaced(making) or ())])
    ds.DocumentTitle = making.text(title, 1024)
    ds.ConceptNameCodeSequence = DicomSequence(
        [coded("18748-4", "LN", "Diagnostic Imaging Report")]
    )
    ds.VerificationFlag = "VERIFIED" if verified else "UNVERIFIED"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return DicomObject(
        identity=identity, sop_class_uid=ENCAPSULATED_PDF, study_uid=film.study_uid, dataset=ds
    )
