"""A number that is there is read by its only meaning, or the image is refused for it."""

import struct

import numpy as np
import pytest

from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.numbers import parse
from cxr_triage.imaging.source import Limits, open_image

from . import films
from .films import chest, codes, dicom, read

RESCALED = {"RescaleSlope": "2", "RescaleIntercept": "-100"}


def window(centre: bytes = b"1200.5", width: bytes = b"2400.5") -> bytes:
    """A film with a window whose text is exactly that."""
    plain = dicom(chest(12), 12, WindowCenter="1200.5", WindowWidth="2400.5")
    return with_text(with_text(plain, 0x1050, centre), 0x1051, width)


def with_text(data: bytes, element: int, text: bytes, vr: bytes = b"") -> bytes:
    """The film with another value, and another VR of a short length if one is given, in an
    element of group 0028."""
    at = data.index(struct.pack("<HH", 0x0028, element))
    (length,) = struct.unpack_from("<H", data, at + 6)
    filled = text + (b"" if vr else b" " * (len(text) % 2))
    head = data[at : at + 4] + (vr or data[at + 4 : at + 6]) + struct.pack("<H", len(filled))
    return data[:at] + head + filled + data[at + 8 + length :]


def refused_for(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as error:
        read(data)
    assert error.value.code == "unreadable_number"
    return str(error.value.values["element"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200.5", 1200.5), ("-1.5E3", -1500), (".5", 0.5), ("12.", 12),
        ("1200,5", 1200.5), ("0,143", 0.143), ("-0,5", -0.5), ("1,2E3", 1200), ("1200,500", 1200.5),
        ("12000 HU", 12000), ("12000HU", 12000), ("1200,5 HU", 1200.5),
        ("1,200,500", 1200500), ("1,200.5", 1200.5), ("1.200,5", 1200.5), ("12 000", 12000),
        ('"12000"', 12000),
    ],
)  # fmt: skip
def test_what_has_one_meaning_is_read(text, value):
    found = parse(text)
    assert found is not None
    assert found[0] == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["1,200", "12,000", "abc", "1.2.3", "1/2", "--5", "nan", "inf", "1e999", "12k", "5%"],
)
def test_what_has_no_meaning_or_two_is_not(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("centre", "width"),
    [(b"1200,5", b"2400,5"), (b"1200.5 HU", b"2400.5HU"), (b"\\1200.5", b"\\2400.5"),
     (b"1200.5\\3", b"2400.5\\4"), (b"\\1200.5", b"2400.5"), (b"1200,500", b"2400.5")],
)  # fmt: skip
def test_a_window_written_otherwise_shows_the_same_picture(centre, width):
    film = read(window(centre, width))
    assert np.array_equal(film.pixels, read(window()).pixels)
    plain = (centre, width) == (b"1200.5\\3", b"2400.5\\4")
    assert codes(film) == ([] if plain else ["number_reread"] * len(set(codes_of(film))))


def codes_of(film) -> list[str]:
    return [str(w.measured) for w in film.warnings]


def test_the_warning_names_the_element():
    film = read(window(width=b"2400,5"))
    assert codes_of(film) == ["Window Width (0028,1051)"]


@pytest.mark.parametrize(
    ("centre", "width", "named"),
    [
        (b"1,200", b"2400", "Window Center (0028,1050)"),
        (b"1200", b"wide", "Window Width (0028,1051)"),
        (b"1200", b"NaN", "Window Width (0028,1051)"),
        (b"\\1\\2", b"2400\\\\", "Window Center (0028,1050)"),
    ],
)
def test_a_window_that_cannot_be_read_refuses_the_image(centre, width, named):
    assert refused_for(window(centre, width)) == named


def test_a_window_in_binary_shows_the_same_picture():
    binary = with_text(window(), 0x1050, struct.pack("<d", 1200.5), b"FD")
    binary = with_text(binary, 0x1051, struct.pack("<f", 2400.5), b"FL")
    film = read(binary)
    assert np.array_equal(film.pixels, read(window()).pixels)
    assert codes(film) == ["number_reread"] * 2
    whole = with_text(window(width=b"2400"), 0x1051, struct.pack("<H", 2400), b"US")
    assert np.array_equal(read(whole).pixels, read(window(width=b"2400")).pixels)


