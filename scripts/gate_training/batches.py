"""Batches for the gate: pictures moved, lit and damaged as they are in life, with what is true.

A batch follows from its random generator alone. Images are f32 [N, 1, S, S] in ±1024.
Targets that are not defined for a picture (which way up a cat lies) are UNKNOWN.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as nn

from gate_training.disease import drawn_on, old, sick
from gate_training.phantoms import phantom
from gate_training.pictures import SIDE, U8

SIZE = 96
UNKNOWN = -1
WHOLE, CUT_OFF, TINY = range(3)
SHARES = {"chest": 0.55, "broken": 0.13, "source": 0.2, "phantom": 0.12}
"""Of a batch: films, films that are no film any more, pictures of other things, drawings."""

SICK_SHARE = 0.5
"""Of the films: with gross disease drawn on them."""
DRAWN_ON_SHARE = 0.15
"""Of what is no chest: with discs, rings and wires on it."""
OLD_SHARE = 0.4
"""Of all pictures: with the tones of old films."""

CUT_KEPT = 0.68
"""A film of whose height or width less than this is seen is cut off; more than WHOLE_KEPT
is whole; between them nothing is said."""
WHOLE_KEPT = 0.86
TINY_SHARE, FULL_SHARE = 0.42, 0.6
"""A film that fills less of the frame's side than the first is tiny; more than the second,
not."""
STRETCH = 0.22
"""Films come from other machines with other fields, and pulled to a square."""
LEAST_SEEN = 0.3
"""A film of whose area less than this is seen is no chest film any more."""


@dataclass(frozen=True)
class Targets:
    """Each i64 [N]: chest, inverted, mirrored 0 or 1; turn 0..3; field 0..2; or UNKNOWN."""

    chest: torch.Tensor
    turn: torch.Tensor
    inverted: torch.Tensor
    mirrored: torch.Tensor
    field: torch.Tensor


@dataclass
class Sample:
    """A picture, how it is to be placed in the frame, and what is true of it then."""

    picture: U8
    placing: np.ndarray
    chest: int
    seen: np.ndarray
    turn: int = UNKNOWN
    inverted: int = UNKNOWN
    mirrored: int = UNKNOWN
    field: int = UNKNOWN
    invert: bool = False


def batch(
    films: U8, sources: dict[str, U8], count: int, random: np.random.Generator
) -> tuple[torch.Tensor, Targets]:
    """`count` images and their targets."""
    kinds = random.choice(list(SHARES), count, p=list(SHARES.values()))
    samples = [_sample(kind, films, sources, random) for kind in kinds]
    for sample in samples:
        if random.random() < OLD_SHARE:
            sample.picture = old(sample.picture, random)
    stack = np.stack([sample.picture for sample in samples]).astype(np.float32) / 255
    placing = torch.from_numpy(np.stack([sample.placing for sample in samples])).float()
    images = placed(torch.from_numpy(stack)[:, None], placing, samples, random)
    names = ("chest", "turn", "inverted", "mirrored", "field")
    columns = {name: torch.tensor([getattr(sample, name) for sample in samples]) for name in names}
    return images * 2048 - 1024, Targets(**columns)


def _sample(kind: str, films: U8, sources: dict[str, U8], random: np.random.Generator) -> Sample:
    if kind == "chest":
        film = films[random.integers(len(films))]
        return chest(sick(film, random) if random.random() < SICK_SHARE else film, random)
    picture = _no_chest(kind, films, sources, random)
    return other(drawn_on(picture, random) if random.random() < DRAWN_ON_SHARE else picture, random)


def _no_chest(kind: str, films: U8, sources: dict[str, U8], random: np.random.Generator) -> U8:
    if kind == "broken":
        return broken(films, random)
    if kind == "phantom":
        return phantom(random)
    sizes = np.sqrt([len(pictures) for pictures in sources.values()])
    source = list(sources.values())[random.choice(len(sizes), p=sizes / sizes.sum())]
    return source[random.integers(len(source))]


def chest(film: U8, random: np.random.Generator) -> Sample:
    """A chest film: which way up, mirrored, inverted, and how much of it is seen."""
    turn = 0 if random.random() < 0.4 else int(random.integers(4))
    mirrored = bool(random.random() < 0.4)
    inverted = bool(random.random() < 0.3)
    field, window, cut = _field(random)
    seen = np.stack([np.maximum(window[0], cut[0]), np.minimum(window[1], cut[1])])
    area = float(np.prod(seen[1] - seen[0]))
    placing = placing_of(window, turn, mirrored, random)
    if mirrored:
        cut = np.stack([[1 - cut[1, 0], cut[0, 1]], [1 - cut[0, 0], cut[1, 1]]])
    return Sample(
        picture=film, placing=placing, seen=cut, chest=int(area >= LEAST_SEEN), turn=turn,
        inverted=int(inverted), mirrored=int(mirrored), field=field, invert=inverted,
    )  # fmt: skip


def _field(random: np.random.Generator) -> tuple[int, np.ndarray, np.ndarray]:
    """What the frame shows and which part of the film there is, both as [[left, top],
    [right, bottom]] in shares of the film, and what that is called."""
    draw, cut = random.random(), np.array([[0.0, 0.0], [1.0, 1.0]])
    centre = 0.5 + random.uniform(-0.05, 0.05, 2)
    if draw < 0.62:
        side = random.uniform(0.8, 1.3) * np.exp(random.uniform(-STRETCH, STRETCH, 2))
    elif draw < 0.82:
        cut = _cut(random)
        side, centre = _frame_of(cut, random)
    else:
        side = np.full(2, 1 / random.uniform(0.16, 0.75)) * np.exp(random.uniform(-0.1, 0.1, 2))
        centre = 0.5 + random.uniform(-0.5, 0.5, 2) * np.maximum(0, side - 1)
    window = np.stack([centre - side / 2, centre + side / 2])
    seen = np.minimum(window[1], cut[1]) - np.maximum(window[0], cut[0])
    fills = float(1 / side.max())
    if seen.min() < CUT_KEPT:
        return CUT_OFF, window, cut
    if fills < TINY_SHARE:
        return TINY, window, cut
    return (WHOLE if seen.min() > WHOLE_KEPT and fills > FULL_SHARE else UNKNOWN), window, cut


def _cut(random: np.random.Generator) -> np.ndarray:
    """The part that is left of a film of which margins are cut away, along one axis or two."""
    side = random.uniform(0.35, 1.0, 2)
    if random.random() < 0.6:
        side[random.integers(2)] = 1.0
    place = random.random(2)
    place = np.where(random.random(2) < 0.5, place, np.round(place))
    return np.stack([place * (1 - side), place * (1 - side) + side])


def _frame_of(cut: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sides and centre of the frame about what is left: letterboxed as the product does it,
    with a margin, or pulled to a square."""
    side, centre = cut[1] - cut[0], cut.mean(0)
    draw = random.random()
    if draw < 0.2:
        return side, centre
    square = np.full(2, side.max()) * np.exp(random.uniform(-0.06, 0.06, 2))
    if draw < 0.7:
        return square, centre
    return square * random.uniform(1, 1.3), centre + random.uniform(-0.1, 0.1, 2)


