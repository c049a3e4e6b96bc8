"""The report as one HTML page: no script, no request to anywhere, printable on A4."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Literal, Protocol

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cxr_triage.domain import PRIORITIES, ModelCard, NextSteps, Priority, Score
from cxr_triage.imaging.heatmap import colours, scale_top, shown
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.dates import time_text, written
from cxr_triage.language.numbers import decimal, localized
from cxr_triage.report.film.film import Film, flagged
from cxr_triage.result.decided import (
    AXIS,
    cuts_of,
    measured_on,
    next_step,
    not_looked_for,
    notes,
    place,
    rarity_text,
    share_text,
    unfitted,
)
from cxr_triage.result.pixels import pixel_sentence
from cxr_triage.result.sentences import (
    data_set_name,
    priority_sentence,
    reason_sentence,
    score_text,
    threshold_text,
)

StudyFilms = Sequence[Film]
"""The films of a study, the one that makes its priority first."""


class Studies(Protocol):
    """The studies of a page; it looks at them several times."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[StudyFilms]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file without a result, why (a sentence in the report's language), and its code."""

    path: str
    outcome: Literal["failed", "skipped"]
    code: str
    message: str


def render(
    studies: Studies,
    unread: Sequence[Unread] = (),
    *,
    language: Language,
    created_at: datetime,
    model: ModelCard,
    policy: str,
    steps: NextSteps | None = None,
) -> Iterator[str]:
    """The page, piece by piece; studies and films stay in the order given, and one study is
    looked at at a time.

    policy: name and version of the priority policy in force; steps: what it says is to be done
    next. Patient names and identifiers other than the accession number do not appear.
    """
    css = stylesheet()
    summary = _summary(studies, language)
    parts = (
        environment()
        .get_template("report.html.j2")
        .generate(
            **language_context(language, steps),
            css=Markup(css),  # noqa: S704 - our own file, not input
            css_hash=b64encode(sha256(css.encode()).digest()).decode(),
            created_at=time_text(created_at, language),
            model=model,
            policy=policy,
            studies=studies,
            unread=sorted(unread, key=lambda file: file.outcome == "skipped"),
            research=summary.research,
            counts=summary.counts,
            films=summary.films,
            contested=frozenset(uid for uid, count in summary.uids.items() if uid and count > 1),
            failed=sum(file.outcome == "failed" for file in unread),
            evidence={label.label: label.evidence for label in model.labels},
            measured=list(summary.measured),
        )
    )
    return map(writable, parts)


def language_context(language: Language, steps: NextSteps | None = None) -> dict[str, object]:
    """What a template needs to write in `language`. steps: what the site says is to be done."""
    return {
        "language": language,
        "say": lambda key, **values: say(key, language, **values),
        "name": partial(finding_name, language=language),
        "priority_sentence": partial(priority_sentence, language=language),
        "next_step": partial(next_step, language=language, steps=steps or {}),
        "notes": lambda result, card: list(notes(result, card, language)),
        "measured_on": lambda decision: list(measured_on(decision, language)),
        "not_looked_for": partial(not_looked_for, language=language),
        "unfitted": partial(unfitted, language=language),
        "rarity_text": partial(rarity_text, language=language),
        "share_text": partial(share_text, language=language),
        "reason_sentence": partial(reason_sentence, language=language),
        "data_set_name": partial(data_set_name, language=language),
        "pixel_sentence": partial(pixel_sentence, language=language),
        "decimal": lambda value, decimals=2: decimal(value, language, decimals),
        "score_text": partial(score_text, language=language),
        "threshold_text": partial(threshold_text, language=language),
        "moment": partial(written, language=language),
        "plain": lambda value: localized(value, language),
    }


@lru_cache
def stylesheet() -> str:
    """The style sheet that stands in the page."""
    return "".join(template_text(name) for name in ("marks.css", "film.css", "report.css"))


def template_text(name: str) -> str:
    """A file of this room's templates."""
    return files("cxr_triage.report").joinpath("templates", name).read_text("utf-8")


def data_uri(picture: bytes) -> str:
    """The picture as an address that holds it."""
    kinds = {b"\xff\xd8": "jpeg", b"\x89P": "png", b"RI": "webp"}
    return f"data:image/{kinds[picture[:2]]};base64,{b64encode(picture).decode()}"


def writable(page: str) -> str:
    """The page without control characters, and with what UTF-8 cannot hold escaped."""
    page = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\N{REPLACEMENT CHARACTER}", page)
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def gradient() -> list[tuple[str, str]]:
    """Stops of the heatmap's colour scale: position in percent, colour."""
    stops = np.linspace(0, 1, 17)
    return [
        (f"{100 * stop:.2f}%", "#{:02x}{:02x}{:02x}".format(*colour))
        for stop, colour in zip(stops, colours(stops).tolist(), strict=True)
    ]


def parted(findings: Sequence[Score]) -> tuple[list[Score], list[Score]]:
    """The flagged findings and the rest, in their order."""
    return [one for one in findings if one.flagged], [one for one in findings if not one.flagged]


@lru_cache
def environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cxr_triage.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        priorities=PRIORITIES,
        data_uri=data_uri,
        gradient=gradient,
        parted=parted,
        axis=AXIS,
        cuts_of=cuts_of,
        place=place,
        flagged=flagged,
        scale_top=scale_top,
        shown=shown,
    )
    return environment


@dataclass(slots=True)
class _Summary:
    """What a page says of all its studies. uids: Study Instance UIDs, and how many studies bear
    each: one of several is contested. measured: sentences about the films behind its numbers."""

    films: int = 0
    research: bool = False
    counts: Counter[Priority] = field(default_factory=Counter)
    uids: Counter[str] = field(default_factory=Counter)
    measured: dict[str, None] = field(default_factory=dict)


def _summary(studies: Studies, language: Language) -> _Summary:
    found = _Summary()
    for study in studies:
        leading = study[0].assessment
        found.films += len(study)
        found.counts[leading.priority] += 1
        found.uids[leading.header.study_uid] += 1
        for film in study:
            found.research |= film.assessment.for_research
            if film.assessment.decision is not None:
                found.measured |= dict.fromkeys(measured_on(film.assessment.decision, language))
    return found
