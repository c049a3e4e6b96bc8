"""From pixels to the model's input."""

import numpy as np
import pytest

from cxr_triage.domain import PixelCorrection
from cxr_triage.imaging.prepare import (
    BLACK,
    corrected,
    crop_box,
    display,
    letterbox,
    make_square,
    prepare,
    turned_box,
)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((10, 10), (0, 0, 10)), ((11, 8), (1, 0, 8)), ((8, 11), (0, 1, 8)), ((9, 6), (1, 0, 6)),
     ((1955, 1841), (57, 0, 1841)), ((7, 10), (0, 2, 7))],
)  # fmt: skip
def test_the_crop_is_torchxrayvisions(shape, expected):
    """rows // 2 − side // 2 on both axes: not (rows − side) // 2."""
    box = crop_box(shape)
    assert (box.top, box.left, box.side) == expected


def test_a_constant_image_stays_constant():
    prepared = prepare(np.full((300, 400), 123.5, np.float32), 224)
    assert prepared.tensor.shape == (1, 224, 224)
    assert prepared.tensor.dtype == np.float32
    assert np.allclose(prepared.tensor, 123.5, atol=1e-3)
    assert not prepared.tensor.flags.writeable


def test_an_image_of_the_right_size_is_left_alone():
    pixels = np.random.default_rng(0).normal(0, 300, (224, 224)).astype(np.float32)
    assert np.allclose(prepare(pixels, 224).tensor[0], pixels, atol=1e-3)


def test_only_what_is_inside_the_crop_counts():
    pixels = np.zeros((500, 300), np.float32)
    pixels[:100] = 1024
    pixels[400:] = 1024
    assert np.all(prepare(pixels, 128).tensor == 0)


def test_reducing_is_antialiased():
    """A fine checkerboard becomes even grey, not moiré."""
    board = np.indices((512, 512)).sum(0) % 2 * 2048.0 - 1024
    assert np.abs(prepare(board.astype(np.float32), 128).tensor).max() < 30


def test_square_pixels_are_not_resampled():
    assert make_square(np.zeros((8, 8), np.float32), 1.005) is None


@pytest.mark.parametrize(("ratio", "shape"), [(2.0, (90, 30)), (0.5, (45, 60))])
def test_the_finer_axis_is_reduced(ratio, shape):
    assert make_square(np.zeros((90, 60), np.float32), ratio).shape == shape


def test_display_spans_black_to_white():
    shown = display(np.array([[-2000, -1024, 0, 1024, 2000]], np.float32))
    assert shown.tolist() == [[0, 0, 128, 255, 255]]
    assert shown.dtype == np.uint8


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("shape", [(90, 70), (71, 90), (64, 64), (9, 6)])
def test_box_of_a_turned_image_holds_the_same_pixels(shape, turns):
    pixels = np.random.default_rng(0).normal(0, 300, shape).astype(np.float32)
    box = crop_box(shape)
    inside = pixels[box.top : box.top + box.side, box.left : box.left + box.side]
    turned = np.rot90(pixels, turns)
    moved = turned_box(box, shape, turns)
    found = turned[moved.top : moved.top + moved.side, moved.left : moved.left + moved.side]
    assert np.array_equal(found, np.rot90(inside, turns))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("inverted", [False, True])
def test_film_that_came_the_wrong_way_gives_the_tensor_of_the_upright_film(turns, inverted):
    upright = np.random.default_rng(1).normal(0, 300, (300, 250)).astype(np.float32)
    came = np.rot90(-upright if inverted else upright, turns)
    correction = PixelCorrection(quarter_turns=turns, inverted=inverted)
    assert np.array_equal(corrected(came, correction), upright)
    prepared = prepare(came, 128, correction)
    assert np.array_equal(prepared.tensor, prepare(upright, 128).tensor)
    assert prepared.quarter_turns == turns
    box = prepared.crop
    assert np.array_equal(
        np.rot90(came[box.top : box.top + box.side, box.left : box.left + box.side], -turns),
        (-upright if inverted else upright)[25:275, :],
    )


@pytest.mark.parametrize("shape", [(2000, 1000), (1000, 2000), (500, 500), (30, 40), (400, 1)])
def test_letterbox_shows_the_whole_image_centred_on_black(shape):
    box = letterbox(np.full(shape, 500.0, np.float32), 96)
    assert (box.shape, box.dtype) == ((1, 96, 96), np.float32)
    seen = np.argwhere(np.isclose(box[0], 500, atol=0.01))
    height, width = seen.max(0) - seen.min(0) + 1
    assert max(height, width) == 96
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.1) or min(shape) == 1
    rest = np.ones((96, 96), bool)
    rest[tuple(seen.T)] = False
    assert np.all(box[0][rest] == BLACK)
    assert abs((seen.min(0) + seen.max(0)) - 95).max() <= 1
