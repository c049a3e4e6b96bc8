"""What is written: JSON that other programs may rely on, and the page in both languages."""

import json
import re
from datetime import UTC, datetime

import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'cxr-triage[evaluate]'")
pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'cxr-triage[evaluate]'")

from cxr_triage.evaluation.evaluation import Evaluation, as_json, notes_of
from cxr_triage.evaluation.films import films_of, join
from cxr_triage.evaluation.measure import measure
from cxr_triage.evaluation.page import by_auc, render
from cxr_triage.evaluation.pointing import Pointing, PointingRow
from cxr_triage.evaluation.priorities import confusion
from cxr_triage.evaluation.resampling import Estimate
from cxr_triage.evaluation.results import read_results
from cxr_triage.evaluation.thresholds import read_thresholds
from cxr_triage.evaluation.truth import read_truth
from cxr_triage.labels import ANY_FINDING
from cxr_triage.triage.policy import read_policy

from .builders import MODEL, cohort, write_labels, write_results


def evaluation_of(folder, *, splits=(), borrowed=None, drop=()):
    rows, labels = cohort(7)
    labels = [{k: v for k, v in one.items() if k not in drop} for one in labels]
    results = read_results(write_results(folder / "r", rows))
    truth = read_truth(write_labels(folder / "l.csv", labels), splits)
    joined = join(results, truth)
    films = films_of(results, truth, joined)
    row = PointingRow(
        films=4,
        hit=Estimate(value=0.25, low=0.05, high=0.7),
        chance=0.1,
        evidence_in_box=Estimate(value=0.2, low=0.1, high=0.3),
    )
    return Evaluation(
        created_at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
        results=results,
        splits=splits,
        films={**joined.counts, "patients": films.patients},
        wanted_sensitivity=0.9,
        resamples=1000,
        seed=0,
        borrowed=borrowed,
        measurement=measure(
            films, wanted_sensitivity=0.9, borrowed=borrowed, resamples=1000, seed=0
        ),
        policy="default 1",
        pointing=Pointing(leading=row, labels={"Mass": row}, unread=1),
        confusion=confusion(joined.pairs, read_policy()),
        notes=notes_of(results, truth, joined, splits=splits, borrowed=borrowed),
    )


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    return evaluation_of(tmp_path_factory.mktemp("evaluation"))


