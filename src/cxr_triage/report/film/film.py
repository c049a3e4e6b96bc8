"""One film in a report: its assessment, and the pictures that people see beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from cxr_triage.domain import F32, Assessment, Finding
from cxr_triage.imaging.heatmap import backdrop, blend, display_image, scale_top

LONGEST = 640
"""Pixels of the longer side of a picture in a report: sharp enough on paper at 85 mm."""

JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Film:
    """A file that could be read, under the path that people see.

    cropped: does any of the image lie outside what the model saw?
    image, overlays (by label): JPEG, PNG or WebP; absent where there is nothing to show.
    """

    path: str
    assessment: Assessment
    cropped: bool = False
    image: bytes | None = field(default=None, repr=False)
    overlays: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def film_of(
    path: str,
    assessment: Assessment,
    pixels: F32 | None,
    *,
    heatmaps: int = 3,
    outlined: bool = False,
) -> Film:
    """A film with its image and the first `heatmaps` overlays, in the order of `leading_first`.

    pixels: f32 [H, W] in ±1024, or None where nothing was decoded.
    outlined: with a line around the strongest part, for prints without colour.
    """
    if pixels is None:
        return Film(path=path, assessment=assessment)
    display, crop = display_image(pixels, LONGEST), assessment.crop
    overlays = {}
    if crop is not None:
        behind = backdrop(display, crop, (pixels.shape[0], pixels.shape[1]))
        top = scale_top(assessment.findings)
        overlays = {
            finding.label: encoded(blend(behind, finding, top, outlined=outlined))
            for finding in leading_first(assessment)[:heatmaps]
        }
    return Film(
        path=path,
        assessment=assessment,
        cropped=crop is not None and crop.side < max(pixels.shape),
        image=encoded(display),
        overlays=overlays,
    )


def leading_first(assessment: Assessment) -> list[Finding]:
    """The flagged findings, the one that made the priority first, so that nobody has to
    look for it; then as they are ranked."""
    return sorted(flagged(assessment), key=lambda finding: finding.label != assessment.reason.label)


def flagged(assessment: Assessment) -> list[Finding]:
    """The flagged findings, in the order of the assessment."""
    return [finding for finding in assessment.findings if finding.flagged]


def encoded(picture: Image.Image) -> bytes:
    """The picture as JPEG."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
