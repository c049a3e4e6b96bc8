"""Reasons as sentences: the values of the domain put into the words of a language."""

import re
from typing import Final

from cxr_triage.domain import FilmDecision, PriorityReason, Reason, Score
from cxr_triage.labels import ANY_FINDING, finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.result.decided import share_text

SPLIT: Final = re.compile(r"(.+?),? (test|val|validation) split, (\d+) films")


def priority_sentence(
    reason: PriorityReason, language: Language, decision: FilmDecision | None = None
) -> str:
    """Why an image has its priority. decision: of its result."""
    if reason.refusal is not None:
        return reason_sentence(reason.refusal, language)
    if reason.rarity is not None:
        return _rarity_sentence(reason, reason.rarity, language, decision)
    finding = "" if reason.label is None else finding_name(reason.label, language)
    return say(
        f"priority_reason.{reason.code}",
        language,
        finding=finding,
        score=_score(reason.score, language),
        threshold=_score(reason.threshold, language),
    )


def _rarity_sentence(
    reason: PriorityReason, rarity: float, language: Language, decision: FilmDecision | None
) -> str:
    if reason.label is None:
        return say("priority_reason.none", language)
    finding = finding_name(reason.label, language)
    if reason.code == "likely":
        finding = say("priority_reason.strongly", language, finding=finding)
    what = "film" if reason.label == ANY_FINDING else "rare"
    population = "well" if decision is None else decision.population
    share = share_text(rarity, language)
    return say(f"priority_reason.{what}.{population}", language, finding=finding, share=share)


def reason_sentence(reason: Reason, language: Language) -> str:
    """A refusal or a warning, with what was measured and its limit."""
    return say(f"reason.{reason.code}", language, measured=reason.measured, limit=reason.limit)


def data_set_name(name: str, language: Language) -> str:
    """What a card says that a finding was measured on; names of collections stay as they are."""
    found = SPLIT.fullmatch(name)
    if found is None:
        return name
    collection, split, count = found.groups()
    key = "report.split.test" if split == "test" else "report.split.val"
    return say(key, language, collection=collection, count=int(count))


def score_text(finding: Score, language: Language) -> str:
    """The score with two decimals, or more where it would look like the threshold it misses."""
    threshold = f"{finding.threshold:.2f}"
    near = not finding.flagged and f"{finding.score:.2f}" == threshold
    return decimal(finding.score, language, 4 if near else 2)


def threshold_text(finding: Score, language: Language) -> str:
    """The score from which on it is flagged; that none reaches, or every one, is said so."""
    if finding.threshold > 1:
        return say("numbers.never", language)
    return decimal(finding.threshold, language)


def _score(score: float | None, language: Language) -> str:
    return "" if score is None else decimal(score, language)
