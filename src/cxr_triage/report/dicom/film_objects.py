"""The captures of a film's result: a page, and the heatmap of each flagged finding."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from cxr_triage.domain import Assessment
from cxr_triage.labels import finding_name
from cxr_triage.language import say
from cxr_triage.report.dicom.capture import capture
from cxr_triage.report.dicom.common import DicomObject, Making
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.source import SourceFilm
from cxr_triage.report.film.film import leading_first

PAGE: Final = "page"

Draw = Callable[[str], Image.Image]
"""The page (PAGE), or the heatmap of the finding with that label."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmResult:
    """A film and its result. source_id: our own id of the film."""

    film: SourceFilm
    assessment: Assessment
    source_id: str = field(repr=False)
    patient_version: str = ""

    def identity(self, kind: str, making: Making, *, reading: str = "") -> ObjectIdentity:
        return ObjectIdentity(
            source=self.source_id,
            patient=self.patient_version,
            fingerprint=self.assessment.fingerprint,
            kind=kind,
            language=making.language,
            reading=reading,
        )


def captures(
    result: FilmResult, draw: Draw, making: Making, *, compressed: bool
) -> Iterator[DicomObject]:
    """The page first: in one series, numbered."""
    identity, language = result.identity("capture", making), making.language
    parts = [(PAGE, say("dicom.page", language))]
    if result.assessment.crop is not None:
        parts += [
            (
                finding.label,
                say("dicom.overlay", language, finding=finding_name(finding.label, language)),
            )
            for finding in leading_first(result.assessment)
        ]
    for number, (part, what) in enumerate(parts, start=1):
        yield capture(
            draw(part),
            identity.of_part(part),
            result.film,
            making,
            number=number,
            what=what,
            compressed=compressed,
        )
