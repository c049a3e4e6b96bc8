"""May this image be scored? Rules on its decoded pixels, one number each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from cxr_triage.domain import Eligibility, Radiograph, Reason
from cxr_triage.triage.policy import GateLimits

UNSCALED_BITS: Final = 2
CUT_OUT: Final = 2 / 3
"""Of the smallest side that a picture may have: as small may the film in it be."""


def check_pixels(radiograph: Radiograph, limits: GateLimits) -> Eligibility:
    """Every pixel rule's verdict, and what the decoding already warned of.

    A picture whose values were never scaled is refused for that alone: it is dark, and what
    else would be said of it is not true.
    """
    unscaled = _unscaled(radiograph)
    if unscaled is not None:
        warnings = tuple(one for one in radiograph.warnings if one.code != "bits_doubtful")
        return Eligibility(status="refer", reasons=(unscaled,), warnings=warnings)
    found = [rule(radiograph, limits) for rule in PIXEL_RULES]
    reasons = tuple(reason for reason in found if reason is not None)
    return Eligibility(
        status="refer" if reasons else "accept",
        reasons=reasons,
        warnings=(*radiograph.warnings, *_doubts(radiograph, limits)),
    )


def _unscaled(radiograph: Radiograph) -> Reason | None:
    """One empty bit may be the film's own darkness; two or more are values of a detector."""
    doubts = (one for one in radiograph.warnings if one.code == "bits_doubtful")
    doubt = next(doubts, None)
    if doubt is None or int(doubt.measured or 0) > int(doubt.limit or 0) - UNSCALED_BITS:
        return None
    return replace(doubt, code="bits_unscaled")


def _too_small(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    side, least = min(radiograph.pixels.shape), limits.minimum_side_pixels
    if radiograph.pixel_policy.film is not None:
        least = round(least * CUT_OUT)
    return Reason(code="too_small", measured=side, limit=least) if side < least else None


def _aspect_ratio(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    ratio = max(radiograph.pixels.shape) / min(radiograph.pixels.shape)
    if ratio <= limits.maximum_aspect_ratio:
        return None
    return Reason(code="aspect_ratio", measured=round(ratio, 2), limit=limits.maximum_aspect_ratio)


def _crop_loss(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    loss = 1 - min(radiograph.pixels.shape) / max(radiograph.pixels.shape)
    if loss <= limits.maximum_crop_loss:
        return None
    return Reason(code="crop_loss", measured=round(loss, 2), limit=limits.maximum_crop_loss)


def _constant(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    low, high = np.percentile(_sample(radiograph), (1, 99))
    span = float(high - low) / 2048
    if span >= limits.minimum_grey_span:
        return None
    return Reason(code="constant", measured=round(span, 3), limit=limits.minimum_grey_span)


def _saturated(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    sample, padded = _sample(radiograph), radiograph.pixel_policy.padded
    pure = float(np.mean((sample <= -1023) | (sample >= 1023)))
    share = max(0.0, pure - padded) / max(1e-6, 1 - padded)
    if share <= limits.maximum_saturated:
        return None
    return Reason(code="saturated", measured=round(share, 2), limit=limits.maximum_saturated)


def _stale_window(radiograph: Radiograph, limits: GateLimits) -> Reason | None:
    clipped = radiograph.pixel_policy.clipped
    if clipped is None or clipped <= limits.maximum_window_clipped:
        return None
    return Reason(
        code="stale_window", measured=round(clipped, 2), limit=limits.maximum_window_clipped
    )


def _sample(radiograph: Radiograph) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Every so many-th pixel, at least about 250 a side: enough for shares of the image."""
    step = max(1, min(radiograph.pixels.shape) // 250)
    return radiograph.pixels[::step, ::step]


PixelRule = Callable[[Radiograph, GateLimits], Reason | None]
PIXEL_RULES: tuple[PixelRule, ...] = (
    _too_small,
    _constant,
    _stale_window,
    _saturated,
    _aspect_ratio,
    _crop_loss,
)


def _doubts(radiograph: Radiograph, limits: GateLimits) -> tuple[Reason, ...]:
    side = min(radiograph.pixels.shape)
    if side >= limits.warn_side_pixels:
        return ()
    return (Reason(code="small", measured=side, limit=limits.warn_side_pixels),)
