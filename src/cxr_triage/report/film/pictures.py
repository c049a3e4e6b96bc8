"""The pictures of a film as one run of bytes, for the way between processes.

`CXRPLT01`, the head's length (u32, little endian), the head (JSON), the pictures: the image
first, then the overlays in the head's order.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cxr_triage.report.film.film import Film

MAGIC: Final = b"CXRPLT01"
JPEG: Final = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmPictures:
    """The pictures of a film, JPEG. image: None where nothing could be decoded."""

    image: bytes | None = field(default=None, repr=False)
    overlays: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    cropped: bool = False


NO_PICTURES: Final = FilmPictures()


def packed(film: Film) -> bytes:
    """The film's pictures."""
    image = film.image or b""
    sizes = [[label, len(picture)] for label, picture in film.overlays.items()]
    head = json.dumps({"image": len(image), "overlays": sizes, "cropped": film.cropped}).encode()
    return b"".join((MAGIC, struct.pack("<I", len(head)), head, image, *film.overlays.values()))


def unpacked(data: bytes) -> FilmPictures:
    """What `packed` made. Raises ValueError, KeyError or TypeError for anything else."""
    if data[:8] != MAGIC or len(data) < 12:
        raise ValueError("no pictures")
    start = 12 + struct.unpack("<I", data[8:12])[0]
    head = json.loads(data[12:start])
    pictures = []
    for size in (int(head["image"]), *(int(size) for _, size in head["overlays"])):
        picture, start = data[start : start + size], start + size
        if size < 0 or len(picture) != size or (picture and not picture.startswith(JPEG)):
            raise ValueError("no picture")
        pictures.append(picture)
    if start != len(data):
        raise ValueError("more than pictures")
    labels = [str(label) for label, _ in head["overlays"]]
    return FilmPictures(
        image=pictures[0] or None,
        overlays=dict(zip(labels, pictures[1:], strict=True)),
        cropped=bool(head["cropped"]),
    )
