"""PNG, JPEG and TIFF exports of a radiograph."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from cxr_triage.errors import ImageError, ImageTooLarge, UnreadableImage, UnsupportedImage
from cxr_triage.imaging.source import Limits, open_image

from .films import NoDecoder, chest, read


def saved(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey(film) -> np.ndarray:
    return film.stored


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
     ("TIFF", {"compression": "tiff_adobe_deflate"}), ("TIFF", {"compression": "packbits"})],
)  # fmt: skip
@pytest.mark.parametrize("bits", [8, 16])
def test_lossless_pictures(decoder, kind, options, bits):
    film = read(saved(chest(bits), kind, **options), decoder)
    assert np.array_equal(film.stored, chest(bits))
    assert np.allclose(film.pixels, chest(bits) / (2**bits - 1) * 2048 - 1024, atol=0.001)
    assert (film.header.source, film.header.bits_stored) == ("picture", bits)


def test_jpeg_is_close(decoder):
    film = read(saved(chest(8), "JPEG", quality=95), decoder)
    assert np.abs(film.stored.astype(int) - chest(8)).mean() < 2


@pytest.mark.parametrize("progressive", [False, True])
def test_what_telephones_append_to_a_jpeg_is_no_harm(decoder, progressive):
    data = saved(chest(8), "JPEG", progressive=progressive)
    assert np.array_equal(read(data + b"SEFH" * 99, decoder).stored, read(data, decoder).stored)
    with pytest.raises(UnreadableImage) as error:
        open_image(data[:-200] + b"SEFH" * 99, Limits())
    assert error.value.code == "truncated_picture"


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_tiffs_of_both_byte_orders(decoder, order):
    assert np.array_equal(read(tiff(chest(16), order=order), decoder).stored, chest(16))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_in_which_white_is_zero_is_turned(decoder, bits):
    film = read(tiff(chest(bits), photometric=0), decoder)
    assert np.array_equal(film.stored, 2**bits - 1 - chest(bits))


def tiff(pixels: np.ndarray, order: str = "<", photometric: int = 1) -> bytes:
    """An uncompressed one-strip TIFF."""
    rows, columns = pixels.shape
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    entries = {256: columns, 257: rows, 258: pixels.itemsize * 8, 259: 1, 262: photometric,
               273: 8, 277: 1, 278: rows, 279: len(raw)}  # fmt: skip
    at = 8 + len(raw) + len(raw) % 2
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    data += raw + b"\0" * (len(raw) % 2) + struct.pack(order + "H", len(entries))
    for tag, value in entries.items():
        data += struct.pack(order + "HHII", tag, 4, 1, value)
    return data + struct.pack(order + "I", 0)


def test_grey_in_three_channels_equals_grey(decoder):
    colour = np.repeat(chest(8)[..., None], 3, 2)
    assert np.array_equal(read(saved(colour, "PNG"), decoder).stored, chest(8))


def test_colour_becomes_luminance(decoder):
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[:2] = (255, 0, 0)
    colour[2:] = (0, 255, 0)
    film = read(saved(colour, "PNG"), decoder)
    assert film.stored[0, 0] == 76
    assert film.stored[3, 3] == 150


def test_a_palette_is_looked_up(decoder):
    palette = Image.fromarray(chest(8)).convert("P")
    assert np.array_equal(read(saved(palette, "PNG"), decoder).stored, chest(8))


def test_cmyk_becomes_luminance(decoder):
    cmyk = Image.fromarray(chest(8)).convert("RGB").convert("CMYK")
    film = read(saved(cmyk, "TIFF"), decoder)
    assert np.abs(film.stored.astype(int) - chest(8)).max() <= 1
    film = read(saved(cmyk, "JPEG", quality=98), decoder)
    assert np.abs(film.stored.astype(int) - chest(8)).mean() < 3


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_black_and_the_rest_as_it_is(decoder, mode):
    image = Image.fromarray(chest(8)).convert(mode)
    alpha = Image.fromarray(np.where(np.arange(130) < 65, 0, 255).astype("u1")[None].repeat(160, 0))
    image.putalpha(alpha)
    film = read(saved(image, "PNG"), decoder)
    assert np.all(film.stored[:, :65] == 0)
    assert np.array_equal(film.stored[:, 65:], chest(8)[:, 65:])


def test_black_and_white_pictures(decoder):
    film = read(saved(Image.fromarray(chest(8)).convert("1"), "PNG"), decoder)
    assert set(np.unique(film.stored)) <= {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "bits"), [("JPEG", 8), ("PNG", 8), ("PNG", 16)])
def test_exif_orientation_is_applied(decoder, kind, bits, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    film = read(saved(chest(bits), kind, exif=exif), decoder)
    plain = read(saved(chest(bits), kind), decoder).stored
    turned = {
        1: plain,
        2: plain[:, ::-1],
        3: plain[::-1, ::-1],
        4: plain[::-1],
        5: plain.T,
        6: plain.T[:, ::-1],
        7: plain.T[::-1, ::-1],
        8: plain.T[::-1],
    }
    assert np.array_equal(film.stored, turned[orientation])


def test_pages_of_a_tiff_are_counted_and_the_first_is_read(decoder):
    pages = [Image.fromarray(chest(8)), Image.fromarray(255 - chest(8))]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    image = open_image(data, Limits())
    film = image.decode(decoder)
    assert image.header.frames == 2
    assert np.array_equal(film.stored, chest(8))
    assert [warning.code for warning in film.warnings] == ["first_page_only"]


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_pixels_that_no_export_has_are_unsupported(decoder, dtype):
    with pytest.raises(UnsupportedImage) as error:
        read(saved(Image.fromarray(chest(8).astype(dtype)), "TIFF"), decoder)
    assert error.value.code == "picture_pixel_type"


def png_of_size(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_picture_bomb_is_refused_before_decoding():
    with pytest.raises(ImageTooLarge):
        open_image(png_of_size(100_000, 100_000), Limits())


def test_a_picture_that_lacks_most_of_its_rows_is_an_error(decoder):
    with pytest.raises(UnreadableImage):
        read(png_of_size(1000, 1000), decoder)


def test_a_tiff_whose_directories_run_in_a_circle_ends():
    data = bytearray(tiff(chest(8)))
    data[-4:] = data[4:8]
    assert open_image(bytes(data), Limits()).header.frames == 1


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*\0\0\0\x08"]
)
def test_a_signature_alone_is_unreadable(data):
    with pytest.raises(ImageError):
        open_image(data, Limits()).decode(NoDecoder())
