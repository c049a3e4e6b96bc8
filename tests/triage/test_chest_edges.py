"""A film whose lungs are cut off is told from a whole one, and at which edge."""

import io

import numpy as np
import pytest
from PIL import Image

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
