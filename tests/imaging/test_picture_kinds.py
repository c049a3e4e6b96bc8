"""Every kind of picture that a decoder here reads, and what is said of the rest."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import Reason
from cxr_triage.errors import NotAnImage, UnreadableImage
from cxr_triage.imaging.source import Limits, open_image
from tests.api.films import picture

from .films import chest, codes, jpeg2000, read
from .test_pictures import saved

KINDS = {
    "webp": saved(chest(8), "WEBP", lossless=True),
    "bmp": saved(chest(8), "BMP"),
    "bmp in colour": saved(Image.fromarray(chest(8)).convert("RGB"), "BMP"),
    "gif": saved(chest(8), "GIF"),
    "jp2": jpeg2000(chest(8), 8, codecformat="jp2"),
    "j2k": jpeg2000(chest(8), 8),
}


@pytest.mark.parametrize("name", KINDS)
def test_other_kinds_show_what_a_png_shows(decoder, name):
    film = read(KINDS[name], decoder)
    assert np.array_equal(film.pixels, read(saved(chest(8), "PNG"), decoder).pixels)
    assert codes(film) == []


@pytest.mark.parametrize("share", [0.4, 0.9])
@pytest.mark.parametrize("name", KINDS)
def test_other_kinds_cut_off_are_an_error(decoder, name, share):
    with pytest.raises(UnreadableImage):
        read(KINDS[name][: int(len(KINDS[name]) * share)], decoder)


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_the_first_of_several_frames_is_read_aloud(decoder, kind):
    frames = [Image.fromarray(chest(8)), Image.fromarray(255 - chest(8))]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert codes(read(data, decoder)) == ["first_page_only"]


@pytest.mark.parametrize(
    ("data", "code", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, "picture_heic", None),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 99, "picture_heic", None),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf" + b"\0" * 99, "picture_unread", "AVIF"),
        (b"\xff\x0a" + b"\0" * 99, "picture_unread", "JPEG XL"),
        (b"P5\n10 10\n255\n" + b"\0" * 100, "picture_unread", "PNM"),
        (b"8BPS\0\1" + b"\0" * 99, "picture_unread", "Photoshop"),
    ],
)
def test_pictures_that_are_not_read_are_told_from_no_picture(data, code, kind):
    with pytest.raises(NotAnImage) as error:
        open_image(data, Limits())
    assert (error.value.code, error.value.values.get("measured")) == (code, kind)


def test_the_sentence_for_heic_says_how_to_send_a_jpeg():
    error = NotAnImage("picture_heic")
    assert "Most Compatible" in error.message("en")
    assert "JPEG" in error.message("vi")


# Bits


def packed_tiff(values: np.ndarray, bits: int, photometric: int = 1) -> bytes:
    """`bits` bits a sample, each row packed."""
    shifts = np.arange(bits - 1, -1, -1)
    rows = (values[..., None].astype(int) >> shifts & 1).reshape(values.shape[0], -1)
    raw = np.packbits(rows.astype(np.uint8), axis=1).tobytes()
    raw += b"\0" * (len(raw) % 2)
    entries = {256: values.shape[1], 257: values.shape[0], 258: bits, 259: 1, 262: photometric,
               273: 8, 277: 1, 278: values.shape[0], 279: len(raw)}  # fmt: skip
    data = b"II*\0" + struct.pack("<I", 8 + len(raw)) + raw + struct.pack("<H", len(entries))
    return data + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in entries.items()) + b"\0" * 4


def unscaled(values: np.ndarray) -> bytes:
    """A 16-bit PNG of values as they are, as `cv2.imwrite(pixel_array)` writes it."""
    return saved(values.astype(np.uint16), "PNG")


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_white_of_a_tiff_is_the_highest_value_of_its_bits(decoder, bits, photometric):
    values = chest(bits)
    data = packed_tiff(values if photometric else 2**bits - 1 - values, bits, photometric)
    film = read(data, decoder)
    assert np.array_equal(film.stored, values)
    assert film.pixel_policy.output_range == (0, 2**bits - 1)
    full = values.astype(np.float64) / (2**bits - 1) * 2048 - 1024
    assert np.abs(film.pixels - full).max() < 0.01
    assert codes(film) == []


def test_white_of_a_jpeg_2000_is_the_highest_value_of_its_bits(decoder):
    film = read(jpeg2000(chest(12), 12, codecformat="jp2"), decoder)
    assert film.pixel_policy.output_range == (0, 4095)
    assert np.array_equal(film.stored, chest(12))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_wide_picture_of_narrow_values_is_doubtful_and_read_once_its_bits_are_said(decoder, bits):
    values = chest(bits).copy()
    values[0, 0] = 2**bits - 1
    data = unscaled(values)
    assert open_image(data, Limits()).decode(decoder).warnings == (
        Reason(code="bits_doubtful", measured=bits, limit=16),
    )
    film = open_image(data, Limits(), bits).decode(decoder)
    assert film.warnings == ()
    assert film.header.bits_stored == bits
    assert film.pixel_policy.output_range == (0, 2**bits - 1)


def test_values_over_the_bits_that_were_said_are_an_error(decoder):
    with pytest.raises(UnreadableImage) as error:
        open_image(unscaled(chest(12)), Limits(), 10).decode(decoder)
    assert error.value.code == "bits_exceeded"


def test_who_says_sixteen_bits_is_believed(decoder):
    assert open_image(unscaled(chest(12)), Limits(), 16).decode(decoder).warnings == ()


def test_bits_said_of_eight_bits_change_nothing(decoder):
    data = saved(chest(8), "PNG")
    said = open_image(data, Limits(), 12).decode(decoder)
    assert np.array_equal(said.pixels, read(data, decoder).pixels)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_wide_picture_in_colour_is_told_and_read_so_too(decoder, channels):
    values = chest(12).copy()
    values[0, 0] = 4095
    colour = np.repeat(values[..., None], channels, 2)
    if channels in {2, 4}:
        colour[..., -1] = 65535
    data = bytes(imagecodecs.png_encode(colour))
    assert open_image(data, Limits()).decode(decoder).warnings == (
        Reason(code="bits_doubtful", measured=12, limit=16),
    )
    film = open_image(data, Limits(), 12).decode(decoder)
    assert np.array_equal(film.stored, values)


# Photographs


def photo(tint: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    grey = np.repeat(chest(8)[..., None], 3, 2).astype(int)
    return Image.fromarray(np.clip(grey + tint, 0, 255).astype(np.uint8))


def exif(**tags: object) -> Image.Exif:
    found = Image.Exif()
    for name, value in tags.items():
        found[int(name[1:], 16)] = value
    return found


CAMERA = {
    "maker and model": exif(x010F="Acme", x0110="Phone 7"),
    "exposure": exif(x829A=0.01),
    "aperture": exif(x829D=1.8),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", CAMERA)
def test_a_camera_that_names_itself_took_a_photograph(decoder, name, kind):
    film = read(saved(photo(), kind, exif=CAMERA[name]), decoder)
    assert "photographed" in codes(film)


@pytest.mark.parametrize("tint", [(0, 8, 30), (40, 20, 0)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_tint_all_over_is_a_photograph(decoder, kind, tint):
    assert "photographed" in codes(read(saved(photo(tint), kind), decoder))


@pytest.mark.parametrize("degrees", [20, 50, 110])
def test_bars_all_over_are_a_screen_that_was_photographed(decoder, degrees):
    """Grey, and without a word of a camera: what a messenger leaves."""
    film = np.asarray(Image.open(io.BytesIO(picture(0))).convert("L"), np.float64)
    y, x = np.mgrid[: film.shape[0], : film.shape[1]]
    way = np.deg2rad(degrees)
    bars = 1 + 0.04 * np.sin(2 * np.pi / 6 * (x * np.cos(way) + y * np.sin(way)))
    seen = Image.fromarray(np.clip(film * bars, 0, 255).astype(np.uint8))
    assert "photographed" in codes(read(saved(seen, "JPEG"), decoder))
    assert "photographed" not in codes(read(picture(0), decoder))


def test_a_grid_along_the_sides_is_none(decoder):
    film = np.asarray(Image.open(io.BytesIO(picture(0))).convert("L"), np.float64)
    lines = 1 + 0.05 * np.sin(2 * np.pi / 5 * np.arange(film.shape[1]))
    seen = Image.fromarray(np.clip(film * lines, 0, 255).astype(np.uint8))
    assert "photographed" not in codes(read(saved(seen, "PNG"), decoder))


def test_an_export_is_no_photograph_with_coloured_marks_and_orientation(decoder):
    marked = photo()
    marked.paste((255, 200, 0), (0, 0, 40, 20))
    for kind in ("JPEG", "PNG"):
        assert codes(read(saved(marked, kind, exif=exif(x0112=1)), decoder)) == []


def test_a_scanner_that_names_itself_is_no_camera(decoder):
    tiff = saved(chest(8), "TIFF", exif=exif(x010F="Acme", x0110="Film scanner"))
    assert codes(read(tiff, decoder)) == []
