"""Results and labels: what is read, how it is joined, and what is refused with which words."""

import json

import pytest

from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.films import films_of, group_of, join
from cxr_triage.evaluation.results import film_stem, read_results
from cxr_triage.evaluation.truth import read_truth

from .builders import row, write_labels, write_results

P = {"Effusion": 0.7, "Mass": 0.2}


def code_of(call, *arguments):
    with pytest.raises(EvaluationFailed) as caught:
        call(*arguments)
    assert caught.value.message("en") != caught.value.message("vi")
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("00001346_000.jpg", "00001346_000"),
        ("folder/film.dcm", "film"),
        ("C:\\films\\film.DCM", "film"),
        ("1.2.840.113619.2", "1.2.840.113619.2"),
        ("1.2.840.113619.2.dcm", "1.2.840.113619.2"),
        ("film", "film"),
    ],
)
def test_stem_is_the_name_without_its_ending_and_a_uid_is_whole(name, stem):
    assert film_stem(name) == stem


def test_results_and_labels_join_on_the_stem(tmp_path):
    rows = [row("a.dcm", P), row("b.png", P), row("c.png", {}, outcome="referred")]
    results = read_results(write_results(tmp_path / "r", rows))
    labels = [{"image": x, "findings": "Effusion"} for x in ("a", "b.jpeg", "c", "d")]
    joined = join(results, read_truth(write_labels(tmp_path / "l.csv", labels)))
    assert joined.counts == {
        "assessed": 2,
        "referred": 1,
        "failed": 0,
        "without_labels": 0,
        "without_results": 1,
    }


def test_columns_that_are_missing_are_named_and_each_film_is_a_patient(tmp_path):
    results = read_results(write_results(tmp_path / "r", [row("a.dcm", P), row("b.dcm", P)]))
    labels = [{"image": x, "findings": "Mass", "sex": "F"} for x in "ab"]
    truth = read_truth(write_labels(tmp_path / "l.csv", labels))
    assert truth.missing == ("patient", "view", "age", "split")
    films = films_of(results, truth, join(results, truth))
    assert films.patients == 2
    assert set(films.groups) == {"sex"}


def test_findings_are_known_by_nih_and_by_other_spellings(tmp_path):
    words = ["No Finding", "", "Pleural Thickening|mass", "Infiltrate", "Lung Opacity"]
    labels = [{"image": str(i), "findings": word} for i, word in enumerate(words)]
    truth = read_truth(write_labels(tmp_path / "l.csv", labels))
    assert [set(film.findings) for film in truth.films.values()] == [
        set(),
        set(),
        {"Pleural_Thickening", "Mass"},
        {"Infiltration"},
        {"Lung Opacity"},
    ]


def test_rsna_boxes_count_for_three_labels_and_nih_boxes_for_their_own(tmp_path):
    labels = [
        {
            "image": "a",
            "findings": "",
            "rsna_boxes": "[[0.1,0.2,0.3,0.4]]",
            "nih_boxes": '[["Infiltrate",0.5,0.5,0.1,0.1],["Nodule",0,0,1,1]]',
        }
    ]
    boxes = read_truth(write_labels(tmp_path / "l.csv", labels)).films["a"].boxes
    assert set(boxes) == {"Pneumonia", "Consolidation", "Infiltration", "Nodule"}
    assert boxes["Pneumonia"] == ((0.1, 0.2, 0.3, 0.4),)
    assert boxes["Infiltration"] == ((0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 0.1, 0.1))


@pytest.mark.parametrize(
    ("age", "group"),
    [("7", "under-15"), ("015Y", "15-39"), ("40", "40-64"), ("65", "65+"), ("", "unknown")],
)
def test_age_groups(tmp_path, age, group):
    labels = [{"image": "a", "findings": "", "age": age}]
    film = read_truth(write_labels(tmp_path / "l.csv", labels)).films["a"]
    assert group_of("age", film) == group


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "results_missing"),
        ("", "results_empty"),
        ("nonsense\n", "results_invalid"),
        ('{"a": 1}\n', "results_invalid"),
        ("[1]\n", "results_invalid"),
        (json.dumps(row("a.png", {})) + "\n", "results_invalid"),
        (json.dumps(row("a.png", {"Mass": float("nan")})) + "\n", "results_invalid"),
        (json.dumps(row("a.png", {"Mass": 1.5})) + "\n", "results_invalid"),
        (json.dumps(row("a.png", {}, outcome="referred")) + "\n", "results_empty"),
        (json.dumps(row("a.png", P)) + "\n" + json.dumps(row("x/a.dcm", P)), "results_duplicates"),
        (
            json.dumps(row("a.png", P)) + "\n" + json.dumps(row("b.png", P, fingerprint="0")),
            "results_mixed",
        ),
    ],
)
def test_what_score_did_not_write_is_refused(tmp_path, text, code):
    if text is not None:
        (tmp_path / "results.jsonl").write_text(text, "utf-8")
    assert code_of(read_results, tmp_path) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "labels_missing"),
        ("", "labels_no_column"),
        ("image,view\na,PA\n", "labels_no_column"),
        ("image,findings\na,Wellness\n", "labels_unknown_finding"),
        ("image,findings\n,Mass\n", "labels_invalid"),
        ("image,findings\na.png,Mass\na.dcm,Mass\n", "labels_duplicates"),
        ("image,findings,age\na,Mass,old\n", "labels_invalid"),
        ('image,findings,rsna_boxes\na,Mass,"[[1,2]]"\n', "labels_invalid"),
        ('image,findings,rsna_boxes\na,Mass,"[[0.1,0.1,9,9]]"\n', "labels_invalid"),
        ("image,findings,rsna_boxes\na,Mass,[[\n", "labels_invalid"),
        ("image,findings,nih_boxes\na,Mass,[[]]\n", "labels_unknown_finding"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path, text, code):
    file = tmp_path / "labels.csv"
    if text is not None:
        file.write_text(text, "utf-8")
    assert code_of(read_truth, file) == code


def test_unknown_split_names_the_known_ones(tmp_path):
    labels = [{"image": "a", "findings": "", "split": "val"}]
    with pytest.raises(EvaluationFailed, match="Known: val"):
        read_truth(write_labels(tmp_path / "l.csv", labels), ("tset",))


def test_nothing_in_common_says_how_rows_join(tmp_path):
    results = read_results(write_results(tmp_path / "r", [row("a.dcm", P)]))
    truth = read_truth(write_labels(tmp_path / "l.csv", [{"image": "z", "findings": ""}]))
    assert code_of(join, results, truth) == "nothing_in_common"


def test_labels_are_read_with_the_mark_that_spreadsheets_write(tmp_path):
    file = tmp_path / "l.csv"
    file.write_text("\ufeffimage,findings\na,Mass\n", "utf-8")
    assert read_truth(file).films["a"].findings == {"Mass"}
