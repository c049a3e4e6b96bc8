"""A film whose lungs are cut off is told from a whole one, and at which edge."""

import io

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import Reason
from cxr_triage.language import LANGUAGES
from cxr_triage.result.sentences import reason_sentence
from cxr_triage.triage.chest_edges import SIDES, check_edges, score
from tests.api.films import picture


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """A real radiograph in ±1024."""
    grey = np.asarray(Image.open(io.BytesIO(picture(0))), np.float32)
    return (grey * 2 / 255 - 1) * 1024


def without(film: np.ndarray, side: int, share: float) -> np.ndarray:
    view = np.rot90(film, side)
    return np.rot90(view[round(share * len(view)) :], -side)


def test_a_whole_film_is_cut_off_nowhere(film):
    assert check_edges(film) == ()


@pytest.mark.parametrize("side", range(4))
def test_the_edge_that_cuts_is_named(film, side):
    found = check_edges(without(film, side, 0.3))
    assert f"cut_{SIDES[side]}" in [reason.code for reason in found]


@pytest.mark.parametrize(
    ("side", "certainty", "limit"),
    [(0, 0.937, 0.786), (1, 0.997, 0.875), (2, 0.890, 0.852), (3, 1.0, 0.875)],
    ids=SIDES,
)
def test_a_reason_says_how_sure_it_is_and_from_where_on_it_counts(film, side, certainty, limit):
    """1 / (1 + exp(−1.3)) and so on."""
    part, name = without(film, side, 0.2), SIDES[side]
    measured = round(1 / (1 + np.exp(-score(part, name))), 3)
    assert measured == pytest.approx(certainty, abs=0.002)
    assert check_edges(part) == (Reason(code=f"cut_{name}", measured=measured, limit=limit),)


@pytest.mark.parametrize("side", range(4), ids=SIDES)
def test_less_is_enough_at_the_likelier_of_two_ends_of_a_film_longer_than_any_plate(film, side):
    """And at no other: what says something of one end says nothing of the others."""
    found = check_edges(without(film, side, 0.22))
    assert [(reason.code, reason.limit) for reason in found] == [(f"cut_{SIDES[side]}", 0.574)]


def test_a_picture_of_one_grey_breaks_nothing():
    assert all(np.isfinite(score(np.zeros((300, 300), np.float32), name)) for name in SIDES)


@pytest.mark.parametrize("side", range(4))
def test_the_more_is_missing_the_surer_it_is(film, side):
    whole, part = (score(without(film, side, share), SIDES[side]) for share in (0, 0.25))
    assert part > whole + 2


def test_brightness_and_contrast_do_not_matter(film):
    part = without(film, 2, 0.3)
    assert score(part * 0.4 + 200, "base") == pytest.approx(score(part, "base"), abs=0.05)


def test_missing_bases_say_that_effusion_was_not_looked_for(film):
    reason = next(one for one in check_edges(without(film, 2, 0.3)) if one.code == "cut_base")
    words = {"en": "effusion", "vi": "tràn dịch màng phổi"}
    assert all(words[language] in reason_sentence(reason, language) for language in LANGUAGES)
