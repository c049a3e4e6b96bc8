"""`score --dicom-out`: the results of a run as DICOM objects, in a folder."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from cxr_triage.batch.files import write_whole, writing
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Assessment, Radiograph
from cxr_triage.errors import ImageError
from cxr_triage.language import Language, say
from cxr_triage.report.dicom.common import DicomObject, Making
from cxr_triage.report.dicom.document import document
from cxr_triage.report.dicom.film_objects import PAGE, captures
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.page import LARGER, page
from cxr_triage.report.dicom.source import SourceFilm, source_of
from cxr_triage.report.dicom.structured_report import structured_report
from cxr_triage.report.film.film import printed_film
from cxr_triage.report.film.overlay import overlay
from cxr_triage.report.study.pdf import pdf
from cxr_triage.report.study.report import ReportedFilm, StudyReport
from cxr_triage.report.study.wording import sheet_of
from cxr_triage.triage.pipeline import Pipeline


class DicomObjects:
    """Takes each result once and writes what belongs into a film's study: captures and a PDF.

    Files are named for the film's SHA-256. What is no DICOM object has no study to go to.
    """

    def __init__(
        self, folder: Path, pipeline: Pipeline, *, language: Language, zone: ZoneInfo
    ) -> None:
        """Makes the folder. Raises OutputFailed."""
        self._folder = folder
        self._pipeline = pipeline
        self._language: Language = language
        self._zone = zone
        with writing():
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, result: FileResult) -> None:
        """Raises OutputFailed."""
        found = result.assessment
        if found is None or found.header.source != "dicom":
            return
        try:
            film = source_of(result.path.read_bytes())
        except (OSError, ImageError):  # it was there a moment ago
            return
        for one in self._objects(found, result.radiograph, film):
            part = one.identity.part.replace(" ", "_")
            name = "-".join(filter(None, (found.digest[:32], one.identity.kind, part)))
            write_whole(self._folder / f"{name}.dcm", one.file())

    def _objects(
        self, found: Assessment, radiograph: Radiograph | None, film: SourceFilm
    ) -> list[DicomObject]:
        made_at = found.created_at.astimezone(self._zone)
        making = Making(language=self._language, made_at=made_at, model=found.model)
        identity = ObjectIdentity(
            source=found.digest, patient="", fingerprint=found.fingerprint, kind="capture",
            language=self._language, part=PAGE,
        )  # fmt: skip
        drawn = partial(self._drawn, found, radiograph, made_at)
        report = self._report(found, radiograph, film, made_at)
        title = say("dicom.document", self._language)
        paper = document(
            pdf(sheet_of(report, self._language)),
            replace(identity, kind="pdf", part=""),
            (film,),
            making,
            title=title,
            verified=False,
        )
        pages = list(captures(film, found, identity, drawn, making, compressed=True))
        report_as_data = structured_report(
            film, found, replace(identity, kind="sr", part=""), making,
            explanations={one.identity.part: one.identity for one in pages[1:]},
        )  # fmt: skip
        return [*pages, paper, report_as_data]

    def _drawn(
        self, found: Assessment, radiograph: Radiograph | None, when: datetime, part: str
    ) -> Image.Image:
        pixels = None if radiograph is None else radiograph.pixels
        if part == PAGE:
            return page(
                pixels, found, language=self._language, when=when,
                steps=self._pipeline.policy.next_steps, scale=LARGER,
            )  # fmt: skip
        if pixels is None:
            raise RuntimeError("a finding has pixels")
        finding = next(one for one in found.findings if one.label == part)
        return overlay(pixels, found, finding, language=self._language)

    def _report(
        self, found: Assessment, radiograph: Radiograph | None, film: SourceFilm, when: datetime
    ) -> StudyReport:
        pixels = None if radiograph is None else radiograph.pixels
        policy = self._pipeline.policy
        return StudyReport(
            study_id=found.digest,
            place="",
            address="",
            station=film.institution or "–",
            patient=film.patient,
            accession=film.accession,
            age_years=found.header.age_years,
            sex=found.header.sex,
            acquired_at=found.header.acquired_at,
            received_at=when,
            printed_at=when,
            priority=found.priority,
            ai_priority=found.priority,
            reason=found.reason,
            policy=f"{policy.name} {policy.version}",
            films=(ReportedFilm(film=printed_film(found, pixels)),),
            steps=policy.next_steps,
        )
