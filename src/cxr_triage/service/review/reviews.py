"""Doctors' reviews: saved together, signed once, added to afterwards."""

from collections.abc import Iterable
from typing import Final

from cxr_triage.domain import Assessment
from cxr_triage.errors import ReviewInvalid
from cxr_triage.labels import LABELS
from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import VERDICTS, Review, ReviewDraft, WholeStudy
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.signing import check_something_said

MAX_TEXT: Final = 4000
"""Characters of a note or an impression."""


def save(
    store: Store, who: Principal, draft: ReviewDraft, *, version: int, origin: Origin
) -> Review:
    """Make (`version` 0) or change the review of a result.

    version: of the review that `who` saw. Raises NotAllowed, NotFound, ReviewInvalid
    (`unknown_finding`, `text_too_long`, `agreement_contradicted` …), Conflict
    (`review_changed`, `review_signed`).
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


def check_signable(who: Principal, draft: ReviewDraft) -> None:
    """Before a review is saved in order to be signed: may it be? Raises NotAllowed or
    ReviewInvalid `reading_empty`."""
    who.need("sign")
    check_something_said(draft)


def sign(
    store: Store,
    who: Principal,
    assessment_id: str,
    *,
    version: int,
    origin: Origin,
    whole_study: Iterable[str] | None = None,
) -> Review:
    """Sign the saved review; with that of the last film that lacked one the study is signed.

    whole_study: the current results of the study that `who` saw, if this signature stands for
    all of them; None: for this film. Raises as `save`, Conflict `review_not_saved` or
    `study_changed` (films or results came since), ReviewInvalid `reading_empty`.
    """
    who.need("sign")
    return store.sign_review(
        assessment_id,
        who.scope,
        reader_id=who.id,
        version=version,
        audit=entry(Action.REVIEW_SIGNED, who.acts_from(origin)),
        whole=_whole(who, origin, whole_study),
    )


def add(
    store: Store,
    who: Principal,
    draft: ReviewDraft,
    *,
    origin: Origin,
    whole_study: Iterable[str] | None = None,
) -> Review:
    """Add to a signed review, signed at once. whole_study: as in `sign`. Raises as `save`,
    Conflict `review_not_signed` or `study_changed`, ReviewInvalid `addendum_empty`."""
    who.need("sign")
    _check(store, who, draft)
    said = (draft.impression.strip(), draft.note.strip(), draft.verdicts, draft.missed)
    if not any((*said, draft.overall, draft.agrees)):
        raise ReviewInvalid("addendum_empty")
    return store.add_addendum(
        draft,
        who.scope,
        reader_id=who.id,
        audit=entry(Action.ADDENDUM_SIGNED, who.acts_from(origin)),
        whole=_whole(who, origin, whole_study),
    )


def _whole(who: Principal, origin: Origin, seen: Iterable[str] | None) -> WholeStudy | None:
    if seen is None:
        return None
    return WholeStudy(seen=frozenset(seen), audit=entry(Action.STUDY_SIGNED, who.acts_from(origin)))


def _check(store: Store, who: Principal, draft: ReviewDraft) -> None:
    """Does the review fit the result that it is of?"""
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
    if draft.agrees:
        _check_agreement(draft, result)
    if max(len(draft.note), len(draft.impression)) > MAX_TEXT:
        raise ReviewInvalid("text_too_long", most=MAX_TEXT)


def _check_agreement(draft: ReviewDraft, result: Assessment) -> None:
    """To agree with everything, something must be shown and nothing denied."""
    if result.outcome != "assessed":
        raise ReviewInvalid("nothing_to_agree_with")
    if draft.missed or {*draft.verdicts.values(), draft.overall or "agree"} - {"agree"}:
        raise ReviewInvalid("agreement_contradicted")
