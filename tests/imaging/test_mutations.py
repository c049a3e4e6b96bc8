"""Real files, mutated: a result or an error of the tree, soon, and no silent truncation."""

import io
import time
from pathlib import Path

import imagecodecs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_charset_files

from cxr_triage.errors import TriageError
from cxr_triage.imaging.prepare import prepare
from cxr_triage.imaging.source import Limits, open_image

from . import films
from .films import chest, dicom, jpeg, jpeg2000, lut_item

LIMITS = Limits(max_pixels=2_000_000)
SLOWEST_S = 10.0


def picture(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(chest(8)).save(buffer, kind, **options)
    return buffer.getvalue()


FILES = {
    "explicit": dicom(chest(12), 12, WindowCenter=2000, WindowWidth=4000),
    "implicit": dicom(chest(12), 12, syntax=films.IMPLICIT, PixelPaddingValue=0),
    "big endian": dicom(chest(12), 12, syntax=films.BIG),
    "bare": dicom(chest(8), 8, preamble=False),
    "deflated": dicom(chest(12), 12, syntax=films.DEFLATED),
    "lut": dicom(chest(8), 8, VOILUTSequence=[lut_item(0, 8, list(range(256)))],
                 ModalityLUTSequence=[lut_item(0, 8, list(range(256)))]),
    "rle": films.rle(chest(12), 12),
    "jpeg": dicom(chest(8), 8, syntax=films.BASELINE, frame=jpeg(chest(8), 8, level=90)),
    "jpeg 12": dicom(chest(12), 12, syntax=films.EXTENDED, frame=jpeg(chest(12), 12, level=90)),
    "jpeg lossless": dicom(chest(12), 12, syntax=films.LOSSLESS_SV1,
                           frame=jpeg(chest(12), 12, lossless=True, predictor=1)),
    "jpeg-ls": dicom(chest(12), 12, syntax=films.JPEGLS,
                     frame=bytes(imagecodecs.jpegls_encode(chest(12)))),
    "jpeg 2000": dicom(chest(12), 12, syntax=films.J2K_LOSSLESS, frame=jpeg2000(chest(12), 12)),
    "htj2k": dicom(chest(12), 12, syntax=films.HTJ2K_LOSSLESS,
                   frame=bytes(imagecodecs.htj2k_encode(chest(12)))),
    "charset": Path(get_charset_files("chrH32.dcm")[0]).read_bytes(),
    "sequences": films.real_file("nested_priv_SQ.dcm"),
    "png": picture("PNG"),
    "jpeg picture": picture("JPEG"),
    "progressive jpeg": picture("JPEG", progressive=True),
    "tiff": picture("TIFF"),
    "lzw tiff": picture("TIFF", compression="tiff_lzw"),
}  # fmt: skip

HAVE_PIXELS = sorted(set(FILES) - {"sequences"})

mutating = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def outcome(data: bytes, decoder) -> str | None:
    """None if it was read, else the error's code; anything but a TriageError escapes."""
    start = time.monotonic()
    try:
        film = open_image(data, LIMITS).decode(decoder)
        assert prepare(film.pixels, 64).tensor.shape == (1, 64, 64)
        assert film.pixels.min() >= -1024.01
        assert film.pixels.max() <= 1024.01
    except TriageError as error:
        return error.code if error.message("vi") and error.message("en") else None
    finally:
        assert time.monotonic() - start < SLOWEST_S
    return None


@pytest.mark.parametrize("name", FILES)
@given(mutation=st.data())
@mutating
def test_flipped_bytes_give_a_result_or_an_error_of_the_tree(decoder, name, mutation):
    data = bytearray(FILES[name])
    early = st.integers(0, min(1500, len(data) - 1))
    places = st.one_of(early, st.integers(0, len(data) - 1))
    for place in mutation.draw(st.lists(places, min_size=1, max_size=8)):
        data[place] = mutation.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x2A]))
    outcome(bytes(data), decoder)


DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize("name", HAVE_PIXELS)
@given(mutation=st.data())
@mutating
def test_a_file_cut_anywhere_is_an_error(decoder, name, mutation):
    data = FILES[name]
    cut = mutation.draw(
        st.one_of(st.integers(0, len(data) - 1), st.integers(len(data) - 40, len(data) - 1))
    )
    found = outcome(data[:cut], decoder)
    in_delimiter = data.endswith(DELIMITER) and cut >= len(data) - len(DELIMITER)
    assert found is not None or in_delimiter  # the frame before it is whole


@pytest.mark.parametrize("name", HAVE_PIXELS)
@given(mutation=st.data())
@mutating
def test_a_piece_removed_or_doubled_gives_a_result_or_an_error(decoder, name, mutation):
    data = FILES[name]
    start = mutation.draw(st.integers(0, len(data) - 2))
    end = mutation.draw(st.integers(start + 1, min(len(data), start + 600)))
    piece = data[start:end] * mutation.draw(st.sampled_from([0, 2, 3]))
    outcome(data[:start] + piece + data[end:], decoder)


@pytest.mark.parametrize("name", ["explicit", "jpeg 2000", "rle", "jpeg lossless"])
@given(
    rows=st.integers(0, 65535),
    columns=st.integers(0, 65535),
    allocated=st.sampled_from([0, 1, 8, 12, 16, 32, 65535]),
    stored=st.sampled_from([0, 1, 8, 12, 16, 17, 65535]),
    high=st.sampled_from([0, 7, 11, 15, 16, 65535]),
)
@mutating
def test_absurd_sizes_give_a_result_or_an_error(
    decoder, name, rows, columns, allocated, stored, high
):
    data = FILES[name]
    for tag, value in {0x10: rows, 0x11: columns, 0x100: allocated, 0x101: stored,
                       0x102: high}.items():  # fmt: skip
        head = b"\x28\x00" + tag.to_bytes(2, "little") + b"US\x02\x00"
        at = data.index(head) + len(head)
        data = data[:at] + value.to_bytes(2, "little") + data[at + 2 :]
    code = outcome(data, decoder)
    if (rows, columns) != chest(12).shape and rows * columns * allocated > 8 * 41_600:
        assert code is not None


@given(noise=st.binary(max_size=2000))
@mutating
def test_noise_behind_a_prefix_is_an_error_of_the_tree(decoder, noise):
    for start in (b"\0" * 128 + b"DICM", b"\x08\0\x05\0CS\x02\0ab", b"\x89PNG\r\n\x1a\n", b"II*\0",
                  b"\xff\xd8\xff"):  # fmt: skip
        assert outcome(start + noise, decoder) is not None
