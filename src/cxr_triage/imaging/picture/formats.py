"""What kind of picture a file is, by its first bytes, also of kinds that are not read here."""

from typing import Final

from cxr_triage.errors import NotAnImage
from cxr_triage.imaging.dicom.codestream import J2K_START, JP2_SIGNATURE, JXL_SIGNATURES, SOI

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = SOI + b"\xff"
TIFFS: Final = {
    b"II*\0": ("<", False),
    b"MM\0*": (">", False),
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}
"""Byte order, and whether it is a BigTIFF."""
JPEG2000: Final = (JP2_SIGNATURE, J2K_START)
GIF: Final = (b"GIF87a", b"GIF89a")
BMP: Final = b"BM"
BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Sizes of the header that follows; two letters alone are too common."""

HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
UNREAD: Final = {
    b"8BPS": "Photoshop",
    b"qoif": "QOI",
    b"v/1\x01": "OpenEXR",
    b"II\xbc\x01": "JPEG XR",
}
PORTABLE: Final = frozenset(b"P%d" % kind for kind in range(1, 8))


def looks_like_picture(data: bytes) -> bool:
    """Does it begin as a picture that is read here does?"""
    return (
        data.startswith((PNG, JPEG, *JPEG2000, *GIF))
        or data[:4] in TIFFS
        or is_webp(data)
        or is_bmp(data)
    )


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def is_bmp(data: bytes) -> bool:
    return data.startswith(BMP) and int.from_bytes(data[14:18], "little") in BMP_HEADERS


def check_not_unread(data: bytes) -> None:
    """Raise NotAnImage, saying what to do, if this is a picture of another kind."""
    brands = {data[at : at + 4] for at in (8, *range(16, min(64, _box_end(data)), 4))}
    if data[4:8] == b"ftyp" and brands & AVIF_BRANDS:
        raise NotAnImage("picture_unread", measured="AVIF")
    if data[4:8] == b"ftyp" and brands & HEIF_BRANDS:
        raise NotAnImage("picture_heic")
    if data.startswith(JXL_SIGNATURES):
        raise NotAnImage("picture_unread", measured="JPEG XL")
    if data[:2] in PORTABLE and data[2:3].isspace():
        raise NotAnImage("picture_unread", measured="PNM")
    if data[:4] in UNREAD:
        raise NotAnImage("picture_unread", measured=UNREAD[data[:4]])


def _box_end(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")
