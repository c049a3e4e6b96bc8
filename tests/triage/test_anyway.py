"""What a person may overrule, and what that may do to a priority."""

from dataclasses import replace

import pytest

from cxr_triage.domain import PRIORITIES, READ_ANYWAY, Eligibility, PriorityReason, Reason
from cxr_triage.triage.anyway import (
    LOOKS,
    OTHER_KIND,
    group_in_study,
    may_be_read_anyway,
    never_lowered,
    overruled,
    waits,
)
from cxr_triage.triage.policy import urgency

FLAGGED = PriorityReason(code="possible", label="Mass")


def refused(*codes):
    return Eligibility(status="refer", reasons=tuple(Reason(code=code) for code in codes))


@pytest.mark.parametrize("code", sorted(LOOKS))
def test_looks_are_overruled_and_stay_as_a_mark(code):
    verdict = overruled(refused(code))
    assert verdict.status == "accept"
    assert [one.code for one in verdict.warnings] == [READ_ANYWAY, code]


@pytest.mark.parametrize("code", [*sorted(OTHER_KIND), "age", "constant", "too_small"])
def test_nothing_else_is_overruled_not_even_beside_looks(code):
    for verdict in (refused(code), refused("not_chest", code)):
        assert not may_be_read_anyway(verdict)
        assert overruled(verdict) == verdict


def test_what_was_accepted_is_not_marked():
    accepted = Eligibility(status="accept")
    assert not may_be_read_anyway(accepted)
    assert overruled(accepted) == accepted


@pytest.mark.parametrize("priority", PRIORITIES)
def test_reading_anyway_never_makes_less_urgent(priority):
    found, reason = never_lowered(overruled(refused("not_chest")), priority, FLAGGED)
    assert urgency(found) == min(urgency(priority), urgency("not_assessed"))
    raised = urgency(priority) <= urgency("not_assessed")
    refusal = PriorityReason(code="refused", refusal=Reason(code="not_chest"))
    assert reason == (FLAGGED if raised else refusal)


@pytest.mark.parametrize("priority", PRIORITIES)
def test_other_films_keep_their_priority(priority):
    for warnings in ((), (Reason(code="mirrored"),)):
        accepted = Eligibility(status="accept", warnings=warnings)
        assert never_lowered(accepted, priority, FLAGGED) == (priority, FLAGGED)


def test_the_reason_is_why_it_was_refused_whatever_else_it_is_marked_with():
    marked = replace(refused("tiny"), warnings=(Reason(code="small"),))
    _, reason = never_lowered(overruled(marked), "none", FLAGGED)
    assert reason.refusal.code == "tiny"


def test_in_a_study_flagged_films_come_first_then_those_that_wait_then_the_rest():
    accepted = Eligibility(status="accept")
    groups = [
        group_in_study(accepted, "routine"),
        group_in_study(refused("not_chest"), "not_assessed"),
        group_in_study(accepted, "none"),
        group_in_study(refused("view"), "not_assessed"),
    ]
    assert groups == sorted(set(groups))
    assert group_in_study(accepted, "critical") == groups[0]


@pytest.mark.parametrize("code", sorted(OTHER_KIND))
def test_no_study_waits_for_another_kind_of_object(code):
    assert not waits(refused(code))
    assert not waits(refused(code, "age"))


@pytest.mark.parametrize("code", [*sorted(LOOKS), "age", "stale_window", "too_small"])
def test_a_study_waits_for_a_film_that_could_not_be_judged(code):
    assert waits(refused(code))
    assert not waits(Eligibility(status="accept"))
