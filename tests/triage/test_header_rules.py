from dataclasses import replace

import pytest

from cxr_triage.domain import Header, Reason
from cxr_triage.language import LANGUAGES
from cxr_triage.result.sentences import reason_sentence
from cxr_triage.triage.header_rules import check_header
from cxr_triage.triage.policy import read_policy

from .builders import CHEST_PA

LIMITS = read_policy().gate


def header_codes(**changes) -> list[str]:
    return [r.code for r in check_header(replace(CHEST_PA, **changes), LIMITS).reasons]


def test_frontal_chest_film_of_an_adult_is_accepted_without_warnings():
    verdict = check_header(CHEST_PA, LIMITS)
    assert verdict.status == "accept"
    assert verdict.warnings == ()


@pytest.mark.parametrize(
    "part",
    ["CHEST", "THORAX", "LUNG", "LUNGS", "TORAX", "TÓRAX", "CHEST PA", "PORT_CHEST", "PULMON",
     "NGUC", "NGỰC", "TIM PHOI", "PHỔI", "THORAX^PA", "CHEST_TO_ABDOMEN"],
)  # fmt: skip
def test_words_that_vendors_use_for_the_chest_are_accepted(part):
    assert header_codes(body_part=part) == []


@pytest.mark.parametrize(
    "part",
    ["ABDOMEN", "EXTREMITY", "HAND", "SKULL", "THORACIC SPINE", "TSPINE", "CHEST SPINE", "RIBS",
     "CLAVICLE", "SHOULDER", "KHUNG CHAU", "PELVIS", "HIP"],
)  # fmt: skip
def test_other_parts_of_the_body_are_refused(part):
    assert header_codes(body_part=part) == ["body_part"]


@pytest.mark.parametrize("view", ["PA", "AP", "AP SUPINE", "PA ERECT", "FRONTAL", ""])
def test_frontal_views_are_accepted(view):
    assert header_codes(view=view) == []


@pytest.mark.parametrize(
    "view",
    ["LL", "RL", "LAT", "LATERAL", "LEFT LATERAL", "LLAT", "LLD", "RLD", "DECUBITUS", "LAO", "RAO",
     "LPO", "RPO", "LLO", "OBLIQUE", "LORDOTIC", "NGHIÊNG", "LATERAL DECUBITUS"],
)  # fmt: skip
def test_lateral_oblique_and_decubitus_views_are_refused(view):
    assert header_codes(view=view) == ["view"]


@pytest.mark.parametrize(
    ("description", "codes"),
    [
        ("CHEST LAT", ["view"]),
        ("Ngực nghiêng", ["view"]),
        ("THORAX PA/LAT", []),
        ("W034 Chest PA", []),
        ("CHEST LEFT DECUBITUS AP", ["view"]),
        ("PLATELET COUNT", []),
        ("", []),
    ],
)
def test_view_in_the_description_counts_when_the_view_is_not_given(description, codes):
    assert header_codes(view="", description=description) == codes


@pytest.mark.parametrize(
    "view",
    ["PERFIL", "PERFIL IZQUIERDO", "SEITL", "SEITLICH", "ML", "LM", "PROFIL", "LATÉRALE",
     "LATERALE", "LATERO-LATERALE", "DE CÔTÉ", "NGHIENG", "L-L", "側面", "侧位",
     "OBLICUA", "SCHRÄG"],
)  # fmt: skip
def test_a_side_view_is_refused_in_every_language_that_knows_the_chest(view):
    assert header_codes(view=view) == ["view"]
    if len(view) > 3:
        assert header_codes(view="", description=f"THORAX {view}") == ["view"]


@pytest.mark.parametrize("view", ["AXIAL", "CRANIO-CAUDAL", "TRANSVERSE", "AP / AXIAL"])
def test_a_view_of_the_standards_table_that_is_not_frontal_is_refused(view):
    assert header_codes(view=view) == ["view"]


@pytest.mark.parametrize(
    "view", ["L", "R", "X", "CHEST", "1", "FRONT", "POSTERO-ANTERIOR", "AP SUPINE"]
)
def test_a_view_position_that_is_none_of_the_standards_is_unknown_aloud(view):
    verdict = check_header(replace(CHEST_PA, view=view), LIMITS)
    assert verdict.status == "accept"
    assert verdict.warnings == (Reason(code="view_unknown", measured=view),)


@pytest.mark.parametrize(
    "description",
    ["CHEST BILATERAL", "COLLATERAL FLOW", "LATERALITY R", "BEIDE SEITEN", "PLATE 12", "ALLE",
     "UNILATERAL"],
)  # fmt: skip
def test_a_side_word_inside_another_is_no_side_view(description):
    assert header_codes(view="", description=description) == []


@pytest.mark.parametrize(
    "part",
    ["MANCHESTER", "ORCHESTRA", "CHESTNUT", "BEHANDLUNG", "ABTEILUNG", "BRUSTBEIN",
     "BRUSTWIRBELSÄULE", "KHOANG BUNG"],
)  # fmt: skip
def test_a_chest_word_inside_another_is_no_chest(part):
    assert header_codes(body_part=part) == ["body_part"]


@pytest.mark.parametrize(
    "part",
    ["CHEST1V", "XRCHEST", "CHEST-PA", "THORAX AP", "BRUSTKORB", "LUNGE", "RX_TORAX",
     "HEMITHORAX", "POUMONS", "CHEST AND ABDOMEN", "HEART"],
)  # fmt: skip
def test_a_chest_word_with_its_usual_companions_is_the_chest(part):
    assert header_codes(body_part=part) == []


