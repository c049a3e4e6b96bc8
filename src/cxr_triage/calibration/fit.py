"""Films scored with a model, through the product's own path, as its positions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, get_args

import numpy as np

from cxr_triage.calibration.reference import KIND, SOURCE, ReferenceFilms, Split, reference_films
from cxr_triage.domain import Assessment, ModelCard, Score
from cxr_triage.evaluation.film_figures import table_of
from cxr_triage.model.calibrate import logit
from cxr_triage.settings import Settings
from cxr_triage.triage.decision import decide
from cxr_triage.triage.loading import open_pipeline
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import SHIPPED_POLICIES, read_policy
from cxr_triage.triage.positions import F64, FilmSet, Positions, positions_of

AT_ONCE: Final = 16
LEAST_PROBABILITY: Final = 1e-7

Scored: TypeAlias = tuple[Split, int, Assessment]
"""A film's part, its place there, and what the model says."""

Watch = Callable[[Iterator[Scored], int], Iterator[Scored]]
"""Hands on what it is given, and shows how many of so many are done."""


def measure_model(folder: Path, settings: Settings, watch: Watch) -> Positions:
    """Positions of the model in `folder`, from all reference films.

    They are smaller than the default policy lets in: they are read under the research policy.
    Raises ModelError, EvaluationFailed, PolicyInvalid, ImageError.
    """
    parts = {split: reference_films(split, settings.reference_films) for split in get_args(Split)}
    rows: dict[Split, list[tuple[int, F64]]] = {split: [] for split in parts}
    with open_pipeline(
        settings.model_copy(update={"positions": None}),
        model=str(folder),
        policy=SHIPPED_POLICIES["research"],
        workers=None,
        threads=None,
    ) as pipeline:
        card = pipeline.engine.card
        scored = (
            (split, place, assessment)
            for split, part in parts.items()
            for place, assessment in enumerate(assessments(pipeline, part.contents()))
        )
        for split, place, assessment in watch(scored, sum(len(x.names) for x in parts.values())):
            if assessment.findings:
                rows[split].append((place, logits_of(assessment.findings, card)))
    positions = positions_of(
        card,
        _film_set("val", parts["val"], rows["val"]),
        _film_set("test", parts["test"], rows["test"]),
        source=SOURCE,
        kind=KIND,
        optimistic=card.saw_reference_films,
    )
    return with_table(positions, card)


def with_table(positions: Positions, card: ModelCard) -> Positions:
    """With what the default policy's cuts, and five wanted shares, make of the measured films."""
    policy = read_policy()
    measured = positions.measured_films
    if measured is None or not measured.labelled:
        return positions
    rows = table_of(decide(card, policy, positions), measured, policy)
    return positions.model_copy(update={"table": tuple(rows)})


def assessments(pipeline: Pipeline, files: Iterable[bytes]) -> Iterator[Assessment]:
    """Of each file, in order. Raises ImageError for one that cannot be read."""
    waiting = iter(files)
    with ThreadPoolExecutor(2) as threads:
        while batch := list(islice(waiting, AT_ONCE)):
            yield from pipeline.score(list(threads.map(pipeline.read, batch)))


def logits_of(findings: Sequence[Score], card: ModelCard) -> F64:
    """Log-odds [L] in the order of the card's labels. Raises KeyError if one is missing."""
    probability = {one.label: one.probability for one in findings}
    return np.array(
        [
            logit(min(max(probability[label.label], LEAST_PROBABILITY), 1 - LEAST_PROBABILITY))
            for label in card.labels
        ]
    )


def _film_set(split: str, part: ReferenceFilms, rows: Sequence[tuple[int, F64]]) -> FilmSet:
    places = [place for place, _ in rows]
    return FilmSet(
        split=split,
        logits=np.array([row for _, row in rows]),
        patient=part.patient[places],
        findings=tuple(part.films[place].findings for place in places),
    )
