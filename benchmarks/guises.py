"""What becomes of films that come as screenshots, scans, photographs, flat or cut copies.

    python benchmarks/guises.py FOLDER --labels LABELS.csv [--films 150] [--guise NAME …]
        [--out ROWS.jsonl]

Each film (a PNG or JPEG that is whole and upright) is scored as it is and in every guise. A line
a guise: of the films that are critical or urgent as they are, how many became routine or none, and
how many of them without a warning that the film as it is does not bear; of the others, how many
became critical or urgent; how many were refused; how well films with findings are told from those
without (area under the curve of the mean logit and of the highest margin over a threshold); how
many bear a new warning, and which.
LABELS: columns `image` and `findings`; without findings is `No Finding`.
"""

import argparse
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from sklearn.metrics import roc_auc_score

from cxr_triage.domain import Assessment
from cxr_triage.model.calibrate import logit
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import open_pipeline

U8 = NDArray[np.uint8]
Random = np.random.Generator
Guise = Callable[[U8, Random], U8]
RAISED = {"critical", "urgent"}
LOWERED = {"routine", "none"}


def u8(values: NDArray[Any]) -> U8:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def framed(share: float, grey: int) -> Guise:
    """A border so wide, as a share of the film's width."""
    return lambda film, _: np.pad(film, round(share * film.shape[1]), constant_values=grey)


def ended(share: float, grey: int) -> Guise:
    """A telephone's screen: the film between two ends, as shares of its height."""

    def change(film: U8, _: Random) -> U8:
        rows = round(share * film.shape[0])
        return np.pad(film, ((rows, rows), (0, 0)), constant_values=grey)

    return change


def flat(contrast: float, brightness: float) -> Guise:
    return lambda film, _: u8(film * contrast + 255 * brightness)


def turned(degrees: float, grey: int, *, expand: bool) -> Guise:
    def change(film: U8, draw: Random) -> U8:
        angle = degrees * draw.choice([-1, 1])
        image = Image.fromarray(film)
        return np.asarray(
            image.rotate(angle, Image.Resampling.BICUBIC, expand=expand, fillcolor=grey)
        )

    return change


def cut(side: int, share: float) -> Guise:
    """Without so much of its top, right, bottom or left (0 to 3); large enough to be scored."""

    def change(film: U8, _: Random) -> U8:
        least = min(film.shape)
        if least < 340:
            film = np.asarray(Image.fromarray(film).resize((340, 340), Image.Resampling.BICUBIC))
        view = np.rot90(film, side)
        return np.ascontiguousarray(np.rot90(view[round(share * len(view)) :], -side))

    return change


def lightbox(tilt: float) -> Guise:
    """On a light box, photographed: grey around it, noise, less contrast, not quite sharp."""

    def change(film: U8, draw: Random) -> U8:
        rows, columns = (round(side / 0.7) for side in film.shape)
        y, x = np.mgrid[:rows, :columns] / np.array([rows, columns])[:, None, None]
        light = draw.uniform(170, 215)
        box = light + draw.uniform(-12, 12) * (x - 0.5) + draw.uniform(-12, 12) * (y - 0.5)
        top, left = (round((0.15 + draw.uniform(-0.05, 0.05)) * side) for side in (rows, columns))
        place = slice(top, top + film.shape[0]), slice(left, left + film.shape[1])
        box[place] = 20 + film * (light / 255) * 0.85
        image = Image.fromarray(u8(box + draw.normal(0, 2.5, box.shape)))
        if tilt:
            angle = draw.uniform(-tilt, tilt)
            image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=int(light))
        return np.asarray(image.filter(ImageFilter.GaussianBlur(0.6 * film.shape[0] / 256)))

    return change


