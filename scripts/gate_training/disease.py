"""Gross disease drawn on chest films, and the tones of old films, so that the sickest chest is
still known for a chest.

What is drawn is no likeness of a disease and teaches nothing about one: it is what takes the
dark lungs away that a gate would otherwise go by. Pictures are u8 [SIDE, SIDE], upright.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from gate_training.pictures import SIDE, U8

F32 = NDArray[Any]
"""f32 [SIDE, SIDE], 0..1 before it is clipped."""
Point = tuple[float, float]

Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
"""Places of pixels as shares of the film."""

LEFT, RIGHT = 0, 1
"""Sides of the picture."""


def sick(film: U8, random: np.random.Generator) -> U8:
    """The film with one to three kinds of gross disease or hardware drawn on it."""
    picture = film.astype(np.float32) / 255
    for number in random.permutation(len(KINDS))[: int(random.integers(1, 4))]:
        picture = KINDS[number](picture, random)
    return (picture.clip(0, 1) * 255).astype(np.uint8)


def drawn_on(picture: U8, random: np.random.Generator) -> U8:
    """Something else with what is drawn on chests: discs, rings and wires make no chest."""
    kind = (masses, cavities, hardware)[random.integers(3)]
    changed = kind(picture.astype(np.float32) / 255, random)
    return (changed.clip(0, 1) * 255).astype(np.uint8)


def _blurred(picture: F32, radius: float) -> F32:
    image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def _clouds(random: np.random.Generator, cells: int) -> F32:
    """Soft noise in 0..1, about `cells` clouds across."""
    small = Image.fromarray((random.random((cells, cells)) * 255).astype(np.uint8))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32) / 255


def _lung(random: np.random.Generator, side: int) -> F32:
    """About where a lung lies, 1 inside, with a soft edge and an uneven outline."""
    x = (0.28 if side == LEFT else 0.72) + random.uniform(-0.03, 0.03)
    y = 0.45 + random.uniform(-0.05, 0.05)
    wide, tall = random.uniform(0.19, 0.27), random.uniform(0.34, 0.46)
    away = np.abs((X - x) / wide) ** 2.6 + np.abs((Y - y) / tall) ** 2.6
    away += (_clouds(random, 6) - 0.5) * random.uniform(0, 0.8)
    soft = random.uniform(0.1, 0.5)
    return ((1 + soft - away) / (2 * soft)).clip(0, 1).astype(np.float32)


def _filled(picture: F32, mask: F32, random: np.random.Generator) -> F32:
    """White as a mediastinum where the mask is, with some of what was there shining through."""
    white = float(np.percentile(picture, random.uniform(72, 97)))
    rest = (picture - _blurred(picture, 5)) * random.uniform(0.1, 1.0)
    shade = (_clouds(random, 4) - 0.5) * random.uniform(0, 0.2)
    cover = mask * random.uniform(0.7, 1.0)
    return picture * (1 - cover) + (white + rest + shade) * cover


def white_side(picture: F32, random: np.random.Generator) -> F32:
    return _filled(picture, _lung(random, int(random.integers(2))), random)


def white_lungs(picture: F32, random: np.random.Generator) -> F32:
    return _filled(picture, np.maximum(_lung(random, LEFT), _lung(random, RIGHT)), random)


def white_below(picture: F32, random: np.random.Generator) -> F32:
    """Fluid on one side or both, or a high diaphragm: all below a level is white."""
    level = random.uniform(0.25, 0.7)
    bow = random.uniform(-0.6, 0.6) * (X - 0.5) ** 2 + random.uniform(-0.25, 0.25) * (X - 0.5)
    mask = ((Y - level - bow) * random.uniform(8, 60)).clip(0, 1)
    draw = random.random()
    if draw < 0.5:
        mask = mask * (X < 0.5 if draw < 0.25 else X > 0.5)
    return _filled(picture, mask.astype(np.float32), random)


def destroyed(picture: F32, random: np.random.Generator) -> F32:
    """Patches and holes of any size, from grains to a whole lobe."""
    clouds = _clouds(random, int(random.choice((5, 9, 16, 32, 60))))
    lungs = np.maximum(_lung(random, LEFT), _lung(random, RIGHT))
    if random.random() < 0.4:
        lungs = _lung(random, int(random.integers(2)))
    patches = ((clouds - random.uniform(0.3, 0.6)) * random.uniform(3, 12)).clip(0, 1)
    picture = _filled(picture, lungs * patches * random.uniform(0.3, 0.9), random)
    holes = lungs * ((0.35 - clouds) * 8).clip(0, 1) * random.uniform(0, 0.4)
    return picture * (1 - holes) + float(np.percentile(picture, 5)) * holes


def masses(picture: F32, random: np.random.Generator) -> F32:
    mask = np.zeros_like(picture)
    for _ in range(int(random.integers(1, 9))):
        mask = np.maximum(mask, _disc(random, random.uniform(0.04, 0.2)))
    return _filled(picture, mask, random)


def cavities(picture: F32, random: np.random.Generator) -> F32:
    """Dark rooms with a bright wall, some with a level of fluid."""
    for _ in range(int(random.integers(1, 4))):
        place, radius = _place(random), random.uniform(0.05, 0.18)
        wall = _disc(random, radius * random.uniform(1.1, 1.5), place)
        room = _disc(random, radius, place)
        if random.random() < 0.4:
            room = room * (place[1] + random.uniform(-0.3, 0.6) * radius > Y)
        picture = _filled(picture, wall, random)
        dark = float(np.percentile(picture, random.uniform(1, 25)))
        picture = picture * (1 - room) + dark * room
    return picture


def _place(random: np.random.Generator) -> Point:
    side = 0.27 if random.random() < 0.5 else 0.73
    return side + random.uniform(-0.17, 0.17), random.uniform(0.1, 0.8)


def _disc(random: np.random.Generator, radius: float, place: Point | None = None) -> F32:
    x, y = place or _place(random)
    away = np.hypot((X - x) * random.uniform(0.8, 1.25), Y - y) / radius
    return ((1.15 - away) * random.uniform(4, 12)).clip(0, 1).astype(np.float32)


def dark_side(picture: F32, random: np.random.Generator) -> F32:
    """Air without a lung in it, and what is left of the lung at the hilum."""
    side = int(random.integers(2))
    mask = _lung(random, side) * random.uniform(0.6, 1)
    if random.random() < 0.5:
        hilum = 0.42 if side == LEFT else 0.58
        mask = mask * (1 - _disc(random, random.uniform(0.08, 0.16), (hilum, 0.5)))
    dark = float(np.percentile(picture, random.uniform(0, 12)))
    rest = (picture - _blurred(picture, 6)) * random.uniform(0, 0.8)
    return picture * (1 - mask) + (dark + rest) * mask


def drawn_over(picture: F32, random: np.random.Generator) -> F32:
    """The middle drawn to one side, one lung small and most often white, the other large."""
    shift = random.uniform(0.06, 0.2) * random.choice((-1, 1))
    bell = np.exp(-(((X - 0.5) / 0.3) ** 2)) * (0.2 + 0.8 * np.exp(-(((Y - 0.5) / 0.4) ** 2)))
    columns = ((X - shift * bell) * SIDE).clip(0, SIDE - 1).astype(int)
    moved = picture[(Y * SIDE).astype(int), columns]
    if random.random() < 0.7:
        moved = _filled(moved, _lung(random, RIGHT if shift > 0 else LEFT), random)
    return moved


def chest_wall(picture: F32, random: np.random.Generator) -> F32:
    """Thick flesh or a breast, or air in it; a shoulder, arm or chin in the picture."""
    edge = np.minimum(np.minimum(X, 1 - X), 1.2 * Y if random.random() < 0.5 else np.float32(1))
    mask = ((random.uniform(0.05, 0.2) - edge) * 15).clip(0, 1)
    if random.random() < 0.3:
        streaks = (_clouds(random, 40) - 0.5) * random.uniform(0.3, 1) * mask
        return picture + streaks.astype(np.float32)
    return _filled(picture, mask.astype(np.float32), random)


def burnt_middle(picture: F32, random: np.random.Generator) -> F32:
    """Spine, heart and what lies under the diaphragm white, as where the lungs were exposed for."""
    middle = 0.5 + random.uniform(-0.05, 0.05) + random.uniform(-0.1, 0.1) * (Y - 0.5)
    wide = random.uniform(0.05, 0.13) * (1 + random.uniform(-0.3, 1.2) * Y)
    spine = np.exp(-(((X - middle) / wide) ** 2)) * random.uniform(0.15, 0.7)
    bow = random.uniform(-0.4, 0.6) * (X - 0.5) ** 2
    level = random.uniform(0.62, 0.95)
    below = ((Y - level - bow) * random.uniform(8, 30)).clip(0, 1) * random.uniform(0, 0.7)
    cover = np.maximum(spine, below)
    return picture * (1 - cover) + cover * random.uniform(0.85, 1.05)


def hardware(picture: F32, random: np.random.Generator) -> F32:
    """Tubes, leads, a pacemaker, plates, rods along the spine, a brace's buckles."""
    image = Image.new("L", (SIDE * 2, SIDE * 2))
    draw, wide = ImageDraw.Draw(image), SIDE * 2
    for _ in range(int(random.integers(1, 7))):
        bright, thick = int(random.integers(60, 255)), int(random.integers(1, 6))
        x, y = random.uniform(0, wide, 2)
        kind = random.integers(5)
        if kind == 0:
            steps = np.cumsum(random.normal(0, 22, (7, 2)), 0) + np.array([x, y])
            draw.line([tuple(step) for step in steps], fill=bright, width=thick)
        elif kind == 1:
            r = random.uniform(8, 60)
            first, last = sorted(random.uniform(0, 360, 2))
            draw.arc([x - r, y - r, x + r, y + r], first, last, fill=bright, width=thick)
        elif kind == 2:
            a, b = random.uniform(4, 20, 2)
            draw.rounded_rectangle([x - a, y - b, x + a, y + b], 3, fill=bright)
        elif kind == 3:
            draw.line([x, 0, x + random.uniform(-60, 60), wide], fill=bright, width=thick)
        else:
            middle = wide / 2 + random.uniform(-12, 12)
            for side in (-7, 7):
                draw.line([middle + side, y - 60, middle + side, y + 60], fill=bright, width=4)
    soft = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return picture + np.asarray(soft, np.float32) / 255 * random.uniform(0.4, 1)


