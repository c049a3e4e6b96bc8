"""Where a film lies in a picture: what a screenshot, a scan or a photograph has around it.

From each side, lines of pixels are followed inwards as long as they keep the grey of the surround.
Where most of them end on one straight line, that line is an edge of the film. Anatomy ends on
curves; a white lung, a shoulder or abdomen that touches the side ends on none. Layers (a tool bar,
then a page) come off one after the other. Black belongs to many films: it counts only where it
goes all around, or fills both ends of a long picture. Edges that run askew count only where the
film is turned as a whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_triage.domain import F32, FilmArea

SIDE: Final = 320
"""The longer side of the reduced picture in which edges are looked for."""
LAYERS: Final = 5
SMALLEST: Final = 0.12
"""Of the picture: a smaller area is no film."""
SMALLEST_SIDE: Final = 24
DEEPEST: Final = 0.48
"""Of the picture: an edge lies no deeper from its side."""
NEAR: Final = 1.6
"""Reduced pixels between an edge and what ends on it."""
ON_LINE: Final = 0.55
"""Share of the lines of pixels that end on an edge. Others run on, where the film is as grey as
its surround."""
ON_LINE_ALONE: Final = 0.65
"""The same where a film has one such edge only."""
BEFORE_LINE: Final = 0.3
"""Share that may end before it, on words and buttons."""
SPREAD: Final = 0.6
"""Share of a side that what ends on the edge must span."""
NARROWEST: Final = 0.008
WEDGE: Final = 0.015
"""Of the picture: what is narrower on average, and at its widest, changes nothing."""
MATTERS: Final = 0.02
"""Of a side: lines at the edge that are narrower than this change no score that counts, and many
films have them."""
SLANT: Final = 0.22
"""The tangent of the most that an edge runs askew."""
FLATTEST, FLAT = 0.05, 0.6
"""Of the scale: what spans less than the second is spread, unless it is blank."""
DARK: Final = 14.0
"""Grey of 255: what is darker may be the film's own collimation."""
LONG: Final = 1.25
"""Longer side over shorter, from where on black ends are a screen's."""

COMMON, EVEN, EVEN_ALONE = 0.2, 3.0, 1.5
"""Of a surround of one grey: share of the outermost line that has it, to so many levels of 255;
and by how many it may differ where a film has one such edge only."""
RINGING: Final = 2
"""Reduced pixels beside an edge that compression makes uneven."""
GAP: Final = 0.05
"""Of the picture: words over a surround are passed up to this height."""

STEP, NOISE_STEPS, NOISIEST, FOLLOW = 12.0, 5.0, 8.0, 0.15
"""Of an uneven surround: by how many levels, and times its noise, a film stands out; from which
noise on nothing is a surround; how quickly its grey is followed."""
NARROWEST_UNEVEN: Final = 0.03
SIDES_UNEVEN: Final = 3
CONVERGING: Final = 0.03
"""Difference of the tangents of a film's sides, from where on it was seen at an angle."""

Depths = tuple[NDArray[np.int64], float]
"""Of each line of pixels, how many belong to the surround; and the surround's grey."""
Line = tuple[float, float]
"""Depth of an edge at the two ends of its side, in pixels."""
STRAIGHT: Final = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    line: Line
    length: int
    level: float
    even: bool
    sure: bool

    @property
    def askew(self) -> bool:
        return abs(self.line[0] - self.line[1]) > 2 * NEAR

    @property
    def slope(self) -> float:
        return (self.line[1] - self.line[0]) / self.length


Edges = list[_Edge | None]
"""Top, right, bottom, left."""


def find_film(pixels: F32) -> FilmArea | None:
    """The film in pixels [H, W] in ±1024; None where it fills the picture."""
    grey = _reduced(pixels)
    rows, columns = grey.shape
    box, uneven = (0, 0, rows, columns), False
    for _ in range(LAYERS):
        top, left, bottom, right = box
        part = grey[top:bottom, left:right]
        edges = _counted(_edges(part, _even_depths, NARROWEST), part.shape)
        if not any(edges):
            edges = _counted(_black_edges(part), part.shape)
        if not any(edges):
            edges = _uneven_edges(part)
        found = [edge for edge in edges if edge]
        if not found:
            break
        uneven |= sum(not edge.even for edge in found) >= SIDES_UNEVEN or _converge(found)
        lines = [edge.line if edge else STRAIGHT for edge in edges]
        askew = any(edge.askew for edge in found)
        mixed = int(grey.shape != pixels.shape)
        margins = [_margin(line, mixed, askew=askew) for line in lines]
        smaller = (top + margins[0], left + margins[3], bottom - margins[2], right - margins[1])
        if _size(smaller) < SMALLEST * grey.size:
            break
        box = smaller
        if askew:
            within = [(a - m, b - m) for (a, b), m in zip(lines, margins, strict=True)]
            return _area(pixels, grey, box, within, uneven=uneven)
    top, left, bottom, right = box
    depths = (top / rows, left / columns, 1 - bottom / rows, 1 - right / columns)
    if max(depths) < MATTERS:
        return None
    return _area(pixels, grey, box, [STRAIGHT] * 4, uneven=uneven)


