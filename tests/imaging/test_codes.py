"""Codes decide what a film shows and how it was taken; the words beside them do not."""

import pytest
from pydicom import Dataset

from cxr_triage.domain import Reason
from cxr_triage.imaging.dicom.code_tables import CHEST_REGIONS, FRONTAL_VIEWS, REGIONS, VIEWS
from cxr_triage.imaging.source import Limits, open_image
from cxr_triage.triage.header_rules import check_header
from cxr_triage.triage.policy import read_policy

from .films import chest, dicom

LIMITS = read_policy().gate


def code(value: str = "", scheme: str = "", meaning: str = "") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def opened(**attributes):
    attributes = {"SpecificCharacterSet": "ISO_IR 192"} | attributes
    return open_image(dicom(chest(12), 12, **attributes), Limits())


def refusals(**attributes) -> list[str]:
    return [reason.code for reason in check_header(opened(**attributes).header, LIMITS).reasons]


def doubts(**attributes) -> list[str]:
    image = opened(**attributes)
    return [w.code for w in (*image.warnings, *check_header(image.header, LIMITS).warnings)]


@pytest.mark.parametrize("meaning", ["", "postero-anterior", "正面", "Vue de face"])
@pytest.mark.parametrize(
    ("value", "scheme", "view"),
    [
        ("R-10236", "SRT", "LL"),
        ("R-10236", "SNM3", "LL"),
        ("R-10236", "99SDM", "LL"),
        ("399173006", "SCT", "LL"),
        ("399198007", "SCT", "RL"),
        ("R-10232", "SRT", "RL"),
        ("R-102CD", "SRT", "LATERAL"),
        ("399067008", "", "LATERAL"),
        ("R-10220", "SRT", "LEFT ANTERIOR OBLIQUE"),
        ("G-5223", "SNM3", "LEFT LATERAL"),
    ],
)
def test_a_code_of_a_side_view_refuses_whatever_its_meaning_says(value, scheme, view, meaning):
    views = {"ViewCodeSequence": [code(value, scheme, meaning)]}
    assert opened(**views).header.view == view
    assert refusals(**views) == ["view"]


@pytest.mark.parametrize("meaning", ["", "lateral", "左右方向"])
@pytest.mark.parametrize(
    ("value", "scheme", "view"),
    [
        ("R-10214", "SRT", "PA"),
        ("R-40888", "SRT", "PA"),
        ("272479007", "SCT", "PA"),
        ("R-10206", "SNM3", "AP"),
        ("399348003", "SCT", "AP"),
    ],
)
def test_a_code_of_a_frontal_view_is_frontal_whatever_its_meaning_says(
    value, scheme, view, meaning
):
    views = {"ViewCodeSequence": [code(value, scheme, meaning)]}
    assert opened(**views).header.view == view
    assert refusals(**views) == []
    assert "view_unknown" not in doubts(**views)


def test_a_code_counts_in_its_own_scheme_only():
    views = {"ViewCodeSequence": [code("R-10236", "SCT")]}
    assert refusals(**views) == []
    assert "view_unknown" in doubts(**views)


def test_a_long_code_value_counts_as_a_short_one_does():
    item = Dataset()
    item.LongCodeValue, item.CodingSchemeDesignator = "399173006", "SCT"
    assert opened(ViewCodeSequence=[item]).header.view == "LL"


@pytest.mark.parametrize("meaning", ["", "postero-anterior"])
@pytest.mark.parametrize(("value", "scheme"), [("X-1", "99ACME"), ("", ""), ("113999", "DCM")])
def test_an_unknown_code_never_makes_a_film_frontal(value, scheme, meaning):
    views = {"ViewCodeSequence": [code(value, scheme, meaning)]}
    assert {"view_unknown", "missing_view"} & set(doubts(**views))


def test_words_beside_an_unknown_code_may_speak_against_a_film():
    assert refusals(ViewCodeSequence=[code("X-2", "99ACME", "Thorax seitlich")]) == ["view"]


def test_a_modifier_turns_a_frontal_view_into_another():
    view = code("399348003", "SCT")
    view.ViewModifierCodeSequence = [code("R-40799", "SRT")]
    assert refusals(ViewCodeSequence=[view]) == ["view"]


@pytest.mark.parametrize(
    ("said", "value"), [("PA", "R-10236"), ("LL", "R-10214"), ("AP", "R-10232")]
)
def test_a_view_position_that_contradicts_the_code_refuses(said, value):
    assert refusals(ViewPosition=said, ViewCodeSequence=[code(value, "SRT")]) == ["view"]


