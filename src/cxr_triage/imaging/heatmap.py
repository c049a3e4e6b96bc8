"""Evidence maps: what moved a score, laid over the image that people see.

A map is exact but coarse (7×7 at 224 px), so it is upsampled smoothly and has no outline:
it shows what moved the score and does not delimit disease.

Two channels carry it. *Opacity* follows the finding's own range, from its floor (see
`shown`) to its peak, so that a place can be found on every flagged finding. *Colour*
follows one scale for all findings of an image (`scale_top`), so that the same colour is
the same evidence in log-odds: a finding that is barely over its threshold stays violet
beside one that is far over it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cxr_triage.domain import F32, CropBox, Finding
from cxr_triage.imaging.contour import contoured

U8 = NDArray[np.uint8]
Cells = TypeVar("Cells", np.float32, np.uint8)

PLASMA = (
    (100, 0, 167), (120, 1, 168), (139, 10, 165), (157, 24, 157), (173, 39, 147),
    (188, 53, 135), (201, 68, 122), (213, 83, 111), (223, 98, 99), (233, 113, 88),
    (241, 129, 77), (247, 147, 66), (252, 165, 55), (254, 184, 44), (252, 205, 37),
    (247, 226, 37), (240, 249, 33),
)  # fmt: skip
"""The colour map "plasma" from entry 47 to 255 in steps of 13, as sRGB.

It is perceptually uniform, readable without colour vision, and colourful to its end, so
that it stands out on grey lung and on white bone alike; its dark blue start is left out.
Source: matplotlib 3.10, `_cm_listed.py`, by N. J. Smith, S. van der Walt and E. Firing; CC0.
"""

OPACITY = 0.6
"""Of the hottest place; the anatomy below stays readable."""

OPACITIES: Final = bytes(round(level * OPACITY) for level in range(256))
"""Of each strength 0..255."""

CELL: Final = 16
"""Pixels of a small map for each of its cells: enlarged smoothly it looks as one drawn large."""

FINE: Final = 256
"""Pixels of a square on which the curve of a map is drawn; what is larger is interpolated in
half the time, and nobody sees it."""

MARGIN: Final = 3
"""Cells mirrored at each border of a map."""

DIMMED = 0.45
"""Brightness of what the model did not see."""

FLAT = 1e-3
"""A peak closer than this share of itself to the floor is a plateau, not a peak."""

REDUCING_GAP = 1.5
"""A film over three times as large as its display is halved first, in a third of the time."""

NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What is drawn of a finding.

    strength: f32 [h, w], 0 (not shown) at `floor` to 1 at `peak`; floor and peak in
    log-odds over the threshold.
    """

    strength: F32
    floor: float
    peak: float

    @property
    def blank(self) -> bool:
        return not bool(self.strength.any())


def shown(finding: Finding) -> Shown:
    """What exceeds max(0, median of the evidence), as a share of the way to the peak.

    A flagged finding is never blank: where nothing rises above that floor (an even map,
    or a margin within rounding of zero), the highest places are shown in full. Of a
    finding that is not flagged nothing may be left; that is the truth, and stays so.
    """
    cells = finding.evidence.astype(np.float64)
    peak, floor = float(cells.max()), max(0.0, float(np.median(cells)))
    plateau = FLAT * abs(peak)
    if peak - floor > plateau:
        strength = np.clip((cells - floor) / (peak - floor), 0.0, 1.0)
    elif finding.flagged:
        strength, floor = (cells >= peak - plateau).astype(np.float64), min(floor, peak)
    else:
        strength = np.zeros_like(cells)
    return Shown(strength=strength.astype(np.float32), floor=floor, peak=peak)


def evidence_map(evidence: F32, crop: CropBox, shape: tuple[int, int]) -> F32:
    """Evidence [h, w] in log-odds on the whole image [H, W]; NaN outside the crop.

    The crop may be any square inside the image; the resize to the model's input and the
    strides of the network are undone, cell centres on cell centres.
    """
    whole = np.full(shape, np.nan, np.float32)
    rows, columns = _inside(crop)
    whole[rows, columns] = upsample(evidence, crop.side)
    return whole


