from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.domain import Eligibility, Patient, Reason
from cxr_triage.model.calibrate import logit, sigmoid
from cxr_triage.model.engine import Outputs
from cxr_triage.triage.decision import decide
from cxr_triage.triage.policy import Policy, SiteThresholds, read_policy
from cxr_triage.triage.rank import (
    drawn,
    film_decision,
    findings_of,
    priority_of,
    rank_studies,
    standing_of,
)

from .builders import LABELS, assessment, card
from .test_decision import MODEL, films, fitted

ACCEPT = Eligibility(status="accept")
BIAS = -1.5


def outputs(*probabilities: float) -> Outputs:
    """Outputs whose logits are those of `probabilities`."""
    return outputs_of(*map(logit, probabilities))


def outputs_of(*values: float) -> Outputs:
    """Outputs of these logits; maps are uneven around their mean."""
    logits = np.float32(values)
    shape = np.linspace(-1, 1, 49, dtype=np.float32).reshape(7, 7)
    cams = (logits - BIAS)[:, None, None] + shape
    return Outputs(logits=logits, cams=cams, embedding=np.zeros(1024, np.float32))


def ranked(*probabilities: float, policy: Policy | None = None):
    decision = decide(card(), policy or read_policy())
    findings = findings_of(outputs(*probabilities), card(), decision)
    return findings, *priority_of(ACCEPT, findings, decision)


def by_points(model, policy=None):
    return decide(model, policy or read_policy())


def test_nothing_is_critical_that_no_film_was_measured_for():
    _, priority, reason = ranked(0.99, 0.1, 0.1)
    assert (priority, reason.code, reason.label) == ("urgent", "likely", "Pneumothorax")
    assert reason.rarity is None


def test_possible_pneumothorax_is_urgent():
    _, priority, reason = ranked(0.3, 0.1, 0.1)
    assert (priority, reason.code, reason.label) == ("urgent", "possible", "Pneumothorax")


def test_likely_effusion_is_urgent_possible_effusion_is_routine():
    assert ranked(0.1, 0.7, 0.1)[1] == "urgent"
    assert ranked(0.1, 0.3, 0.1)[1] == "routine"


def test_nothing_flagged_has_no_priority_but_a_reason():
    findings, priority, reason = ranked(0.1, 0.1, 0.1)
    assert priority == "none"
    assert reason.code == "none_flagged"
    assert not any(finding.flagged for finding in findings)


def test_refused_image_is_not_assessed_for_its_first_reason():
    refusal = Reason(code="view", measured="LL")
    verdict = Eligibility(status="refer", reasons=(refusal, Reason(code="age")))
    priority, reason = priority_of(verdict, (), by_points(card()))
    assert priority == "not_assessed"
    assert (reason.code, reason.refusal) == ("refused", refusal)


@pytest.mark.parametrize(("probability", "flagged"), [(0.20001, True), (0.19999, False)])
def test_flag_changes_at_the_operating_point(probability, flagged):
    findings, *_ = ranked(0.1, 0.1, probability)
    nodule = next(finding for finding in findings if finding.label == "Nodule")
    assert nodule.score == pytest.approx(0.5, abs=1e-4)
    assert nodule.flagged == flagged
    assert nodule.level == ("possible" if flagged else "none")


@pytest.mark.parametrize("probability", [0.1, 0.35, 0.9])
def test_a_score_of_exactly_the_threshold_is_flagged(probability):
    given = outputs(probability, 0.1, 0.1)
    model = card(likely=None)
    score = findings_of(given, model, by_points(model))[0].score
    for threshold, flagged in ((score, True), (np.nextafter(score, 1), False)):
        site = SiteThresholds(model="test", version="1", scores={"Pneumothorax": threshold})
        policy = read_policy().model_copy(update={"thresholds": site})
        finding = _of("Pneumothorax", findings_of(given, model, by_points(model, policy)))
        assert finding.score == score
        assert finding.flagged == flagged
        assert finding.level == ("possible" if flagged else "none")


