"""How a film stands among films without findings, and what each score causes."""

import numpy as np
import pytest

from cxr_triage.triage.decision import LabelCuts, decide
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.positions import positions_of

from .test_decision import LABELS, MODEL, films, fitted


def decision_of(fit, measured=None, *, source="made-up films", **said):
    return decide(MODEL, read_policy(), positions_of(MODEL, fit, measured, source=source, **said))


@pytest.mark.parametrize(
    ("score", "tier"),
    [(0.9, "urgent"), (0.7, "urgent"), (0.6999, "routine"), (0.5, "routine"), (0.4999, None)],
)
def test_a_score_causes_the_most_urgent_tier_whose_cut_it_reaches(score, tier):
    cuts = LabelCuts(
        label="Mass", operating_point=0.2, cuts={"routine": 0.5, "urgent": 0.7}, likely=None
    )
    assert cuts.tier(score) == tier
    assert cuts.threshold == 0.5


@pytest.mark.parametrize(
    ("rarity", "band"), [(0.001, 0), (0.02, 0), (0.0201, 1), (0.1, 1), (0.1001, 2), (1.0, 2)]
)
def test_a_films_band_is_that_of_the_policy(rarity, band):
    assert fitted().scale.decided(rarity).band == band


def test_a_result_names_the_films_that_it_was_decided_by():
    fit, measured = films(800), films(400, seed=2)
    decision = decision_of(fit, measured, source="some films", optimistic=True)
    kept = decision.scale.decided(0.3)
    assert (kept.rarity, kept.films, kept.population) == (0.3, "some films", "well")
    assert kept.number == fit.well.sum() < len(fit)
    assert kept.optimistic
    tiers = np.array([tier is None for tier in decision.tiers_of(measured, LABELS)])
    assert kept.missed == tiers[~measured.well].mean() > 0
    assert kept.missed_films == "some films"


def test_what_films_miss_is_said_only_where_it_was_measured():
    kept = decision_of(films(800)).scale.decided(0.3)
    assert (kept.optimistic, kept.missed, kept.missed_films) == (False, None, "")


def test_films_that_nobody_labelled_are_all_that_came():
    kept = decision_of(films(500, labelled=False)).scale.decided(0.3)
    assert (kept.population, kept.number) == ("all", 500)


def test_many_films_have_the_rarities_that_each_has_alone():
    scale, some = fitted().scale, films(40, seed=3)
    labels = LABELS[::-1]
    rarities = scale.rarities(some, labels)
    assert rarities.shape == (40, 4)
    for row, logits in zip(rarities, some.logits, strict=True):
        alone = [scale.rarity(name, at) for name, at in zip(labels, logits, strict=True)]
        assert row.tolist() == pytest.approx(alone)


def test_rarity_is_the_share_of_films_without_findings_that_show_something_as_unusual():
    """Counted anew: of each film the lowest share, over the label's weight."""
    fit = films(1500)
    scale, well = fitted(fit=fit).scale, fit.logits[fit.well]
    weights = np.array([read_policy().rule(name).weight for name in LABELS])
    lowest = np.min([np.mean(well >= row, axis=0) / weights for row in well], axis=1)
    for place, name in enumerate(LABELS):
        for logit in (-3.0, -1.5, -0.8):
            own = np.mean(well[:, place] >= logit) / weights[place]
            rarity = scale.rarity(name, logit)
            assert rarity == pytest.approx(np.mean(lowest <= own), abs=0.02)
            assert scale.position(name, logit) == pytest.approx(np.mean(well[:, place] < logit))
