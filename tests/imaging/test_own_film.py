"""What of a picture is scored: its film alone, at its own contrast; else the picture itself."""

import io

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import CropBox
from cxr_triage.imaging.own_film import on_picture, own_film
from cxr_triage.imaging.picture.pixels import decode
from tests.api.films import SIDE, film, picture
from tests.imaging.films import codes, dicom, read

SECONDARY = "1.2.840.10008.5.1.4.1.1.7"


def sent(grey: np.ndarray):
    """A picture as it is read."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")

    class InProcess:
        def decode(self, job):
            return decode(job.data) if job.codec == "picture" else np.zeros((1, 1), np.uint8)

    return read(buffer.getvalue(), InProcess())


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture(0))))


def test_a_film_that_needs_nothing_is_the_picture_itself(grey):
    assert own_film(sent(grey)) is None


def test_what_lies_around_a_film_is_cut_off_and_named(grey):
    whole = np.pad(grey, 67, constant_values=255)
    alone = own_film(sent(whole))
    assert alone.pixels.shape == pytest.approx((SIDE, SIDE), abs=8)
    assert alone.pixel_policy.film.outside == pytest.approx(0.35, abs=0.02)
    assert alone.pixel_policy.stretched is None
    assert codes(alone) == ["border_cut"]
    square = on_picture(CropBox(top=0, left=0, side=500), alone.pixel_policy.film)
    assert (square.top, square.left) == pytest.approx((67, 67), abs=4)


@pytest.mark.parametrize(("contrast", "brightness"), [(0.33, 0.33), (0.33, 0.05), (0.5, 0.25)])
def test_a_flat_copy_is_brought_to_the_contrast_that_the_film_had(grey, contrast, brightness):
    copy = np.round(grey * contrast + 255 * brightness).astype(np.uint8)
    alone = own_film(sent(copy))
    assert codes(alone) == ["contrast_stretched"]
    low, high = np.percentile(grey, (0.5, 99.5))
    true = np.clip((grey - low) / (high - low), 0, 1) * 2048 - 1024
    assert np.abs(alone.pixels - true).mean() < 15
    dark, bright = alone.pixel_policy.stretched
    assert (dark, bright) == pytest.approx(
        (low / 255 * contrast + brightness, high / 255 * contrast + brightness), abs=0.01
    )


def test_noise_is_not_stretched_into_a_film():
    grey = np.random.default_rng(1).normal(120, 1, (400, 400))
    assert own_film(sent(grey.astype(np.uint8))) is None


def test_what_an_x_ray_machine_sends_is_its_film_and_a_secondary_capture_may_be_a_screen(grey):
    border = {"PhotometricInterpretation": "MONOCHROME2", "WindowCenter": None, "WindowWidth": None}
    values = np.pad(grey.astype(np.uint16), 60, constant_values=255)

    def dicom_of(sop_class):
        return read(dicom(values, 8, SOPClassUID=sop_class, **border))

    assert own_film(dicom_of("1.2.840.10008.5.1.4.1.1.1")) is None
    assert codes(own_film(dicom_of(SECONDARY))) == ["border_cut"]
    assert own_film(read(film(1))) is None
