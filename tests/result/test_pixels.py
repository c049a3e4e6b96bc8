"""What was done to a film's pixels, as a reader sees it in small print."""

from typing import get_args, get_type_hints

import pytest

from cxr_triage.domain import FilmArea, PixelPolicy
from cxr_triage.language import LANGUAGES
from cxr_triage.result.pixels import pixel_sentence

PLAIN = PixelPolicy(output_range=(0, 4095))
EVERYTHING = PixelPolicy(
    modality="rescale",
    voi="sigmoid",
    window=(2048.5, 4096.0),
    output_range=(0, 4095),
    inverted=True,
    padded=0.03,
    clipped=0.25,
    resampled_to_square=True,
    film=FilmArea(top=1, left=2, rows=30, columns=40, outside=0.4),
    stretched=(0.2, 0.75),
)


def test_what_was_not_done_is_not_said():
    assert pixel_sentence(PLAIN, "en") == (
        "stored values as they are; no display window; 0 is black, 4095 is white."
    )


def test_every_step_is_said_with_its_numbers_in_the_order_in_which_it_was_done():
    assert pixel_sentence(EVERYTHING, "en") == (
        "rescale slope and intercept; window, sigmoid; centre 2048.5, width 4096; inverted; "
        "4095 is black, 0 is white; padding: 0.03 of the image; cut off by the window: 0.25; "
        "made square-pixelled; for scoring, 0.4 of the picture around the film cut off; "
        "for scoring, greys from 0.2 to 0.75 of the scale stretched over all of it."
    )


def test_numbers_are_written_as_the_language_writes_them():
    said = pixel_sentence(EVERYTHING, "vi")
    assert said.count("; ") == pixel_sentence(EVERYTHING, "en").count("; ")
    for number in ("2048,5", "0,03", "0,25", "0,4", "0,2", "0,75"):
        assert number in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ["modality", "voi"])
def test_every_kind_of_table_and_window_is_told_from_the_others(language, step):
    kinds = get_args(get_type_hints(PixelPolicy)[step])
    said = {
        pixel_sentence(PixelPolicy(output_range=(0, 255), **{step: kind}), language)
        for kind in kinds
    }
    assert len(said) == len(kinds) > 1
