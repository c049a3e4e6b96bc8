import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cxr_triage.errors import PolicyInvalid
from cxr_triage.labels import ANY_FINDING
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import shipped_models
from cxr_triage.triage.decision import decide, precision_at
from cxr_triage.triage.policy import LabelRule, Policy, Shares, read_policy
from cxr_triage.triage.positions import (
    FilmSet,
    find_positions,
    positions_of,
    read_positions,
)

from .builders import card

LABELS = ("Pneumothorax", "Effusion", "Nodule", "Cardiomegaly")
MODEL = card(*LABELS)


def films(
    number=1500,
    *,
    seed=0,
    sick=0.4,
    strength=2.0,
    labels=LABELS,
    labelled=True,
) -> FilmSet:
    """Made-up logits: a film with a finding has a higher one for it, by `strength`."""
    random = np.random.default_rng(seed)
    logits = random.normal(-2.0, 1.0, (number, len(labels)))
    findings = []
    for row in logits:
        place = int(random.integers(len(labels))) if random.random() < sick else None
        if place is not None:
            row[place] += strength
        findings.append(frozenset() if place is None else frozenset([labels[place]]))
    return FilmSet(
        split="made up",
        logits=np.round(logits, 4),
        patient=np.arange(number),
        findings=tuple(findings) if labelled else None,
    )


def fitted(policy: Policy | None = None, *, fit=None, measured=None, model=MODEL, **given):
    positions = positions_of(model, fit or films(**given), measured, source="made-up films")
    return decide(model, policy or read_policy(), positions)


def shares_of(decision, population, labels=LABELS):
    """Of the films without findings: flagged at all, urgent, critical."""
    tiers = [
        tier
        for tier, well in zip(decision.tiers_of(population, labels), population.well, strict=True)
        if well
    ]
    return {
        "routine": np.mean([tier is not None for tier in tiers]),
        "urgent": np.mean([tier in ("urgent", "critical") for tier in tiers]),
        "critical": np.mean([tier == "critical" for tier in tiers]),
    }


def with_shares(**shares):
    default = read_policy()
    rules = default.decision.model_copy(update={"well_share": Shares(**shares)})
    return default.model_copy(update={"decision": rules})


def test_so_many_films_without_findings_are_raised_as_the_policy_says():
    found = shares_of(fitted(), films(6000, seed=9))
    assert found["routine"] == pytest.approx(0.30, abs=0.03)
    assert found["urgent"] == pytest.approx(0.08, abs=0.02)


def test_an_output_for_any_finding_flags_what_no_single_finding_does():
    """A film whose every label is a little high: only the output for any finding is unusual."""
    labels = (*LABELS, ANY_FINDING)
    base = films(3000, strength=0.7)
    sick = ~base.well
    film = np.where(sick, 1.5, 0.0) + np.random.default_rng(4).normal(0, 1, len(base))
    known = replace(base, logits=np.column_stack([base.logits, np.round(film, 4)]))

    def caught(decision, population, columns):
        tiers = decision.tiers_of(population, columns)
        return np.mean([tier is not None for tier, ill in zip(tiers, sick, strict=True) if ill])

    alone = fitted(fit=base)
    decision = fitted(fit=known, model=card(*labels))
    assert decision.labels[ANY_FINDING].trust == "reliable"
    assert decision.labels[ANY_FINDING].auc.value == pytest.approx(0.855, abs=0.02)
    assert shares_of(decision, known, labels)["routine"] == pytest.approx(0.30, abs=0.03)
    assert caught(decision, known, labels) > caught(alone, base, LABELS) + 0.05


@examples(max_examples=15)
@given(
    st.lists(st.floats(min_value=0.001, max_value=1), min_size=3, max_size=3),
    st.lists(st.floats(min_value=0.001, max_value=1), min_size=3, max_size=3),
)
def test_a_smaller_share_never_raises_a_film_that_a_larger_one_does_not(one, other):
    small = [min(pair) for pair in zip(sorted(one), sorted(other), strict=True)]
    large = [max(pair) for pair in zip(sorted(one), sorted(other), strict=True)]
    population, order = films(400, seed=3), ("critical", "urgent", "routine", None)
    fit = films(600)
    lower, upper = (
        fitted(with_shares(critical=c, urgent=u, routine=r), fit=fit).tiers_of(population, LABELS)
        for c, u, r in (small, large)
    )
    for under, over in zip(lower, upper, strict=True):
        assert (over is not None) or (under is None)
        if "critical" not in (*lower, *upper):
            assert order.index(over) <= order.index(under)


