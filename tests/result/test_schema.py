"""docs/result.schema.json says what comes out."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from scripts.write_schema import FILE, schema

from cxr_triage.api.v1.shapes import assessment_out
from cxr_triage.batch.results import json_line, row_of
from cxr_triage.batch.run import FileResult
from cxr_triage.errors import UnreadableImage
from cxr_triage.result.document import pack
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import shown_result
from cxr_triage.store.records import StoredAssessment
from tests.conftest import real_image
from tests.report.films import CARD, CREATED_AT

SCHEMA = json.loads(FILE.read_text("utf-8"))
RADIOLOGIST = Principal(
    kind="person", id="p", name="r", role="radiologist", station_id=None, language="en"
)
STATION = Principal(kind="station", id="s", name="s", role="station", station_id="s", language="vi")


def check(shape, said):
    whole = SCHEMA | {"anyOf": [{"$ref": f"#/$defs/{shape}"}]}
    jsonschema_rs.validator_for(whole).validate(said)


def row(**what):
    made = row_of(FileResult(path=Path("a.dcm"), **what), CARD, "f" * 32, "en")
    return json.loads(json_line(made))


def answer(assessment, who=RADIOLOGIST):
    stored = StoredAssessment(
        assessment=assessment,
        study_id="s",
        image_id="i",
        station_id="north",
        received_at=CREATED_AT,
        is_current=True,
    )
    return json.loads(assessment_out(shown_result(stored, who), "en", {}).model_dump_json())


@pytest.fixture(scope="module", params=["RG1_UNCR", "RG3_UNCR"], ids=["scored", "refused"])
def assessment(request, pipeline):
    return pipeline.assess(real_image(request.param).read_bytes())


def test_the_schema_is_current():
    assert FILE.read_text("utf-8") == schema(), "python scripts/write_schema.py"


def test_what_comes_out_has_the_schema(assessment):
    check("Row", row(assessment=assessment))
    check("AssessmentOut", answer(assessment))
    check("AssessmentOut", answer(assessment, STATION))
    check("Document", json.loads(pack(assessment).document))


def test_a_failed_file_has_the_schema():
    check("Row", row(error=UnreadableImage("broken_lut")))


def test_a_wrong_row_has_not(assessment):
    for wrong in ({"priority": "later"}, {"findings": [{"label": "Mass"}]}, {"digest": 5}):
        with pytest.raises(jsonschema_rs.ValidationError):
            check("Row", row(assessment=assessment) | wrong)


def test_the_command_line_and_the_interface_say_the_same(assessment):
    line, body = row(assessment=assessment), answer(assessment)
    addresses = [one.pop("heatmap") for one in body["findings"]]
    assert all(addresses) or not addresses
    for name in line.keys() & body.keys():
        assert line[name] == body[name], name
    assert line.keys() - body.keys() == {"path", "reason", "eligibility", "error"}


def test_who_may_not_see_patients_has_the_same_without_their_numbers(assessment):
    whole, bare = answer(assessment), answer(assessment, STATION)
    differing = {name for name in whole if whole[name] != bare[name]}
    assert differing <= {"study_uid", "series_uid", "sop_uid", "accession", "filed", "marker"}
