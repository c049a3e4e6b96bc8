"""Doctors' readings: saved together, signed once, added to afterwards."""

from cxr_triage.service.accounts import Principal
from cxr_triage.service.audit import Origin
from cxr_triage.store.records import Review, ReviewDraft
from cxr_triage.store.repository import Store

MAX_TEXT = 4000
"""Characters of a note or an impression."""


def save(
    store: Store, who: Principal, draft: ReviewDraft, *, version: int, origin: Origin
) -> Review:
    """Make (`version` 0) or change the reading of a result.

    version: of the reading that `who` saw. Raises NotAllowed, NotFound, ReviewInvalid
    (`unknown_finding`, `text_too_long`), Conflict (`review_changed`, `review_signed`).
    """
    raise NotImplementedError


def sign(
    store: Store, who: Principal, assessment_id: str, *, version: int, origin: Origin
) -> Review:
    """Sign the saved reading; the study is signed. Raises as `save`."""
    raise NotImplementedError


def add(store: Store, who: Principal, draft: ReviewDraft, *, origin: Origin) -> Review:
    """Add to a signed reading, signed at once. Raises as `save`, or Conflict
    `review_not_signed`."""
    raise NotImplementedError
