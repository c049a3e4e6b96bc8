"""The rules of stored value → ±1024, one by one."""

import numpy as np
import pytest
from pydicom import Dataset

from cxr_triage.errors import UnreadableImage

from .films import BIG, IMPLICIT, LITTLE, chest, codes, dataset, dicom, lut_item, read, written

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def to_range(unit):
    """0..1 as ±1024."""
    return np.asarray(unit, np.float64) * 2048 - 1024


def close(film, expected) -> bool:
    return np.allclose(film.pixels, expected, atol=0.01)


# Step 0: stored values


def test_unused_bits_are_masked_and_said():
    film = read(dicom(RAMP | np.uint16(0xA000), 12))
    assert np.array_equal(film.stored, RAMP)
    assert codes(film) == ["unused_bits"]


def test_an_overlay_in_unused_bits_is_no_surprise():
    ds = dataset(RAMP, 12)
    ds.add_new(0x60000102, "US", 15)
    ds.add_new(0x7FE00010, "OW", (RAMP | np.uint16(0x8000)).tobytes())
    film = read(written(ds))
    assert np.array_equal(film.stored, RAMP)
    assert codes(film) == []


def test_a_high_bit_that_is_not_the_last_shifts():
    film = read(dicom(RAMP << np.uint16(4), 12, HighBit=15))
    assert np.array_equal(film.stored, RAMP)


def test_signed_values_of_fewer_bits_keep_their_sign():
    signed = (RAMP.astype(np.int16) - 2048).astype(np.int16)
    film = read(dicom(signed & np.int16(0x0FFF), 12, PixelRepresentation=1))
    assert np.array_equal(film.stored, signed)
    assert film.table_first == -2048
    assert close(film, to_range((signed + 2048) / 4095))


def test_the_table_gives_the_pixels():
    film = read(dicom(chest(), 15))
    assert np.array_equal(film.table[film.stored - film.table_first], film.pixels)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_whatever_the_polarity(photometric):
    padded = RAMP.copy()
    padded[:8] = 4000
    film = read(dicom(padded, 12, PixelPaddingValue=4000, PhotometricInterpretation=photometric))
    assert np.all(film.pixels[padded == 4000] == -1024)
    assert film.pixel_policy.padding == (4000, 4000)
    assert film.pixel_policy.padded == np.mean(padded == 4000)


def test_a_range_of_padding_includes_both_ends():
    film = read(dicom(RAMP, 12, PixelPaddingValue=10, PixelPaddingRangeLimit=5))
    assert film.pixel_policy.padding == (5, 10)
    assert np.all(film.pixels[(RAMP >= 5) & (RAMP <= 10)] == -1024)
    assert np.all(film.pixels[RAMP == 11] > -1024)


def test_negative_padding_of_signed_pixels():
    signed = RAMP.astype(np.int16) - 2048
    film = read(dicom(signed, 16, PixelPaddingValue=-2048))
    assert film.pixel_policy.padding == (-2048, -2048)


def test_padding_that_cannot_be_stored_is_none():
    film = read(dicom(RAMP, 12, PixelPaddingValue=60000))
    assert film.pixel_policy.padding is None


def test_padding_does_not_count_for_the_span():
    pixels = np.full((64, 64), 65535, np.uint16)
    pixels[16:48, 16:48] = np.linspace(10_000, 14_000, 1024).reshape(32, 32)
    film = read(dicom(pixels, 16, PixelPaddingValue=65535))
    assert film.pixel_policy.voi == "span"
    assert 10_000 <= film.pixel_policy.output_range[0] < 10_100
    assert 13_900 < film.pixel_policy.output_range[1] <= 14_000


def test_an_image_of_padding_alone_is_black():
    film = read(
        dicom(np.zeros((8, 8), np.uint16), 12, PixelPaddingValue=0, WindowCenter=5, WindowWidth=10)
    )
    assert np.all(film.pixels == -1024)
    assert film.pixel_policy.padded == 1.0
    assert film.pixel_policy.clipped == 0.0


