"""One film in a report: its assessment, and the pictures that people see beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from cxr_triage.domain import F32, Assessment, CropBox, Finding
from cxr_triage.imaging.heatmap import (
    OPACITIES,
    backdrop,
    blend,
    display_image,
    map_tile,
    scale_top,
    scaled,
)

LONGEST = 640
"""Pixels of the longer side of a picture in a report: sharp enough on paper at 85 mm."""

JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where the maps lie: the sides of the display image, and in it what the model saw."""

    width: int
    height: int
    box: CropBox


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Film:
    """A file that could be read, under the path that people see.

    cropped: does any of the image lie outside what the model saw?
    image: JPEG; absent where there is nothing to show. overlays, by label: whole pictures, JPEG;
    or where `placed` says of what part, the maps alone, small and transparent, PNG, for who can
    lay one over the other.
    """

    path: str
    assessment: Assessment
    cropped: bool = False
    image: bytes | None = field(default=None, repr=False)
    overlays: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    placed: Placed | None = None


def film_of(path: str, assessment: Assessment, pixels: F32 | None, *, heatmaps: int = 3) -> Film:
    """A film for a page: its image once, and the first `heatmaps` maps to lay over it, in the
    order of `leading_first`.

    pixels: f32 [H, W] in ±1024, or None where nothing was decoded.
    """
    if pixels is None:
        return Film(path=path, assessment=assessment)
    display, crop = display_image(pixels, LONGEST), assessment.crop
    top = scale_top(assessment.findings)
    leading = leading_first(assessment)[:heatmaps] if crop is not None else []
    return Film(
        path=path,
        assessment=assessment,
        cropped=is_cropped(assessment, pixels),
        image=jpeg(display),
        overlays={finding.label: map_png(map_tile(finding, top)) for finding in leading},
        placed=None
        if crop is None
        else Placed(
            width=display.width,
            height=display.height,
            box=scaled(crop, (pixels.shape[0], pixels.shape[1]), display.size),
        ),
    )


def printed_film(assessment: Assessment, pixels: F32 | None, *, heatmaps: int = 3) -> Film:
    """As `film_of`, with whole pictures and a line around the strongest part of each map: for
    paper, which has no colour."""
    if pixels is None:
        return Film(path="", assessment=assessment)
    display, crop = display_image(pixels, LONGEST), assessment.crop
    overlays = {}
    if crop is not None:
        behind = backdrop(display, crop, (pixels.shape[0], pixels.shape[1]))
        top = scale_top(assessment.findings)
        overlays = {
            finding.label: jpeg(blend(behind, finding, top, outlined=True))
            for finding in leading_first(assessment)[:heatmaps]
        }
    return Film(
        path="",
        assessment=assessment,
        cropped=is_cropped(assessment, pixels),
        image=jpeg(display),
        overlays=overlays,
    )


def is_cropped(assessment: Assessment, pixels: F32) -> bool:
    """Does any of the image [H, W] lie outside what the model saw?"""
    return assessment.crop is not None and assessment.crop.side < max(pixels.shape)


def leading_first(assessment: Assessment) -> list[Finding]:
    """The flagged findings, the one that made the priority first, so that nobody has to
    look for it; then as they are ranked."""
    return sorted(flagged(assessment), key=lambda finding: finding.label != assessment.reason.label)


def flagged(assessment: Assessment) -> list[Finding]:
    """The flagged findings, in the order of the assessment."""
    return [finding for finding in assessment.findings if finding.flagged]


def jpeg(picture: Image.Image) -> bytes:
    """The picture as JPEG."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def png(picture: Image.Image) -> bytes:
    """The picture as PNG: nothing of it is lost."""
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def map_png(map_: Image.Image) -> bytes:
    """A map (see `map_tile`, `layer`) as PNG that shows nothing where there is nothing."""
    buffer = BytesIO()
    map_.save(buffer, "PNG", transparency=OPACITIES, compress_level=1)
    return buffer.getvalue()
