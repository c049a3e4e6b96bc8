"""What people read of how a film was decided: what to do next, how unusual it is, among which
films that was measured, and what nothing flagged does not mean."""

import math
from collections.abc import Iterator
from typing import Final

from cxr_triage.domain import (
    TIERS,
    FilmDecision,
    ModelCard,
    NextSteps,
    Priority,
    Result,
    Score,
    Step,
)
from cxr_triage.labels import LABELS, finding_name
from cxr_triage.language import Language, say

RAREST: Final = 1 / 300
"""Where the scale of rarity ends; what is rarer fills it."""

AXIS: Final = (2, 10, 100)
"""Of so many films without findings one: marks of the scale."""

PARTS: Final = {
    "Lung Lesion": ("Nodule", "Mass"),
    "Lung Opacity": ("Consolidation", "Infiltration", "Atelectasis", "Pneumonia"),
}
"""Labels for several findings: looked for where one of those is."""


def next_step(
    priority: Priority, language: Language, steps: NextSteps, *, signed: bool = False
) -> str:
    """What to do now: the site's own words, else ours.

    priority: the one that holds, a doctor's once there is one. signed: a doctor has read all of
    it: nobody need read it any more, and what the doctor says is to be done.
    """
    step: Step = "signed" if signed else priority
    return steps.get(step, {}).get(language) or say(f"next_step.{step}", language)


def share_text(rarity: float, language: Language) -> str:
    """Of 100 films, for the middle of a sentence."""
    count = hundredths(rarity)
    return say("rarity.share", language, count=count) if count else say("rarity.fewer", language)


def rarity_text(rarity: float, language: Language) -> str:
    """The same for beside a bar."""
    count = hundredths(rarity)
    if count:
        return say("rarity.short", language, count=count)
    return say("rarity.short_fewer", language)


def hundredths(rarity: float) -> int:
    """Of 100 films; 0 for fewer than one."""
    return 0 if rarity < 0.01 else round(100 * rarity)


def place(rarity: float) -> float:
    """Where a rarity lies on its scale, 0..1: as far again for each time that it is as rare."""
    within = min(max(rarity, RAREST), 1.0)
    return math.log(within) / math.log(RAREST)


def cuts_of(finding: Score, decision: FilmDecision) -> list[tuple[Priority, float]]:
    """The cuts that this finding may reach, the least urgent first."""
    highest = TIERS.index(finding.may) if finding.may in TIERS else 0
    reached = [tier for tier in TIERS[highest:] if tier in decision.cuts]
    return [(tier, decision.cuts[tier]) for tier in reversed(reached)]


def notes(result: Result, card: ModelCard, language: Language) -> Iterator[str]:
    """What must be known beside the priority: that nothing flagged is not normal, or that
    nothing was fitted."""
    if result.outcome != "assessed":
        return
    if result.priority == "none":
        yield from none_is_not_normal(result.decision, card, language)
    if result.early_reading:
        yield say("early.why", language)


def none_is_not_normal(
    decision: FilmDecision | None, card: ModelCard, language: Language
) -> Iterator[str]:
    """How many films with findings get it too, and what was not looked for."""
    yield missed(decision, language)
    yield not_looked_for(card, language)


def missed(decision: FilmDecision | None, language: Language) -> str:
    """Of films with findings: how many nothing is flagged on either."""
    if decision is None or decision.missed is None:
        return say("none.missed_unknown", language)
    share = share_text(decision.missed, language)
    return say("none.missed", language, share=share, films=decision.missed_films)


def not_looked_for(card: ModelCard, language: Language) -> str:
    """Tuberculosis, and findings that the model has no label for."""
    known = {label.label for label in card.labels}
    lacking = [
        label
        for label in LABELS
        if label not in known and not known.intersection(PARTS.get(label, ()))
    ]
    names = [say("none.tuberculosis", language)]
    names += [_in_sentence(finding_name(label, language)) for label in lacking]
    return say("none.not_looked_for", language, names=", ".join(names))


def _in_sentence(name: str) -> str:
    return name[:1].lower() + name[1:]


def measured_on(decision: FilmDecision, language: Language) -> Iterator[str]:
    """The films behind the numbers, and what these cannot say."""
    key = f"measured.{decision.population}"
    yield say(key, language, number=decision.number, films=decision.films)
    if decision.optimistic:
        yield say("measured.optimistic", language)
    if "critical" not in decision.cuts:
        yield say("measured.nothing_critical", language)


def unfitted(language: Language, *, own_thresholds: bool = False) -> str:
    """Of a result without films to be unusual among."""
    return say("unfitted.thresholds" if own_thresholds else "unfitted", language)