@pytest.mark.parametrize("more", ["doubled", "another"])
def test_one_label_more_does_not_raise_more_films_without_findings(more):
    fit, other = films(2000), films(4000, seed=5)
    before = shares_of(fitted(fit=fit), other)

    def with_more(population, seed):
        extra = (
            population.logits[:, 2]
            if more == "doubled"
            else np.round(np.random.default_rng(seed).normal(-2, 1, len(population)), 4)
        )
        return replace(population, logits=np.column_stack([population.logits, extra]))

    model = card(*LABELS, "Hernia")
    default = read_policy()
    policy = default.model_copy(
        update={"labels": dict(default.labels) | {"Hernia": LabelRule(may="routine")}}
    )
    after = shares_of(
        fitted(policy, fit=with_more(fit, 1), model=model), with_more(other, 2), (*LABELS, "Hernia")
    )
    assert after["routine"] == pytest.approx(before["routine"], abs=0.03)
    assert after["urgent"] == pytest.approx(before["urgent"], abs=0.02)


def test_a_model_that_tells_nothing_apart_is_not_believed():
    decision = fitted(strength=0.0)
    assert not decision.tells_apart
    assert {one.trust for one in decision.labels.values()} == {"not_reliable"}
    assert all(set(one.cuts) == {"routine"} for one in decision.labels.values())
    assert all(one.likely is None for one in decision.labels.values())
    assert decision.critical != "earned"
    found = shares_of(decision, films(4000, seed=6, strength=0.0))
    assert found["routine"] < 0.34
    assert found["urgent"] == 0


def test_critical_is_given_where_its_precision_was_measured():
    sharp = fitted(strength=6.0)
    assert sharp.critical == "earned"
    assert sharp.critical_precision > 0.3
    assert "critical" in sharp.labels["Pneumothorax"].cuts
    dull = fitted(strength=0.8)
    assert dull.critical != "earned"
    assert "critical" not in dull.labels["Pneumothorax"].cuts
    assert "urgent" in dull.labels["Pneumothorax"].cuts


def test_an_unreliable_label_weighs_little_and_is_never_urgent():
    fit = films(3000, strength=2.5)
    noise = np.round(np.random.default_rng(8).normal(-2, 1, len(fit)), 4)
    logits = fit.logits.copy()
    logits[:, 1] = noise
    decision = fitted(fit=replace(fit, logits=logits))
    effusion = decision.labels["Effusion"]
    assert effusion.trust == "not_reliable"
    assert set(effusion.cuts) == {"routine"}
    assert effusion.weight < 0.5 * decision.labels["Pneumothorax"].weight
    assert decision.labels["Pneumothorax"].trust == "reliable"


def test_labels_with_few_true_films_are_not_measured_and_not_silenced():
    decision = fitted(number=150)
    assert {one.trust for one in decision.labels.values()} == {"not_measured"}
    assert "urgent" in decision.labels["Effusion"].cuts
    assert {one.likely for one in decision.labels.values()} == {None}


def test_a_wanted_sensitivity_is_reached_on_the_films_that_it_was_chosen_on():
    default = read_policy()
    rules = default.decision.model_copy(update={"sensitivity": {"urgent": 0.9, "routine": 0.97}})
    fit = films(1200)
    decision = fitted(default.model_copy(update={"decision": rules}), fit=fit)
    tiers = np.array([str(tier) for tier in decision.tiers_of(fit, LABELS)])
    urgent = fit.showing(["Pneumothorax", "Effusion"])
    assert np.mean(np.isin(tiers[urgent], ["urgent", "critical"])) == pytest.approx(0.9, abs=0.01)
    assert np.mean(tiers[~fit.well] != "None") >= 0.965


def test_a_sensitivity_cannot_be_wanted_of_films_that_nobody_labelled():
    default = read_policy()
    rules = default.decision.model_copy(update={"sensitivity": {"urgent": 0.9}})
    wanting = default.model_copy(update={"decision": rules})
    for fit in (films(500, labelled=False), None):
        positions = fit and positions_of(MODEL, fit, source="a site")
        with pytest.raises(PolicyInvalid) as caught:
            decide(MODEL, wanting, positions)
        assert caught.value.code == "policy_not_measured"


@pytest.mark.parametrize(
    ("number", "tiers"), [(150, ()), (250, ("routine",)), (500, ("urgent", "routine"))]
)
def test_a_site_with_few_films_moves_only_what_they_can_tell(number, tiers):
    reference = positions_of(MODEL, films(2000), source="reference films")
    site_films = films(number, seed=7, sick=0.0)
    site = positions_of(MODEL, replace(site_films, logits=site_films.logits + 1), source="site")
    decision = decide(MODEL, read_policy(), site, reference)
    alone = decide(MODEL, read_policy(), reference)
    assert decision.by_site == tiers
    moved = {
        tier
        for tier in ("urgent", "routine")
        if decision.labels["Effusion"].cuts[tier] != alone.labels["Effusion"].cuts[tier]
    }
    assert moved == set(tiers)