def test_lateral_word_beside_a_stated_frontal_view_does_not_refuse():
    assert header_codes(view="PA", description="CHEST PA AND LAT") == []


@pytest.mark.parametrize(
    ("orientation", "codes"),
    [("L\\F", []), ("A\\F", ["patient_orientation"]), ("P\\F", ["patient_orientation"]), ("", [])],
)
def test_rows_that_run_front_to_back_are_a_lateral_film(orientation, codes):
    assert header_codes(patient_orientation=orientation) == codes


@pytest.mark.parametrize(
    ("age", "codes"), [(0.5, ["age"]), (14.99, ["age"]), (15.0, []), (90.0, []), (None, [])]
)
def test_people_under_15_are_refused(age, codes):
    assert header_codes(age_years=age) == codes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"age_years": 3.14}, Reason(code="age", measured=3.1, limit=15)),
        ({"modality": "CT"}, Reason(code="modality", measured="CT")),
        ({"body_part": "HAND"}, Reason(code="body_part", measured="HAND")),
        ({"body_part": "CHEST / HAND"}, Reason(code="body_part", measured="CHEST / HAND")),
        ({"view": "LL"}, Reason(code="view", measured="LL")),
        ({"view": "", "description": "Ngực nghiêng"}, Reason(code="view", measured="NGHIÊNG")),
        (
            {"patient_orientation": "A\\F"},
            Reason(code="patient_orientation", measured="A\\F"),
        ),
        ({"frames": 12}, Reason(code="frames", measured=12)),
        (
            {"photometric_interpretation": "RGB"},
            Reason(code="photometric_interpretation", measured="RGB"),
        ),
        ({"columns": 0}, Reason(code="no_pixels")),
    ],
)
def test_a_refusal_says_what_stands_in_the_header(changes, reason):
    assert check_header(replace(CHEST_PA, **changes), LIMITS).reasons == (reason,)


@pytest.mark.parametrize(
    ("uid", "warnings"),
    [
        ("1.2.840.10008", ()),
        ("1." * 32, ()),
        ("1." * 32 + "1", (Reason(code="uid_invalid", measured=65, limit=64),)),
        ("1.2.A", (Reason(code="uid_invalid", measured=5, limit=64),)),
    ],
)
@pytest.mark.parametrize("name", ["study_uid", "series_uid", "sop_uid"])
def test_a_uid_that_is_none_is_kept_and_warned_of(name, uid, warnings):
    assert check_header(replace(CHEST_PA, **{name: uid}), LIMITS).warnings == warnings
    refused = check_header(replace(CHEST_PA, modality="CT", **{name: uid}), LIMITS)
    assert refused.warnings == warnings


def test_what_is_refused_is_not_also_said_to_lack_fields():
    assert check_header(Header(source="dicom", modality="CT"), LIMITS).warnings == ()


def test_a_view_in_the_description_is_not_missing():
    header = replace(CHEST_PA, view="", description="CHEST PA")
    assert check_header(header, LIMITS).warnings == ()


def test_for_processing_is_refused_by_intent_and_by_sop_class_unless_allowed():
    raw = {"presentation_intent": "FOR PROCESSING"}
    raw_class = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1.1"}
    assert header_codes(**raw) == header_codes(**raw_class) == ["for_processing"]
    allowed = LIMITS.model_copy(update={"allow_for_processing": True})
    assert check_header(replace(CHEST_PA, **raw), allowed).status == "accept"


@pytest.mark.parametrize("kind", ["RGB", "PALETTE COLOR", "YBR_FULL"])
def test_colour_is_refused(kind):
    assert header_codes(photometric_interpretation=kind) == ["photometric_interpretation"]


def test_several_frames_are_refused():
    assert header_codes(frames=12) == ["frames"]


def test_other_objects_are_named_in_the_refusal():
    verdict = check_header(replace(CHEST_PA, sop_class_uid="1.2.840.10008.5.1.4.1.1.2"), LIMITS)
    assert verdict.reasons[0] == Reason(code="sop_class", measured="CT Image Storage")


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "MG", "XA", "NM"])
def test_other_modalities_are_refused(modality):
    assert header_codes(modality=modality) == ["modality"]


def test_radiograph_class_without_a_picture_is_refused():
    assert header_codes(rows=0) == ["no_pixels"]


def test_missing_fields_warn_and_do_not_refuse():
    verdict = check_header(Header(source="dicom", rows=9, columns=9), LIMITS)
    assert verdict.status == "accept"
    assert {warning.code for warning in verdict.warnings} == {
        "missing_sop_class", "missing_modality", "missing_body_part", "missing_view", "missing_age"
    }  # fmt: skip


def test_picture_is_accepted_with_a_warning():
    verdict = check_header(Header(source="picture"), LIMITS)
    assert [warning.code for warning in verdict.warnings] == ["no_header"]


def test_each_refusal_has_a_measured_value_and_a_sentence_in_both_languages():
    refused = replace(
        CHEST_PA, sop_class_uid="1.2.840.10008.5.1.4.1.1.2", modality="CT", body_part="HEAD",
        view="LL", patient_orientation="A\\F", age_years=3.0, frames=9,
        photometric_interpretation="RGB",
    )  # fmt: skip
    for reason in check_header(refused, LIMITS).reasons:
        assert reason.measured is not None
        for language in LANGUAGES:
            measured = reason.measured
            shown = f"{measured:g}" if isinstance(measured, float) else str(measured)
            assert shown in reason_sentence(reason, language)