def cut_out(pixels: F32, area: FilmArea, outside: float) -> F32:
    """The film alone, [area.rows, area.columns]; corners that are not of it become `outside`."""
    box = pixels[area.top : area.top + area.rows, area.left : area.left + area.columns]
    if not any(map(any, area.edges)):
        return box
    return np.where(_corners(box.shape, area.edges), np.float32(outside), box)


def _reduced(pixels: F32) -> F32:
    """The picture, its longer side SIDE at most, in grey levels 0..255; a flat one's spread out, so
    that what differs in it is seen."""
    rows, columns = pixels.shape
    scale = min(1.0, SIDE / max(rows, columns))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if scale < 1:
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        image = image.resize(size, Image.Resampling.BOX)
    grey = (np.asarray(image) + np.float32(1024)) * np.float32(255 / 2048)
    low, high = (float(one) for one in np.percentile(grey, (0.1, 99.9)))
    if not FLATTEST < (high - low) / 255 < FLAT:
        return grey
    return (grey - np.float32(low)) * np.float32(255 / (high - low))


def _edges(grey: F32, depths_of: Callable[[F32], Depths | None], narrowest: float) -> Edges:
    return [_edge(np.rot90(grey, side), depths_of, narrowest) for side in range(4)]


def _counted(edges: Edges, shape: tuple[int, ...]) -> Edges:
    """Without what may be the film's own: see the head of this module."""
    found = [side for side, edge in enumerate(edges) if edge]
    rows, columns = shape
    along = rows / columns if found == [0, 2] else columns / rows
    ends = found in ([0, 2], [1, 3]) and along > LONG
    if len(found) < 4 and not ends:
        edges = [edge if edge and edge.level >= DARK else None for edge in edges]
    left = [edge for edge in edges if edge]
    turned = sum(edge.askew for edge in left) >= SIDES_UNEVEN

    def counts(edge: _Edge) -> bool:
        return turned if edge.askew else edge.sure or len(left) > 1

    return [edge if edge and counts(edge) else None for edge in edges]


def _converge(edges: list[_Edge]) -> bool:
    """Seen at an angle: a film that is only turned has the same slant on every side."""
    slopes = [edge.slope for edge in edges]
    return len(edges) >= SIDES_UNEVEN and max(slopes) - min(slopes) > CONVERGING


def _uneven_edges(grey: F32) -> Edges:
    """A lit or photographed surround goes around the film."""
    edges = _edges(_smooth(grey), _uneven_depths, NARROWEST_UNEVEN)
    found = [edge for edge in edges if edge]
    dark = any(edge.level < DARK for edge in found)
    return edges if len(found) >= (4 if dark else SIDES_UNEVEN) else [None] * 4


def _black_edges(grey: F32) -> Edges:
    """Whole lines of black, where the film itself is dark at its edge: no harm if some are its
    own."""
    edges: Edges = []
    for side in range(4):
        lit = np.flatnonzero(np.rot90(grey, side).max(axis=1) >= DARK)
        rows, columns = np.rot90(grey, side).shape
        depth = float(lit[0]) if lit.size else 0.0
        edge = _Edge(line=(depth, depth), length=columns, level=0.0, even=True, sure=True)
        edges.append(edge if NARROWEST * rows <= depth <= DEEPEST * rows else None)
    return edges


def _smooth(grey: F32) -> F32:
    """Means of 3 × 3 pixels."""
    wide = np.pad(grey, 1, mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, np.float32)


def _even_depths(grey: F32) -> Depths | None:
    """A surround of one grey at the top of the picture; words on it are passed."""
    first, rows = grey[0], int(grey.shape[0] * DEEPEST)
    counts = np.bincount(np.clip(first.round(), 0, 255).astype(int), minlength=256)
    about = np.convolve(counts, np.ones(5), "same")
    if about.max() < COMMON * len(first):
        return None
    level = float(np.median(first[np.abs(first - about.argmax()) <= EVEN]))
    same = np.abs(grey[: rows + 1] - level) <= 2 * EVEN
    gap = max(1, int(GAP * grey.shape[0]))
    last = np.where(same[0], 0, -grey.shape[0])
    for row in range(1, rows):
        goes_on = same[row] & ((row - last == 1) | ((row - last <= gap + 1) & same[row + 1]))
        last[goes_on] = row
    return np.maximum(last + 1, 0), level


