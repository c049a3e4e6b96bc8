"""What people read of how a film was decided."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.domain import PRIORITIES
from cxr_triage.labels import ANY_FINDING, LABELS, finding_name
from cxr_triage.language import LANGUAGES, say
from cxr_triage.result.decided import (
    AXIS,
    RAREST,
    cuts_of,
    measured_on,
    next_step,
    not_looked_for,
    notes,
    place,
    rarity_text,
    share_text,
)
from cxr_triage.result.public import public
from cxr_triage.result.sentences import priority_sentence
from tests.report.films import (
    CARD,
    DECISION,
    FINDINGS,
    assessed,
    decided,
    finding,
    nothing_flagged,
    rare,
)


@pytest.mark.parametrize(
    ("rarity", "share", "short"),
    [
        (0.3, "30 of 100", "30 of 100"),
        (0.0449, "4 of 100", "4 of 100"),
        (0.01, "1 of 100", "1 of 100"),
        (0.0099, "fewer than 1 of 100", "< 1 of 100"),
        (1e-9, "fewer than 1 of 100", "< 1 of 100"),
    ],
)
def test_rarity_counts_films_of_a_hundred(rarity, share, short):
    assert share_text(rarity, "en") == share
    assert rarity_text(rarity, "en") == short


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "Pleural effusion: such a finding, or a more unusual one, is seen on 4 of 100 films "
            "without findings",
        ),
        (
            "vi",
            "Tràn dịch màng phổi: trong 100 phim không có dấu hiệu bất thường, 4 phim có dấu hiệu "
            "bất thường bằng hoặc hơn thế này",
        ),
    ],
)
def test_the_reason_says_on_how_many_films_without_findings_it_is_seen(language, sentence):
    found = decided(rare(FINDINGS[1], 0.04))
    assert priority_sentence(found.reason, language, found.decision) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Unusual film: as unusual, or more so, are 4 of 100 films without findings"),
        (
            "vi",
            "Phim khác thường: trong 100 phim không có dấu hiệu bất thường, 4 phim khác thường "
            "bằng hoặc hơn phim này",
        ),
    ],
)
def test_an_unusual_film_is_not_called_a_finding(language, sentence):
    film = replace(FINDINGS[1], label=ANY_FINDING)
    found = decided(rare(film, 0.04, may="routine"), priority="routine")
    assert priority_sentence(found.reason, language, found.decision) == sentence
    assert finding_name(ANY_FINDING, language).lower() not in not_looked_for(CARD, language).lower()


def test_the_reason_says_so_where_the_films_are_all_that_came():
    found = decided(decision=replace(DECISION, population="all"))
    sentence = priority_sentence(found.reason, "en", found.decision)
    assert sentence.endswith("4 of 100 films that came here")


def test_a_strong_suspicion_stands_in_the_reason():
    reason = replace(decided().reason, code="likely", rarity=0.001)
    assert priority_sentence(reason, "en").startswith(
        "Pneumothorax, strongly suspected: such a finding, or a more unusual one, is seen on fewer"
    )


def test_a_result_of_before_keeps_its_sentence():
    assert (
        priority_sentence(assessed().reason, "en") == "Pneumothorax strongly suspected: score 0.81"
    )


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_is_rarer_lies_further_right(one, other):
    rarer, common = sorted((one, other))
    assert 0 <= place(common) <= place(rarer) <= 1


def test_the_scale_goes_as_far_again_for_each_time_that_it_is_as_rare():
    assert [place(1.0), place(RAREST), place(RAREST / 9)] == [0, 1, 1]
    tenth = place(1 / 10)
    assert place(1 / 100) == pytest.approx(2 * tenth)
    assert all(0.1 < place(1 / count) < 0.9 for count in AXIS)


def test_only_cuts_that_a_finding_may_reach_are_its_ticks():
    decision = replace(DECISION, cuts={"critical": 0.01, "urgent": 0.1, "routine": 0.3})
    reached = {
        may: [tier for tier, _ in cuts_of(rare(FINDINGS[0], 0.04, may=may), decision)]
        for may in ("critical", "urgent", "routine")
    }
    assert reached == {
        "critical": ["routine", "urgent", "critical"],
        "urgent": ["routine", "urgent"],
        "routine": ["routine"],
    }
    assert cuts_of(rare(FINDINGS[0], 0.04, may="critical"), DECISION)[-1] == ("urgent", 0.1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_priority_says_what_to_do_next_and_a_site_may_say_it_otherwise(language):
    said = [next_step(priority, language, {}) for priority in PRIORITIES]
    assert len(set(said)) == len(PRIORITIES)
    assert all(one.endswith(".") for one in said)
    own = {"urgent": {"en": "Call 115.", "vi": "Gọi 115."}}
    assert next_step("urgent", language, own) == own["urgent"][language]
    assert next_step("routine", language, own) == said[PRIORITIES.index("routine")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_flagged_names_what_is_missed_and_what_was_not_looked_for(language):
    found = nothing_flagged()
    said = list(notes(found, CARD, language))
    assert say("none.missed", language, share=share_text(0.41, language),
               films="Other test films") == said[0]  # fmt: skip
    assert say("none.tuberculosis", language) in said[1]
    assert list(notes(decided(), CARD, language)) == []
    unknown = replace(found, decision=replace(DECISION, missed=None))
    assert next(notes(unknown, CARD, language)) == say("none.missed_unknown", language)


def test_a_film_that_was_drawn_for_early_reading_says_why():
    drawn = replace(nothing_flagged(), early_reading=True)
    assert say("early.why", "en") in list(notes(drawn, CARD, "en"))
    assert say("early.why", "en") not in list(notes(nothing_flagged(), CARD, "en"))


def test_what_the_model_has_no_label_for_was_not_looked_for():
    text = not_looked_for(CARD, "en")
    assert text.startswith("Not looked for: tuberculosis, ")
    known = {label.label for label in CARD.labels}
    assert not any(finding_name(label, "en").lower() in text for label in known)
    assert "fracture" in text
    assert "hernia" in text
    assert "focal lung lesion" not in text  # a nodule is one
    whole = replace(CARD, labels=tuple(replace(CARD.labels[0], label=name) for name in LABELS))
    assert not_looked_for(whole, "en").startswith("Not looked for: tuberculosis, and whatever")


def test_numbers_name_the_films_that_they_were_measured_on():
    (films, critical) = measured_on(DECISION, "en")
    assert films == "Measured against 400 films without findings: Test films."
    assert critical == "With this model nothing is called critical."
    earned = replace(DECISION, cuts={**DECISION.cuts, "critical": 0.01}, optimistic=True)
    assert list(measured_on(earned, "en"))[1:] == [say("measured.optimistic", "en")]
    everyone = next(measured_on(replace(DECISION, population="all"), "en"))
    assert "films that came here" in everyone


def test_a_row_says_first_what_to_do_and_how_the_film_stands():
    said = public(decided(), "en", {"urgent": {"en": "Call 115.", "vi": "Gọi 115."}})
    assert said["next_step"] == "Call 115."
    assert said["decision"]["rarity"] == 0.04
    assert said["decision"]["cuts"] == {"routine": 0.3, "urgent": 0.1}
    first, *_, last = said["findings"]
    assert (first["rarity"], first["may"], last["trust"]) == (0.04, "urgent", "not_reliable")
    assert {"probability", "score", "position"} <= first.keys()
    older = public(assessed(), "en")
    assert older["decision"] is None
    assert older["findings"][0]["rarity"] is None


def test_own_thresholds_are_known_by_their_scores():
    assert not assessed(findings=(finding("Nodule", 0.7),)).own_thresholds
    moved = replace(finding("Nodule", 0.7), threshold=0.6)
    assert assessed(findings=(moved,)).own_thresholds
    assert not decided(rare(moved, 0.1)).own_thresholds
