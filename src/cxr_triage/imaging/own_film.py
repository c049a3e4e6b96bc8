"""A picture's film alone, at its own contrast: without what a screen or a scan put around it.

Pictures and secondary captures alone: what an X-ray machine sends is its film.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from cxr_triage.domain import F32, CropBox, FilmArea, Header, PixelPolicy, Radiograph, Reason
from cxr_triage.imaging.film_area import cut_out, find_film
from cxr_triage.imaging.prepare import BLACK

SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
"""The beginning of every secondary capture's SOP class."""
WANTED: Final = (0.02, 0.5, 99.5, 99.98)
"""Percentiles: what is all but the darkest and the brightest, and what becomes black and white."""
LEAST_SPAN, LEAST_RANGE = 0.4, 0.55
"""Of the scale, between the inner and the outer percentiles: films that span less were flattened
on their way."""
LIFTED, LIFTED_SPAN = 0.08, 0.65
"""So far from black and from white, no mark and no bone reaches them: a flatter copy."""
PHOTOGRAPHED_SPAN: Final = 0.75
"""A camera's own exposure flattens."""
BLANK: Final = 0.05
"""Of the scale: what spans less shows nothing, and noise is not made into a film."""
SAMPLES: Final = 500
"""Pixels a side, about, that percentiles are taken of."""


def own_film(radiograph: Radiograph) -> Radiograph | None:
    """What of the image is its film, as it is scored; None where that is the image itself.

    Its pixel policy and warnings say what was done.
    """
    if not _may_be_more(radiograph.header):
        return None
    area = find_film(radiograph.pixels)
    pixels = radiograph.pixels if area is None else cut_out(radiograph.pixels, area, BLACK)
    photographed = (area is not None and area.uneven) or _said_photographed(radiograph)
    padded = area is not None or radiograph.pixel_policy.padded > 0
    span = _span(pixels, padded=padded, photographed=photographed)
    if area is None and span is None:
        return None
    return replace(
        radiograph,
        pixels=pixels if span is None else _stretched(pixels, span),
        pixel_policy=_policy(radiograph.pixel_policy, area, span),
        warnings=(*radiograph.warnings, *_warnings(radiograph, area, span)),
    )


def on_picture(crop: CropBox, area: FilmArea | None) -> CropBox:
    """A square of a film, in pixels of the picture that the film lies in."""
    if area is None:
        return crop
    return replace(crop, top=crop.top + area.top, left=crop.left + area.left)


def _may_be_more(header: Header) -> bool:
    return header.source == "picture" or header.sop_class_uid.startswith(SECONDARY_CAPTURE)


def _span(pixels: F32, *, padded: bool, photographed: bool) -> tuple[float, float] | None:
    """The greys in ±1024 that become black and white; None where the film uses its scale."""
    step = max(1, min(pixels.shape) // SAMPLES)
    sample = pixels[::step, ::step]
    sample = sample[sample != BLACK] if padded else sample
    if not sample.size:
        return None
    darkest, low, high, brightest = (float(one) for one in np.percentile(sample, WANTED))
    span, whole = (high - low) / 2048, (brightest - darkest) / 2048
    lifted = min(darkest + 1024, 1024 - brightest) / 2048 > LIFTED
    flat = span < LEAST_SPAN or whole < LEAST_RANGE or (lifted and span < LIFTED_SPAN)
    flat |= photographed and span < PHOTOGRAPHED_SPAN
    return (low, high) if flat and span >= BLANK else None


def _stretched(pixels: F32, span: tuple[float, float]) -> F32:
    low, high = span
    scaled = (pixels - np.float32(low)) * np.float32(2048 / (high - low)) - np.float32(1024)
    return np.asarray(np.clip(scaled, BLACK, -BLACK), np.float32)


def _said_photographed(radiograph: Radiograph) -> bool:
    return any(one.code == "photographed" for one in radiograph.warnings)


def _policy(
    policy: PixelPolicy, area: FilmArea | None, span: tuple[float, float] | None
) -> PixelPolicy:
    greys = None if span is None else (_share(span[0]), _share(span[1]))
    return replace(policy, film=area, stretched=greys)


def _share(value: float) -> float:
    return round((value + 1024) / 2048, 4)


def _warnings(
    radiograph: Radiograph, area: FilmArea | None, span: tuple[float, float] | None
) -> tuple[Reason, ...]:
    found = []
    if area is not None:
        found.append(Reason(code="border_cut", measured=round(area.outside, 2)))
        if area.uneven and not _said_photographed(radiograph):
            found.append(Reason(code="photographed"))
    if span is not None:
        used = round((span[1] - span[0]) / 2048, 2)
        found.append(Reason(code="contrast_stretched", measured=used))
    return tuple(found)
