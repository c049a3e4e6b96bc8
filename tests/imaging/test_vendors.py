"""What devices and archives write against the standard, and what is read out of it."""

import struct

import imagecodecs
import numpy as np
import pytest

from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.source import Limits, open_image

from . import films
from .films import chest, codes, dicom, jpeg, jpeg2000, lut_item, read

DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"

FRAMES = {
    "jpeg extended": (films.EXTENDED, jpeg(chest(12), 12, level=90)),
    "jpeg lossless": (films.LOSSLESS_SV1, jpeg(chest(12), 12, lossless=True, predictor=1)),
    "jpeg-ls": (films.JPEGLS, bytes(imagecodecs.jpegls_encode(chest(12)))),
    "jpeg 2000": (films.J2K_LOSSLESS, jpeg2000(chest(12), 12)),
    "jpeg 2000 lossy": (films.J2K, jpeg2000(chest(12), 12, level=40)),
    "jp2": (films.J2K_LOSSLESS, jpeg2000(chest(12), 12, codecformat="jp2")),
    "htj2k": (films.HTJ2K_LOSSLESS, bytes(imagecodecs.htj2k_encode(chest(12)))),
}
TWELVE_BITS = [name for name in FRAMES if name not in {"jpeg-ls", "htj2k"}]
"""imagecodecs writes all 16 bits in the other two."""
VOI = {"WindowCenter": "2000", "WindowWidth": "3000"}


# The end of an encapsulated frame


@pytest.mark.parametrize(
    "end", [b"", b"\0" * 8, b"\0" * 64, DELIMITER[:4], b"\xfc\xff\xfc\xff" + b"\0" * 8]
)
@pytest.mark.parametrize("name", FRAMES)
def test_a_whole_frame_is_read_without_its_delimiter(decoder, name, end):
    syntax, frame = FRAMES[name]
    data = dicom(chest(12), 12, syntax=syntax, frame=frame)
    assert data.endswith(DELIMITER)
    film = read(data[:-8] + end, decoder)
    assert np.array_equal(film.stored, read(data, decoder).stored)
    assert "delimiter_missing" in codes(film)


@pytest.mark.parametrize("end", [b"", b"\0" * 8])
def test_a_whole_rle_frame_is_read_without_its_delimiter(decoder, end):
    data = films.rle(chest(12), 12)
    film = read(data[:-8] + end, decoder)
    assert np.array_equal(film.stored, chest(12))
    assert codes(film) == ["delimiter_missing"]