def _uneven_depths(grey: F32) -> Depths | None:
    """A surround that changes slowly, as lit or photographed ones do."""
    first, rows = grey[:2].mean(0), int(grey.shape[0] * DEEPEST)
    noise = 1.4826 * float(np.median(np.abs(np.diff(grey[:2], axis=1)))) / 2**0.5
    if noise > NOISIEST:
        return None
    level, depth = first.copy(), np.full(grey.shape[1], rows)
    going = np.ones(grey.shape[1], bool)
    for row in range(rows):
        ends = going & (np.abs(grey[row] - level) > max(STEP, NOISE_STEPS * noise))
        depth[ends], going = row, going & ~ends
        if not going.any():
            break
        level = np.where(going, level + FOLLOW * (grey[row] - level), level)
    return depth, float(np.median(first))


def _edge(grey: F32, depths_of: Callable[[F32], Depths | None], narrowest: float) -> _Edge | None:
    """The straight edge at the top of the picture."""
    rows, columns = grey.shape
    found = depths_of(grey) if min(grey.shape) >= SMALLEST_SIDE else None
    if found is None:
        return None
    places = np.flatnonzero(found[0] < int(rows * DEEPEST))
    if len(places) < columns / 3:
        return None
    depths = found[0][places].astype(np.float64)
    slope, start = _line_through(places, depths)
    line = np.maximum(0, start + slope * places)
    on = np.abs(line - depths) <= NEAR
    share, before = on.mean(), (depths < line - NEAR).mean()
    if share < ON_LINE or before > BEFORE_LINE or np.ptp(places[on]) < SPREAD * np.ptp(places):
        return None
    mean, most = line[on].mean() / rows, line[on].max() / rows
    if mean < narrowest and most < max(WEDGE, narrowest):
        return None
    rows_of = np.arange(rows)[:, None]
    strip = grey[:, places[on]][rows_of < line[on] - RINGING]
    even = bool(strip.size == 0 or strip.std() <= EVEN_ALONE)
    return _Edge(
        line=(start, start + slope * (columns - 1)),
        length=columns,
        level=found[1],
        even=even,
        sure=even and bool(share >= ON_LINE_ALONE),
    )


def _line_through(places: NDArray[np.int64], depths: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and start of the line on which most depths lie; above the picture they are 0."""
    parts = np.array_split(np.arange(len(places)), 14)
    x = np.array([places[part].mean() for part in parts])
    y = np.array([np.median(depths[part]) for part in parts])
    first, second = np.triu_indices(len(parts), 1)
    slopes = np.concatenate([(y[second] - y[first]) / (x[second] - x[first]), np.zeros(len(parts))])
    starts = np.concatenate([y[first] - slopes[: len(first)] * x[first], y])
    allowed = np.abs(slopes) <= SLANT
    slopes, starts = slopes[allowed], starts[allowed]
    lines = np.maximum(0, starts[:, None] + slopes[:, None] * places)
    on = np.abs(lines - depths) <= NEAR
    best = int(np.argmax(on.sum(1) + 0.01 * (lines > 0).sum(1)))
    inside = on[best] & (depths > 0)
    if inside.sum() < 8:
        return float(slopes[best]), float(starts[best])
    slope, start = np.polyfit(places[inside], depths[inside], 1)
    return float(slope), float(start)


def _margin(line: Line, mixed: int, *, askew: bool) -> int:
    """Reduced pixels to cut off at a side, with those `mixed` that hold some of the surround."""
    outside = min(line) if askew else sum(line) / 2
    return max(0, int(np.ceil(outside - 0.2)) + mixed) if outside > 0 else 0


def _size(box: tuple[int, int, int, int]) -> int:
    top, left, bottom, right = box
    return max(0, bottom - top) * max(0, right - left)


def _area(
    pixels: F32, grey: F32, box: tuple[int, int, int, int], edges: list[Line], *, uneven: bool
) -> FilmArea:
    """From reduced pixels to those of the picture."""
    rows, columns = pixels.shape
    scale = rows / grey.shape[0], columns / grey.shape[1]
    top, left = int(np.ceil(box[0] * scale[0])), int(np.ceil(box[1] * scale[1]))
    bottom = rows if box[2] == grey.shape[0] else int(box[2] * scale[0])
    right = columns if box[3] == grey.shape[1] else int(box[3] * scale[1])
    across = (scale[0], scale[1], scale[0], scale[1])
    lines = tuple((a * s, b * s) for (a, b), s in zip(edges, across, strict=True))
    corners = _corners((bottom - top, right - left), lines)
    kept = (bottom - top) * (right - left) - int(corners.sum())
    return FilmArea(
        top=top,
        left=left,
        rows=bottom - top,
        columns=right - left,
        edges=lines,
        outside=round(1 - kept / pixels.size, 4),
        uneven=uneven,
    )


def _corners(shape: tuple[int, ...], edges: tuple[Line, ...]) -> NDArray[np.bool_]:
    """What of a box lies outside the edges of a film that is turned in it."""
    outside = np.zeros(shape, bool)
    for side, (first, last) in enumerate(edges):
        if max(first, last) <= 0:
            continue
        view = np.rot90(outside, side)
        depths = np.linspace(first, last, view.shape[1]) + 0.5
        view |= np.arange(view.shape[0])[:, None] < depths
    return outside
