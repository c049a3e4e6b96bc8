from dataclasses import replace
from io import BytesIO

import pytest

from cxr_triage.errors import PolicyInvalid
from cxr_triage.imaging.heatmap import display_image
from cxr_triage.triage.decision import decide
from cxr_triage.triage.policy import DEFAULT_POLICY, Shares, read_policy

from ..conftest import make_pipeline
from .builders import card


def _variant(tmp_path, old, new):
    text = DEFAULT_POLICY.read_text("utf-8")
    assert old in text
    file = tmp_path / "policy.toml"
    file.write_text(text.replace(old, new), "utf-8")
    return file


def test_default_policy_says_what_each_finding_may_cause():
    policy = read_policy()
    assert policy.rule("Pneumothorax").may == "critical"
    for label in ("Consolidation", "Effusion", "Edema", "Mass"):
        assert policy.rule(label).may == "urgent"
    assert policy.rule("Nodule").may == "routine"
    assert policy.rule("Hernia").weight < policy.rule("Nodule").weight
    assert policy.decision.well_share == Shares(routine=0.3, urgent=0.08, critical=0.01)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('version = "2"', 'version = ""', "version"),
        ('may = "critical"', 'may = "soon"', "labels.Pneumothorax.may"),
        ('may = "critical"', 'may = "none"', "labels.Pneumothorax.may"),
        ("weight = 0.5", "weight = 0", "labels.Hernia.weight"),
        ("urgent = 0.08", "urgent = 0.4", "decision.well_share"),
        ("bands = [0.02, 0.1]", "bands = [0.2, 0.1]", "decision"),
        ("routine = 0.30", "routine = 3", "decision.well_share.routine"),
        ("maximum_crop_loss = 0.3", "maximum_crop_loss = 3", "gate.maximum_crop_loss"),
        ("minimum_side_pixels", "smallest_side", "gate"),
        ("[labels.Mass]", "[labels.Wellness]", "Wellness"),
    ],
)
def test_bad_policy_names_the_field(tmp_path, old, new, field):
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(_variant(tmp_path, old, new))
    assert field in str(caught.value)


def test_bad_policy_says_what_may_stand_there(tmp_path):
    with pytest.raises(PolicyInvalid, match="'critical', 'urgent' or 'routine'"):
        read_policy(_variant(tmp_path, 'may = "critical"', 'may = "soon"'))


def test_policy_that_is_not_toml_is_refused(tmp_path):
    (tmp_path / "policy.toml").write_text("name = ", "utf-8")
    with pytest.raises(PolicyInvalid, match=r"not valid TOML: Invalid value"):
        read_policy(tmp_path / "policy.toml")


def test_absent_policy_is_refused_without_its_path(tmp_path):
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(tmp_path / "patient-name.toml")
    assert "patient-name" not in str(caught.value)


def test_comments_do_not_change_the_digest_and_limits_do(tmp_path):
    default = read_policy().digest
    assert read_policy(_variant(tmp_path, "[gate]", "# a remark\n[gate]")).digest == default
    assert read_policy(_variant(tmp_path, "aspect_ratio = 2.0", "aspect_ratio = 2.5")).digest != (
        default
    )


SITE = '\n[thresholds]\nmodel = "test"\nversion = "1"\nscores = { Effusion = 0.7 }\n'


def test_site_threshold_replaces_the_operating_point(tmp_path):
    policy = read_policy(_variant(tmp_path, "[gate]", SITE + "[gate]"))
    decision = decide(card(), policy)
    assert not decision.fitted
    assert decision.labels["Effusion"].threshold == 0.7
    assert decision.labels["Nodule"].threshold == 0.5


def test_site_thresholds_do_not_travel_to_another_model_or_version(tmp_path):
    policy = read_policy(_variant(tmp_path, "[gate]", SITE + "[gate]"))
    with pytest.raises(PolicyInvalid, match="set them again") as caught:
        policy.check_model(replace(card(), version="2"))
    assert caught.value.values == {"model": "test 1", "running": "test 2"}


def test_site_threshold_for_a_label_the_model_lacks_is_refused(tmp_path):
    site = SITE.replace("Effusion", "Fracture")
    policy = read_policy(_variant(tmp_path, "[gate]", site + "[gate]"))
    with pytest.raises(PolicyInvalid, match="Fracture"):
        policy.check_model(card())


def test_research_policy_ships_under_its_name_and_differs_only_where_films_are_small():
    default, research = read_policy("default"), read_policy("research")
    assert default == read_policy()
    assert (research.name, research.purpose) == ("research", "research")
    assert research.digest != default.digest
    assert (research.labels, research.other) == (default.labels, default.other)
    assert research.decision == default.decision
    changed = {name for name, value in research.gate if value != getattr(default.gate, name)}
    assert changed == {"minimum_side_pixels"}


def test_what_research_policy_lets_in_is_marked_and_triage_refuses_it(
    engine, decoder, pipeline, rg1
):
    film = display_image(pipeline.read(rg1).radiograph.pixels, 160)
    buffer = BytesIO()
    film.save(buffer, "PNG")
    made = {
        name: make_pipeline(engine, decoder, read_policy(name)).assess(buffer.getvalue())
        for name in ("default", "research")
    }
    assert [reason.code for reason in made["default"].eligibility.reasons] == ["too_small"]
    assert made["research"].outcome == "assessed"
    assert made["research"].for_research
    assert not made["default"].for_research
    assert made["research"].fingerprint != made["default"].fingerprint