@pytest.mark.parametrize("text", [b"2,0", b"2 HU", b"\\2", b"2\\2", b'"2"'])
def test_a_slope_written_otherwise_is_the_same_slope(text):
    plain = dicom(chest(12), 12, WindowCenter="2000", WindowWidth="3000", **RESCALED)
    film = read(with_text(plain, 0x1053, text))
    assert np.array_equal(film.pixels, read(plain).pixels)
    assert codes(film) == ["number_reread"]


@pytest.mark.parametrize("text", [b"two", b"1,000", b"1\\2", b"-"])
def test_a_slope_that_cannot_be_read_refuses_the_image(text):
    plain = dicom(chest(12), 12, **RESCALED)
    assert refused_for(with_text(plain, 0x1053, text)) == "Rescale Slope (0028,1053)"


def test_a_signed_intercept_with_a_comma():
    plain = dicom(chest(12), 12, RescaleSlope="1", RescaleIntercept="-100.5")
    assert np.array_equal(read(with_text(plain, 0x1052, b"-100,5")).pixels, read(plain).pixels)


@pytest.mark.parametrize("text", [b"0,2\\0,1", b"0.2 mm\\0.1mm", b"\\0.2\\0.1", b"0,200\\0,100"])
def test_a_spacing_written_otherwise_makes_the_same_squares(text):
    plain = dicom(chest(12), 12, PixelSpacing=["0.2", "0.1"])
    film = read(with_text(plain, 0x0030, text))
    assert film.pixels.shape == read(plain).pixels.shape
    assert film.header.spacing_mm == (0.2, 0.1)
    assert codes(film) == ["number_reread"]


@pytest.mark.parametrize("text", [b"0.02 cm\\0.01 cm", b"a\\b", b"0.2\\0.1\\0.3", b"0.2;0.1"])
def test_a_spacing_that_cannot_be_read_refuses_the_image(text):
    plain = dicom(chest(12), 12, PixelSpacing=["0.2", "0.1"])
    assert refused_for(with_text(plain, 0x0030, text)) == "Pixel Spacing (0028,0030)"


def test_frames_that_cannot_be_counted_refuse_the_image():
    plain = dicom(chest(12), 12, NumberOfFrames="1")
    assert open_image(with_text(plain, 0x0008, b"many"), Limits()).header.frames == 1
    assert refused_for(with_text(plain, 0x0008, b"many")) == "Number of Frames (0028,0008)"


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"UL", b"\xa0\0\0\0"),
        (b"IS", b"160 "),
        (b"FD", struct.pack("<d", 160)),
        (b"DS", b"160."),
    ],
)
def test_rows_in_another_vr_are_rows(vr, value):
    plain = dicom(chest(12), 12)
    film = read(with_text(plain, 0x0010, value, vr))
    assert np.array_equal(film.pixels, read(plain).pixels)


def test_padding_that_cannot_be_read_refuses_the_image():
    plain = dicom(chest(12), 12, PixelPaddingValue=0)
    assert refused_for(with_text(plain, 0x0120, b"none", b"LO")).startswith("Pixel Padding Value")


def test_no_window_and_an_empty_one_are_absent():
    plain = dicom(chest(12), 12)
    for empty in (b"", b"  ", b"\\"):
        film = read(window(empty, empty))
        assert np.array_equal(film.pixels, read(plain).pixels)
        assert codes(film) == []


def test_implicit_files_are_read_so_too():
    plain = dicom(chest(12), 12, syntax=films.IMPLICIT, WindowCenter="1200.5", WindowWidth="2400.5")
    assert plain.count(b"2400.5") == 1
    film = read(plain.replace(b"2400.5", b"2400,5"))
    assert np.array_equal(film.pixels, read(window()).pixels)