# Step 1: modality


def test_rescale_moves_the_nominal_range_along():
    film = read(dicom(RAMP, 12, RescaleSlope=2, RescaleIntercept=-1000))
    assert film.pixel_policy.modality == "rescale"
    assert film.pixel_policy.output_range == (-1000, 7190)
    assert close(film, to_range(RAMP / 4095))


def test_a_window_applies_to_rescaled_values():
    film = read(
        dicom(RAMP, 12, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000, WindowWidth=2001)
    )
    assert close(film, to_range(np.clip((2.0 * RAMP - 1000 - (-0.5)) / 2000, 0, 1)))


def test_a_negative_slope_turns_bright_to_dark():
    film = read(dicom(RAMP, 12, RescaleSlope=-1, RescaleIntercept=4095))
    assert close(film, to_range(1 - RAMP / 4095))


@pytest.mark.parametrize("slope", [0, 1e20])
def test_a_senseless_slope_is_ignored_aloud(slope):
    film = read(dicom(RAMP, 12, RescaleSlope=slope, RescaleIntercept=3))
    assert close(film, to_range(RAMP / 4095))
    assert codes(film) == ["rescale_ignored"]


def test_a_modality_lut_goes_before_rescale_and_gives_its_own_range():
    table = np.minimum(np.arange(4096) * 32, 65535).tolist()
    film = read(
        dicom(
            RAMP,
            12,
            RescaleSlope=5,
            RescaleIntercept=1,
            ModalityLUTSequence=[lut_item(0, 16, table)],
        )
    )
    assert film.pixel_policy.modality == "lut"
    assert film.pixel_policy.output_range == (0, 65535)
    assert close(film, to_range(np.array(table)[RAMP] / 65535))


def test_a_broken_modality_lut_is_an_error():
    with pytest.raises(UnreadableImage, match="table"):
        read(dicom(RAMP, 12, ModalityLUTSequence=[lut_item(0, 16, [1, 2, 3], count=4096)]))


# Step 2: VOI


def lut_of(bits, count=4096):
    return (np.sqrt(np.arange(count) / (count - 1)) * ((1 << bits) - 1)).astype(int).tolist()


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_the_first_voi_lut_wins_over_the_window_and_ranges_by_its_own_bits(bits):
    table = lut_of(bits)
    film = read(
        dicom(
            RAMP,
            12,
            WindowCenter=100,
            WindowWidth=50,
            VOILUTSequence=[lut_item(0, bits, table), lut_item(0, 8, [0, 255])],
        )
    )
    assert film.pixel_policy.voi == "lut"
    assert close(film, to_range(np.array(table)[RAMP] / ((1 << bits) - 1)))


def test_values_beyond_a_lut_take_its_ends_and_count_as_clipped():
    film = read(dicom(RAMP, 12, VOILUTSequence=[lut_item(1000, 8, list(range(256)))]))
    assert close(film, to_range(np.clip(RAMP.astype(int) - 1000, 0, 255) / 255))
    assert film.pixel_policy.clipped == pytest.approx((1000 + 4096 - 1256) / 4096)


@pytest.mark.parametrize("syntax", [LITTLE, BIG, IMPLICIT])
def test_an_eight_bit_lut_may_be_packed_two_to_a_word(syntax):
    table = np.array(lut_of(8), np.uint8)
    packed = table.reshape(-1, 2)[:, ::-1].tobytes() if syntax == BIG else table.tobytes()
    film = read(dicom(RAMP, 12, syntax=syntax, VOILUTSequence=[lut_item(0, 8, packed, count=4096)]))
    assert codes(film) == []
    assert close(film, to_range(table[RAMP] / 255.0))


def test_a_lut_of_65536_entries_is_written_as_zero():
    wide = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    table = (65535 - np.arange(65536)).astype("<u2")
    film = read(dicom(wide, 16, VOILUTSequence=[lut_item(0, 16, table.tobytes(), count=65536)]))
    assert close(film, to_range(1 - wide / 65535.0))