def shape(value):
    """The names in a JSON value; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__ if isinstance(value, str | bool) else "number or null"


ESTIMATE = dict.fromkeys(("value", "low", "high"), "number or null")
CUT = dict.fromkeys(("probability", "score"), "number or null")
AT = {"flagged": "number or null"} | dict.fromkeys(("sensitivity", "specificity", "ppv"), ESTIMATE)
POINTS = dict.fromkeys(("operating", "likely", "chosen"), AT)
GROUP = {
    "group": "str",
    "films": "number or null",
    "positives": "number or null",
    "small": "bool",
    "auc": ESTIMATE,
    "points": POINTS,
}
POINTING_ROW = {
    "films": "number or null",
    "hit": ESTIMATE,
    "chance": "number or null",
    "evidence_in_box": ESTIMATE,
}


def test_json_keeps_its_shape_as_long_as_its_format_says_1(evaluation):
    content = json.loads(json.dumps(as_json(evaluation), allow_nan=False))
    assert content["format"] == "cxr-triage evaluation 1"
    assert shape(content["labels"]) == [
        {
            "label": "str",
            "films": "number or null",
            "positives": "number or null",
            "small": "bool",
            "auc": ESTIMATE,
            "brier": "number or null",
            "brier_of_prevalence": "number or null",
            "cuts": dict.fromkeys(("youden", "specificity95", "sensitivity"), CUT),
            "chosen": CUT,
            "borrowed": "bool",
            "points": POINTS,
            "groups": {grouping: [GROUP] for grouping in ("sex", "age", "view")},
            "curves": {
                "roc": [["number or null"]],
                "precision_recall": [["number or null"]],
                "average_precision": "number or null",
                "reliability": [
                    {
                        "predicted": "number or null",
                        "observed": ESTIMATE,
                        "films": "number or null",
                    }
                ],
            },
        }
    ]
    assert shape(content["pointing"]) == {
        "leading": POINTING_ROW,
        "labels": {"Mass": POINTING_ROW},
        "unread": "number or null",
    }
    assert set(content["priorities"]) == {"true", "given", "counts", "found", "right"}
    assert set(content) == {
        "format", "software", "created_at", "model", "fingerprint", "policy", "research",
        "splits", "films", "confidence", "resamples", "seed", "few", "wanted_sensitivity",
        "thresholds_from", "notes", "mean_auc", "labels", "pointing", "priorities", "whole_films",
    }  # fmt: skip


def test_thresholds_travel_through_json_to_other_films(tmp_path):
    chosen = evaluation_of(tmp_path / "a", splits=("val",))
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps(as_json(chosen)), "utf-8")
    borrowed = read_thresholds(file, MODEL["sha256"])
    measured = evaluation_of(tmp_path / "b", splits=("test",), borrowed=borrowed)
    for there, here in zip(chosen.labels, measured.labels, strict=True):
        assert here.borrowed
        assert here.chosen.probability == pytest.approx(there.cuts.sensitivity.probability)
        assert here.points["chosen"].flagged != there.points["chosen"].flagged
    codes = {note.code for note in measured.notes}
    assert "own_thresholds" not in codes
    assert "own_thresholds" in {note.code for note in chosen.notes}


def test_same_films_and_seed_give_the_same_figures(tmp_path, evaluation):
    again = as_json(evaluation_of(tmp_path))
    assert again == as_json(evaluation)


def test_groups_hold_every_film_once_and_small_ones_are_marked_not_hidden(evaluation):
    effusion = next(one for one in evaluation.labels if one.label == "Effusion")
    for groups in effusion.groups.values():
        assert sum(group.films for group in groups) == effusion.films
        assert sum(group.positives for group in groups) == effusion.positives
    for one in evaluation.labels:
        for group in (group for groups in one.groups.values() for group in groups):
            few = min(group.positives, group.films - group.positives) < 20
            assert group.small is few
    assert any(group.small for group in effusion.groups["age"])


def test_labels_with_few_films_come_last_and_are_not_in_the_mean(tmp_path):
    evaluation = evaluation_of(tmp_path, splits=("val",))
    small = [one.label for one in evaluation.labels if one.small]
    assert not set(small) & set(evaluation.measurement.mean_auc.labels)
    assert by_auc(evaluation)[len(evaluation.labels) - len(small) :] == small


def test_the_output_for_any_finding_is_measured_against_all_of_them(tmp_path):
    rows, labels = cohort(7)
    said = [row | {"findings": [row["findings"][0] | {"label": ANY_FINDING}]} for row in rows]
    joined = join(
        results := read_results(write_results(tmp_path / "r", said)),
        truth := read_truth(write_labels(tmp_path / "l.csv", labels)),
    )
    films = films_of(results, truth, joined)
    found = measure(films, wanted_sensitivity=0.9, borrowed=None, resamples=100, seed=0)
    sick = sum(one["findings"] != "No Finding" for one in labels)
    assert found.labels[0].positives == sick
    assert found.mean_auc.labels == ()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["How good the scores are", "For prioritisation only", "Pleural effusion", "few"]),
        ("vi", ["Độ chính xác của điểm số", "Chỉ để xếp thứ tự ưu tiên", "Tràn dịch màng phổi"]),
    ],
)
def test_page_speaks_its_language_and_asks_nobody_for_anything(evaluation, language, words):
    page = render(evaluation, language)
    assert f'<html lang="{language}">' in page
    assert all(word in page for word in words)
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "films/" not in page
    assert page.count('<img class="plots"') == len(evaluation.labels)


def test_vietnamese_page_has_decimal_commas(evaluation):
    body = re.sub(r"<(style|svg|meta|img)[\s\S]*?>([\s\S]*?</(style|svg)>)?", "",
                  render(evaluation, "vi"))  # fmt: skip
    text = re.sub(r"<[^>]+>", " ", body)
    assert re.search(r"AUC 0,\d{3} \(0,\d{3}–", text)
    assert not re.search(r"\b0\.\d{2,3}\b", text)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_missing_columns_are_said_and_the_page_still_stands(tmp_path, language):
    evaluation = evaluation_of(tmp_path, drop=("patient", "sex", "age", "view", "split"))
    codes = [(note.code, note.measured) for note in evaluation.notes]
    assert ("no_patient", None) in codes
    assert {("no_column", "sex"), ("no_column", "age"), ("no_column", "view")} <= set(codes)
    page = render(evaluation, language)
    assert {"en": "each film counts as a patient", "vi": "mỗi phim được coi là một người"}[
        language
    ] in page


def test_splits_that_make_figures_optimistic_are_said(tmp_path):
    evaluation = evaluation_of(tmp_path, splits=("val", "test"))
    assert {"several_splits", "own_thresholds"} <= {note.code for note in evaluation.notes}
