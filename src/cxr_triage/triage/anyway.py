"""A film that was refused for its looks and that a person had read anyway.

Only what the gate thinks of a picture can be overruled: never an age, a view or another kind of
object, and no pixels that mean nothing.
"""

from cxr_triage.domain import READ_ANYWAY, Eligibility, Priority, PriorityReason, Reason
from cxr_triage.triage.policy import urgency

LOOKS = frozenset({
    "not_chest", "turned_left", "turned_down", "turned_right", "inverted", "cut_off", "tiny",
    "saturated",
})  # fmt: skip
"""Codes of reasons that somebody who looks at the film may know better than the gate."""

OTHER_KIND = frozenset({
    "sop_class", "modality", "body_part", "view", "patient_orientation", "for_processing",
    "photometric_interpretation", "frames", "no_pixels",
})  # fmt: skip
"""Codes of reasons for which a file is no frontal film at all: no study waits for it."""


def may_be_read_anyway(eligibility: Eligibility) -> bool:
    """Was it refused for its looks alone?"""
    return bool(eligibility.reasons) and all(one.code in LOOKS for one in eligibility.reasons)


def was_read_anyway(eligibility: Eligibility) -> bool:
    return any(warning.code == READ_ANYWAY for warning in eligibility.warnings)


def overruled(eligibility: Eligibility) -> Eligibility:
    """Accepted, and marked with what the gate says, if it was refused for its looks alone."""
    if not may_be_read_anyway(eligibility):
        return eligibility
    mark = Reason(code=READ_ANYWAY)
    return Eligibility(
        status="accept", warnings=(mark, *eligibility.reasons, *eligibility.warnings)
    )


def waits(eligibility: Eligibility) -> bool:
    """Is it a film that was refused for anything but being of another view or kind? A doctor
    must look at it before its study is nothing to look at."""
    codes = {one.code for one in eligibility.reasons}
    return bool(codes) and not codes & OTHER_KIND


def group_in_study(eligibility: Eligibility, priority: Priority) -> int:
    """Within a study: what is flagged, then what waits for a doctor, then what is not flagged."""
    if eligibility.status == "accept":
        return 2 if priority == "none" else 0
    return 1 if waits(eligibility) else 3


def never_lowered(
    eligibility: Eligibility, priority: Priority, reason: PriorityReason
) -> tuple[Priority, PriorityReason]:
    """Reading a film anyway makes it more urgent than not assessed, or leaves it there."""
    if not was_read_anyway(eligibility) or urgency(priority) <= urgency("not_assessed"):
        return priority, reason
    doubt = next(one for one in eligibility.warnings if one.code in LOOKS)
    return "not_assessed", PriorityReason(code="refused", refusal=doubt)
