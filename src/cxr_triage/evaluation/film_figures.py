"""How good a decision on whole films is: what it flags of well and of sick ones, by patients."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from cxr_triage.domain import TIERS
from cxr_triage.evaluation.films import F64, Bools, Ints
from cxr_triage.evaluation.resampling import (
    Estimate,
    Resamples,
    bootstrap_interval,
    proportion,
    resample,
    resampled_mean,
)
from cxr_triage.triage.decision import Decision
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.positions import FilmSet

SHARES: Final = (0.05, 0.10, 0.20, 0.30, 0.50)
"""Of films without findings: the rows of the table."""

RESAMPLES: Final = 2000
SEED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFigures:
    """Of one rule that flags films. Predictive values: with the mix of these films, and at the
    prevalence of films with a finding that the policy states.

    flags: flagged findings a film, of films without and with findings.
    """

    well_flagged: Estimate
    sensitivity: Estimate
    sensitivity_urgent: Estimate
    flags_well: Estimate
    flags_sick: Estimate
    ppv: Estimate
    npv: Estimate
    ppv_at: Estimate
    npv_at: Estimate


def figures(
    flagged: Bools,
    flags: Ints,
    *,
    sick: Bools,
    urgent: Bools,
    patient: Ints,
    prevalence: float,
    drawn: Resamples,
) -> FilmFigures:
    """flagged, flags, sick, urgent, patient [n]; urgent: films with an urgent finding."""
    well, hit = ~sick, flagged.astype(np.float64)
    _, number = np.unique(patient, return_inverse=True)
    at = _at_prevalence(flagged, sick, number, prevalence, drawn)
    return FilmFigures(
        well_flagged=proportion(flagged[well], patient[well]),
        sensitivity=proportion(flagged[sick], patient[sick]),
        sensitivity_urgent=proportion(flagged[urgent], patient[urgent]),
        flags_well=_mean(flags, well, number, drawn),
        flags_sick=_mean(flags, sick, number, drawn),
        ppv=proportion(sick[flagged], patient[flagged]),
        npv=proportion(well[hit == 0], patient[hit == 0]),
        ppv_at=at[0],
        npv_at=at[1],
    )


def _mean(values: Ints, members: Bools, number: Ints, drawn: Resamples) -> Estimate:
    return resampled_mean(values[members].astype(np.float64), number[members], drawn)


def _at_prevalence(
    flagged: Bools, sick: Bools, number: Ints, prevalence: float, drawn: Resamples
) -> tuple[Estimate, Estimate]:
    """PPV and NPV, if `prevalence` of the films had a finding."""
    patients = drawn.counts.shape[1]

    def share(members: Bools) -> tuple[float, F64]:
        """Of these films: the share that is flagged, and the same of each resample."""
        films = np.bincount(number[members], minlength=patients).astype(np.float64)
        hits = np.bincount(number[members & flagged], minlength=patients).astype(np.float64)
        some, all_ = drawn.counts @ hits, drawn.counts @ films
        resampled = np.divide(some, all_, out=np.full(len(some), np.nan), where=all_ > 0)
        return float(flagged[members].mean()) if members.any() else np.nan, resampled

    (sensitivity, sensitivities), (false, falses) = share(sick), share(~sick)
    return (
        _predictive(prevalence, (sensitivity, sensitivities), (false, falses)),
        _predictive(1 - prevalence, (1 - false, 1 - falses), (1 - sensitivity, 1 - sensitivities)),
    )


def _predictive(weight: float, true: tuple[float, F64], other: tuple[float, F64]) -> Estimate:
    """Of all that a rule says, the share that is true, its films weighing `weight`."""
    value, total = weight * true[0], weight * true[0] + (1 - weight) * other[0]
    if not total > 0:
        return Estimate(value=None)
    values = weight * true[1]
    totals = values + (1 - weight) * other[1]
    resampled = np.divide(values, totals, out=np.full(len(totals), np.nan), where=totals > 0)
    return bootstrap_interval(value / total, resampled)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFigures:
    """What a decision makes of labelled films. flagged: at least routine; urgent: at least that."""

    films: int
    well: int
    patients: int
    flagged: FilmFigures
    urgent: FilmFigures
    critical: Estimate
    """Share of films without findings that are critical."""


def decision_figures(
    decision: Decision, films: FilmSet, labels: Sequence[str], policy: Policy
) -> DecisionFigures:
    """labels: of the columns of the films' logits."""
    rows = decision.findings_of(films, labels)
    rank = np.array([min((TIERS.index(one) for one in row if one), default=3) for row in rows])
    flags = np.array([sum(one is not None for one in row) for row in rows], np.int64)
    sick = ~films.well
    drawn = _drawn(films)
    hasty = urgent_labels(labels, policy)

    def rule(flagged: Bools) -> FilmFigures:
        return figures(
            flagged,
            flags,
            sick=sick,
            urgent=films.showing(hasty),
            patient=films.patient,
            prevalence=policy.decision.prevalence,
            drawn=drawn,
        )

    return DecisionFigures(
        films=len(films),
        well=int(films.well.sum()),
        patients=drawn.counts.shape[1],
        flagged=rule(rank < 3),
        urgent=rule(rank < 2),
        critical=proportion((rank < 1)[films.well], films.patient[films.well]),
    )


def urgent_labels(labels: Sequence[str], policy: Policy) -> list[str]:
    """Labels that may make a film urgent, under this policy."""
    return [name for name in labels if policy.rule(name).may != "routine"]


def table_of(decision: Decision, films: FilmSet, policy: Policy) -> list[dict[str, Any]]:
    """Rows by wanted share of well films flagged: what that makes of `films`, as plain values."""
    if decision.scale is None:
        return []
    labels = tuple(decision.labels)
    scale, drawn, sick = decision.scale, _drawn(films), ~films.well
    rarity = scale.rarities(films, labels)
    urgent = films.showing(urgent_labels(labels, policy))
    rows = []
    for share in SHARES:
        flags = (rarity <= share).sum(1)
        found = figures(
            flags > 0,
            flags.astype(np.int64),
            sick=sick,
            urgent=urgent,
            patient=films.patient,
            prevalence=policy.decision.prevalence,
            drawn=drawn,
        )
        rows.append({"share": share, "prevalence": policy.decision.prevalence, **asdict(found)})
    return rows


def _drawn(films: FilmSet) -> Resamples:
    return resample(len(np.unique(films.patient)), resamples=RESAMPLES, seed=SEED)