def test_a_score_of_exactly_the_likely_point_is_likely():
    given = outputs(0.65, 0.1, 0.1)
    point = sigmoid(given.logits)[0]
    for likely, level in ((point, "likely"), (np.nextafter(point, np.float32(1)), "possible")):
        model = card(likely=float(likely))
        findings = findings_of(given, model, by_points(model))
        finding = _of("Pneumothorax", findings)
        assert finding.level == level
        assert (finding.likely_threshold == finding.score) == (level == "likely")
        assert (finding.cam == given.cams[0]).all()
        assert finding.evidence.dtype == np.float32


def _of(label, findings):
    return next(finding for finding in findings if finding.label == label)


@pytest.mark.parametrize("probabilities", [(0.7, 0.8, 0.9), (0.3, 0.4, 0.5), (0.05, 0.1, 0.15)])
def test_findings_of_one_level_and_tier_are_in_order_of_margin(probabilities):
    of_one_tier = card("Effusion", "Consolidation", "Mass")
    for mixed in permutations(probabilities):
        findings = findings_of(outputs(*mixed), of_one_tier, by_points(of_one_tier))
        assert len({finding.level for finding in findings}) == 1
        assert [finding.probability for finding in findings] == pytest.approx(
            sorted(mixed, reverse=True)
        )


def test_the_first_of_equally_urgent_findings_leads():
    """A likely effusion is as urgent as a possible pneumothorax, and is listed before it."""
    findings, priority, reason = ranked(0.3, 0.7, 0.1)
    assert [finding.label for finding in findings[:2]] == ["Effusion", "Pneumothorax"]
    assert (priority, reason.code, reason.label) == ("urgent", "likely", "Effusion")
    assert (reason.score, reason.threshold) == (findings[0].score, findings[0].threshold)


def test_of_equally_urgent_findings_the_one_with_the_larger_margin_leads():
    of_one_tier = card("Effusion", "Consolidation", "Mass")
    for place, label in enumerate(("Effusion", "Consolidation", "Mass")):
        given = [0.7, 0.7, 0.7]
        given[place] = 0.8
        decision = by_points(of_one_tier)
        findings = findings_of(outputs(*given), of_one_tier, decision)
        assert priority_of(ACCEPT, findings, decision)[1].label == label


def test_a_more_urgent_finding_leads_though_others_are_more_certain():
    """A possible pneumothorax is urgent, a likely nodule routine."""
    findings, priority, reason = ranked(0.3, 0.1, 0.9)
    assert findings[0].label == "Nodule"
    assert (priority, reason.code, reason.label) == ("urgent", "possible", "Pneumothorax")


def test_likely_findings_come_before_possible_ones_and_larger_margins_first():
    findings, *_ = ranked(0.25, 0.65, 0.9)
    assert [finding.label for finding in findings] == ["Effusion", "Nodule", "Pneumothorax"]


def test_mean_of_the_evidence_is_the_margin_over_the_threshold_in_log_odds():
    for finding in ranked(0.3, 0.05, 0.9)[0]:
        assert finding.evidence.mean() == pytest.approx(
            logit(finding.probability) - logit(0.2), abs=1e-4
        )


@given(st.floats(min_value=0.21, max_value=0.99))
def test_flagged_finding_has_evidence_above_zero(probability):
    finding = ranked(probability, 0.1, 0.1)[0][0]
    assert finding.flagged
    assert finding.evidence.max() > 0


def test_site_threshold_moves_the_flag_the_level_and_the_evidence():
    site = SiteThresholds(model="test", version="1", scores={"Effusion": 0.9})
    policy = read_policy().model_copy(update={"thresholds": site})
    findings, priority, _ = ranked(0.1, 0.7, 0.1, policy=policy)
    effusion = next(finding for finding in findings if finding.label == "Effusion")
    assert not effusion.flagged
    assert effusion.level == "none"
    assert effusion.evidence.mean() < 0
    assert priority == "none"


def test_label_without_a_likely_point_is_never_likely():
    model = card(likely=None)
    findings = findings_of(outputs(0.99, 0.99, 0.99), model, by_points(model))
    assert {finding.level for finding in findings} == {"possible"}
    assert {finding.likely_threshold for finding in findings} == {None}


