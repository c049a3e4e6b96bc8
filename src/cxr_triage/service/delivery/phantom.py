"""A phantom study for trying a destination: nobody's, and it says so."""

from datetime import datetime

from PIL import Image

from cxr_triage.domain import ModelCard, Patient
from cxr_triage.report.dicom.capture import capture
from cxr_triage.report.dicom.common import DicomObject, Making
from cxr_triage.report.dicom.naming import ObjectIdentity, uid_of
from cxr_triage.report.dicom.source import SECONDARY_CAPTURE, SourceFilm
from cxr_triage.report.film.lettering import AMBER, TEXT, Line, stacked, text_block
from cxr_triage.service.delivery.destinations import Destination

WIDTH = 640


def phantom(destination: Destination, model: ModelCard, when: datetime) -> DicomObject:
    """A picture with words, of a patient whose name says that it is a test."""
    name = destination.name
    film = SourceFilm(
        sop_class_uid=SECONDARY_CAPTURE,
        sop_uid=uid_of(f"phantom film {name}"),
        series_uid=uid_of(f"phantom series {name}"),
        study_uid=uid_of(f"phantom study {name}"),
        patient=Patient(id="CXR-TRIAGE-TEST", name="TEST^PHANTOM"),
        accession="",
        rows=0,
        columns=0,
        study_date=when.strftime("%Y%m%d"),
        study_id="TEST",
    )
    identity = ObjectIdentity(
        source=name, patient="", fingerprint="", kind="capture", language=destination.language,
        part=when.strftime("%Y%m%d"),
    )  # fmt: skip
    making = Making(
        language=destination.language, made_at=when, model=model, charset=destination.charset
    )
    lines = [
        Line(text="cxr-triage", size=34, colour=AMBER),
        Line(text=f"TEST · THỬ NGHIỆM · {name}", size=24, colour=TEXT),
    ]
    picture: Image.Image = stacked(text_block(lines, WIDTH))[0]
    return capture(
        picture, identity, film, making, number=1, what="test", compressed=destination.compressed
    )
