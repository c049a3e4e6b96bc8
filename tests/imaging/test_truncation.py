"""A file that is cut off is never decoded in silence."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from cxr_triage.errors import ImageError, UnreadableImage
from cxr_triage.imaging.source import Limits, open_image

from . import films
from .films import chest, codes, dicom, jpeg, jpeg2000, read

FRAMES = {
    "jpeg": (films.BASELINE, jpeg(chest(8), 8, level=90), 8),
    "jpeg extended": (films.EXTENDED, jpeg(chest(12), 12, level=90), 12),
    "jpeg lossless": (films.LOSSLESS_SV1, jpeg(chest(12), 12, lossless=True, predictor=1), 12),
    "jpeg-ls": (films.JPEGLS, bytes(imagecodecs.jpegls_encode(chest(12))), 12),
    "jpeg 2000": (films.J2K_LOSSLESS, jpeg2000(chest(12), 12), 12),
    "htj2k": (films.HTJ2K_LOSSLESS, bytes(imagecodecs.htj2k_encode(chest(12))), 12),
    "jpeg xl": (films.JPEGXL_LOSSLESS,
                bytes(imagecodecs.jpegxl_encode(chest(16), lossless=True)), 16),
}  # fmt: skip


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
@pytest.mark.parametrize("syntax", [films.LITTLE, films.IMPLICIT, films.BIG, films.DEFLATED])
def test_a_cut_uncompressed_file_is_an_error(syntax, share):
    data = dicom(chest(12), 12, syntax=syntax)
    with pytest.raises(UnreadableImage):
        read(data[: int(len(data) * share)])


def test_pixel_data_that_say_they_are_shorter_are_an_error():
    data = dicom(chest(12)[:-1], 12, Rows=chest(12).shape[0])
    with pytest.raises(UnreadableImage) as error:
        read(data)
    assert error.value.code == "truncated_pixels"
    assert error.value.values["measured"] < error.value.values["expected"]


def test_pixel_data_that_are_longer_warn():
    film = read(dicom(chest(12), 12, Rows=chest(12).shape[0] - 1))
    assert codes(film) == ["extra_pixel_data"]


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_compressed_file_cut_off_is_an_error(name, share):
    syntax, frame, bits = FRAMES[name]
    data = dicom(chest(bits), bits, syntax=syntax, frame=frame)
    with pytest.raises(UnreadableImage):
        read(data[: int(len(data) * share)])


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_frame_cut_off_in_a_whole_file_is_an_error(decoder, name, share):
    syntax, frame, bits = FRAMES[name]
    data = dicom(chest(bits), bits, syntax=syntax, frame=frame[: int(len(frame) * share)])
    with pytest.raises(UnreadableImage):
        read(data, decoder)


@pytest.mark.parametrize("name", ["jpeg", "jpeg extended", "jpeg lossless", "jpeg-ls", "jpeg 2000"])
def test_a_frame_that_lost_its_end_marker_is_refused_before_decoding(name):
    syntax, frame, bits = FRAMES[name]
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(bits), bits, syntax=syntax, frame=frame[:-2]))
    assert error.value.code == "unfinished_frame"


@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"\xff"])
def test_filling_after_the_end_marker_is_allowed(decoder, tail):
    syntax, frame, bits = FRAMES["jpeg lossless"]
    film = read(dicom(chest(bits), bits, syntax=syntax, frame=frame + tail), decoder)
    assert np.array_equal(film.stored, chest(bits))


def test_a_jpeg_2000_that_lost_a_piece_but_kept_its_end_is_refused_before_decoding():
    syntax, frame, bits = FRAMES["jpeg 2000"]
    with pytest.raises(UnreadableImage) as error:
        read(dicom(chest(bits), bits, syntax=syntax, frame=frame[:2000] + frame[-2:]))
    assert error.value.code == "unfinished_frame"


@pytest.mark.parametrize("name", ["jpeg", "jpeg extended", "jpeg lossless"])
def test_a_jpeg_that_was_cut_and_closed_again_warns(decoder, name):
    """libjpeg fills up with grey and says nothing."""
    syntax, frame, bits = FRAMES[name]
    closed = frame[: len(frame) // 2] + frame[-2:]
    film = read(dicom(chest(bits), bits, syntax=syntax, frame=closed), decoder)
    assert codes(film) == ["may_be_unfinished"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_jpeg_picture_that_was_cut_and_closed_again_warns(decoder, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(chest(8)).save(buffer, "JPEG", exif=exif)
    data = buffer.getvalue()
    assert codes(read(data, decoder)) == []
    assert codes(read(data[: len(data) // 2] + data[-2:], decoder)) == ["may_be_unfinished"]


def test_an_rle_header_that_points_outside_the_frame_is_refused_before_decoding():
    """imagecodecs would crash on it."""
    data = films.rle(chest(12), 12)
    at = data.index((2).to_bytes(4, "little") + (64).to_bytes(4, "little"))
    broken = data[: at + 8] + b"\xff\xff\xff\x7f" + data[at + 12 :]
    with pytest.raises(UnreadableImage) as error:
        read(broken)
    assert error.value.code == "broken_frame"


def test_a_cut_rle_segment_is_an_error(decoder):
    data = films.rle(chest(12), 12)
    at = data.index(b"\xe0\x7f\x10\x00")
    shorter = data[:at] + data[at:].replace(data[-108:-8], b"")
    with pytest.raises(UnreadableImage):
        read(shorter, decoder)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.995])
def test_a_cut_picture_is_an_error(decoder, kind, share):
    buffer = io.BytesIO()
    Image.fromarray(chest(8)).save(buffer, kind)
    data = buffer.getvalue()
    with pytest.raises(ImageError):
        read(data[: int(len(data) * share)], decoder)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_cut_lzw_tiff_is_an_error(decoder, share):
    buffer = io.BytesIO()
    Image.fromarray(chest(8)).save(buffer, "TIFF", compression="tiff_lzw")
    data = buffer.getvalue()
    with pytest.raises(ImageError):
        read(data[: int(len(data) * share)], decoder)


def test_a_header_cut_off_is_an_error():
    data = dicom(chest(12), 12)
    with pytest.raises(UnreadableImage) as error:
        open_image(data[:300], Limits())
    assert error.value.code == "truncated_header"
