import numpy as np
import pytest

from cxr_triage.domain import Reason
from cxr_triage.triage.pixel_rules import check_pixels
from cxr_triage.triage.policy import read_policy

from .builders import radiograph

LIMITS = read_policy().gate


def film(height=600, width=600) -> np.ndarray:
    """A smooth picture that uses the whole range."""
    rows, columns = np.mgrid[0:height, 0:width]
    return 0.5 + 0.45 * np.sin(rows / 40) * np.cos(columns / 55)


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


def test_film_of_14_by_17_inches_is_accepted():
    assert pixel_codes(film(728, 600)) == []


def test_warnings_of_the_decoding_are_kept():
    warning = Reason(code="small", measured=1, limit=2)
    verdict = check_pixels(radiograph(film(), warnings=(warning,)), LIMITS)
    assert verdict.warnings == (warning,)
