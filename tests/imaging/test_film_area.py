"""The film is found in a picture that shows more, and nothing is cut off a film that is alone."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cxr_triage.imaging.film_area import cut_out, find_film
from tests.api.films import SIDE, picture

RANDOM = 7


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """A real radiograph, u8 [560, 560]."""
    return np.asarray(Image.open(io.BytesIO(picture(0))))


def pixels(grey: np.ndarray) -> np.ndarray:
    return (grey.astype(np.float32) * (2 / 255) - 1) * 1024


def framed(film: np.ndarray, share: float, grey: int) -> np.ndarray:
    return np.pad(film, round(share * SIDE), constant_values=grey)


def turned(film: np.ndarray, degrees: float, grey: int, *, expand: bool) -> np.ndarray:
    image = Image.fromarray(film)
    return np.asarray(
        image.rotate(degrees, Image.Resampling.BICUBIC, expand=expand, fillcolor=grey)
    )


def lit(film: np.ndarray, *, noise: float = 3) -> np.ndarray:
    """On a light box that is brighter at one side."""
    side = round(SIDE * 1.4)
    y, x = np.mgrid[:side, :side] / side
    box = 185 + 25 * x - 15 * y
    place = slice(side // 7, side // 7 + SIDE)
    box[place, place] = 25 + film * 0.6
    box += np.random.default_rng(RANDOM).normal(0, noise, box.shape)
    return np.clip(box, 0, 255).astype(np.uint8)


def covered(area, shape: tuple[int, int], top: int, left: int) -> float:
    """Share of a film at that place that is in the area, less what else is in it."""
    found, true = np.zeros(shape, bool), np.zeros(shape, bool)
    found[area.top : area.top + area.rows, area.left : area.left + area.columns] = True
    true[top : top + SIDE, left : left + SIDE] = True
    return float((found & true).sum() / (found | true).sum())


def test_a_film_that_fills_its_picture_is_left_alone(film):
    assert find_film(pixels(film)) is None
    assert find_film(pixels(film[:, ::-1])) is None
    assert find_film(pixels(255 - film)) is None


@pytest.mark.parametrize("grey", [0, 40, 128, 200, 255])
@pytest.mark.parametrize("share", [0.04, 0.12, 0.3])
def test_a_border_of_any_grey_is_found(film, grey, share):
    whole = framed(film, share, grey)
    area = find_film(pixels(whole))
    assert area is not None
    margin = round(share * SIDE)
    assert covered(area, whole.shape, margin, margin) > 0.97
    assert area.outside == pytest.approx(1 - SIDE**2 / whole.size, abs=0.03)
    assert not area.uneven


def test_a_border_at_one_side_is_found(film):
    whole = np.vstack([film, np.full((90, SIDE), 255, np.uint8)])
    area = find_film(pixels(whole))
    assert (area.top, area.left, area.columns) == (0, 0, SIDE)
    assert area.rows == pytest.approx(SIDE, abs=4)


def test_black_ends_of_a_telephones_screen_are_found(film):
    ends = np.zeros((250, SIDE), np.uint8)
    area = find_film(pixels(np.vstack([ends, film, ends])))
    assert (area.top, area.rows) == (pytest.approx(250, abs=6), pytest.approx(SIDE, abs=8))


def test_black_that_may_be_the_films_own_collimation_is_left(film):
    bars = film.copy()
    bars[:, :40] = bars[:, -50:] = 0
    assert find_film(pixels(bars)) is None


def test_a_white_lung_and_a_shoulder_at_the_edge_are_left(film):
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    white = film.copy()
    white[(x < 0.35 + 0.1 * np.sin(5 * y)) & (y > 0.2 + 0.3 * x)] = 250
    assert find_film(pixels(white)) is None
    shoulder = film.copy()
    shoulder[y < 0.25 - 0.5 * x] = 240
    assert find_film(pixels(shoulder)) is None


def test_layers_come_off_one_after_the_other(film):
    """A tool bar over a dark page with words beside the film."""
    screen = Image.new("L", (1000, 760), 30)
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 1000, 50), fill=210)
    for at in range(12):
        draw.rectangle((20 + 40 * at, 12, 45 + 40 * at, 36), fill=90)
        draw.text((8, 90 + 30 * at), "Chest PA", fill=220)
    screen.paste(Image.fromarray(film), (230, 120))
    area = find_film(pixels(np.asarray(screen)))
    assert covered(area, (760, 1000), 120, 230) > 0.95


@pytest.mark.parametrize("degrees", [-7, -3, 3, 7])
@pytest.mark.parametrize("expand", [True, False])
def test_corners_of_a_film_that_lies_askew_become_black(film, degrees, expand):
    whole = turned(film, degrees, 255, expand=expand)
    white = np.mean(whole >= 254) - np.mean(film >= 254)
    area = find_film(pixels(whole))
    alone = cut_out(pixels(whole), area, -1024)
    assert area.outside == pytest.approx(white, abs=0.03)
    assert np.mean(alone >= 1016) < np.mean(film >= 254) + 0.01
    assert not area.uneven


def test_a_light_box_is_no_one_grey(film):
    whole = lit(film)
    area = find_film(pixels(whole))
    at = round(SIDE * 1.4) // 7
    assert covered(area, whole.shape, at, at) > 0.95
    assert area.uneven


def test_a_film_that_was_seen_at_an_angle_was_photographed(film):
    image, side = Image.fromarray(film), SIDE + 160
    whole = image.transform(
        (side, side), Image.Transform.QUAD, (-60, -90, -110, side - 70, side - 90, side - 120,
        side - 60, -50), Image.Resampling.BICUBIC, fillcolor=90,
    )  # fmt: skip
    assert find_film(pixels(np.asarray(whole))).uneven


def test_noise_and_an_empty_picture_hold_no_film():
    noise = np.random.default_rng(RANDOM).integers(0, 256, (400, 300)).astype(np.uint8)
    assert find_film(pixels(noise)) is None
    assert find_film(pixels(np.full((300, 300), 200, np.uint8))) is None
    assert find_film(pixels(np.zeros((5, 900), np.uint8))) is None
