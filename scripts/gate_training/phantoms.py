"""Drawings that are lit like radiographs of other parts of the body, and test pictures.

Hardly any real films of other parts are to be had, so these stand in for them.
"""

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gate_training.pictures import SIDE, U8

Point = tuple[float, float]


def phantom(random: np.random.Generator) -> U8:
    """A drawing that is lit like a radiograph of another part of the body, or a test picture."""
    kinds = (limb, limb, pelvis, hand, skull, spine, abdomen, teeth, sector, axial, ball,
             document, texture, chart)  # fmt: skip
    picture = kinds[random.integers(len(kinds))](random)
    grey = np.asarray(picture, np.float32) + random.normal(0, random.uniform(0, 8), (SIDE, SIDE))
    return np.clip(grey, 0, 255).astype(np.uint8)


def _canvas(random: np.random.Generator, most: int = 40) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (SIDE, SIDE), int(random.integers(0, most)))
    return image, ImageDraw.Draw(image)


def _finished(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Blurred and turned by any angle."""
    soft = image.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 2.0)))
    return soft.rotate(
        random.uniform(0, 360), Image.Resampling.BILINEAR, fillcolor=soft.getpixel((0, 0))
    )


def _bone(
    draw: ImageDraw.ImageDraw,
    start: Point,
    end: Point,
    width: float,
    random: np.random.Generator,
    base: int,
) -> None:
    """A shaft with a bright cortex, a darker marrow and thicker ends."""
    cortex, marrow = base + int(random.integers(60, 110)), base + int(random.integers(25, 60))
    draw.line([*start, *end], fill=cortex, width=max(2, int(width)))
    draw.line([*start, *end], fill=marrow, width=max(1, int(width * 0.5)))
    for x, y in (start, end):
        r = width * random.uniform(0.6, 0.95)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=cortex - 15)


def limb(random: np.random.Generator) -> Image.Image:
    """One or two limbs with a joint in the middle: knee, elbow, leg, forearm."""
    image, draw = _canvas(random)
    count = int(random.integers(1, 3))
    for number in range(count):
        x = SIDE * (number + 0.5) / count + random.uniform(-8, 8)
        half = random.uniform(12, 30) / (1 + 0.4 * (count - 1))
        flesh = int(random.integers(60, 130))
        bend = random.uniform(-14, 14)
        low = half * 0.8
        outline = [(x - half, 0), (x + half, 0), (x + low + bend, SIDE), (x - low + bend, SIDE)]
        draw.polygon(outline, fill=flesh)
        middle = SIDE * random.uniform(0.3, 0.7)
        gap = random.uniform(1, 4)
        for offset in (-0.3, 0.3)[: int(random.integers(1, 3))]:
            place, width = x + offset * half, half * random.uniform(0.3, 0.6)
            _bone(draw, (place, -5), (place, middle - gap), width, random, flesh)
            _bone(draw, (place, middle + gap), (place + bend, SIDE + 5), width, random, flesh)
    return _finished(image, random)


def pelvis(random: np.random.Generator) -> Image.Image:
    """Iliac wings, sacrum, hips and thighs, or one hip alone."""
    image, draw = _canvas(random, 90)
    flesh = int(random.integers(80, 130))
    draw.ellipse([-20, -25, SIDE + 20, SIDE * 1.4], fill=flesh)
    bone, r = flesh + int(random.integers(40, 90)), random.uniform(20, 32)
    for side in (-1, 1):
        x, y = SIDE / 2 + side * random.uniform(26, 38), SIDE * random.uniform(0.3, 0.45)
        draw.ellipse([x - r, y - r * 1.2, x + r, y + r * 1.1], fill=bone)
        draw.ellipse([x - r * 0.7, y - r * 0.9, x + r * 0.7, y + r * 0.7], fill=bone - 30)
        hip = (x + side * 6, y + r * 1.3)
        _bone(draw, hip, (hip[0] + side * 8, SIDE + 10), random.uniform(10, 16), random, flesh)
        draw.ellipse([x - 9, y + r * 1.2, x + 9 - side * 8, y + r * 1.9], fill=flesh - 35)
    draw.polygon([(52, 20), (76, 20), (66, 70), (62, 70)], fill=bone + 10)
    if random.random() < 0.4:  # one hip
        left = int(random.integers(0, SIDE // 2))
        image = image.crop((left, 20, left + SIDE // 2, 20 + SIDE // 2)).resize((SIDE, SIDE))
    return _finished(image, random)


def hand(random: np.random.Generator) -> Image.Image:
    """A palm and five fingers, or a foot's likeness of it."""
    image, draw = _canvas(random, 25)
    flesh = int(random.integers(50, 110))
    draw.ellipse([38, 62, 92, 118], fill=flesh)
    draw.rectangle([48, 105, 84, SIDE], fill=flesh)
    for finger in range(5):
        angle = np.deg2rad(-150 + 30 * finger + random.uniform(-6, 6))
        length = random.uniform(38, 58)
        start = np.array([65 + 20 * np.cos(angle), 88 + 18 * np.sin(angle)])
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        draw.line([*start, *end], fill=flesh, width=int(random.uniform(8, 13)))
        joints = np.linspace(0, 1, 4)
        for low, high in itertools.pairwise(joints):
            a, b = start + (end - start) * (low + 0.04), start + (end - start) * (high - 0.04)
            _bone(draw, tuple(a), tuple(b), random.uniform(3, 5), random, flesh)
        _bone(draw, (65, 106), tuple(start), random.uniform(3, 5), random, flesh)
    return _finished(image, random)


def skull(random: np.random.Generator) -> Image.Image:
    """A bright ring with orbits or a jaw."""
    image, draw = _canvas(random, 30)
    wide, tall = random.uniform(34, 52), random.uniform(42, 58)
    bone = int(random.integers(150, 240))
    draw.ellipse([64 - wide, 60 - tall, 64 + wide, 60 + tall], fill=bone)
    rim = random.uniform(3, 8)
    inside = int(random.integers(90, 150))
    draw.ellipse([64 - wide + rim, 60 - tall + rim, 64 + wide - rim, 60 + tall - rim], fill=inside)
    for side in (-1, 1):
        x, y = 64 + side * random.uniform(14, 20), random.uniform(62, 76)
        draw.ellipse([x - 11, y - 9, x + 11, y + 9], fill=inside - 40, outline=bone)
    draw.rectangle([50, 95, 78, 122], fill=inside + 30)
    return _finished(image, random)


def spine(random: np.random.Generator) -> Image.Image:
    """A column of vertebrae in soft tissue."""
    image, draw = _canvas(random, 120)
    flesh = int(random.integers(60, 130))
    draw.rectangle([random.uniform(0, 30), 0, SIDE - random.uniform(0, 30), SIDE], fill=flesh)
    wide, tall = random.uniform(9, 22), random.uniform(9, 18)
    x, sway = 64 + random.uniform(-20, 20), random.uniform(-12, 12)
    for number, y in enumerate(np.arange(-tall, SIDE + tall, tall + random.uniform(2, 5))):
        at = x + sway * np.sin(number / 3)
        bone = flesh + int(random.integers(50, 100))
        draw.rectangle([at - wide, y, at + wide, y + tall], fill=bone - 20, outline=bone)
    return _finished(image, random)


def abdomen(random: np.random.Generator) -> Image.Image:
    """A body with a spine, gas and a pelvis' rim."""
    image, draw = _canvas(random, 60)
    flesh = int(random.integers(90, 150))
    draw.rectangle([random.uniform(0, 14), 0, SIDE - random.uniform(0, 14), SIDE], fill=flesh)
    for disc in range(0, SIDE, 15):
        draw.rectangle([55, disc, 73, disc + 12], fill=flesh + int(random.integers(30, 70)))
    for _ in range(int(random.integers(4, 16))):
        x, y, r = random.uniform(15, 113), random.uniform(10, 118), random.uniform(3, 13)
        gas = flesh - int(random.integers(25, 80))
        draw.ellipse([x - r, y - r * 0.7, x + r, y + r * 0.7], fill=gas)
    return _finished(image, random)


def teeth(random: np.random.Generator) -> Image.Image:
    """Two rows of teeth, along an arc or straight."""
    image, draw = _canvas(random, 90)
    arc = random.uniform(-0.006, 0.012)
    for row, base in ((-1, 58), (1, 68)):
        for x in np.arange(random.uniform(4, 10), SIDE - 6, random.uniform(8, 14)):
            y = base + arc * (x - 64) ** 2
            tall, bright = random.uniform(20, 36), int(random.integers(140, 240))
            top, bottom = (y - tall, y - 2) if row < 0 else (y + 2, y + tall)
            draw.rounded_rectangle([x, top, x + 8, bottom], 3, fill=bright)
            draw.line([x + 4, top + 4, x + 4, bottom - 4], fill=bright - 60, width=2)
    return _finished(image, random)


def sector(random: np.random.Generator) -> Image.Image:
    """Speckle in a fan on a dark screen with letters, as of ultrasound."""
    cells = int(random.integers(20, 64))
    speckle = Image.fromarray(random.integers(0, 256, (cells, cells), np.uint8))
    speckle = speckle.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    coarse = Image.fromarray(random.integers(0, 200, (6, 6), np.uint8))
    tissue = Image.blend(speckle, coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), 0.6)
    fan = Image.new("L", (SIDE, SIDE))
    half, top, reach = random.uniform(25, 60), random.uniform(-10, 20), random.uniform(80, 120)
    ImageDraw.Draw(fan).pieslice(
        [64 - reach, top - reach, 64 + reach, top + reach], 90 - half, 90 + half, fill=255
    )
    image = Image.composite(tissue, Image.new("L", (SIDE, SIDE)), fan)
    draw = ImageDraw.Draw(image)
    for y in range(6, 6 + 5 * int(random.integers(0, 6)), 5):
        draw.line([4, y, 4 + random.uniform(8, 30), y], fill=200)
    return image


