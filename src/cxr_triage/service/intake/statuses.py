"""What DICOM calls what became of an instance: one table, for C-STORE and for STOW-RS.

A7xx out of resources, A9xx the data set does not fit its SOP class, Cxxx cannot be understood,
Bxxx kept with a remark: PS3.4 table B.2-1, PS3.18 table I.2-2. What concerns the message rather
than the instance (0111, 0124 …): PS3.7 annex C.
"""

from typing import Final

from cxr_triage import errors
from cxr_triage.errors import TriageError
from cxr_triage.store.records import Kept
from cxr_triage.store.rows.keys import made_uid

SUCCESS: Final = 0x0000

FAILURES: Final[dict[type[TriageError], int]] = {
    TriageError: 0xC211,
    errors.NotAnImage: 0xC000,
    errors.UnreadableImage: 0xC210,
    errors.UnsupportedImage: 0xC213,
    errors.DecodingFailed: 0xC212,
    errors.DecodingInterrupted: 0xA700,
    errors.ImageTooLarge: 0xA710,
    errors.Conflict: 0x0111,
    errors.StoreError: 0xA700,
    errors.Overloaded: 0xA700,
    errors.ModelError: 0xA700,
    errors.TooManyAttempts: 0xA700,
    errors.OverQuota: 0xA700,
    errors.NotAllowed: 0x0124,
    errors.NotAuthenticated: 0x0124,
}
"""By class: 0111 duplicate SOP instance, 0124 not authorised."""

OWN_FAILURES: Final = {"transfer_syntax": 0xC122, "other_study": 0xC409, "sop_differs": 0xA900}
"""By code, where one of a class has a status of its own."""

COERCED: Final = 0xB000
"""Coercion of data elements: the store gave the instance a UID that it had not."""

KEPT_OUT: Final = 0xB006
"""Elements discarded, here all of them: it was made of films, and is not kept (NotAFilm). Who sent
it need not send it again."""

CONTESTED: Final = 0xB409
"""Our own, in STOW-RS: it is kept, and whose it is is doubtful, since its numbers or its name
contradict what was there (the answer to a form or a single file says which)."""

WARNINGS: Final = frozenset({COERCED, KEPT_OUT})
"""That C-STORE answers. Archives take other Bxxx for failures."""


def failure_of(error: TriageError) -> int:
    """By the error's code, else by its class or the nearest above it."""
    kinds = (FAILURES[kind] for kind in type(error).__mro__ if kind in FAILURES)
    return OWN_FAILURES.get(error.code) or next(kinds)


def status_of(kept: Kept) -> int:
    """What C-STORE answers for an instance that is on the disk: whose it is is doubtful, or it
    had no UIDs, and stands under others then."""
    return COERCED if kept.warnings or is_coerced(kept) else SUCCESS


def is_coerced(kept: Kept) -> bool:
    """Did the store give it a UID?"""
    found, header = kept.stored, kept.stored.assessment.header
    made = {
        made_uid(what, found.station_id, found.assessment.digest)
        for what in ("study uid", "series uid", "sop uid")
    }
    return not made.isdisjoint({header.study_uid, header.series_uid, header.sop_uid})