def screen(film: U8, draw: Random) -> U8:
    """A viewer's window: a tool bar, words, the film in the middle."""
    rows, columns = round(film.shape[0] * 1.3), round(film.shape[1] * 1.75)
    image = Image.new("L", (columns, rows), int(draw.choice([0, 25, 40, 60])))
    pen, bar = ImageDraw.Draw(image), round(0.06 * rows)
    pen.rectangle((0, 0, columns, bar), fill=int(draw.choice([70, 200, 235])))
    for at in range(8):
        pen.rectangle((10 + at * bar, bar // 4, 10 + at * bar + bar // 2, 3 * bar // 4), fill=120)
    place = (columns - film.shape[1]) // 2, bar + (rows - bar - film.shape[0]) // 2
    image.paste(Image.fromarray(film), place)
    for at in range(5):
        pen.text((6, bar + 10 + at * 14), f"Anon {draw.integers(99999)}", fill=220)
    return np.asarray(image)


def page(film: U8, draw: Random) -> U8:
    """Scanned with its page: words over it, a little askew."""
    rows, columns = round(film.shape[0] * 1.6), round(film.shape[1] * 1.3)
    image, angle = Image.fromarray(film), draw.uniform(-2, 2)
    image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=250)
    sheet = Image.new("L", (columns, rows), 250)
    sheet.paste(image, ((columns - image.width) // 2, rows // 4))
    pen = ImageDraw.Draw(sheet)
    for at in range(6):
        words = f"X-RAY CHEST PA  {draw.integers(10**9)}"
        pen.text((columns * 0.1, rows * 0.04 + at * 12), words, fill=20)
    return np.asarray(sheet)


def phone(film: U8, draw: Random) -> U8:
    """A photograph of a screen: seen at an angle, with moiré, glare, darker corners and noise."""
    rows, columns = film.shape
    around = float(draw.choice([15, 60, 190]))
    corners = np.array([[0.12, 0.12], [1.12, 0.12], [1.12, 1.12], [0.12, 1.12]])
    corners = (corners + draw.uniform(-0.04, 0.04, (4, 2))) * [columns, rows]
    shown = projected(u8(film * 0.8 + 25), corners, around)
    y, x = np.mgrid[: shown.shape[0], : shown.shape[1]]
    period, way = draw.uniform(3, 6) * max(1, rows / 256), draw.uniform(0, np.pi)
    shown *= 1 + 0.06 * np.sin(2 * np.pi / period * (x * np.cos(way) + y * np.sin(way)))
    u, v = x / shown.shape[1], y / shown.shape[0]
    shown *= 1 - 0.5 * ((u - 0.5) ** 2 + (v - 0.5) ** 2)
    at = draw.uniform(0.2, 0.8, 2)
    glare = np.exp(-((u - at[0]) ** 2 + (v - at[1]) ** 2) / (2 * 0.07**2))
    return u8(shown + draw.uniform(30, 80) * glare + draw.normal(0, 3, shown.shape))


def projected(film: U8, corners: NDArray[Any], around: float) -> NDArray[Any]:
    """The film with its corners (x, y) there, in a picture a quarter larger."""
    rows, columns = film.shape
    source = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    lines, values = [], []
    for (x, y), (a, b) in zip(corners, source, strict=True):
        lines += [[x, y, 1, 0, 0, 0, -a * x, -a * y], [0, 0, 0, x, y, 1, -b * x, -b * y]]
        values += [a, b]
    way = np.linalg.solve(np.array(lines), np.array(values))
    size = round(columns * 1.24), round(rows * 1.24)

    def seen(picture: U8) -> NDArray[Any]:
        image = Image.fromarray(picture)
        moved = image.transform(
            size, Image.Transform.PERSPECTIVE, tuple(way), Image.Resampling.BICUBIC
        )
        return np.asarray(moved, np.float64)

    inside = seen(np.full_like(film, 255)) / 255
    return seen(film) * inside + around * (1 - inside)


GUISES: dict[str, Guise] = {
    "as it is": lambda film, _: film,
    "white border 4 %": framed(0.04, 255),
    "white border 12 %": framed(0.12, 255),
    "grey border 8 %": framed(0.08, 128),
    "black border 12 %": framed(0.12, 0),
    "telephone, black ends": ended(0.5, 0),
    "light box": lightbox(0),
    "light box, askew": lightbox(4),
    "screen": screen,
    "page": page,
    "flat, a third, grey": flat(0.33, 0.33),
    "flat, a third, dark": flat(0.33, 0.05),
    "flat, a half": flat(0.5, 0.25),
    "flat, six tenths": flat(0.6, 0.2),
    "turned 3°, white": turned(3, 255, expand=True),
    "turned 7°, white": turned(7, 255, expand=False),
    "turned 5°, grey": turned(5, 150, expand=True),
    "telephone photograph": phone,
    "lower quarter cut": cut(2, 0.25),
    "upper quarter cut": cut(0, 0.25),
    "left quarter cut": cut(3, 0.25),
    "right quarter cut": cut(1, 0.25),
}

Row = dict[str, Any]


def row_of(assessment: Assessment) -> Row:
    findings = assessment.findings
    logits = [logit(finding.probability) for finding in findings]
    return {
        "priority": assessment.priority,
        "outcome": assessment.outcome,
        "reasons": [one.code for one in assessment.eligibility.reasons],
        "warnings": [one.code for one in assessment.eligibility.warnings],
        "mean": float(np.mean(logits)) if findings else None,
        "margin": max((float(f.evidence.mean()) for f in findings), default=None),
    }


def films_of(folder: Path, labels: Path, count: int) -> Iterator[tuple[str, U8, bool]]:
    """Name, picture, and whether there is a finding; the same films whenever it is run."""
    with labels.open(encoding="utf-8-sig", newline="") as file:
        said = {Path(row["image"]).stem: row["findings"] for row in csv.DictReader(file)}
    paths = [path for path in sorted(folder.iterdir()) if path.stem in said]
    for at in np.random.default_rng(1).permutation(len(paths))[:count]:
        picture = np.asarray(Image.open(paths[at]).convert("L"))
        yield paths[at].stem, picture, said[paths[at].stem] != "No Finding"


def line_of(name: str, rows: list[Row], as_is: list[Row], sick: list[bool]) -> str:
    pairs = list(zip(rows, as_is, strict=True))
    new = [set(row["warnings"]) - set(before["warnings"]) - {"small"} for row, before in pairs]
    raised = [at for at, (_, before) in enumerate(pairs) if before["priority"] in RAISED]
    others = [at for at in range(len(pairs)) if at not in raised]
    down = [at for at in raised if rows[at]["priority"] in LOWERED]
    up = [at for at in others if rows[at]["priority"] in RAISED]
    refused = [at for at, row in enumerate(rows) if row["outcome"] != "assessed"]
    scored = [at for at in range(len(rows)) if at not in refused]
    told = Counter(code for codes in new for code in codes)
    cells = [
        name,
        f"{len(down)} of {len(raised)}",
        str(sum(not new[at] for at in down)),
        f"{len(up)} of {len(others)}",
        f"{len(refused)} of {len(rows)}",
        *(curve([rows[at][what] for at in scored], [sick[at] for at in scored])
          for what in ("mean", "margin")),
        str(sum(map(bool, new))),
        ", ".join(f"{code} {count}" for code, count in told.most_common()) or "–",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def curve(values: list[float], sick: list[bool]) -> str:
    return f"{roc_auc_score(sick, values):.3f}" if len(set(sick)) == 2 else "–"


def png(picture: U8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--films", type=int, default=150)
    parser.add_argument("--guise", action="append", choices=[*GUISES], default=[])
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    films = list(films_of(arguments.folder, arguments.labels, arguments.films))
    sick = [found for _, _, found in films]
    wanted = ["as it is", *(name for name in GUISES if name in arguments.guise)]
    lines, as_is = [], list[Row]()
    print("| guise | down | in silence | up | refused | AUC mean | AUC margin | warned | how |")
    print("|" + "---|" * 9)
    with open_pipeline(
        Settings(), model=None, policy=arguments.policy, workers=1, threads=None
    ) as pipeline:
        for at, name in enumerate(wanted if arguments.guise else GUISES):
            rows = [
                row_of(pipeline.assess(png(GUISES[name](film, np.random.default_rng([n, at])))))
                for n, (_, film, _) in enumerate(films)
            ]
            as_is = as_is or rows
            print(line_of(name, rows, as_is, sick), flush=True)
            lines += [
                json.dumps({"guise": name, "film": film[0]} | row)
                for film, row in zip(films, rows, strict=True)
            ]
    if arguments.out:
        arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
