"""What the command line and the interface say of a result is one shape."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from cxr_triage.batch.results import json_line, row_of
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Header, Reason, Result, Score, Sight
from cxr_triage.errors import UnreadableImage
from cxr_triage.evaluation.results import read_results
from cxr_triage.language import say
from cxr_triage.result.public import PublicFinding, PublicResult, Row, public
from tests.report.films import (
    CARD,
    CREATED_AT,
    DECISION,
    HEADER,
    assessed,
    decided,
    finding,
    rare,
    refused,
)

KEPT = Path(__file__).parent / "kept"
OLD_ROWS = sorted(KEPT.glob("rows-*.jsonl"))
WARNED = assessed(warnings=(Reason(code="research_policy", measured="research 1"),))
REFUSED = refused(Reason(code="view", measured="LL"))
FAILED = UnreadableImage("broken_lut")


def row(**what) -> dict:
    made = row_of(FileResult(path=Path("a.dcm"), **what), CARD, "f" * 32, "en")
    return json.loads(json_line(made))


@pytest.mark.parametrize(
    "what", [{"assessment": WARNED}, {"assessment": REFUSED}, {"error": FAILED}]
)
def test_a_row_is_read_as_it_was_written(what):
    written = row(**what)
    assert json.loads(Row.model_validate(written).model_dump_json()) == written


@pytest.mark.parametrize("assessment", [WARNED, REFUSED], ids=["scored", "refused"])
def test_names_of_before_say_the_same_as_those_of_the_interface(assessment):
    written = row(assessment=assessment)
    assert written["reason"] == written["priority_reason"]
    for kind in ("reasons", "warnings"):
        codes = [(one["code"], one["measured"], one["limit"]) for one in written[kind]]
        assert codes == [tuple(one.values()) for one in written["eligibility"][kind]]
        assert all(one["sentence"] for one in written[kind])


@pytest.mark.parametrize("file", OLD_ROWS, ids=lambda file: file.stem)
def test_rows_of_before_are_still_read(file):
    old = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    read = [Row.model_validate_json(line) for line in file.read_text("utf-8").splitlines()]
    assert [one.outcome for one in read] == ["assessed", "referred", "failed"]
    assert [one.priority_reason for one in read] == [old[0]["reason"], old[1]["reason"], ""]
    assert [one.code for one in read[0].warnings] == ["research_policy", "small"]
    assert [one.code for one in read[1].reasons] == ["view"]
    results = read_results(file)
    assert results.research
    assert results.labels == ("Effusion", "Nodule", "Pneumothorax")
    assert [one.score for one in results.rows["a"].findings.values()] == [0.81, 0.55, 0.21]


def test_a_failed_file_has_the_same_fields_and_no_result():
    failed = row(error=FAILED)
    assert failed.keys() == row(assessment=WARNED).keys() == Row.model_fields.keys()
    assert failed["priority"] is None
    assert failed["findings"] == failed["reasons"] == failed["warnings"] == []
    assert failed["reason"] == failed["error"]["message"]
    assert failed["priority_reason"] == ""


@pytest.mark.parametrize(
    "line", ["5", '{"findings": 5}', '{"eligibility": 5}', '{"findings": [5]}', "{}"]
)
def test_what_is_no_row_is_refused(line):
    with pytest.raises(ValueError, match="Row"):
        Row.model_validate_json(line)


def test_a_field_has_one_type_in_the_domain_and_in_public():
    """But for what a file without a result lacks."""
    shaped = {"findings", "priority", "digest", "timings_ms"}
    for record in (Result, Header):
        for one in fields(record):
            if one.name in PublicResult.model_fields.keys() - shaped:
                assert PublicResult.model_fields[one.name].annotation == one.type, one.name


def test_every_number_of_a_finding_is_public():
    assert {one.name for one in fields(PublicFinding)} == {
        "name",
        *(one.name for one in fields(Score)),
    }
    said = public(replace(WARNED, created_at=CREATED_AT), "vi")
    assert said["findings"][0]["name"] == "Tràn khí màng phổi"
    assert said["findings"][0]["likely_threshold"] == 0.7


def test_numbers_have_as_many_decimals_as_they_mean():
    exact, six = 0.123456789, 0.123457
    sight = Sight(
        chest=exact, turn=(exact,) * 4, inverted=exact, mirrored=exact, field=(exact,) * 3
    )
    film = decided(
        replace(rare(finding("Effusion", exact), exact), position=exact, threshold=exact),
        decision=replace(DECISION, rarity=exact, missed=exact, cuts={"routine": exact}),
        header=replace(HEADER, age_years=62.3456),
    )
    said = public(replace(film, sight=sight, timings_ms={"read": 1.23456}), "en")
    (only,) = said["findings"]
    for name in ("score", "threshold", "position", "rarity"):
        assert only[name] == six
    assert only["probability"] == 0.030864
    assert said["decision"] == {
        "rarity": six,
        "band": 1,
        "cuts": {"routine": six},
        "films": "Test films",
        "population": "well",
        "number": 400,
        "optimistic": False,
        "missed": six,
        "missed_films": "Other test films",
    }
    assert said["sight"] == {
        "chest": six,
        "turn": [six] * 4,
        "inverted": six,
        "mirrored": six,
        "field": [six] * 3,
    }
    assert said["age_years"] == 62.35
    assert said["timings_ms"] == {"read": 1.23}


def test_the_reason_names_the_films_that_the_result_was_decided_by():
    here = decided(decision=replace(DECISION, population="all"))
    assert public(here, "en")["priority_reason"].endswith("of 100 films that came here")


def test_what_a_result_lacks_is_null():
    film = replace(assessed(header=replace(HEADER, age_years=None)), crop=None, pixel_policy=None)
    said = public(film, "en")
    lacking = ("age_years", "crop", "pixels", "pixel_policy", "sight", "decision")
    assert [said[name] for name in lacking] == [None] * len(lacking)
    assert (said["findings"][0]["position"], said["findings"][0]["rarity"]) == (None, None)


def test_a_result_says_what_was_done_to_its_pixels_and_what_it_is_for():
    said = public(assessed(), "en")
    assert said["pixels"].startswith("stored values as they are; window, linear")
    assert said["pixel_policy"]["window"] == (2048.0, 4096.0)
    assert said["crop"] == {"top": 10, "left": 0, "side": 80}
    assert said["model"] == {
        "name": "densenet-test",
        "version": "1.2",
        "sha256": CARD.sha256,
        "proof": "proven",
    }
    assert (said["accession"], said["view"], said["sex"]) == ("ACC-417", "PA", "F")
    assert said["priority_reason"] == "Pneumothorax strongly suspected: score 0.81"
    assert said["intended_use"] == say("intended_use", "en")


def test_a_reason_has_its_words_in_the_language_that_is_asked_for():
    for language, sentence in (
        ("en", "The header names a view that is not frontal: LL."),
        ("vi", say("reason.view", "vi", measured="LL", limit=None)),
    ):
        (reason,) = public(REFUSED, language)["reasons"]
        assert reason == {"code": "view", "measured": "LL", "limit": None, "sentence": sentence}
    (warning,) = public(WARNED, "en")["warnings"]
    assert "research 1" in warning["sentence"]