def test_the_first_value_of_a_lut_is_signed_when_pixels_are():
    signed = RAMP.astype(np.int16) - 2048
    table = lut_of(12)
    film = read(dicom(signed, 12, VOILUTSequence=[lut_item(-2048, 12, table)]))
    assert close(film, to_range(np.array(table)[RAMP] / 4095))


@pytest.mark.parametrize(
    "item",
    [lut_item(0, 20, [1, 2]), lut_item(0, 8, [1, 4000]), lut_item(0, 12, [1], count=9), Dataset()],
    ids=["bits", "values over its bits", "too short", "empty item"],
)
def test_a_broken_voi_lut_is_ignored_aloud_and_the_window_used(item):
    film = read(dicom(RAMP, 12, VOILUTSequence=[item], WindowCenter=2048, WindowWidth=4096))
    assert film.pixel_policy.voi == "linear"
    assert codes(film) == ["voi_lut_ignored"]


def test_a_linear_window_follows_the_standards_formula():
    """PS3.3 C.11.2.1.2.1, with its own example values."""
    film = read(dicom(RAMP, 12, WindowCenter=2048, WindowWidth=1001))
    expected = np.clip((RAMP - 2047.5) / 1000 + 0.5, 0, 1)
    assert close(film, to_range(expected))
    assert film.pixel_policy.window == (2048, 1001)
    assert film.pixel_policy.output_range == (1547.5, 2547.5)


def test_a_linear_window_of_width_one_is_a_threshold():
    film = read(dicom(RAMP, 12, WindowCenter=2048, WindowWidth=1))
    assert close(film, to_range(RAMP > 2047.5))


def test_a_linear_exact_window_follows_the_standards_formula():
    film = read(dicom(RAMP, 12, WindowCenter=2048, WindowWidth=0.5, VOILUTFunction="LINEAR_EXACT"))
    assert film.pixel_policy.voi == "linear_exact"
    assert close(film, to_range(np.clip((RAMP - 2048.0) / 0.5 + 0.5, 0, 1)))


def test_a_sigmoid_window_follows_the_standards_formula():
    film = read(dicom(RAMP, 12, WindowCenter=2000, WindowWidth=900, VOILUTFunction="SIGMOID"))
    assert film.pixel_policy.voi == "sigmoid"
    assert close(film, to_range(1 / (1 + np.exp(-4 * (RAMP - 2000.0) / 900))))
    assert film.pixel_policy.clipped == pytest.approx(np.mean(np.abs(RAMP - 2000.0) > 900))


@pytest.mark.parametrize(
    ("function", "width"), [("LINEAR", 0.5), ("LINEAR", 0), ("LINEAR_EXACT", 0), ("SIGMOID", -5)]
)
def test_an_invalid_window_is_ignored_aloud(function, width):
    film = read(dicom(RAMP, 12, WindowCenter=99, WindowWidth=width, VOILUTFunction=function))
    assert close(film, to_range(RAMP / 4095))
    assert codes(film) == ["window_ignored"]


def test_the_first_of_several_windows_is_used():
    film = read(dicom(RAMP, 12, WindowCenter=[2000, 100], WindowWidth=[1000, 50]))
    assert film.pixel_policy.window == (2000, 1000)


def test_a_window_beside_the_pixels_counts_them_as_clipped():
    film = read(dicom(RAMP, 12, WindowCenter=60000, WindowWidth=100))
    assert film.pixel_policy.clipped == 1.0


def test_padding_does_not_count_as_clipped():
    pixels = np.full((64, 64), 2000, np.uint16)
    pixels[:32] = 0
    film = read(dicom(pixels, 12, PixelPaddingValue=0, WindowCenter=2000, WindowWidth=100))
    assert film.pixel_policy.clipped == 0.0


# Step 3: scale


