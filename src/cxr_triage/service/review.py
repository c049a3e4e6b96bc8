"""Doctors' readings: saved together, signed once, added to afterwards."""

from typing import Final

from cxr_triage.errors import ReviewInvalid
from cxr_triage.labels import LABELS
from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.principal import Principal
from cxr_triage.store.records import VERDICTS, Review, ReviewDraft
from cxr_triage.store.repository import Store

MAX_TEXT: Final = 4000
"""Characters of a note or an impression."""


def save(
    store: Store, who: Principal, draft: ReviewDraft, *, version: int, origin: Origin
) -> Review:
    """Make (`version` 0) or change the reading of a result.

    version: of the reading that `who` saw. Raises NotAllowed, NotFound, ReviewInvalid
    (`unknown_finding`, `text_too_long` …), Conflict (`review_changed`, `review_signed`).
    """
    who.need("review")
    _check(store, who, draft)
    return store.save_review(
        draft,
        who.scope,
        reader_id=who.id,
        version=version,
        audit=entry(Action.REVIEW_SAVED, who.acts_from(origin)),
    )


def sign(
    store: Store, who: Principal, assessment_id: str, *, version: int, origin: Origin
) -> Review:
    """Sign the saved reading; the study is signed. Raises as `save`, or Conflict
    `review_not_saved`."""
    who.need("sign")
    return store.sign_review(
        assessment_id,
        who.scope,
        reader_id=who.id,
        version=version,
        audit=entry(Action.REVIEW_SIGNED, who.acts_from(origin)),
    )


def add(store: Store, who: Principal, draft: ReviewDraft, *, origin: Origin) -> Review:
    """Add to a signed reading, signed at once. Raises as `save`, or Conflict
    `review_not_signed`."""
    who.need("sign")
    _check(store, who, draft)
    return store.add_addendum(
        draft,
        who.scope,
        reader_id=who.id,
        audit=entry(Action.ADDENDUM_SIGNED, who.acts_from(origin)),
    )


def _check(store: Store, who: Principal, draft: ReviewDraft) -> None:
    """Does the reading fit the result that it is of?"""
    result = store.assessment(draft.assessment_id, who.scope).assessment
    found = {finding.label for finding in result.findings}
    flagged = {finding.label for finding in result.findings if finding.flagged}
    if not set(draft.verdicts) <= found:
        raise ReviewInvalid("verdict_without_finding")
    if not set(draft.missed) <= LABELS.keys():
        raise ReviewInvalid("unknown_finding")
    if set(draft.missed) & flagged:
        raise ReviewInvalid("missed_was_flagged")
    if not {*draft.verdicts.values(), draft.overall or "agree"} <= set(VERDICTS):
        raise ReviewInvalid("unknown_verdict")
    if max(len(draft.note), len(draft.impression)) > MAX_TEXT:
        raise ReviewInvalid("text_too_long", most=MAX_TEXT)
