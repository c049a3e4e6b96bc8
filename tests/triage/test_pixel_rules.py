import numpy as np
import pytest

from cxr_triage.domain import FilmArea, Reason
from cxr_triage.triage.pixel_rules import check_pixels
from cxr_triage.triage.policy import read_policy

from .builders import radiograph

LIMITS = read_policy().gate


def film(height=600, width=600) -> np.ndarray:
    """A smooth picture that uses the whole range."""
    rows, columns = np.mgrid[0:height, 0:width]
    return 0.5 + 0.45 * np.sin(rows / 40) * np.cos(columns / 55)


def _black_over(share: float) -> np.ndarray:
    """The same, its upper part black."""
    unit = film(1000, 1000)
    unit[: round(share * 1000)] = 0.0
    return unit


def _two_greys(left: float, right: float) -> np.ndarray:
    return np.tile(np.repeat([left, right], 300), (600, 1))


def pixel_codes(unit, **policy) -> list[str]:
    return [reason.code for reason in check_pixels(radiograph(unit, **policy), LIMITS).reasons]


def test_ordinary_pixels_are_accepted_without_warnings():
    verdict = check_pixels(radiograph(film()), LIMITS)
    assert (verdict.status, verdict.warnings) == ("accept", ())


@pytest.mark.parametrize(("side", "codes"), [(223, ["too_small"]), (224, [])])
def test_shorter_side_under_224_is_refused(side, codes):
    assert pixel_codes(film(260, side)) == codes


def test_shorter_side_under_512_warns():
    verdict = check_pixels(radiograph(film(600, 511)), LIMITS)
    assert verdict.warnings == (Reason(code="small", measured=511, limit=512),)


def test_blank_image_is_refused():
    assert "constant" in pixel_codes(np.full((600, 600), 0.4))
    assert "constant" in pixel_codes(0.4 + 0.001 * film())


def test_mostly_pure_black_or_white_is_refused_and_padding_does_not_count():
    unit = film()
    unit[:240] = 1.0
    unit[240:420] = 0.0
    assert pixel_codes(unit) == ["saturated"]
    assert pixel_codes(unit, padded=0.6) == []


@pytest.mark.parametrize(("clipped", "codes"), [(0.51, ["stale_window"]), (0.5, []), (None, [])])
def test_window_that_cuts_off_over_half_is_stale(clipped, codes):
    assert pixel_codes(film(), clipped=clipped) == codes


def test_long_images_are_refused():
    assert pixel_codes(film(1300, 600)) == ["aspect_ratio", "crop_loss"]
    assert pixel_codes(film(900, 600)) == ["crop_loss"]


@pytest.mark.parametrize(
    ("picture", "policy", "reason"),
    [
        (film(260, 223), {}, Reason(code="too_small", measured=223, limit=224)),
        (film(1303, 600), {}, Reason(code="aspect_ratio", measured=2.17, limit=2.0)),
        (film(900, 600), {}, Reason(code="crop_loss", measured=0.33, limit=0.3)),
        (_two_greys(0.4, 0.4227), {}, Reason(code="constant", measured=0.023, limit=0.05)),
        (film(), {"clipped": 0.777}, Reason(code="stale_window", measured=0.78, limit=0.5)),
        (_black_over(0.7), {}, Reason(code="saturated", measured=0.7, limit=0.6)),
        (_black_over(0.9), {"padded": 0.5}, Reason(code="saturated", measured=0.8, limit=0.6)),
    ],
    ids=lambda value: value.code if isinstance(value, Reason) else "",
)
def test_a_refusal_says_what_was_measured_and_the_limit(picture, policy, reason):
    verdict = check_pixels(radiograph(picture, **policy), LIMITS)
    assert verdict.status == "refer"
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    ("picture", "limit", "code"),
    [
        (film(1200, 600), {"maximum_aspect_ratio": 2.0}, "aspect_ratio"),
        (film(800, 600), {"maximum_crop_loss": 0.25}, "crop_loss"),
        (_two_greys(0.25, 0.3125), {"minimum_grey_span": 0.0625}, "constant"),
        (_black_over(0.5), {"maximum_saturated": 0.5}, "saturated"),
        (film(512, 512), {"warn_side_pixels": 512}, "small"),
    ],
)
def test_what_is_just_at_a_limit_is_neither_refused_nor_warned_of(picture, limit, code):
    verdict = check_pixels(radiograph(picture), LIMITS.model_copy(update=limit))
    assert code not in {reason.code for reason in (*verdict.reasons, *verdict.warnings)}


def test_all_padding_is_refused_as_blank_and_breaks_nothing():
    assert pixel_codes(np.zeros((600, 600)), padded=1.0) == ["constant"]


@pytest.mark.parametrize(
    ("grey", "codes"),
    [(0.0, ["saturated"]), (1 / 2048, ["saturated"]), (0.001, [])],
    ids=["pure", "within one of 2048", "beyond"],
)
def test_white_counts_as_pure_as_black_does_and_grey_does_not(grey, codes):
    for end in (grey, 1 - grey):
        unit = film(1000, 1000)
        unit[:700] = end
        assert pixel_codes(unit) == codes


@pytest.mark.parametrize("grey", [0.1, 0.9])
@pytest.mark.parametrize(("share", "codes"), [(0.008, ["constant"]), (0.016, [])])
def test_one_pixel_in_a_hundred_makes_no_blank_image_a_film(grey, share, codes):
    unit = np.full((1000, 1000), 0.5)
    unit[: round(share * 1000)] = grey
    assert pixel_codes(unit) == codes


def test_a_film_in_a_picture_may_be_two_thirds_as_small():
    inside = FilmArea(top=0, left=0, rows=149, columns=149, outside=0.5)
    assert pixel_codes(film(149, 149), film=inside) == []
    refused = check_pixels(radiograph(film(148, 148), film=inside), LIMITS)
    assert refused.reasons == (Reason(code="too_small", measured=148, limit=149),)


def test_values_that_were_never_scaled_are_refused_for_that_alone():
    other = Reason(code="small", measured=1, limit=2)
    two_bits, one_bit = (Reason(code="bits_doubtful", measured=n, limit=16) for n in (14, 15))
    dark = 0.02 * film(100, 100)
    verdict = check_pixels(radiograph(dark, warnings=(other, two_bits)), LIMITS)
    assert (verdict.status, verdict.warnings) == ("refer", (other,))
    assert verdict.reasons == (Reason(code="bits_unscaled", measured=14, limit=16),)
    verdict = check_pixels(radiograph(dark, warnings=(other, one_bit)), LIMITS)
    assert [reason.code for reason in verdict.reasons] == ["too_small", "constant"]
    assert verdict.warnings[:2] == (other, one_bit)


def test_film_of_14_by_17_inches_is_accepted():
    assert pixel_codes(film(728, 600)) == []


def test_warnings_of_the_decoding_are_kept():
    warning = Reason(code="small", measured=1, limit=2)
    verdict = check_pixels(radiograph(film(), warnings=(warning,)), LIMITS)
    assert verdict.warnings == (warning,)