def axial(random: np.random.Generator) -> Image.Image:
    """A slice through the trunk: a body with lungs, heart and vertebra, or with organs."""
    image, draw = _canvas(random, 10)
    wide, tall = random.uniform(46, 62), random.uniform(32, 48)
    flesh = int(random.integers(90, 170))
    draw.ellipse([64 - wide, 64 - tall, 64 + wide, 64 + tall], fill=flesh - 40)
    draw.ellipse([68 - wide, 68 - tall, 60 + wide, 60 + tall], fill=flesh)
    for side in (-1, 1):
        x, rx, ry = 64 + side * wide * 0.48, wide * random.uniform(0.3, 0.4), tall * 0.7
        gas = random.random() < 0.7
        shade = flesh - int(random.integers(60, 90)) if gas else flesh + 20
        draw.ellipse([x - rx, 62 - ry, x + rx, 62 + ry], fill=shade)
    r = random.uniform(9, 20)
    draw.ellipse([66 - r, 50 - r * 0.7, 70 + r, 52 + r], fill=flesh + 25)
    r, y = random.uniform(6, 10), 64 + tall * 0.6
    draw.ellipse([64 - r, y - r, 64 + r, y + r], fill=min(255, flesh + 90))
    return _finished(image, random)


def ball(random: np.random.Generator) -> Image.Image:
    """A shaded body of any roundness: a fruit, a planet, a stone; now and then two."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    image = np.full((SIDE, SIDE), random.uniform(0, 255) * (random.random() < 0.5), np.float32)
    for _ in range(int(random.integers(1, 3))):
        cx, cy, rx, ry = *random.uniform(44, 84, 2), *random.uniform(14, 60, 2)
        depth = 1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2
        light = random.uniform(-1, 1, 2)
        shade = np.sqrt(depth.clip(0)) + 0.6 * (light[0] * (x - cx) / rx + light[1] * (y - cy) / ry)
        body = random.uniform(40, 160) + random.uniform(-110, 110) * shade
        image = np.where(depth > 0, body, image)
    return _finished(Image.fromarray(image.clip(0, 255).astype(np.uint8)), random)


def document(random: np.random.Generator) -> Image.Image:
    """Lines of text on paper, a table or a screen."""
    paper = int(random.integers(180, 256)) if random.random() < 0.8 else int(random.integers(0, 50))
    ink = 255 - paper
    image = Image.new("L", (SIDE, SIDE), paper)
    draw, y = ImageDraw.Draw(image), random.uniform(4, 20)
    while y < SIDE - 6:
        x = random.uniform(4, 20)
        while x < SIDE * random.uniform(0.6, 0.98):
            word = random.uniform(3, 16)
            draw.rectangle([x, y, x + word, y + random.uniform(1, 4)], fill=ink)
            x += word + random.uniform(2, 5)
        y += random.uniform(5, 12)
    if random.random() < 0.4:
        draw.rectangle([random.uniform(5, 60), 20, random.uniform(70, 120), 70],
                       fill=int(random.integers(0, 256)))  # fmt: skip
    return image.rotate(random.uniform(-12, 12), fillcolor=paper)


def texture(random: np.random.Generator) -> Image.Image:
    """Noise of one coarseness, smooth hills, or a plain gradient."""
    cells = int(random.integers(2, 48))
    coarse = Image.fromarray(random.integers(0, 256, (cells, cells), np.uint8))
    image = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    if random.random() < 0.3:
        ramp = np.add.outer(np.linspace(0, random.uniform(-255, 255), SIDE),
                            np.linspace(0, random.uniform(-255, 255), SIDE))  # fmt: skip
        image = Image.fromarray(np.clip(ramp - ramp.min(), 0, 255).astype(np.uint8))
    return image


def chart(random: np.random.Generator) -> Image.Image:
    """Bars, wedges, grids and rings, as in test pictures and phantoms of machines."""
    image, draw = _canvas(random, 256)
    for _ in range(int(random.integers(2, 14))):
        x, y = random.uniform(-20, SIDE, 2)
        w, h = random.uniform(4, 80, 2)
        fill = int(random.integers(0, 256))
        kind = random.integers(4)
        if kind == 0:
            draw.rectangle([x, y, x + w, y + h], fill=fill)
        elif kind == 1:
            draw.ellipse([x, y, x + w, y + h], outline=fill, width=int(random.integers(1, 8)))
        elif kind == 2:
            draw.ellipse([x, y, x + w, y + h], fill=fill)
        else:
            for at in np.arange(x, x + w, random.uniform(3, 12)):
                draw.line([at, y, at, y + h], fill=fill)
    return image
