"""Everything that is measured of one run: each label, its groups, and all together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cxr_triage.evaluation.films import F64, GROUPS, UNKNOWN, Bools, Column, Films, Grouping
from cxr_triage.evaluation.metrics import (
    AtCut,
    Curves,
    at_cut,
    auc,
    auc_interval,
    brier,
    curves,
    is_small,
    resampled_auc,
)
from cxr_triage.evaluation.resampling import Estimate, Resamples, bootstrap_interval, resample
from cxr_triage.evaluation.thresholds import Borrowed, Cut, Cuts, choose
from cxr_triage.labels import LABELS

Points = Mapping[str, AtCut]
"""operating: what `score` flagged. likely: what it called likely, where the model has such
points. chosen: at the threshold for the wanted sensitivity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The films of one sex, age group or view."""

    group: str
    films: int
    positives: int
    small: bool
    auc: Estimate
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One label over all films. brier_of_prevalence: what always saying the share scores.

    cuts: chosen on these films. chosen: in use here; borrowed says where it came from.
    """

    label: str
    films: int
    positives: int
    small: bool
    auc: Estimate
    brier: float
    brier_of_prevalence: float
    cuts: Cuts
    chosen: Cut | None
    borrowed: bool
    points: Points
    groups: Mapping[Grouping, tuple[Group, ...]]
    curves: Curves | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanAuc:
    """Over the findings with enough films with and without."""

    labels: tuple[str, ...]
    auc: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Of all labels, in the order of the films' columns."""

    labels: tuple[Measured, ...]
    mean_auc: MeanAuc


def measure(
    films: Films,
    *,
    wanted_sensitivity: float,
    borrowed: Borrowed | None,
    resamples: int,
    seed: int,
) -> Measurement:
    """Measure every label; all share the same resamples of patients."""
    drawn = resample(films.patients, resamples=resamples, seed=seed)
    aucs = {
        column.label: resampled_auc(column.probability, column.positive, films.patient, drawn)
        for column in films.columns
    }
    has_likely = any(column.likely.any() for column in films.columns)
    measured = tuple(
        _measured(
            column,
            films,
            drawn,
            resampled=aucs[column.label],
            cuts=choose(column, wanted_sensitivity),
            borrowed=borrowed.cuts.get(column.label) if borrowed else None,
            has_likely=has_likely,
        )
        for column in films.columns
    )
    return Measurement(labels=measured, mean_auc=_mean_auc(measured, aucs))


def _measured(
    column: Column,
    films: Films,
    drawn: Resamples,
    *,
    resampled: F64,
    cuts: Cuts,
    borrowed: Cut | None,
    has_likely: bool,
) -> Measured:
    value = auc(column.probability, column.positive)
    share = float(column.positive.mean())
    chosen = borrowed or cuts.sensitivity
    flags = _flags(column, chosen, has_likely=has_likely)
    return Measured(
        label=column.label,
        films=len(column.positive),
        positives=int(column.positive.sum()),
        small=is_small(column.positive),
        auc=Estimate(value=None) if value is None else bootstrap_interval(value, resampled),
        brier=brier(column.probability, column.positive),
        brier_of_prevalence=share * (1 - share),
        cuts=cuts,
        chosen=chosen,
        borrowed=borrowed is not None,
        points={
            name: at_cut(flagged, column.positive, films.patient) for name, flagged in flags.items()
        },
        groups={
            grouping: _groups(column, films, grouping, flags, drawn) for grouping in films.groups
        },
        curves=curves(column.probability, column.positive, films.patient),
    )


def _flags(column: Column, chosen: Cut | None, *, has_likely: bool) -> dict[str, Bools]:
    """Which films each point flags."""
    flags = {"operating": column.flagged}
    if has_likely:
        flags["likely"] = column.likely
    if chosen is not None:
        flags["chosen"] = column.probability >= chosen.probability
    return flags


def _groups(
    column: Column,
    films: Films,
    grouping: Grouping,
    flags: Mapping[str, Bools],
    drawn: Resamples,
) -> tuple[Group, ...]:
    of_film = np.array(films.groups[grouping])
    present = [name for name in (*GROUPS[grouping], UNKNOWN) if (of_film == name).any()]
    return tuple(_group(name, column, films, of_film == name, flags, drawn) for name in present)


def _group(
    name: str,
    column: Column,
    films: Films,
    members: Bools,
    flags: Mapping[str, Bools],
    drawn: Resamples,
) -> Group:
    positive, patient = column.positive[members], films.patient[members]
    return Group(
        group=name,
        films=len(positive),
        positives=int(positive.sum()),
        small=is_small(positive),
        auc=auc_interval(column.probability[members], positive, patient, drawn),
        points={
            point: at_cut(flagged[members], positive, patient) for point, flagged in flags.items()
        },
    )


def _mean_auc(measured: tuple[Measured, ...], aucs: Mapping[str, F64]) -> MeanAuc:
    enough = tuple(one.label for one in measured if not one.small and one.label in LABELS)
    if not enough:
        return MeanAuc(labels=(), auc=Estimate(value=None))
    values = [one.auc.value for one in measured if one.label in enough]
    mean = float(np.mean([value for value in values if value is not None]))
    resampled = np.mean([aucs[label] for label in enough], axis=0)
    return MeanAuc(labels=enough, auc=bootstrap_interval(mean, resampled))