KINDS: tuple[Callable[[F32, np.random.Generator], F32], ...] = (
    white_side, white_lungs, white_below, destroyed, masses, cavities, dark_side, drawn_over,
    chest_wall, hardware, burnt_middle,
)  # fmt: skip


def old(picture: U8, random: np.random.Generator) -> U8:
    """Of anything: the tones of a film on a light box, and of the programs that mend them."""
    grey = picture.astype(np.float32) / 255
    kind = random.integers(6)
    if kind == 5:  # a hard copy: a steep curve about some grey of the film
        about = np.percentile(grey, random.uniform(25, 75))
        grey = 1 / (1 + np.exp(-(grey - about) * random.uniform(5, 16)))
    elif kind == 0:  # burnt out, or all in the dark
        low, high = np.percentile(grey, (random.uniform(0, 20), random.uniform(60, 95)))
        grey = (grey - low) / max(float(high - low), 0.1)
    elif kind == 1:  # details lifted
        wide = random.uniform(1, 12)
        grey = grey + (grey - _blurred(grey, wide)) * random.uniform(0.5, 2.5)
    elif kind == 2:  # grey values spread evenly
        order = np.searchsorted(np.sort(grey, axis=None), grey) / grey.size
        share = random.uniform(0.4, 1)
        grey = grey * (1 - share) + order.astype(np.float32) * share
    elif kind == 3:  # a veil
        grey = grey * random.uniform(0.25, 0.7) + random.uniform(0, 0.5)
    else:  # unevenly lit
        slope = random.uniform(-0.7, 0.7, 2)
        grey = grey * (1 + slope[0] * (X - 0.5) + slope[1] * (Y - 0.5))
    image = Image.fromarray((grey.clip(0, 1) * 255).astype(np.uint8))
    if random.random() < 0.4:
        _written_on(image, random)
    return np.asarray(image)


def _written_on(image: Image.Image, random: np.random.Generator) -> None:
    """Handwriting, mostly at the edge."""
    draw, ink = ImageDraw.Draw(image), int(255 * (random.random() < 0.6))
    x, y = random.uniform(0, SIDE), float(random.choice((3, 8, SIDE - 12, SIDE - 5, SIDE / 2)))
    for _ in range(int(random.integers(3, 12))):
        step = random.uniform((-2.5, -5), (7.5, 5))
        draw.line([x, y, x + step[0], y + step[1]], fill=ink)
        x, y = x + step[0], float(np.clip(y + step[1], 0, SIDE))