def test_without_voi_the_nominal_range_is_used():
    film = read(dicom(RAMP, 12))
    assert film.pixel_policy.voi == "none"
    assert film.pixel_policy.output_range == (0, 4095)
    assert close(film, to_range(RAMP / 4095))


def test_a_narrow_span_of_many_bits_is_stretched_to_its_percentiles():
    narrow = chest(12)
    film = read(dicom(narrow, 16))
    low, high = np.percentile(narrow, (0.1, 99.9))
    assert film.pixel_policy.voi == "span"
    assert film.pixel_policy.output_range == pytest.approx((low, high))
    assert close(film, to_range(np.clip((narrow - low) / (high - low), 0, 1)))


def test_a_narrow_span_of_eight_bits_is_left_alone():
    narrow = (RAMP // 64 + 100).astype(np.uint8)
    film = read(dicom(narrow, 8))
    assert film.pixel_policy.voi == "none"
    assert close(film, to_range(narrow / 255.0))


def test_a_constant_image_is_not_stretched():
    film = read(dicom(np.full((16, 16), 500, np.uint16), 12))
    assert film.pixel_policy.voi == "none"
    assert close(film, to_range(500 / 4095))


# Step 4: polarity


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted", "warned"),
    [
        ("MONOCHROME2", None, False, False),
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME1", None, True, False),
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME2", "INVERSE", True, True),
        ("MONOCHROME1", "IDENTITY", True, True),
    ],
)
def test_polarity_is_inverted_once(photometric, shape, inverted, warned):
    film = read(dicom(RAMP, 12, PhotometricInterpretation=photometric, PresentationLUTShape=shape))
    assert film.pixel_policy.inverted == inverted
    assert close(film, to_range(1 - RAMP / 4095 if inverted else RAMP / 4095))
    assert codes(film) == (["polarity_contradicts"] if warned else [])


def test_in_a_real_film_lungs_are_dark_and_the_spine_is_bright(rg1):
    film = read(rg1)
    rows, columns = film.pixels.shape
    lung = film.pixels[rows // 4 : rows // 3, columns // 4 : columns // 3]
    spine = film.pixels[rows // 2 : 3 * rows // 4, 9 * columns // 20 : columns // 2]
    assert lung.mean() + 300 < spine.mean()


# Step 6: square pixels


@pytest.mark.parametrize(
    "attributes",
    [
        {"PixelSpacing": [0.2, 0.1]},
        {"ImagerPixelSpacing": [0.2, 0.1]},
        {"NominalScannedPixelSpacing": [0.2, 0.1]},
        {"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.1]},
        {"PixelAspectRatio": [2, 1]},
    ],
)
def test_tall_pixels_are_made_square(attributes):
    film = read(dicom(RAMP, 12, **attributes))
    assert film.pixels.shape == (64, 32)
    assert film.pixel_policy.resampled_to_square
    assert film.stored.shape == (64, 64)
    assert film.pixels.min() >= -1024
    assert film.pixels.max() <= 1024


@pytest.mark.parametrize(
    "attributes",
    [{}, {"PixelSpacing": [0, 0]}, {"PixelSpacing": [0.1, 0.1]}, {"PixelSpacing": [0, 5]}],
)
def test_unknown_spacing_is_square(attributes):
    film = read(dicom(RAMP, 12, **attributes))
    assert film.pixels.shape == (64, 64)
    assert not film.pixel_policy.resampled_to_square


def test_the_most_extreme_spacing_leaves_a_picture():
    assert read(dicom(RAMP, 12, PixelSpacing=["1000000", "0.000001"])).pixels.shape == (64, 1)


def test_what_is_returned_cannot_be_changed():
    film = read(dicom(RAMP, 12))
    for array in (film.stored, film.table, film.pixels):
        assert not array.flags.writeable


def test_equal_pixels_have_equal_digests_in_other_encodings():
    first, second = (read(dicom(RAMP, 12, syntax=s)) for s in (IMPLICIT, BIG))
    assert first.pixel_digest == second.pixel_digest
    assert first.digest != second.digest