def upsample(cells: F32, side: int) -> F32:
    """Cells [h, w] as a smooth f32 [side, side], cell centres on cell centres.

    Cubic convolution over cells mirrored at the border, so that the slope there falls to
    zero gently instead of in a flat band half a cell wide.
    """
    mirrored = Image.fromarray(_mirrored(cells.astype(np.float32, copy=False)))
    return np.asarray(_enlarged(mirrored, cells.shape, side), np.float32)


def _mirrored(cells: NDArray[Cells]) -> NDArray[Cells]:
    return np.pad(cells, MARGIN, mode="symmetric")


def _enlarged(mirrored: Image.Image, shape: tuple[int, ...], side: int) -> Image.Image:
    """The cells [h, w] within the margin, as (side, side)."""
    height, width = shape
    box = (MARGIN, MARGIN, MARGIN + width, MARGIN + height)
    return mirrored.resize((side, side), Image.Resampling.BICUBIC, box=box)


def scale_top(findings: Iterable[Finding]) -> float:
    """Where the colour scale of an image ends: its highest flagged peak, rounded up.

    With none flagged, the highest peak of all; 1 where that is not above zero.
    """
    peaks = [(finding.flagged, float(finding.evidence.max())) for finding in findings]
    flagged = [peak for is_flagged, peak in peaks if is_flagged]
    highest = max(flagged or [peak for _, peak in peaks], default=0.0)
    if highest <= 0:
        return 1.0
    decade = 10.0 ** np.floor(np.log10(highest))
    # One part in a million of slack keeps 3.0000001, a rounding of 3, on the scale to 3.
    return float(next(n for n in (*NICE, 15.0) if n * decade * (1 + 1e-6) >= highest) * decade)


def display_image(pixels: F32, longest: int) -> Image.Image:
    """Pixels [H, W] in ±1024 as 8-bit grey, antialiased; the longer side at most `longest`."""
    grey = pixels * np.float32(255 / 2048)
    grey += np.float32(128)
    image = Image.fromarray(np.clip(grey, 0, 255, out=grey).astype(np.uint8))
    height, width = pixels.shape
    size = fitted((width, height), longest)
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=REDUCING_GAP)


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """(width, height) scaled down, if need be, so that the longer is `longest`."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """The display image that maps of an image are laid on, as RGB.

    The crop, here in pixels of the display, is drawn faintly over a map; what lies outside
    is dimmed and hatched: the model did not see it.
    """

    picture: Image.Image
    crop: CropBox


def backdrop(display: Image.Image, crop: CropBox, shape: tuple[int, int]) -> Backdrop:
    """For all maps of an image [H, W] with that crop."""
    box = scaled(crop, shape, display.size)
    return Backdrop(picture=_seen_by_model(display, box), crop=box)


def blend(
    backdrop: Backdrop, finding: Finding, top: float, *, outlined: bool = False
) -> Image.Image:
    """The finding's map on the backdrop, as RGB, without words.

    `top` is the end of the colour scale in log-odds (see `scale_top`). outlined: with a line
    around the strongest part, for prints without colour.
    """
    picture, box = backdrop.picture.copy(), backdrop.crop
    lay_map(picture, box, finding, top)
    if not outlined:
        return picture
    return contoured(picture, _whole(_tile(shown(finding), box.side), box, picture.size))


def lay_map(picture: Image.Image, box: CropBox, finding: Finding, top: float) -> None:
    """Lay the finding's map over the box of an RGB picture, and draw the box."""
    seen = shown(finding)
    tile, (left, above) = _part(seen, box.side)
    at = (box.left + left, box.top + above)
    picture.paste(_coloured(tile, seen, top), at, tile.point(OPACITIES))
    _draw_crop(picture, box)


def layer(
    size: tuple[int, int], finding: Finding, crop: CropBox, shape: tuple[int, int], top: float
) -> Image.Image:
    """The finding's map alone, of (width, height), to lay over an image [H, W].

    Of mode P; saved as PNG with `transparency=OPACITIES`, where it is 0 nothing shows.
    """
    seen, box = shown(finding), scaled(crop, shape, size)
    map_ = Image.fromarray(_whole(_tile(seen, box.side), box, size))
    map_.putpalette(_palette(seen, top).tobytes())
    return map_


