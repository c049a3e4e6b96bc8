"""The geometry of the pointing game, with maps whose peak is known."""

import numpy as np
import pytest

from cxr_triage.domain import CropBox, Finding
from cxr_triage.evaluation.pointing import SIDE, BoxedFilm, box_mask, locate, pointing

from ..triage.builders import assessment

WHOLE = CropBox(top=0, left=0, side=100)


def finding(label="Mass", *, at=(1, 5), size=7):
    """A map with one hot cell (row, column)."""
    cam = np.zeros((size, size), np.float32)
    cam[at] = 1.0
    return Finding(
        label=label,
        probability=0.5,
        score=0.5,
        threshold=0.5,
        likely_threshold=None,
        flagged=True,
        level="possible",
        cam=cam,
        evidence=cam,
    )


def cell(row, column, size=7):
    """The box around a cell of the map, in shares of the image."""
    return (column / size, row / size, 1 / size, 1 / size)


def test_peak_in_its_box_is_a_hit_and_elsewhere_a_miss():
    assert locate(finding(), [cell(1, 5)], WHOLE, (100, 100)).hit
    assert not locate(finding(), [cell(5, 1)], WHOLE, (100, 100)).hit
    assert locate(finding(), [cell(5, 1), cell(1, 5)], WHOLE, (100, 100)).hit


def test_chance_is_the_share_that_the_boxes_cover_and_overlap_counts_once():
    box = (0.25, 0.25, 0.5, 0.5)
    assert box_mask([box], WHOLE, (100, 100)).mean() == 0.25
    assert box_mask([box, box], WHOLE, (100, 100)).mean() == 0.25


def test_evidence_in_a_box_around_the_whole_image_is_everything():
    assert locate(finding(), [(0, 0, 1, 1)], WHOLE, (100, 100)).evidence_share == pytest.approx(1)
    near = locate(finding(), [cell(1, 5)], WHOLE, (100, 100)).evidence_share
    far = locate(finding(), [cell(5, 1)], WHOLE, (100, 100)).evidence_share
    assert near > 0.5 > 0.01 > far


def test_even_map_has_its_chance():
    flat = finding(at=(slice(None), slice(None)))
    assert locate(flat, [(0, 0, 0.5, 1)], WHOLE, (100, 100)).evidence_share == 0.5


def test_boxes_of_the_image_are_moved_into_the_square_that_the_model_saw():
    """An image twice as wide as high: its middle half is what the model saw."""
    crop = CropBox(top=0, left=50, side=100)
    column = 0.25 + 0.5 * (5 / 7)
    box = (column, 1 / 7, 0.5 / 7, 1 / 7)
    assert locate(finding(), [box], crop, (100, 200)).hit
    assert not locate(finding(), [cell(1, 5)], crop, (100, 200)).hit
    assert not box_mask([(0, 0, 0.24, 1)], crop, (100, 200)).any()
    assert box_mask([(0, 0, 1, 1)], crop, (100, 200)).sum() == SIDE**2


def film(patient, *findings, boxes):
    made = assessment("x", "routine")
    values = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return BoxedFilm(
        assessment=type(made)(**values | {"findings": findings, "crop": WHOLE}),
        shape=(100, 100),
        boxes=boxes,
        patient=patient,
    )


def test_each_film_counts_once_by_the_map_that_is_shown_first():
    hit, miss = finding("Pneumonia", at=(1, 5)), finding("Infiltration", at=(5, 1))
    boxes = dict.fromkeys(("Pneumonia", "Infiltration", "Consolidation"), (cell(1, 5),))
    game = pointing(
        [film("a", hit, miss, boxes=boxes), film("b", miss, hit, boxes=boxes)],
        unread=1,
        resamples=1000,
        seed=0,
    )
    assert (game.leading.films, game.leading.hit.value) == (2, 0.5)
    assert game.labels["Pneumonia"].hit.value == 1.0
    assert game.labels["Infiltration"].hit.value == 0.0
    assert game.leading.chance == pytest.approx(1 / 49, abs=0.002)
    assert set(game.labels) == {"Pneumonia", "Infiltration"}
    assert game.unread == 1


def test_no_game_without_boxes_for_what_the_model_scores():
    films = [film("a", finding("Mass"), boxes={"Nodule": (cell(1, 5),)})]
    assert pointing(films, unread=0, resamples=1000, seed=0) is None
