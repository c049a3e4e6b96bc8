"""Films measured as wholes: does what they got tell the sick from the well?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxr_triage.evaluation.film_figures import (
    SHARES,
    FilmFigures,
    figures,
    urgent_labels,
)
from cxr_triage.evaluation.films import (
    F64,
    GROUPS,
    UNKNOWN,
    Bools,
    Films,
    Grouping,
    Ints,
    Joined,
)
from cxr_triage.evaluation.metrics import Points, auc_interval, is_small, roc_points
from cxr_triage.evaluation.resampling import Estimate, Resamples, resample
from cxr_triage.triage.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmGroup:
    """Films of one sex, age group or view: the AUC of their rarity for any finding."""

    group: str
    films: int
    sick: int
    small: bool
    auc: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmRoc:
    """How well the film's score finds films of a kind. roc: (1 − specificity, sensitivity)."""

    films: int
    true: int
    auc: Estimate
    roc: Points = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One row of the table. share: of well films, wanted flagged; figures: what that gave here."""

    share: float
    figures: FilmFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeFilms:
    """fitted: rarities were in the results, so cuts were chosen on other films; else each row's
    cut is this set's own, of the largest margin over a threshold.

    any: any finding. urgent: findings that may be urgent under the policy, against well films.
    given: films as they were flagged (at least routine), and as urgent or critical.
    """

    well: int
    sick: int
    fitted: bool
    prevalence: float
    any: FilmRoc
    urgent: FilmRoc
    rows: tuple[ShareRow, ...]
    given: Mapping[str, FilmFigures]
    groups: Mapping[Grouping, tuple[FilmGroup, ...]]


def measure_films(
    joined: Joined, films: Films, policy: Policy, *, prevalence: float, resamples: int, seed: int
) -> WholeFilms | None:
    """None where there are no well films, or no others."""
    pairs = joined.assessed
    sick = np.array([bool(film.findings) for _, film in pairs], np.bool_)
    if sick.all() or not sick.any():
        return None
    labels = [column.label for column in films.columns]
    hasty = urgent_labels(labels, policy)
    urgent = np.array([bool(film.findings & set(hasty)) for _, film in pairs], np.bool_)
    drawn = resample(films.patients, resamples=resamples, seed=seed)
    fitted, unusual = _unusual(joined, labels)
    any_score = unusual.max(1)
    urgent_score = unusual[:, [labels.index(name) for name in hasty]].max(1) if hasty else any_score

    def row(cut: float) -> FilmFigures:
        flags = (unusual >= cut).sum(1)
        return rule(flags > 0, flags)

    def rule(flagged: Bools, flags: Ints) -> FilmFigures:
        return figures(
            flagged,
            flags.astype(np.int64),
            sick=sick,
            urgent=urgent,
            patient=films.patient,
            prevalence=prevalence,
            drawn=drawn,
        )

    given = np.array([row.priority or "" for row, _ in pairs])
    flags = np.sum([column.flagged for column in films.columns], axis=0).astype(np.int64)
    return WholeFilms(
        well=int((~sick).sum()),
        sick=int(sick.sum()),
        fitted=fitted,
        prevalence=prevalence,
        any=_roc(any_score, sick, films.patient, drawn),
        urgent=_roc(urgent_score, urgent, films.patient, drawn, among=urgent | ~sick),
        rows=tuple(
            ShareRow(share=share, figures=row(_cut(share, fitted, any_score[~sick])))
            for share in SHARES
        ),
        given={
            "flagged": rule(flags > 0, flags),
            "urgent": rule(np.isin(given, ("urgent", "critical")), flags),
        },
        groups={
            grouping: tuple(_groups(any_score, sick, films, grouping, drawn))
            for grouping in films.groups
        },
    )


def _unusual(joined: Joined, labels: Sequence[str]) -> tuple[bool, F64]:
    """[n, L], the higher the more unusual: minus the rarity, or the margin over the threshold."""
    rows = [[row.findings[name] for name in labels] for row, _ in joined.assessed]
    fitted = all(one.rarity is not None for row in rows for one in row)
    values = [
        [-one.rarity if fitted and one.rarity is not None else one.margin for one in row]
        for row in rows
    ]
    return fitted, np.array(values, np.float64)


def _cut(share: float, fitted: bool, well: F64) -> float:
    if fitted:
        return -share
    ordered = np.sort(well)[::-1]
    reached = int(share * len(ordered) + 1e-9)
    return float(np.nextafter(ordered[min(reached, len(ordered) - 1)], np.inf))


def _roc(
    score: F64, true: Bools, patient: Ints, drawn: Resamples, among: Bools | None = None
) -> FilmRoc:
    members = np.ones(len(score), np.bool_) if among is None else among
    return FilmRoc(
        films=int(members.sum()),
        true=int(true.sum()),
        auc=auc_interval(score[members], true[members], patient[members], drawn),
        roc=roc_points(score[members], true[members]),
    )


def _groups(
    score: F64, sick: Bools, films: Films, grouping: Grouping, drawn: Resamples
) -> list[FilmGroup]:
    of_film = np.array(films.groups[grouping])
    found = []
    for name in (*GROUPS[grouping], UNKNOWN):
        members = of_film == name
        if members.any():
            found.append(
                FilmGroup(
                    group=name,
                    films=int(members.sum()),
                    sick=int(sick[members].sum()),
                    small=is_small(sick[members]),
                    auc=auc_interval(score[members], sick[members], films.patient[members], drawn),
                )
            )
    return found