@pytest.mark.parametrize("end", [b"", b"\0" * 8])
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_without_delimiter_and_end_marker_is_cut_off(name, end):
    syntax, frame = FRAMES[name]
    data = dicom(chest(12), 12, syntax=syntax, frame=frame[: len(frame) // 4 * 2])
    with pytest.raises(UnreadableImage) as error:
        read(data[:-8] + end)
    assert error.value.code == "unfinished_frame"


# Bits of a frame


@pytest.mark.parametrize("stored", [13, 14, 16])
@pytest.mark.parametrize("name", TWELVE_BITS)
def test_a_frame_of_fewer_bits_than_the_header_says_shows_the_same_film(decoder, name, stored):
    syntax, frame = FRAMES[name]
    film = read(dicom(chest(12), stored, syntax=syntax, frame=frame), decoder)
    true = read(dicom(chest(12), 12, syntax=syntax, frame=frame), decoder)
    assert "precision_smaller" in codes(film)
    assert np.array_equal(film.stored, true.stored)
    assert np.array_equal(film.pixels, true.pixels)


@pytest.mark.parametrize("name", TWELVE_BITS)
def test_a_frame_of_fewer_bits_shows_the_same_film_in_its_window(decoder, name):
    syntax, frame = FRAMES[name]
    film = read(dicom(chest(12), 16, syntax=syntax, frame=frame, **VOI), decoder)
    true = read(dicom(chest(12), 12, syntax=syntax, frame=frame, **VOI), decoder)
    assert np.array_equal(film.pixels, true.pixels)


@pytest.mark.parametrize(
    ("syntax", "frame"),
    [
        (films.JPEGLS, bytes(imagecodecs.jpegls_encode(chest(8)))),
        (films.HTJ2K_LOSSLESS, bytes(imagecodecs.htj2k_encode(chest(8)))),
        (films.JPEGXL_LOSSLESS, bytes(imagecodecs.jpegxl_encode(chest(8), lossless=True))),
        (films.LOSSLESS_SV1, jpeg(chest(8), 8, lossless=True, predictor=1)),
    ],
)
def test_eight_bits_where_the_header_says_twelve(decoder, syntax, frame):
    wide = chest(8).astype(np.uint16)
    film = read(dicom(wide, 12, syntax=syntax, frame=frame), decoder)
    assert np.array_equal(film.stored, chest(8))
    assert np.array_equal(film.pixels, read(dicom(chest(8))).pixels)
    assert codes(film) == ["precision_smaller"]


def test_fewer_signed_bits_keep_their_sign(decoder):
    signed = chest(12).astype(np.int16) - 2048
    frame = jpeg2000(signed, 12)
    film = read(dicom(signed, 16, syntax=films.J2K_LOSSLESS, frame=frame), decoder)
    assert np.array_equal(film.stored, signed)


# Lookup tables


def lut_film(bits: int, entries: np.ndarray, sequence: str = "VOILUTSequence") -> bytes:
    item = lut_item(0, bits, entries.astype("<u2").tobytes(), count=len(entries))
    return dicom(chest(12), 12, **{sequence: [item]})


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize(("used", "said"), [(12, 16), (10, 16), (10, 12), (8, 16), (15, 16)])
def test_a_table_narrower_than_it_says_is_shown_over_its_own_range(used, said, sequence):
    entries = np.linspace(0, 2**used - 1, 4096).round()
    true, film = (read(lut_film(bits, entries, sequence)) for bits in (used, said))
    assert np.array_equal(film.pixels, true.pixels)
    assert codes(film) == ["lut_narrower"]
    assert codes(true) == []


def test_a_table_that_reaches_the_upper_half_keeps_its_range():
    film = read(lut_film(12, np.linspace(0, 2100, 4096).round()))
    assert codes(film) == []
    assert film.pixel_policy.output_range == (0, 4095)


# Elements


def element(tag: int, vr: bytes, value: bytes, length: str = "<H") -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return head + (b"\0\0" if length == "<I" else b"") + struct.pack(length, len(value)) + value


def before_patient(new: bytes) -> bytes:
    """A film with an element put in before its patient's."""
    data = dicom(chest(12), 12, PatientID="x")
    at = data.index(b"\x10\x00\x20\x00LO")
    return data[:at] + new + data[at:]


ITEM, ITEM_END, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
EVER = b"\xff" * 4


def unknown(items: bytes) -> bytes:
    return b"\x09\x00\x10\x10UN\0\0" + EVER + items + END + b"\0" * 4


INNER = element(0x00091001, b"LO", b"ACME") + element(0x00091002, b"UI", b"1.2.3\0")
NESTED = b"\x09\x00\x03\x10SQ\0\0" + EVER + ITEM + EVER + INNER + ITEM_END + b"\0" * 4 + END
UNKNOWN = {
    "explicit, undefined": ITEM + EVER + INNER + ITEM_END + b"\0" * 4,
    "explicit, two": (ITEM + EVER + INNER + ITEM_END + b"\0" * 4) * 2,
    "explicit, defined": ITEM + struct.pack("<I", len(INNER)) + INNER,
    "explicit, nested": ITEM + EVER + NESTED + b"\0" * 4 + ITEM_END + b"\0" * 4,
    "implicit, undefined": ITEM + EVER + b"\x09\x00\x01\x10\x04\0\0\0ACME" + ITEM_END + b"\0" * 4,
    "empty": b"",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_un_of_undefined_length_holds_items_of_either_encoding(name):
    data = before_patient(unknown(UNKNOWN[name]))
    assert open_image(data, Limits()).patient.id == "x"
    assert np.array_equal(read(data).stored, chest(12))


@pytest.mark.parametrize("vr", [b"--", b"??", b"  ", b"us", b"UK", b"ZZ", b"O?", b"1A"])
@pytest.mark.parametrize("value", [b"", b"ab", b"FOR PROCESSING", b"x" * 300])
def test_a_vr_that_is_none_with_a_length_of_two_bytes(vr, value):
    data = before_patient(element(0x00091010, vr, value))
    assert open_image(data, Limits()).patient.id == "x"
    assert np.array_equal(read(data).stored, chest(12))


@pytest.mark.parametrize("value", [b"", b"ab", b"x" * 300])
def test_a_vr_to_come_has_a_length_of_four_bytes(value):
    data = before_patient(element(0x00091010, b"ZZ", value, "<I"))
    assert open_image(data, Limits()).patient.id == "x"


@pytest.mark.parametrize("value", [b"", b"ab", b"x" * 300, b"x" * 0x2D2D])
def test_an_element_without_a_vr_is_implicit(value):
    data = before_patient(b"\x09\x00\x10\x10" + struct.pack("<I", len(value)) + value)
    assert open_image(data, Limits()).patient.id == "x"
    assert np.array_equal(read(data).stored, chest(12))
