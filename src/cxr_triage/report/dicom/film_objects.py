"""The captures of a film's result: a page, and the heatmap of each flagged finding."""

from collections.abc import Callable, Iterator
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


def captures(
    film: SourceFilm,
    assessment: Assessment,
    identity: ObjectIdentity,
    draw: Draw,
    making: Making,
    *,
    compressed: bool,
) -> Iterator[DicomObject]:
    """The page first: in one series, numbered. identity: of the page."""
    language = making.language
    parts = [(PAGE, say("dicom.page", language))]
    if assessment.crop is not None:
        parts += [
            (
                finding.label,
                say("dicom.overlay", language, finding=finding_name(finding.label, language)),
            )
            for finding in leading_first(assessment)
        ]
    for number, (part, what) in enumerate(parts, start=1):
        yield capture(
            draw(part),
            identity.of_part(part),
            film,
            making,
            number=number,
            what=what,
            compressed=compressed,
        )