@pytest.mark.parametrize("meaning", ["", "Tórax", "胸部", "Knee"])
@pytest.mark.parametrize(
    ("value", "scheme"),
    [("T-D3000", "SRT"), ("T-D3000", "SNM3"), ("51185008", "SCT"), ("816094009", "SCT"),
     ("T-28000", "SRT"), ("39607008", "SCT"), ("416550000", "SCT")],
)  # fmt: skip
def test_a_code_of_the_chest_is_the_chest_whatever_its_meaning_says(value, scheme, meaning):
    region = {"AnatomicRegionSequence": [code(value, scheme, meaning)]}
    assert opened(**region).header.body_part in CHEST_REGIONS
    assert refusals(**region) == []
    assert "missing_body_part" not in doubts(**region)


@pytest.mark.parametrize("meaning", ["", "Chest", "Brust"])
@pytest.mark.parametrize(
    ("value", "scheme"),
    [("T-D9200", "SRT"), ("72696002", "SCT"), ("T-D4000", "SNM3"), ("T-11502", "SRT")],
)
def test_a_code_of_another_region_refuses_whatever_its_meaning_says(value, scheme, meaning):
    assert refusals(AnatomicRegionSequence=[code(value, scheme, meaning)]) == ["body_part"]
    assert refusals(PrimaryAnatomicStructureSequence=[code(value, scheme, meaning)]) == [
        "body_part"
    ]


def test_a_code_overrules_a_word_that_says_nothing_and_not_one_of_another_region():
    chest_code = {"AnatomicRegionSequence": [code("T-D3000", "SRT")]}
    assert refusals(BodyPartExamined="COFFRE", **chest_code) == []
    assert refusals(BodyPartExamined="KNEE", **chest_code) == ["body_part"]
    assert refusals(BodyPartExamined="CHEST", AnatomicRegionSequence=[code("T-D9200", "SRT")]) == [
        "body_part"
    ]


def test_a_second_value_counts_against_a_film_too():
    assert refusals(ViewPosition=["PA", "LL"]) == ["view"]
    assert refusals(BodyPartExamined=["CHEST", "KNEE"]) == ["body_part"]
    assert refusals(ViewPosition="", SeriesDescription=["THORAX", "LATERAL"]) == ["view"]
    assert refusals(ViewPosition=["PA", "PA"], BodyPartExamined=["CHEST", "LUNG"]) == []


def test_a_structure_that_is_not_the_chest_is_not_made_so_by_its_region():
    films = {
        "AnatomicRegionSequence": [code("T-D3000", "SRT")],
        "PrimaryAnatomicStructureSequence": [code("T-11300", "SRT")],
    }
    assert refusals(**films) == ["body_part"]


def test_an_unknown_region_is_said_and_decides_nothing():
    image = opened(AnatomicRegionSequence=[code("CH-1", "99ACME", "Chest")])
    assert image.header.body_part == ""
    assert image.warnings == (Reason(code="region_unknown", measured="CH-1 (99ACME)"),)


@pytest.mark.parametrize(
    ("value", "scheme", "side"),
    [("G-A100", "SRT", "R"), ("7771000", "SCT", "L"), ("G-A102", "SNM3", "B")],
)
def test_the_side_may_come_from_the_regions_modifier(value, scheme, side):
    region = code("T-D3000", "SRT")
    region.AnatomicRegionModifierSequence = [code(value, scheme, "bên")]
    assert opened(AnatomicRegionSequence=[region]).header.laterality == side
    assert opened(AnatomicRegionSequence=[region], ImageLaterality="U").header.laterality == "U"


def test_the_tables_have_one_line_a_concept_and_name_every_frontal_view():
    for table in (VIEWS, REGIONS):
        values = [line.split(" ", 2)[0] for line in table.split("\n")[1:-1]]
        assert len(values) == len(set(values))
    names = {line.split(" ", 2)[2] for line in VIEWS.split("\n")[1:-1]}
    assert names >= FRONTAL_VIEWS
    assert {line.split(" ", 2)[2] for line in REGIONS.split("\n")[1:-1]} >= CHEST_REGIONS


def test_the_tables_agree_with_pydicoms():
    from pydicom.sr._snomed_dict import mapping  # noqa: PLC0415 (its own name for the table)

    for table in (VIEWS, REGIONS):
        for line in table.split("\n")[1:-1]:
            value, older, _ = line.split(" ", 2)
            known = [mapping["SRT"].get(one) for one in older.split(",")]
            assert set(known) <= {value, None}, line