def other(picture: U8, random: np.random.Generator) -> Sample:
    """Anything that is no chest film, anywhere in the frame."""
    side = random.uniform(0.35, 1.2) * np.exp(random.uniform(-0.2, 0.2, 2))
    centre = 0.5 + random.uniform(-0.5, 0.5, 2) * np.maximum(0.2, 1 - side)
    window = np.stack([centre - side / 2, centre + side / 2])
    turn, mirrored = int(random.integers(4)), bool(random.integers(2))
    placing = placing_of(window, turn, mirrored, random)
    return Sample(
        picture=picture, placing=placing, seen=np.array([[0, 0], [1, 1]]), chest=0,
        invert=bool(random.random() < 0.35),
    )  # fmt: skip


def broken(films: U8, random: np.random.Generator) -> U8:
    """Films cut, mixed and put together so that no chest is left."""
    one, two = (films[random.integers(len(films))] for _ in range(2))
    kind = random.integers(5)
    if kind == 0:  # several films in one picture
        rows, columns = [(1, 2), (2, 1), (2, 2), (2, 3), (3, 3)][random.integers(5)]
        tiles = films[random.integers(len(films), size=rows * columns)]
        wide = np.concatenate([np.concatenate(list(row), 1) for row in
                               tiles.reshape(rows, columns, SIDE, SIDE)])  # fmt: skip
        picked = (np.arange(SIDE) * wide.shape[0] // SIDE, np.arange(SIDE) * wide.shape[1] // SIDE)
        return wide[np.ix_(*picked)]
    if kind == 1:  # patches exchanged
        n = int(random.integers(2, 6))
        side = SIDE // n
        patches = [one[y * side : (y + 1) * side, x * side : (x + 1) * side]
                   for y in range(n) for x in range(n)]  # fmt: skip
        order = random.permutation(n * n)
        while (order == np.arange(n * n)).mean() > 0.3:
            order = random.permutation(n * n)
        mixed = [np.concatenate([patches[order[y * n + x]] for x in range(n)], 1) for y in range(n)]
        whole = np.zeros_like(one)
        whole[: side * n, : side * n] = np.concatenate(mixed)
        return whole
    if kind == 2:  # halves exchanged
        return np.roll(one, SIDE // 2, axis=int(random.integers(2)))
    if kind == 3:  # two films over each other, one of them turned
        mixed = one.astype(np.float32) + np.rot90(two, int(random.integers(1, 4)))
        return (mixed / 2).astype(np.uint8)
    side = int(random.integers(18, 46))  # a small piece
    top, left = random.integers(0, SIDE - side, 2)
    piece = torch.from_numpy(one[top : top + side, left : left + side].astype(np.float32))
    large = nn.interpolate(piece[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False)
    return large[0, 0].numpy().astype(np.uint8)


def placing_of(
    window: np.ndarray, turn: int, mirrored: bool, random: np.random.Generator
) -> np.ndarray:
    """The homography [3, 3] from the frame's coordinates (±1) to the picture's (±1).

    The upright film is mirrored first, then turned by `turn` quarters counter-clockwise, as
    numpy.rot90(numpy.fliplr(film), turn) does it.
    """
    (left, top), (right, bottom) = window * 2 - 1
    crop = np.array(
        [[(right - left) / 2, 0, (right + left) / 2], [0, (bottom - top) / 2, (bottom + top) / 2],
         [0, 0, 1]]
    )  # fmt: skip
    angle = np.deg2rad(random.uniform(-12, 12))
    tilt = np.eye(3)
    tilt[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    tilt[2, :2] = random.uniform(-0.12, 0.12, 2) * (random.random() < 0.25)
    flip = np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0])
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], float)
    return flip @ crop @ tilt @ np.linalg.matrix_power(quarter, turn)


