"""Evidence maps: where they lie, what they show, and that no flagged one is blank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cxr_triage.domain import CropBox, Finding
from cxr_triage.imaging.heatmap import (
    OPACITIES,
    backdrop,
    blend,
    colours,
    display_image,
    evidence_map,
    layer,
    map_tile,
    scale_top,
    shown,
    upsample,
)


def finding(evidence, *, flagged: bool = True) -> Finding:
    cells = np.asarray(evidence, np.float32)
    return Finding(
        label="Effusion",
        probability=0.5,
        score=0.6 if flagged else 0.4,
        threshold=0.5,
        likely_threshold=None,
        flagged=flagged,
        level="possible" if flagged else "none",
        cam=cells,
        evidence=cells,
    )


def spot(row: int, column: int, *, size: int = 7, height: float = 3.0) -> np.ndarray:
    cells = np.full((size, size), -0.05, np.float32)
    cells[row, column] = height
    return cells


def painted(picture: Image.Image, display: Image.Image) -> np.ndarray:
    """Where colour was laid over the display image."""
    return np.ptp(np.asarray(picture).astype(int), axis=2) > 3


def test_a_cell_lands_on_its_own_centre():
    side = 700
    for row, column in [(0, 0), (0, 6), (3, 3), (6, 2), (5, 6)]:
        up = upsample(spot(row, column), side)
        at = np.argwhere(up >= up.max() - 1e-4).mean(axis=0)
        cell = side / 7
        tolerance = cell / 2 if 0 in (row, column) or 6 in (row, column) else 1.0
        np.testing.assert_allclose(
            at + 0.5, [(row + 0.5) * cell, (column + 0.5) * cell], atol=tolerance
        )
        centre = up[int((row + 0.5) * cell), int((column + 0.5) * cell)]
        assert centre == pytest.approx(3.0, abs=0.02)


def test_a_slope_stays_straight_between_cell_centres():
    cells = np.tile(np.arange(7, dtype=np.float32), (7, 1))
    up = upsample(cells, 70)
    expected = (np.arange(70) + 0.5) / 10 - 0.5
    np.testing.assert_allclose(up[35, 15:55], expected[15:55], atol=0.01)


def test_the_border_is_no_flat_band():
    cells = np.tile(np.arange(7, dtype=np.float32), (7, 1))
    outer_half_cell = upsample(cells, 700)[350, :50]
    assert np.all(np.diff(outer_half_cell[5:]) > 0)


def test_mean_of_the_map_stays_the_margin():
    cells = np.random.default_rng(0).normal(0.4, 2, (7, 7)).astype(np.float32)
    assert upsample(cells, 224).mean() == pytest.approx(cells.mean(), abs=0.02)


@pytest.mark.parametrize(
    ("shape", "crop"),
    [
        ((300, 200), CropBox(top=50, left=0, side=200)),
        ((200, 300), CropBox(top=0, left=50, side=200)),
        ((200, 200), CropBox(top=0, left=0, side=200)),
    ],
)
def test_the_map_fills_the_crop_and_nothing_else(shape, crop):
    whole = evidence_map(spot(1, 5), crop, shape)
    inside = np.zeros(shape, bool)
    inside[crop.top : crop.top + crop.side, crop.left : crop.left + crop.side] = True
    assert whole.shape == shape
    assert whole.dtype == np.float32
    assert np.array_equal(np.isfinite(whole), inside)
    row, column = np.unravel_index(np.nanargmax(whole), shape)
    assert row == pytest.approx(crop.top + 1.5 * crop.side / 7, abs=2)
    assert column == pytest.approx(crop.left + 5.5 * crop.side / 7, abs=2)


@st.composite
def flagged_evidence(draw) -> np.ndarray:
    """Any map whose mean is at or just over zero, or far over it, even maps included."""
    side = draw(st.sampled_from([1, 2, 7, 8, 16]))
    values = st.floats(-50, 50, width=32)
    cells = draw(
        st.one_of(
            values.map(lambda v: np.full((side, side), v)),
            arrays(np.float64, (side, side), elements=values),
        )
    )
    margin = draw(st.sampled_from([0.0, 1e-7, 1e-3, 0.5, 4.0]))
    return (cells - cells.mean() + margin).astype(np.float32)


@settings(deadline=None)  # the machine may be busy
@given(flagged_evidence())
def test_no_flagged_finding_has_a_blank_map(cells):
    display = Image.new("L", (96, 96), 90)
    crop = CropBox(top=0, left=0, side=96)
    one = finding(cells)
    picture = blend(backdrop(display, crop, (96, 96)), one, scale_top([one]))
    assert not shown(one).blank
    assert painted(picture, display).any()


@settings(deadline=None)  # the machine may be busy
@given(flagged_evidence())
def test_what_is_shown_exceeds_the_floor(cells):
    seen, cells = shown(finding(cells)), cells.astype(np.float64)
    floor = max(0.0, float(np.median(cells)))
    span = float(cells.max()) - floor
    if span > 1e-3 * abs(float(cells.max())):
        assert np.array_equal(seen.strength > 0, ((cells - floor) / span).astype(np.float32) > 0)
        assert seen.strength.max() == 1.0


def test_an_even_map_is_shown_evenly():
    seen = shown(finding(np.full((7, 7), 0.3)))
    assert np.all(seen.strength == 1)
    assert seen.floor == seen.peak


def test_a_finding_below_its_threshold_everywhere_is_blank():
    one = finding(np.full((7, 7), -2.0) + spot(2, 2, height=1.0), flagged=False)
    assert shown(one).blank
    display = Image.new("L", (96, 96), 90)
    picture = blend(backdrop(display, CropBox(top=0, left=0, side=96), (96, 96)), one, 1.0)
    assert not painted(picture, display)[2:-2, 2:-2].any()


@pytest.mark.parametrize(
    "crop", [CropBox(top=0, left=0, side=900), CropBox(top=30, left=7, side=611)]
)
def test_a_map_drawn_large_or_small_is_the_same_curve(crop):
    """What is drawn in part, and small for others to enlarge, lies where the exact map lies."""
    one = finding(spot(1, 5) + spot(4, 0, height=1.7))
    exact = np.clip(upsample(shown(one).strength, crop.side), 0, 1)
    size = (crop.left + crop.side + 20, crop.top + crop.side + 20)
    alpha = np.frombuffer(OPACITIES, np.uint8)
    drawn = np.asarray(layer(size, one, crop, size[::-1], 3.0))
    inside = drawn[crop.top : crop.top + crop.side, crop.left : crop.left + crop.side]
    assert np.abs(inside / 255 - exact).max() < 0.02
    assert not drawn[: crop.top].any()
    strength = Image.fromarray(np.asarray(map_tile(one, 3.0)))
    enlarged = np.asarray(strength.resize((crop.side, crop.side), Image.Resampling.BILINEAR))
    assert np.abs(enlarged / 255 - exact).max() < 0.03
    grey = Image.new("L", size, 0)
    blended = blend(backdrop(grey, crop, size[::-1]), one, 3.0)
    peak = np.unravel_index(exact.argmax(), exact.shape)
    shown_there = np.asarray(blended)[peak[0] + crop.top, peak[1] + crop.left]
    np.testing.assert_allclose(
        shown_there, colours(np.array([1.0]))[0] * (alpha[255] / 255), atol=4
    )


def test_quiet_places_keep_their_grey():
    display = Image.fromarray(np.tile(np.arange(140, dtype=np.uint8), (140, 1)))
    one = finding(spot(1, 1))
    behind = backdrop(display, CropBox(top=0, left=0, side=140), (140, 140))
    picture = np.asarray(blend(behind, one, 3.0))
    assert np.array_equal(picture[80:-2, 80:-2, 0], np.asarray(display)[80:-2, 80:-2])
    assert not np.ptp(picture[80:-2, 80:-2].astype(int), axis=2).any()


def test_outside_the_crop_is_dimmed():
    display = Image.new("L", (100, 150), 200)
    crop = CropBox(top=50, left=0, side=200)
    picture = np.asarray(blend(backdrop(display, crop, (300, 200)), finding(spot(3, 3)), 3.0))
    assert picture[:24].mean() < 110
    assert picture[130:].mean() < 110
    assert picture[28:32, 40:60].mean() > 190


def test_the_same_evidence_has_the_same_colour_on_every_map_of_an_image():
    weak, strong = finding(spot(3, 3, height=1.0)), finding(spot(3, 3, height=4.0))
    top = scale_top([weak, strong])
    display = Image.new("L", (98, 98), 0)
    crop = CropBox(top=0, left=0, side=98)
    behind = backdrop(display, crop, (98, 98))
    peaks = [np.asarray(blend(behind, one, top))[49, 49] for one in (weak, strong)]
    expected = colours(np.array([1.0, 4.0]) / top) * 0.6
    np.testing.assert_allclose(peaks, expected, atol=6)


def test_the_scale_ends_at_a_round_number_over_the_highest_flagged_peak():
    assert scale_top([finding(spot(0, 0, height=3.7)), finding(spot(0, 0, height=2.0))]) == 4.0
    assert (
        scale_top([finding(spot(0, 0, height=9)), finding(spot(0, 0, height=40), flagged=False)])
        == 10
    )
    assert scale_top([finding(np.full((7, 7), -1.0), flagged=False)]) == 1.0
    assert scale_top([]) == 1.0


@settings(deadline=None)  # the machine may be busy
@given(st.floats(1e-6, 1e4))
def test_no_flagged_peak_leaves_the_scale(peak):
    one = finding(spot(0, 0, height=peak))
    top = scale_top([one])
    assert float(one.evidence.max()) <= top * (1 + 2e-6)
    assert top <= 2.01 * float(one.evidence.max())


def test_luminance_of_the_colour_map_only_rises():
    linear = (colours(np.linspace(0, 1, 256)) / 255.0) ** 2.2
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(luminance) > -1e-3)
    assert luminance[-1] > 8 * luminance[0]


def test_every_colour_stands_out_from_grey():
    assert np.ptp(colours(np.linspace(0, 1, 64)).astype(int), axis=1).min() > 100


def test_display_keeps_the_shape_and_the_range():
    pixels = np.linspace(-1024, 1024, 600 * 400, dtype=np.float32).reshape(600, 400)
    grey = display_image(pixels, 300)
    assert grey.mode == "L"
    assert grey.size == (200, 300)
    assert grey.getextrema() == (0, 255)
    assert display_image(pixels, 2000).size == (400, 600)
