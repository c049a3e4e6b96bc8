from dataclasses import replace

import numpy as np
import pytest

from cxr_triage.calibration.page import render
from cxr_triage.calibration.site import (
    ScoredFilm,
    films_of_results,
    labelled,
    unlabelled,
    well_share_of_all,
)
from cxr_triage.domain import PREPROCESSING_VERSION, Score
from cxr_triage.errors import EvaluationFailed, PolicyInvalid
from cxr_triage.evaluation.results import read_results
from cxr_triage.evaluation.truth import read_truth
from cxr_triage.triage.decision import decide
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.positions import positions_of
from tests.evaluation.builders import MODEL as RESULTS_MODEL
from tests.evaluation.builders import row, write_labels, write_results
from tests.triage.builders import card
from tests.triage.test_decision import LABELS, films

MODEL = card(*LABELS)


def scored(name, *probabilities, person=""):
    return ScoredFilm(
        stem=name,
        person=person,
        findings=tuple(
            Score(
                label=label,
                probability=p,
                score=p,
                threshold=0.5,
                likely_threshold=None,
                flagged=False,
                level="none",
            )
            for label, p in zip(LABELS, probabilities, strict=True)
        ),
    )


def many(number, per_person=2):
    random = np.random.default_rng(4)
    return [
        scored(f"{place}.dcm", *random.uniform(0.01, 0.5, 4), person=f"p{place // per_person}")
        for place in range(number)
    ]


def test_without_labels_one_film_a_patient_is_drawn_and_all_are_the_population():
    positions = unlabelled(many(100), MODEL, number=30, source="a site")
    assert positions.population == "all"
    assert len(positions.fit_films) == 30
    assert positions.fit_films.well.all()
    assert len(unlabelled(many(100), MODEL, number=500, source="a site").fit_films) == 50
    again = unlabelled(many(100), MODEL, number=30, source="a site")
    assert (again.fit_films.logits == positions.fit_films.logits).all()


def test_of_no_film_nothing_can_be_said():
    with pytest.raises(EvaluationFailed) as caught:
        unlabelled([], MODEL, number=30, source="a site")
    assert caught.value.code == "calibrate_no_films"


def test_with_labels_films_without_findings_are_the_population(tmp_path):
    rows = [
        {"image": "0", "findings": "", "patient": "a", "split": "x"},
        {"image": "1", "findings": "Effusion", "patient": "a", "split": "x"},
        {"image": "2", "findings": "No Finding", "patient": "b", "split": "y"},
        {"image": "9", "findings": "", "patient": "c", "split": "x"},
    ]
    file = write_labels(tmp_path / "l.csv", rows)
    given = [scored(f"{place}.png", 0.1, 0.2, 0.3, 0.4) for place in range(4)]
    positions = labelled(
        given, read_truth(file, ["x"]), read_truth(file, ["y"]), MODEL, source="a site",
        splits=("x", "y"),
    )  # fmt: skip
    assert positions.population == "well"
    assert positions.fit_films.well.tolist() == [True, False]
    assert positions.fit_films.patient.tolist() == [0, 0]
    assert len(positions.measured_films) == 1
    with pytest.raises(EvaluationFailed):
        labelled(given[3:], read_truth(file, ["y"]), None, MODEL, source="a site")


def results(tmp_path, **changed):
    rows = [
        row(f"{place}.png", dict.fromkeys(LABELS, 0.2), preprocessing=PREPROCESSING_VERSION)
        | changed
        for place in range(3)
    ]
    return read_results(write_results(tmp_path / "r", rows))


def test_results_of_this_model_and_preprocessing_are_taken(tmp_path):
    model = replace(MODEL, sha256=RESULTS_MODEL["sha256"])
    found = films_of_results(results(tmp_path), model)
    assert [film.stem for film in found] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("changed", "sha256", "code"),
    [
        ({}, "1" * 64, "positions_of_another_model"),
        ({"preprocessing": ""}, "0" * 64, "positions_of_another_preprocessing"),
        ({"preprocessing": "0"}, "0" * 64, "positions_of_another_preprocessing"),
    ],
)
def test_results_of_others_are_refused(tmp_path, changed, sha256, code):
    with pytest.raises(PolicyInvalid) as caught:
        films_of_results(results(tmp_path, **changed), replace(MODEL, sha256=sha256))
    assert caught.value.code == code


def test_sick_films_among_them_leave_fewer_well_ones_flagged():
    random = np.random.default_rng(1)
    well = np.arange(4000) % 2 == 0
    rarity = random.uniform(0, 1, 4000) ** np.where(well, 1, 3)
    found = dict(well_share_of_all(rarity, well, 0.3))
    assert found[0.0] == pytest.approx(0.3, abs=0.03)
    assert found[0.0] > found[0.2] > found[0.4] > 0.05


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_says_which_cuts_moved_and_how_sick_films_move_them(language):
    reference = positions_of(MODEL, films(1200), films(800, seed=5), source="the reference")
    site = positions_of(MODEL, films(250, labelled=False), source="Trạm <b>A</b>")
    policy = read_policy()
    before, after = (decide(MODEL, policy, x, reference) for x in (reference, site))
    page = render(site, reference, after, policy, language, before)
    assert "Trạm &lt;b&gt;A&lt;/b&gt;" in page
    assert page.count("the reference") >= 3
    assert "<script" not in page
    assert "data:image/svg+xml" in page
    assert page.count('<td class="number">40</td>') == 1
