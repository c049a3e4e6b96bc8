"""What can be drawn of an image and its result. Runs in the inference processes alone."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image

from cxr_triage.domain import F32, Assessment, Finding, Radiograph
from cxr_triage.errors import ImageError
from cxr_triage.imaging.grey.lut import Window
from cxr_triage.imaging.grey.window import windowed
from cxr_triage.imaging.heatmap import display_image, fitted, layer, scale_top
from cxr_triage.report.dicom.page import page
from cxr_triage.report.film.film import film_of, jpeg, map_png, png, printed_film
from cxr_triage.report.film.html import render
from cxr_triage.report.film.overlay import overlay
from cxr_triage.report.film.pictures import packed
from cxr_triage.report.film.viewer import pixel_file
from cxr_triage.service.inference.jobs import Drawing, DrawingKind

DecodeImage = Callable[[], Radiograph]
"""Decodes the image; raises ImageError."""

Artist = Callable[[DecodeImage, Assessment, Drawing], bytes]


def draw(decode: DecodeImage, assessment: Assessment, drawing: Drawing) -> bytes:
    """PNG or JPEG, HTML, a pixel file or pictures. Raises ImageError, or ValueError if there is
    no such finding."""
    return ARTISTS[drawing.kind](decode, assessment, drawing)


def _image(decode: DecodeImage, _: Assessment, drawing: Drawing) -> bytes:
    radiograph = decode()
    pixels = radiograph.pixels
    if drawing.window is not None:
        centre, width = drawing.window
        pixels = windowed(radiograph, Window(center=centre, width=width, function="linear"))
    return _encoded(display_image(pixels, drawing.longest), drawing)


def _pixels(decode: DecodeImage, assessment: Assessment, _: Drawing) -> bytes:
    return pixel_file(decode(), assessment.crop)


def _heatmap(decode: DecodeImage, assessment: Assessment, drawing: Drawing) -> bytes:
    picture = overlay(
        decode().pixels,
        assessment,
        _finding(assessment, drawing.label),
        language=drawing.language,
        longest=drawing.longest,
    )
    return _encoded(picture, drawing)


def _capture(decode: DecodeImage, assessment: Assessment, drawing: Drawing) -> bytes:
    return png(
        page(
            _pixels_or_none(decode),
            assessment,
            language=drawing.language,
            when=datetime.fromisoformat(drawing.when),
            steps=drawing.steps,
            scale=drawing.scale,
        )
    )


def _layer(decode: DecodeImage, assessment: Assessment, drawing: Drawing) -> bytes:
    height, width = decode().pixels.shape
    if assessment.crop is None:
        raise ValueError("an image that was not assessed has no heatmap")
    map_ = layer(
        fitted((width, height), drawing.longest),
        _finding(assessment, drawing.label),
        assessment.crop,
        (height, width),
        scale_top(assessment.findings),
    )
    return map_png(map_)


def _report(decode: DecodeImage, assessment: Assessment, drawing: Drawing) -> bytes:
    film = film_of(drawing.title, assessment, _pixels_or_none(decode) if drawing.pictured else None)
    parts = render(
        [[film]],
        language=drawing.language,
        created_at=datetime.now(ZoneInfo(drawing.time_zone)),
        model=assessment.model,
        policy=drawing.policy,
        steps=drawing.steps,
    )
    return "".join(parts).encode()


def _pictures(decode: DecodeImage, assessment: Assessment, _: Drawing) -> bytes:
    return packed(printed_film(assessment, _pixels_or_none(decode)))


def _pixels_or_none(decode: DecodeImage) -> F32 | None:
    """A report is made of what was refused too, even if nobody can look at it."""
    try:
        return decode().pixels
    except ImageError:
        return None


def _finding(assessment: Assessment, label: str) -> Finding:
    for finding in assessment.findings:
        if finding.label == label:
            return finding
    raise ValueError("no such finding")


def _encoded(picture: Image.Image, drawing: Drawing) -> bytes:
    return png(picture) if drawing.lossless else jpeg(picture)


ARTISTS: dict[DrawingKind, Artist] = {
    "image": _image,
    "pixels": _pixels,
    "heatmap": _heatmap,
    "layer": _layer,
    "report": _report,
    "pictures": _pictures,
    "capture": _capture,
}