def test_maps_of_another_number_of_labels_are_refused():
    given = outputs(0.1, 0.2, 0.3)
    short = Outputs(logits=given.logits, cams=given.cams[:1], embedding=given.embedding)
    with pytest.raises(ValueError, match="shorter"):
        findings_of(short, card(), by_points(card()))


@given(st.lists(st.floats(min_value=0.001, max_value=0.999), min_size=3, max_size=3))
def test_every_label_has_one_finding_and_flagged_ones_come_first(probabilities):
    findings, priority, _ = ranked(*probabilities)
    assert sorted(finding.label for finding in findings) == sorted(LABELS)
    flags = [finding.flagged for finding in findings]
    assert flags == sorted(flags, reverse=True)
    assert (priority == "none") == (not any(flags))


def test_a_finding_lies_among_the_films_that_the_model_was_measured_on():
    logits, population, decision = (0.5, -1.0, -2.0, -3.0), films(), fitted()
    well = population.logits[population.well]
    for place, name in enumerate(MODEL.labels):
        finding = _of(name.label, findings_of(outputs_of(*logits), MODEL, decision))
        lower = np.mean(well[:, place] < logits[place])
        assert finding.position == pytest.approx(lower, abs=0.005)
        assert 1 - lower <= finding.rarity <= 1
        assert finding.trust == "reliable"


def test_a_finding_says_what_it_may_cause_at_most():
    findings = findings_of(outputs_of(-9, -9, -9, -9), MODEL, fitted(strength=6.0))
    assert {finding.label: finding.may for finding in findings} == {
        "Pneumothorax": "critical",
        "Effusion": "urgent",
        "Nodule": "routine",
        "Cardiomegaly": "routine",
    }


def test_a_finding_of_a_model_that_was_not_measured_lies_nowhere():
    for finding in ranked(0.9, 0.3, 0.1)[0]:
        assert (finding.position, finding.rarity) == (None, None)
        assert (finding.trust, finding.may) == (None, None)


def test_flagged_findings_come_first_then_the_more_urgent_then_the_rarer():
    decision = fitted()
    findings = findings_of(outputs_of(-9, 0.5, 3, 6), MODEL, decision)
    assert [finding.label for finding in findings] == [
        "Effusion",  # urgent, and less unusual than the other two
        "Cardiomegaly",
        "Nodule",
        "Pneumothorax",
    ]
    assert [finding.flagged for finding in findings] == [True, True, True, False]


def test_of_equally_common_findings_the_one_with_the_larger_margin_comes_first():
    decision = fitted()
    for logits in permutations((-7, -8, -9, -10)):
        findings = findings_of(outputs_of(*logits), MODEL, decision)
        assert {finding.rarity for finding in findings} == {1.0}
        margins = [finding.margin for finding in findings]
        assert margins == sorted(margins, reverse=True)


def test_a_priority_tells_how_rare_the_finding_is_that_made_it():
    decision = fitted()
    findings = findings_of(outputs_of(-9, 0.5, 3, 6), MODEL, decision)
    reason = priority_of(ACCEPT, findings, decision)[1]
    assert (reason.label, reason.rarity) == ("Effusion", findings[0].rarity)
    film = film_decision(findings, decision)
    assert film.rarity == findings[1].rarity < reason.rarity


def test_where_nothing_is_flagged_the_rarest_finding_says_how_rare_the_film_is():
    decision = fitted()
    findings = findings_of(outputs_of(-9, -3, -2, -2.5), MODEL, decision)
    priority, reason = priority_of(ACCEPT, findings, decision)
    assert priority == "none"
    assert reason.rarity == min(finding.rarity for finding in findings) < 1
    assert film_decision(findings, decision).rarity == reason.rarity


def test_a_film_stands_nowhere_that_was_refused_or_whose_model_was_not_measured():
    assert film_decision((), fitted()) is None
    findings, *_ = ranked(0.9, 0.3, 0.1)
    assert film_decision(findings, by_points(card())) is None