def placed(
    pictures: torch.Tensor,
    placing: torch.Tensor,
    samples: list[Sample],
    random: np.random.Generator,
) -> torch.Tensor:
    """Pictures [N, 1, SIDE, SIDE] in 0..1, in their frames [N, 1, SIZE, SIZE], lit and damaged."""
    count = len(samples)
    soft = torch.from_numpy(random.random(count) < 0.5)[:, None, None, None]
    pictures = torch.where(soft, _blurred(pictures), pictures)
    scale = placing[:, :2, :2].square().sum((1, 2)).sqrt()[:, None, None, None]
    smooth = pictures
    for least in (1.9, 2.6, 4.0, 5.5):  # what is drawn small is smoothed first, as by the product
        smooth = _blurred(smooth)
        pictures = torch.where(scale > least, smooth, pictures)
    tones = _numbers(random, count, ((0.65, 1.35), (-0.12, 0.12), (-0.4, 0.4)))
    pictures = ((pictures - 0.5) * tones[0] + 0.5 + tones[1]).clamp(0, 1) ** tones[2].exp()
    pictures = _marked(pictures, random)
    turned_over = torch.tensor([sample.invert for sample in samples])[:, None, None, None]
    pictures = torch.where(turned_over, 1 - pictures, pictures)
    line = (torch.arange(SIZE) + 0.5) * 2 / SIZE - 1
    frame = torch.stack(
        [line.expand(SIZE, SIZE), line[:, None].expand(SIZE, SIZE), torch.ones(SIZE, SIZE)], -1
    )
    places = torch.einsum("nij,yxj->nyxi", placing, frame)
    grid = places[..., :2] / places[..., 2:].clamp(min=0.1)
    images = nn.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    seen = torch.from_numpy(np.stack([sample.seen for sample in samples])).float() * 2 - 1
    low, high = seen[:, None, None, 0], seen[:, None, None, 1]
    inside = ((grid >= low) & (grid <= high)).all(-1)[:, None].float()
    border = torch.from_numpy(
        np.where(random.random(count) < 0.75, 0.0, random.uniform(0, 1, count))
    ).float()[:, None, None, None]
    images = images * inside + border * (1 - inside)
    return _photographed(images, random)


