"""Do the maps point at the disease? Their peaks and evidence beside radiologists' boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxr_triage.domain import Assessment, CropBox, Finding
from cxr_triage.evaluation.films import Bools, Ints
from cxr_triage.evaluation.resampling import Estimate, proportion, resample, resampled_mean
from cxr_triage.evaluation.truth import Box
from cxr_triage.imaging.heatmap import upsample

SIDE = 224
"""Maps and boxes are compared on so many places a side of what the model saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedFilm:
    """A film with boxes, by label, and what the product made of it. shape: [H, W]."""

    assessment: Assessment = field(repr=False)
    shape: tuple[int, int]
    boxes: Mapping[str, tuple[Box, ...]]
    patient: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One map beside its boxes. evidence_share: of what lies over the map's median."""

    hit: bool
    box_share: float
    evidence_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PointingRow:
    """How often the peak lies in a box; by chance it would in `chance` of the films."""

    films: int
    hit: Estimate
    chance: float
    evidence_in_box: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """leading: each film once, by the map that people see first among those with boxes.

    unread: films with boxes that could not be read again, or are not what was scored.
    """

    leading: PointingRow
    labels: Mapping[str, PointingRow]
    unread: int


def locate(
    finding: Finding, boxes: Sequence[Box], crop: CropBox, shape: tuple[int, int]
) -> Located:
    """Where a finding's map peaks, and how much of its evidence the boxes hold."""
    inside = box_mask(boxes, crop, shape)
    surface = upsample(finding.evidence, SIDE).astype(np.float64)
    over = np.maximum(surface - float(np.median(finding.evidence)), 0.0)
    total, box_share = float(over.sum()), float(inside.mean())
    return Located(
        hit=bool(inside.flat[int(np.argmax(surface))]),
        box_share=box_share,
        evidence_share=float(over[inside].sum()) / total if total > 0 else box_share,
    )


def box_mask(boxes: Sequence[Box], crop: CropBox, shape: tuple[int, int]) -> Bools:
    """Which places [SIDE, SIDE] of the crop lie in a box; boxes are shares of the image."""
    centres = (np.arange(SIDE) + 0.5) / SIDE * crop.side
    y = ((crop.top + centres) / shape[0])[:, np.newaxis]
    x = ((crop.left + centres) / shape[1])[np.newaxis, :]
    inside = np.zeros((SIDE, SIDE), np.bool_)
    for left, top, width, height in boxes:
        inside |= (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
    return inside


def pointing(
    films: Sequence[BoxedFilm], *, unread: int, resamples: int, seed: int
) -> Pointing | None:
    """The pointing game over all films with boxes, and for each label; None without any."""
    leading: list[tuple[Located, str]] = []
    by_label: dict[str, list[tuple[Located, str]]] = {}
    for film in films:
        places = _places(film)
        for label, place in places.items():
            by_label.setdefault(label, []).append((place, film.patient))
        if places:
            leading.append((next(iter(places.values())), film.patient))
    if not leading:
        return None
    return Pointing(
        leading=_row(leading, resamples, seed),
        labels={label: _row(by_label[label], resamples, seed) for label in sorted(by_label)},
        unread=unread,
    )


def _places(film: BoxedFilm) -> dict[str, Located]:
    """By label, in the order of the assessment's findings."""
    crop = film.assessment.crop
    if crop is None:
        return {}
    return {
        finding.label: locate(finding, film.boxes[finding.label], crop, film.shape)
        for finding in film.assessment.findings
        if finding.label in film.boxes
    }


def _row(places: Sequence[tuple[Located, str]], resamples: int, seed: int) -> PointingRow:
    patient = _numbers([name for _, name in places])
    drawn = resample(int(patient.max()) + 1, resamples=resamples, seed=seed)
    found = [place for place, _ in places]
    return PointingRow(
        films=len(found),
        hit=proportion(np.array([place.hit for place in found]), patient),
        chance=float(np.mean([place.box_share for place in found])),
        evidence_in_box=resampled_mean(
            np.array([place.evidence_share for place in found]), patient, drawn
        ),
    )


def _numbers(names: Sequence[str]) -> Ints:
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return numbers.astype(np.int64)
