"""From films to cuts: whose films decide, what is believed, what is called critical or likely."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_triage.errors import PolicyInvalid
from cxr_triage.model.calibrate import calibrate, sigmoid
from cxr_triage.triage.decision import NEVER, decide
from cxr_triage.triage.policy import SiteThresholds, read_policy
from cxr_triage.triage.positions import positions_of

from .test_decision import LABELS, MODEL, films, fitted

OTHER_MODEL = replace(MODEL, sha256="1" * 64)


def positions(fit, measured=None, *, model=MODEL, source="films"):
    return positions_of(model, fit, measured, source=source)


def with_rules(**rules):
    policy = read_policy()
    return policy.model_copy(update={"decision": policy.decision.model_copy(update=rules)})


def thresholds(version="1", **scores):
    site = SiteThresholds(model="test", version=version, scores=scores)
    return read_policy().model_copy(update={"thresholds": site})


def test_films_of_another_model_decide_nothing_be_they_a_sites_or_the_references():
    own, other = positions(films(300)), positions(films(300), model=OTHER_MODEL)
    for site, reference in ((other, None), (own, other), (other, own)):
        with pytest.raises(PolicyInvalid) as caught:
            decide(MODEL, read_policy(), site, reference)
        assert caught.value.code == "positions_of_another_model"


def test_thresholds_of_another_version_decide_nothing():
    with pytest.raises(PolicyInvalid) as caught:
        decide(MODEL, thresholds(version="2"))
    assert caught.value.code == "policy_thresholds_of_another_model"


def test_a_sensitivity_that_no_film_can_tell_is_named():
    wanting = with_rules(sensitivity={"urgent": 0.9})
    for site in (None, positions(films(300, labelled=False)), positions(films(300, sick=0.0))):
        with pytest.raises(PolicyInvalid) as caught:
            decide(MODEL, wanting, site)
        assert caught.value.values == {"tier": "urgent"}


def test_whatever_decides_otherwise_has_another_digest():
    policy, reference, site = read_policy(), positions(films(300)), positions(films(250, seed=7))
    decisions = [
        decide(MODEL, policy),
        decide(MODEL, thresholds(Effusion=0.4)),
        decide(MODEL, thresholds(Effusion=0.6)),
        decide(MODEL, policy, reference),
        decide(MODEL, policy, site),
        decide(MODEL, policy, site, reference),
    ]
    assert len({decision.digest for decision in decisions}) == len(decisions)
    turned = decide(MODEL, thresholds(Nodule=0.4, Effusion=0.6))
    assert decide(MODEL, thresholds(Effusion=0.6, Nodule=0.4)).digest == turned.digest
    assert not decisions[0].fitted
    assert decisions[3].fitted


def test_a_sites_films_are_told_beside_those_that_decide():
    few = films(150, sick=0.0, seed=7)
    site, reference = positions(few, source="site"), positions(films(2000), source="reference")
    leaning = decide(MODEL, read_policy(), site, reference)
    assert leaning.by_site == ()
    assert (leaning.scale.positions, leaning.scale.site) == (reference, site)
    assert decide(MODEL, read_policy(), reference).scale.site is None
    enough = positions(films(250, sick=0.0, seed=7), source="site")
    assert decide(MODEL, read_policy(), enough, reference).scale.positions is enough


def test_what_is_missed_is_measured_on_a_sites_own_films_where_it_has_such():
    reference = positions(films(2000), films(300, seed=3), source="reference")
    without = positions(films(250, seed=7), source="site")
    own = positions(films(250, seed=7), films(200, seed=8), source="site")
    well = positions(films(250, seed=7), films(200, seed=8, sick=0.0), source="site")
    for site, named in ((without, "reference"), (own, "site"), (well, "reference")):
        decision = decide(MODEL, read_policy(), site, reference)
        measured = (own if site is own else reference).measured_films
        tiers = np.array([tier is None for tier in decision.tiers_of(measured, LABELS)])
        assert decision.scale.missed == tiers[~measured.well].mean()
        assert decision.scale.decided(0.2).missed_films == named


def test_a_finding_is_likely_from_the_cards_own_point_on_or_from_where_it_is_flagged():
    decision = fitted(strength=4.0)
    effusion = decision.labels["Effusion"]
    assert effusion.likely == pytest.approx(0.75)  # 0.6, where 0.2 is the operating point
    low = replace(MODEL, labels=tuple(replace(label, likely_point=0.001) for label in MODEL.labels))
    for label in fitted(strength=4.0, model=low).labels.values():
        assert label.likely == label.threshold


def test_a_finding_is_likely_only_where_enough_of_those_called_it_were_right():
    for precision, likely in ((0.99, False), (0.3, True)):
        decision = fitted(with_rules(likely_precision=precision), strength=3.0)
        assert {one.likely is not None for one in decision.labels.values()} == {likely}
    never = replace(MODEL, labels=tuple(replace(one, likely_point=0.999) for one in MODEL.labels))
    assert fitted(strength=4.0, model=never).labels["Effusion"].likely is None  # nothing called so


def test_precision_of_critical_is_that_of_the_films_called_so_at_the_policys_prevalence():
    fit = films(3000, strength=4.0)
    decision = fitted(with_rules(critical_precision=0.0), fit=fit)
    assert decision.critical == "earned"
    called = np.array([tier == "critical" for tier in decision.tiers_of(fit, LABELS)])
    right = called & fit.showing(["Pneumothorax"])
    true, false = 0.2 * right[~fit.well].mean(), 0.8 * called[fit.well].mean()
    wrong = 0.2 * (called & ~right)[~fit.well].mean()
    assert decision.critical_precision == pytest.approx(true / (true + false + wrong), abs=0.02)
    above = with_rules(critical_precision=decision.critical_precision + 0.001)
    assert fitted(above, fit=fit).critical == "not_earned"
    at = with_rules(critical_precision=decision.critical_precision)
    assert fitted(at, fit=fit).critical == "earned"


def test_nothing_is_critical_of_films_that_nobody_labelled():
    decision = fitted(labelled=False)
    assert (decision.critical, decision.critical_precision) == ("not_measured", None)
    assert decision.film_auc is None
    assert decision.tells_apart
    assert {one.trust for one in decision.labels.values()} == {"not_measured"}


def test_a_film_as_a_whole_is_told_apart_as_well_as_its_findings_allow():
    for strength, low, high in ((0.5, 0.5, 0.7), (4.0, 0.9, 1.0)):
        found = fitted(strength=strength).film_auc
        assert low < found.low < found.value < found.high <= high


def test_a_finding_that_no_film_shows_is_never_flagged_and_one_below_all_always():
    fit = films(600)
    for value, reached in ((40.0, NEVER), (-40.0, 0.0)):
        logits = fit.logits.copy()
        logits[:, 3] = value
        decision = fitted(fit=replace(fit, logits=logits))
        assert decision.labels["Cardiomegaly"].threshold == reached


def test_a_cut_is_a_score_of_the_model_and_not_a_logit():
    """It lies under the scores of the films that reach it, in the scale of `calibrate`."""
    fit, decision = films(), fitted()
    points = np.full(len(LABELS), 0.2, np.float32)
    scores = calibrate(sigmoid(fit.logits.astype(np.float32)), points)
    tiers = np.array(decision.findings_of(fit, LABELS), object)
    for place, name in enumerate(LABELS):
        flagged = np.array([tier is not None for tier in tiers[:, place]])
        lowest, highest = scores[flagged, place].min(), scores[~flagged, place].max()
        assert highest < decision.labels[name].threshold <= lowest
