"""Stored pixel values and their table in one file, for a viewer that windows by itself.

::

    8 bytes   b"CXRPIX01"
    4 bytes   length of the head, unsigned, little endian
    head      JSON in UTF-8, padded with spaces so that what follows lies on 8 bytes
    stored    u16 or i16, little endian, [rows, columns]
    table     f32, little endian, `table_offset` bytes after the end of the head: what
              stored value `table_first + index` looks like, −1024 black to 1024 white
"""

import json
import struct
from dataclasses import asdict
from typing import Any

import numpy as np

from cxr_triage.domain import CropBox, Radiograph

MAGIC = b"CXRPIX01"
ALIGN = 8
MEDIA_TYPE = "application/vnd.cxr-triage.pixels"


def pixel_file(radiograph: Radiograph, crop: CropBox | None) -> bytes:
    """The whole file. `crop` is the square that the model saw, in pixels of the image shown."""
    kind = "int16" if radiograph.stored.dtype.kind == "i" else "uint16"
    stored = _padded(radiograph.stored.astype(np.dtype(kind).newbyteorder("<")).tobytes(), b"\0")
    head = json.dumps(
        _facts(radiograph)
        | {
            "type": kind,
            "table_offset": len(stored),
            "crop": None if crop is None else asdict(crop),
        }
    ).encode()
    head = _padded(head, b" ", before=len(MAGIC) + 4)
    table = radiograph.table.astype("<f4").tobytes()
    return b"".join((MAGIC, struct.pack("<I", len(head)), head, stored, table))


def _padded(part: bytes, filler: bytes, *, before: int = 0) -> bytes:
    """Filled so that it ends on `ALIGN` bytes if `before` bytes precede it."""
    return part + filler * (-(before + len(part)) % ALIGN)


def _facts(radiograph: Radiograph) -> dict[str, Any]:
    """`window` is in stored values; None where the header's window is in other units."""
    rows, columns = radiograph.stored.shape
    shown_rows, shown_columns = radiograph.pixels.shape
    policy = radiograph.pixel_policy
    return {
        "rows": rows,
        "columns": columns,
        "table_first": radiograph.table_first,
        "table_length": len(radiograph.table),
        "shown_rows": shown_rows,
        "shown_columns": shown_columns,
        "inverted": policy.inverted,
        "window": policy.window if policy.modality == "none" else None,
        "padding": policy.padding,
        "spacing_mm": radiograph.header.spacing_mm,
    }
