"""The priority that was given beside the one that the true labels would make."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.evaluation.films import Ints, patient_numbers
from cxr_triage.evaluation.resampling import Estimate, proportion
from cxr_triage.evaluation.results import FilmOutcome
from cxr_triage.evaluation.truth import TrueFilm
from cxr_triage.triage.policy import Policy, urgency

TRUE_PRIORITIES: tuple[Priority, ...] = ("critical", "urgent", "routine", "none")
HASTY = ("critical", "urgent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """counts[t][g]: films whose labels make TRUE_PRIORITIES[t] and that got PRIORITIES[g].

    found: of the films that should be urgent or critical, the share that is.
    right: of the films that are urgent or critical, the share that should be.
    """

    true: tuple[Priority, ...]
    given: tuple[Priority, ...]
    counts: tuple[tuple[int, ...], ...]
    found: Estimate
    right: Estimate


def true_priority(film: TrueFilm, policy: Policy) -> Priority:
    """The most urgent that the policy lets one of the true findings cause."""
    tiers = [policy.rule(label).may for label in film.findings]
    return min(tiers, key=urgency) if tiers else "none"


def confusion(pairs: Sequence[tuple[FilmOutcome, TrueFilm]], policy: Policy) -> Confusion:
    """Over every film that got a priority, refused ones included."""
    ranked = [(row, film) for row, film in pairs if row.priority in PRIORITIES]
    given = [str(row.priority) for row, _ in ranked]
    true = [true_priority(film, policy) for _, film in ranked]
    patient: Ints = patient_numbers([film for _, film in ranked])
    is_hasty = np.array([name in HASTY for name in given], np.bool_)
    should_be = np.array([name in HASTY for name in true], np.bool_)
    return Confusion(
        true=TRUE_PRIORITIES,
        given=PRIORITIES,
        counts=tuple(
            tuple(sum(pair == (t, g) for pair in zip(true, given, strict=True)) for g in PRIORITIES)
            for t in TRUE_PRIORITIES
        ),
        found=proportion(is_hasty[should_be], patient[should_be]),
        right=proportion(should_be[is_hasty], patient[is_hasty]),
    )