def _blurred(images: torch.Tensor) -> torch.Tensor:
    """Binomial, five pixels wide; sums of slices are quicker than a convolution here."""
    for _ in range(2):
        images = nn.pad(images, [1] * 4, mode="replicate")
        images = (images[..., :-2] + 2 * images[..., 1:-1] + images[..., 2:]) / 4
        images = (images[..., :-2, :] + 2 * images[..., 1:-1, :] + images[..., 2:, :]) / 4
    return images


def _numbers(
    random: np.random.Generator, count: int, ranges: tuple[tuple[float, float], ...]
) -> list[torch.Tensor]:
    """For each range `count` numbers, [N, 1, 1, 1]."""
    return [
        torch.from_numpy(random.uniform(low, high, count)).float()[:, None, None, None]
        for low, high in ranges
    ]


def _marked(pictures: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Letters and labels burnt in, collimated edges, patches: on one picture in two."""
    pictures = pictures.clone()
    for image in pictures:
        if random.random() < 0.35:
            for _ in range(int(random.integers(1, 5))):
                y, x = random.integers(0, SIDE - 14, 2)
                tall, wide = int(random.integers(2, 9)), int(random.integers(3, 14))
                image[0, y : y + tall, x : x + wide] = float(random.random() < 0.85)
        if random.random() < 0.15:
            edge, wide = int(random.integers(4)), int(random.integers(2, 12))
            value = float(random.random() < 0.4)
            view = image[0] if edge % 2 else image[0].T
            if edge < 2:
                view[:wide] = value
            else:
                view[-wide:] = value
    return pictures


def _photographed(images: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Noise on every image; on one in six uneven light, moiré and glare of a screen."""
    count = len(images)
    noise = torch.from_numpy(random.standard_normal(images.shape, np.float32))
    images = images + noise * _numbers(random, count, ((0.0, 0.035),))[0]
    line = torch.linspace(-1, 1, SIZE)
    y, x = line[None, None, :, None], line[None, None, None, :]
    tilt_x, tilt_y, wave, angle, strength, contrast, lift = _numbers(
        random,
        count,
        ((-0.3, 0.3), (-0.3, 0.3), (15, 80), (0, 3.1), (0, 0.08), (0.5, 1), (0, 0.25)),
    )
    light = 1 + tilt_x * x + tilt_y * y
    moire = strength * torch.sin(wave * (angle.cos() * x + angle.sin() * y))
    screen = images * light * contrast + moire + lift
    photographed = torch.from_numpy(random.random(count) < 0.17)[:, None, None, None]
    return torch.where(photographed, screen, images).clamp(0, 1)
