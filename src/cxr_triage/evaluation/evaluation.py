"""An evaluation: what was measured on which films, with what; and as `evaluation.json`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from cxr_triage import __version__
from cxr_triage.domain import Reason
from cxr_triage.evaluation.films import Joined
from cxr_triage.evaluation.measure import Measured, Measurement
from cxr_triage.evaluation.metrics import FEW
from cxr_triage.evaluation.pointing import Pointing
from cxr_triage.evaluation.priorities import Confusion
from cxr_triage.evaluation.resampling import CONFIDENCE
from cxr_triage.evaluation.results import Results
from cxr_triage.evaluation.thresholds import FORMAT, Borrowed
from cxr_triage.evaluation.truth import Truth
from cxr_triage.evaluation.whole_films import WholeFilms

DECIMALS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that a page, a table or another program wants to know.

    films: how many were assessed, referred, failed, without labels, without results;
    and `patients` among the assessed. policy: name and version, None if it is not known.
    """

    created_at: datetime
    results: Results
    splits: tuple[str, ...]
    films: Mapping[str, int]
    wanted_sensitivity: float
    resamples: int
    seed: int
    borrowed: Borrowed | None
    measurement: Measurement
    policy: str | None = None
    pointing: Pointing | None = None
    confusion: Confusion | None = None
    whole: WholeFilms | None = None
    notes: tuple[Reason, ...] = field(default=())

    @property
    def labels(self) -> tuple[Measured, ...]:
        return self.measurement.labels


def notes_of(
    results: Results,
    truth: Truth,
    joined: Joined,
    *,
    splits: Sequence[str],
    borrowed: Borrowed | None,
) -> tuple[Reason, ...]:
    """What a reader must know before trusting the figures."""
    found = []
    if "patient" in truth.missing:
        found.append(Reason(code="no_patient"))
    lacking = [name for name in truth.missing if name in {"sex", "age", "view"}]
    found += [Reason(code="no_column", measured=name) for name in lacking]
    if joined.counts["without_labels"]:
        found.append(Reason(code="without_labels", measured=joined.counts["without_labels"]))
    if joined.counts["without_results"]:
        found.append(Reason(code="without_results", measured=joined.counts["without_results"]))
    unassessed = joined.counts["referred"] + joined.counts["failed"]
    if unassessed:
        found.append(Reason(code="unassessed", measured=unassessed))
    true = {label for _, film in joined.pairs for label in film.findings}
    found += [Reason(code="no_output", measured=x) for x in sorted(true - set(results.labels))]
    if not results.fitted and any(threshold != 0.5 for threshold in results.thresholds.values()):
        found.append(Reason(code="site_thresholds"))
    return (*found, *_optimism(splits, borrowed))


def _optimism(splits: Sequence[str], borrowed: Borrowed | None) -> list[Reason]:
    found = []
    if "train" in splits:
        found.append(Reason(code="training_films"))
    if len(splits) > 1:
        found.append(Reason(code="several_splits"))
    if borrowed is None:
        found.append(Reason(code="own_thresholds"))
    elif set(borrowed.splits) & set(splits) or not borrowed.splits:
        found.append(Reason(code="thresholds_may_overlap"))
    return found


def as_json(evaluation: Evaluation) -> dict[str, object]:
    """What `evaluation.json` holds. `format` changes when a field changes its meaning."""
    results, borrowed = evaluation.results, evaluation.borrowed
    content: dict[str, object] = {
        "format": FORMAT,
        "software": __version__,
        "created_at": evaluation.created_at.isoformat(timespec="seconds"),
        "model": dict(results.model),
        "fingerprint": results.fingerprint,
        "policy": evaluation.policy,
        "research": results.research,
        "splits": evaluation.splits,
        "films": dict(evaluation.films),
        "confidence": CONFIDENCE,
        "resamples": evaluation.resamples,
        "seed": evaluation.seed,
        "few": FEW,
        "wanted_sensitivity": evaluation.wanted_sensitivity,
        "thresholds_from": None if borrowed is None else asdict(borrowed),
        "notes": [{"code": x.code, "measured": x.measured} for x in evaluation.notes],
        "mean_auc": asdict(evaluation.measurement.mean_auc),
        "whole_films": None if evaluation.whole is None else asdict(evaluation.whole),
        "labels": [asdict(label) for label in evaluation.labels],
        "pointing": None if evaluation.pointing is None else asdict(evaluation.pointing),
        "priorities": None if evaluation.confusion is None else asdict(evaluation.confusion),
    }
    return {name: _plain(value) for name, value in content.items()}


def _plain(value: object) -> object:
    """Numbers rounded, tuples as lists; what is no number is null."""
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