def map_tile(finding: Finding, top: float) -> Image.Image:
    """As `layer`, of the square that the model saw alone: so small that whoever lays it over
    the image enlarges it smoothly, `CELL` pixels for each cell of the evidence."""
    seen = shown(finding)
    tile = _tile(seen, CELL * max(finding.evidence.shape))
    tile.putpalette(_palette(seen, top).tobytes())
    return tile


def _tile(seen: Shown, side: int) -> Image.Image:
    """How strongly it shows in the square that the model saw, as `upsample` does it, 8 bits."""
    whole = Image.new("L", (side, side))
    whole.paste(*_part(seen, side))
    return whole


def _part(seen: Shown, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """What of the tile shows anything, and where it lies (left, top)."""
    cells = np.clip(seen.strength * 255 + 0.5, 0, 255).astype(np.uint8)
    fine = min(side, FINE)
    curved = _enlarged(Image.fromarray(_mirrored(cells)), cells.shape, fine)
    box, scale = curved.getbbox() or (0, 0, 1, 1), side / fine
    left, top = (max(0, int((at - 1) * scale)) for at in box[:2])
    right, bottom = (min(side, int((at + 1) * scale) + 1) for at in box[2:])
    source = (left / scale, top / scale, right / scale, bottom / scale)
    size = (right - left, bottom - top)
    return curved.resize(size, Image.Resampling.BILINEAR, box=source), (left, top)


def _whole(tile: Image.Image, box: CropBox, size: tuple[int, int]) -> U8:
    """The tile on a display of (width, height), u8 [height, width]; 0 outside the box."""
    whole = np.zeros(size[::-1], np.uint8)
    whole[_inside(box)] = np.asarray(tile)
    return whole


def _coloured(tile: Image.Image, seen: Shown, top: float) -> Image.Image:
    """The colours of the tile, as RGB."""
    colour = tile.copy()
    colour.putpalette(_palette(seen, top).tobytes())
    return colour.convert("RGB")


def colours(positions: NDArray[np.float64]) -> U8:
    """sRGB [n, 3] of the colour map at positions [n] in 0..1 (clipped)."""
    table = np.asarray(PLASMA, np.float64)
    anchors = np.linspace(0, 1, len(table))
    channels = [np.interp(positions, anchors, table[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def _palette(seen: Shown, top: float) -> U8:
    """The colour [256, 3] of each strength 0..255, on the scale from 0 to `top`."""
    return colours(np.linspace(seen.floor, seen.peak, 256) / top)


def scaled(crop: CropBox, shape: tuple[int, int], size: tuple[int, int]) -> CropBox:
    """The crop of an image [H, W] in pixels of its display of (width, height)."""
    scale = size[0] / shape[1]
    side = max(1, min(round(crop.side * scale), *size))
    top = min(round(crop.top * scale), size[1] - side)
    left = min(round(crop.left * scale), size[0] - side)
    return CropBox(top=top, left=left, side=side)


def _inside(crop: CropBox) -> tuple[slice, slice]:
    return (
        slice(crop.top, crop.top + crop.side),
        slice(crop.left, crop.left + crop.side),
    )


def _seen_by_model(display: Image.Image, box: CropBox) -> Image.Image:
    """The display image as RGB, dimmed and hatched outside the box."""
    if display.size == (box.side, box.side):
        return display.convert("RGB")
    grey = np.asarray(display)
    rows, columns = np.ogrid[: display.height, : display.width]
    outside = (grey * np.float32(DIMMED)).astype(np.uint8)
    outside[(rows + columns) % 14 == 0] += 44
    outside[_inside(box)] = grey[_inside(box)]
    return Image.fromarray(outside).convert("RGB")


def _draw_crop(picture: Image.Image, box: CropBox) -> None:
    corners = (box.left, box.top, box.left + box.side - 1, box.top + box.side - 1)
    ImageDraw.Draw(picture).rectangle(corners, outline=(150, 170, 190), width=1)
