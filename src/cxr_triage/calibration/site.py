"""A site's own films as its model's positions: with labels or without."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxr_triage.calibration.fit import logits_of, with_table
from cxr_triage.domain import PREPROCESSING_VERSION, ModelCard, Score
from cxr_triage.errors import EvaluationFailed, PolicyInvalid
from cxr_triage.evaluation.films import patient_numbers
from cxr_triage.evaluation.results import Results, film_stem
from cxr_triage.evaluation.truth import TrueFilm, Truth
from cxr_triage.triage.positions import F64, FilmSet, Positions, positions_of

SEED = 0
SICK_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredFilm:
    """stem: what joins it with its labels. person: what tells its patient from others; empty:
    nothing does."""

    stem: str = field(repr=False)
    person: str = field(repr=False)
    findings: Sequence[Score] = field(repr=False)


def films_of_results(results: Results, card: ModelCard) -> list[ScoredFilm]:
    """What `score` wrote. Raises PolicyInvalid if another model or preprocessing made it."""
    if results.model["sha256"] != card.sha256:
        raise PolicyInvalid(
            "positions_of_another_model",
            model=f"{results.model['name']} {results.model['version']}",
            running=f"{card.name} {card.version}",
        )
    if results.preprocessing != PREPROCESSING_VERSION:
        raise PolicyInvalid("positions_of_another_preprocessing")
    return [
        ScoredFilm(stem=stem, person=row.study_uid, findings=tuple(row.findings.values()))
        for stem, row in results.rows.items()
        if row.outcome == "assessed"
    ]


def unlabelled(
    films: Iterable[ScoredFilm], card: ModelCard, *, number: int, source: str
) -> Positions:
    """Of `number` films at most, drawn by chance, one a patient. They are not all well.

    Raises EvaluationFailed `calibrate_no_films`.
    """
    by_person: dict[str, list[ScoredFilm]] = {}
    for place, film in enumerate(films):
        by_person.setdefault(film.person or f"film {place}", []).append(film)
    if not by_person:
        raise EvaluationFailed("calibrate_no_films")
    random = np.random.default_rng(SEED)
    people = sorted(by_person)
    chosen = random.permutation(len(people))[:number]
    drawn = [by_person[people[place]] for place in chosen]
    one_each = [of_person[int(random.integers(len(of_person)))] for of_person in drawn]
    return positions_of(card, _film_set("", one_each, card, None), source=source)


def labelled(
    films: Iterable[ScoredFilm],
    truth: Truth,
    measured: Truth | None,
    card: ModelCard,
    *,
    source: str,
    splits: tuple[str, str] = ("", ""),
) -> Positions:
    """Cuts from the films that `truth` names, figures from those that `measured` does.

    Raises EvaluationFailed `calibrate_no_films` where no scored film is named.
    """
    by_stem = {film_stem(film.stem): film for film in films}
    fit = _with_truth(splits[0], by_stem, truth.films, card)
    if fit is None:
        raise EvaluationFailed("calibrate_no_films")
    others = None if measured is None else _with_truth(splits[1], by_stem, measured.films, card)
    return with_table(positions_of(card, fit, others, source=source), card)


def _with_truth(
    split: str,
    by_stem: Mapping[str, ScoredFilm],
    truth: Mapping[str, TrueFilm],
    card: ModelCard,
) -> FilmSet | None:
    stems = sorted(set(by_stem) & set(truth))
    if not stems:
        return None
    return _film_set(split, [by_stem[x] for x in stems], card, [truth[x] for x in stems])


def _film_set(
    split: str,
    films: Sequence[ScoredFilm],
    card: ModelCard,
    truth: Sequence[TrueFilm] | None,
) -> FilmSet:
    patient = np.arange(len(films)) if truth is None else patient_numbers(list(truth))
    return FilmSet(
        split=split,
        logits=np.array([logits_of(film.findings, card) for film in films]),
        patient=patient,
        findings=None if truth is None else tuple(film.findings for film in truth),
    )


def well_share_of_all(rarity: F64, well: np.ndarray, share: float) -> list[tuple[float, float]]:
    """What a cut that flags `share` of all films flags of the well ones, by how many are sick.

    rarity, well [n]: of labelled films. Pairs of (share of sick films, share of well flagged).
    """
    found = []
    cuts = np.sort(np.unique(rarity))
    for sick in SICK_SHARES:
        flagged = [
            sick * (rarity[~well] <= cut).mean() + (1 - sick) * (rarity[well] <= cut).mean()
            for cut in cuts
        ]
        place = max(int(np.searchsorted(flagged, share, "right")) - 1, 0)
        found.append((sick, float((rarity[well] <= cuts[place]).mean())))
    return found
