"""What the inference processes are asked and answer: JSON heads, and bodies in one order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from pydantic import TypeAdapter

from cxr_triage.domain import FilmDecision, ModelCard, NextSteps
from cxr_triage.imaging.decoding.wire import as_bytes
from cxr_triage.language import Language
from cxr_triage.result.document import Packed

DrawingKind = Literal["image", "pixels", "heatmap", "layer", "report", "pictures", "capture"]

PRINTED: Final[frozenset[DrawingKind]] = frozenset({"report", "pictures", "capture"})
"""What goes onto paper: nobody looks at it in a viewer meanwhile."""

CARD = TypeAdapter(ModelCard)
SCALE = TypeAdapter(FilmDecision | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is wanted of an image and its result.

    longest: pixels of the longer side (image, heatmap, layer). lossless: as PNG, in place of a
    tenth of the bytes and of the time (image, heatmap). window: centre and width in
    stored values (image). label: of a finding of an assessment that has a crop (heatmap,
    layer). title: what a report calls the film. policy: name and version, steps: what it says
    is to be done next, time_zone: of the place, pictured: shows the film, for a report. scale: of
    the page for an archive; when: it counts as made, ISO 8601.
    """

    kind: DrawingKind
    language: Language = "en"
    longest: int = 1024
    lossless: bool = True
    window: tuple[float, float] | None = None
    label: str = ""
    title: str = ""
    policy: str = ""
    time_zone: str = "UTC"
    steps: NextSteps = field(default_factory=dict)
    pictured: bool = True
    scale: float = 1.0
    when: str = ""


def packed_head(packed: Packed) -> dict[str, Any]:
    """How much of a body is document and how much is maps."""
    return {"document": len(packed.document), "shape": packed.maps.shape}


def packed_body(packed: Packed, data: bytes = b"") -> bytes:
    """Document, maps, and the bytes of the image if it is needed."""
    return b"".join((packed.document, as_bytes(packed.maps), data))


def unpacked_body(head: dict[str, Any], body: bytearray) -> tuple[Packed, bytes]:
    """What `packed_body` joined. Raises ValueError, TypeError or KeyError if it does not fit."""
    shape: Sequence[int] = [int(side) for side in head["shape"]]
    maps_at, view = int(head["document"]), memoryview(body)
    data_at = maps_at + 4 * int(np.prod(shape))
    maps = np.frombuffer(view[maps_at:data_at], np.float32).reshape(shape)
    return Packed(document=bytes(view[:maps_at]), maps=maps), bytes(view[data_at:])