def test_the_lot_falls_on_the_wanted_share_of_files_and_always_on_the_same():
    digests = [f"{number:064x}" for number in range(2000)]
    for share in (0, 0.1, 0.5, 1):
        lot = {digest for digest in digests if drawn(digest, share)}
        assert len(lot) / len(digests) == pytest.approx(share, abs=0.03)
        assert lot == {digest for digest in digests if drawn(digest, share)}
        assert lot <= {digest for digest in digests if drawn(digest, min(share + 0.1, 1))}


def _order(*assessments):
    return [
        [image.id for image in study.images] for study in rank_studies(assessments, standing_of)
    ]


def test_worklist_order_is_critical_urgent_not_assessed_routine_none():
    images = [
        assessment("e", "none"),
        assessment("d", "routine"),
        assessment("c", "not_assessed", refused=True),
        assessment("b", "urgent"),
        assessment("a", "critical"),
    ]
    assert _order(*images) == [["a"], ["b"], ["c"], ["d"], ["e"]]


def test_within_a_priority_the_larger_margin_comes_first():
    small, large = (
        assessment("a", "urgent", margin=0.1),
        assessment("b", "urgent", margin=0.3),
    )
    assert _order(small, large) == [["b"], ["a"]]


def test_images_of_a_study_and_equal_margins_are_in_a_fixed_order():
    """Within a study as in the worklist; of equal images the smaller identifier is first."""
    images = [
        assessment("d", "urgent", margin=0.1, study="1"),
        assessment("b", "urgent", margin=0.3, study="1"),
        assessment("a", "urgent", margin=0.1, study="1"),
        assessment("c", "critical", margin=0.0, study="1"),
    ]
    for mixed in permutations(images):
        assert _order(*mixed) == [["c", "b", "a", "d"]]
    alone = [assessment(name, "routine", margin=0.2) for name in "bca"]
    assert _order(*alone) == [["a"], ["b"], ["c"]]


def test_study_has_the_highest_priority_of_its_assessed_images():
    lateral = assessment("lateral", "not_assessed", study="1", refused=True)
    first, second = (assessment(p, p, study="1") for p in ("routine", "none"))
    studies = rank_studies([lateral, second, first], standing_of)
    assert [(study.study_uid, study.priority) for study in studies] == [("1", "routine")]
    assert [image.id for image in studies[0].images] == ["routine", "none", "lateral"]


def test_nothing_flagged_beside_a_film_that_waits_for_a_doctor_is_not_assessed():
    """`none` would say that there is nothing to look at."""
    nothing = assessment("nothing", "none", study="1")
    looks = assessment("looks", "not_assessed", study="1", refused="not_chest")
    lateral = assessment("lateral", "not_assessed", study="1", refused=True)
    (study,) = rank_studies([lateral, nothing, looks], standing_of)
    assert study.priority == "not_assessed"
    assert [image.id for image in study.images] == ["looks", "nothing", "lateral"]
    (study,) = rank_studies([lateral, nothing], standing_of)
    assert study.priority == "none"
    flagged = assessment("flagged", "routine", study="1")
    (study,) = rank_studies([looks, flagged, nothing], standing_of)
    assert study.priority == "routine"


def test_study_is_not_assessed_if_none_of_its_images_was():
    refused = [assessment(name, "not_assessed", study="1", refused=True) for name in "ab"]
    assert rank_studies(refused, standing_of)[0].priority == "not_assessed"


def test_images_without_a_study_uid_are_studies_of_their_own():
    assert len(_order(assessment("a", "none"), assessment("b", "none"))) == 2


def test_one_number_of_two_patients_is_two_studies():
    films = [assessment("a", "urgent", study="1.2"), assessment("b", "none", study="1.2")]
    names = {"a": Patient(id="7", name="An"), "b": Patient(id="8", name="Lan")}
    studies = rank_studies(films, standing_of, patient_of=lambda one: names[one.id])
    assert [len(study.images) for study in studies] == [1, 1]