def test_of_three_films_and_of_films_that_are_all_alike_something_is_said():
    three = fitted(number=3, sick=0.0)
    assert three.tiers_of(films(20), LABELS)
    alike = replace(films(500), logits=np.full((500, 4), -2.0))
    decision = fitted(fit=alike)
    assert set(decision.tiers_of(alike, LABELS)) == {None}


def test_a_rarer_film_has_a_smaller_rarity_on_one_scale_for_all_labels():
    scale = fitted().scale
    for label in LABELS:
        rarities = [scale.rarity(label, logit) for logit in np.linspace(-6, 6, 60)]
        assert rarities == sorted(rarities, reverse=True)
        assert 0 < rarities[-1] < 0.02
        assert rarities[0] == 1.0
    assert scale.decided(0.2).cuts["urgent"] < scale.decided(0.2).cuts["routine"]
    assert scale.decided(0.2).cuts["routine"] == pytest.approx(0.3, abs=0.01)


def test_precision_follows_the_prevalence():
    called = np.array([True, True, False, True, False, False])
    well = np.array([False, False, False, True, True, True])
    right = called & ~well
    assert precision_at(0.5, called, right, well) == pytest.approx(2 / 3)
    assert precision_at(0.1, called, right, well) == pytest.approx(
        (0.1 * 2 / 3) / (0.1 * 2 / 3 + 0.9 / 3)
    )
    assert precision_at(0.1, called, right, np.zeros(6, np.bool_)) is None


def test_positions_come_back_as_they_were_written(tmp_path):
    made = positions_of(MODEL, films(60), films(40, seed=2), source="films", optimistic=True)
    file = tmp_path / "positions.json"
    file.write_text(made.model_dump_json(), "utf-8")
    again = read_positions(file)
    assert again == made
    assert again.digest == made.digest
    assert (again.fit_films.logits == films(60).logits).all()
    assert again.fit_films.findings == films(60).findings
    assert (again.fit_films.well == films(60).well).all()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda x: x.update(format=9), "format"),
        (lambda x: x["fit"]["patient"].pop(), "fit"),
        (lambda x: x["fit"]["logits"].update(Effusion=[]), "fit"),
        (lambda x: x["fit"]["findings"].__setitem__(0, [99]), "finding"),
    ],
)
def test_a_file_that_is_none_names_the_field(tmp_path, change, field):
    content = json.loads(positions_of(MODEL, films(30), source="films").model_dump_json())
    change(content)
    file = tmp_path / "positions.json"
    file.write_text(json.dumps(content), "utf-8")
    with pytest.raises(PolicyInvalid) as caught:
        read_positions(file)
    assert caught.value.code == "positions_invalid"
    assert field in str(caught.value)


def test_positions_of_another_model_or_preprocessing_are_refused(tmp_path):
    made = positions_of(MODEL, films(30), source="films")
    with pytest.raises(PolicyInvalid) as caught:
        made.check(replace(MODEL, sha256="1" * 64))
    assert caught.value.code == "positions_of_another_model"
    older = made.model_copy(update={"preprocessing": "0"})
    with pytest.raises(PolicyInvalid) as caught:
        older.check(MODEL)
    assert caught.value.code == "positions_of_another_preprocessing"
    (tmp_path / "positions.json").write_text(older.model_dump_json(), "utf-8")
    assert find_positions(tmp_path, MODEL) is None


def test_shipped_model_meets_what_is_asked_of_it_on_films_that_nothing_was_chosen_on():
    folder: Path = shipped_models()["nih-baseline"]
    model = read_card(folder)
    positions = find_positions(folder, model)
    decision = decide(model, read_policy(), positions)
    population = positions.measured_films
    tiers = np.array([str(tier) for tier in decision.tiers_of(population, positions.labels)])
    flags = np.array(
        [
            sum(tier is not None for tier in row)
            for row in decision.findings_of(population, positions.labels)
        ]
    )
    well = population.well
    urgent = population.showing(["Pneumothorax", "Effusion", "Consolidation", "Edema"])
    flagged, hasty = tiers != "None", np.isin(tiers, ["urgent", "critical"])
    assert 0.22 <= flagged[well].mean() <= 0.36
    assert 0.05 <= hasty[well].mean() <= 0.11
    assert flagged[urgent].mean() >= 0.58
    assert hasty[urgent].mean() >= 0.32
    assert flagged[~well].mean() >= 0.52
    assert flags[well].mean() <= 1.0
    assert decision.critical != "earned"
