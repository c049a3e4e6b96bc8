"""Doctors' reviews: saved together, signed once, added to afterwards."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.domain import PRIORITIES, Assessment, Priority
from cxr_triage.errors import ReviewInvalid
from cxr_triage.labels import LABELS
from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import hides_ai
from cxr_triage.store.records import VERDICTS, Review, ReviewDraft, WholeStudy
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.signing import check_something_said

MAX_TEXT: Final = 4000
"""Characters of a note or an impression."""

MAX_OTHER: Final = 120
MOST_OTHERS: Final = 12
"""Findings in words, and how long each may be."""

TAKE_BACK_S: Final = 10.0
"""For so long a signature can be taken back before it counts."""

DECISIONS: Final[tuple[Priority, ...]] = tuple(one for one in PRIORITIES if one != "not_assessed")
"""Priorities that a doctor gives."""


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


def sign_soon(
    store: Store,
    who: Principal,
    assessment_id: str,
    *,
    version: int,
    origin: Origin,
    whole_study: Iterable[str] | None = None,
) -> Review:
    """Sign the saved review so that it counts after `TAKE_BACK_S`. Raises as `sign`."""
    who.need("sign")
    return store.signatures.give(
        assessment_id,
        who.scope,
        reader_id=who.id,
        version=version,
        counts_at=datetime.now(UTC) + timedelta(seconds=TAKE_BACK_S),
        whole=None if whole_study is None else frozenset(whole_study),
        audit=entry(Action.SIGNATURE_GIVEN, who.acts_from(origin)),
    )


def take_back(store: Store, who: Principal, assessment_id: str, *, origin: Origin) -> Review:
    """One's own signature that does not count yet. Raises NotAllowed (`not_your_signature`),
    NotFound, Conflict `signature_counts` or `review_not_signed`."""
    who.need("sign")
    return store.signatures.take_back(
        assessment_id,
        who.scope,
        reader_id=who.id,
        audit=entry(Action.SIGNATURE_TAKEN_BACK, who.acts_from(origin)),
    )


def withdraw(
    store: Store, who: Principal, assessment_id: str, *, version: int, why: str, origin: Origin
) -> Review:
    """One's own signature that counts, for a reason. Raises NotAllowed (`not_your_signature`),
    NotFound, ReviewInvalid `reason_missing`, Conflict `review_not_signed` or `review_changed`."""
    who.need("sign")
    if not why.strip():
        raise ReviewInvalid("reason_missing")
    return store.signatures.withdraw(
        assessment_id,
        who.scope,
        reader_id=who.id,
        version=version,
        why=why.strip(),
        at=datetime.now(UTC),
        audit=entry(Action.SIGNATURE_WITHDRAWN, who.acts_from(origin)),
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
    if not any((*said, draft.overall, draft.agrees, draft.priority, draft.others)):
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
    stored = store.assessment(draft.assessment_id, who.scope)
    result = stored.assessment
    if hides_ai(who, stored.opinions):
        _check_unled(draft)
        return
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
    _check_own(draft)


def _check_unled(draft: ReviewDraft) -> None:
    """Of who has not seen what the AI says: no error tells them."""
    if not set(draft.missed) <= LABELS.keys():
        raise ReviewInvalid("unknown_finding")
    if draft.verdicts or draft.overall or draft.agrees:
        raise ReviewInvalid("look_first")
    _check_own(draft)


def _check_own(draft: ReviewDraft) -> None:
    """What a doctor says by themselves."""
    if draft.priority not in (None, *DECISIONS):
        raise ReviewInvalid("not_a_decision")
    if len(draft.others) > MOST_OTHERS or any(len(one) > MAX_OTHER for one in draft.others):
        raise ReviewInvalid("too_many_others", most=MOST_OTHERS, longest=MAX_OTHER)
    if max(len(draft.note), len(draft.impression)) > MAX_TEXT:
        raise ReviewInvalid("text_too_long", most=MAX_TEXT)


def _check_agreement(draft: ReviewDraft, result: Assessment) -> None:
    """To agree with everything, something must be shown and nothing denied."""
    if result.outcome != "assessed":
        raise ReviewInvalid("nothing_to_agree_with")
    if (
        draft.missed
        or draft.others
        or {*draft.verdicts.values(), draft.overall or "agree"} - {"agree"}
    ):
        raise ReviewInvalid("agreement_contradicted")
