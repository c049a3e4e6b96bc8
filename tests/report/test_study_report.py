"""What a study's report says, whatever form it takes."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import Patient
from cxr_triage.imaging.heatmap import backdrop, blend
from cxr_triage.language import LANGUAGES, say
from cxr_triage.report.film.pictures import packed, unpacked
from cxr_triage.report.study.page import page
from cxr_triage.report.study.report import spoken_name
from cxr_triage.report.study.wording import sheet_of
from tests.report.films import FINDINGS, assessed
from tests.report.studies import ADDED, SAVED, SIGNED, WHOLE, leg, reported, study


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_whom_it_is_about_what_was_found_and_what_a_doctor_says(language):
    text = page(sheet_of(study(), language))
    for part in (
        "NGUYỄN THỊ PHƯƠNG QUỲNH", "KB-2026-0417", "2026-11-0042", "Trung tâm Y tế huyện Ba Vì",
        "Trạm y tế xã Minh Quang", "BS. Đặng Thị Hồng Ánh", "Tràn khí màng phổi phải lượng ít.",
        say("viewer.verdict.disagree", language), say("intended_use", language),
        say("demonstration_model", language), "densenet-test",
    ):  # fmt: skip
        assert part in text
    assert f'lang="{language}"' in text


def test_missed_findings_and_verdicts_on_unflagged_ones_are_there():
    film = sheet_of(study(), "en").films[0]
    assert [(row.name, row.verdict) for row in film.rows] == [
        ("Pneumothorax", "Agree"), ("Pleural effusion", "Disagree"), ("Nodule", "Unsure"),
    ]  # fmt: skip
    assert ("Missed by the AI", "Fracture") in film.reviews[0].facts


@pytest.mark.parametrize(
    ("report", "signed"),
    [
        (study(reported()), False),
        (study(reported(SAVED)), False),
        (study(reported(SIGNED)), True),
        (study(reported(SIGNED, ADDED)), True),
        (study(reported(SIGNED), reported()), False),
        (study(reported(SIGNED), reported(SAVED)), False),
        (study(reported(SIGNED), leg()), False),
        (study(reported(SIGNED), leg(SAVED)), False),
        (study(leg()), False),
        (study(leg(SIGNED)), True),
        (study(reported(SIGNED), leg(SIGNED)), True),
        (study(reported(), leg(), signature=WHOLE), True),
        (study(reported(SAVED), leg(), signature=WHOLE), True),
        (study(reported(), earlier=(SIGNED,)), False),
        (study(reported(SAVED), earlier=(SIGNED,)), False),
        (study(reported(), earlier=(SAVED,)), False),
    ],
)
def test_a_report_is_signed_only_if_every_film_is_or_the_whole_study(report, signed):
    assert report.signed is signed
    sheet = sheet_of(report, "en")
    assert bool(sheet.unsigned) is bool(sheet.mark) is (not signed)
    assert page(sheet).count("NOT SIGNED: preliminary") == (0 if signed else 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_changed_since_it_was_signed_says_so(language):
    report = study(reported(SIGNED), leg(), reported(), signature=WHOLE, changed=True)
    sheet = sheet_of(report, language)
    assert sheet.unsigned.startswith(say("paper.changed", language))
    assert sheet.unsigned.endswith(say("paper.lacking", language, films="2, 3"))
    assert sheet.mark == say("paper.unsigned_mark", language)
    assert WHOLE.reader in sheet.signature
    assert sheet.signature != sheet_of(replace(report, changed=False), language).signature
    assert [bool(one.unread) for one in sheet.films] == [False, True, True]


def test_the_films_that_lack_a_signature_are_named_unless_all_do():
    some = sheet_of(study(reported(SIGNED), leg(), reported(SAVED)), "en")
    assert some.unsigned == (
        "NOT SIGNED: preliminary, not confirmed by a doctor; not signed: film 2, 3"
    )
    assert "film" not in sheet_of(study(reported(SAVED), leg()), "en").unsigned
    many = sheet_of(study(reported(SIGNED), *(leg() for _ in range(12))), "en").unsigned
    assert many.endswith("film 2, 3, 4, 5, 6, 7, 8, 9, …")


def test_a_film_that_the_studys_signature_stands_for_says_so():
    report = study(reported(SIGNED), leg(), signature=WHOLE)
    said = page(sheet_of(report, "en"))
    assert said.count("the signature for the whole study stands for it") == 1
    assert "Signed for the whole study: BS. Trần Văn Đức, 24 Nov 2026 15:04" in said


def test_agreement_with_what_is_shown_is_printed():
    agreed = replace(SIGNED, agrees=True, impression="")
    for film in (reported(agreed), reported(replace(agreed, verdicts={}))):
        said = sheet_of(study(film), "en").films[0].reviews[0]
        assert ("AI result", "Agrees with what is shown") in said.facts


def test_addenda_follow_in_order_with_what_they_change():
    said = sheet_of(study(reported(SIGNED, ADDED)), "en").films[0].reviews
    assert [one.heading.split(":")[0] for one in said] == ["Signed", "Addendum, signed"]
    assert ("Findings", "Pleural effusion: Agree") in said[1].facts
    assert "24 Nov 2026 15:09" in said[0].heading


def test_readings_of_replaced_results_are_not_lost():
    text = page(sheet_of(study(reported(), earlier=(SIGNED,)), "en"))
    assert "(Of an earlier result) Signed: BS. Đặng Thị Hồng Ánh" in text
    assert SIGNED.impression in text


def test_a_refused_image_says_why_and_claims_no_findings():
    sheet = sheet_of(study(reported(SIGNED), leg()), "en")
    assert "LEG" in sheet.films[1].refusals[0]
    assert sheet.films[1].rows == ()
    assert sheet.films[1].title == "Film 2 of 2"


def test_what_is_left_out_is_said_and_not_there():
    hidden = study(patient=None, accession="")
    text = page(sheet_of(hidden, "en"))
    assert "left out" in text
    for secret in ("QUỲNH", "KB-2026", "2026-11-0042", "1964"):
        assert secret not in text


def test_an_image_that_cannot_be_shown_is_named_as_such():
    assert say("paper.no_picture", "en") in page(sheet_of(study(reported(shown=False)), "en"))
    many = replace(reported(shown=False), pictured=False)
    assert say("paper.not_pictured", "en") in page(sheet_of(study(many), "en"))


HOSTILE = "</bdi><script>alert(1)</script>\x00\x1b[2J\ud800\u202e"


def test_hostile_text_is_text_on_the_page():
    bad = replace(SAVED, note=HOSTILE, impression=HOSTILE, reader=HOSTILE)
    patient = Patient(id=HOSTILE, name=HOSTILE, birth_date=HOSTILE)
    report = study(
        reported(bad), patient=patient, place=HOSTILE, address=HOSTILE, station=HOSTILE,
        accession=HOSTILE, sex=HOSTILE, acquired_at=HOSTILE,
    )  # fmt: skip
    text = page(sheet_of(report, "vi"))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not {"\x00", "\x1b"} & set(text)
    text.encode()


def test_the_reprs_of_what_is_reported_name_nobody():
    report = study()
    for value in (report, report.films[0].reviews[0], sheet_of(report, "vi").films[0].reviews[0]):
        assert not {"QUỲNH", "KB-2026-0417", "2026-11-0042", SAVED.note} & set(
            repr(value).split("'")
        )


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("NGUYỄN^THỊ ÁNH", "NGUYỄN THỊ ÁNH"), ("=李^明", "李 明"), ("^^", ""), ("A^^^Dr=B", "A Dr"),
    ],
)  # fmt: skip
def test_a_person_name_is_written_as_people_write_it(name, spoken):
    assert spoken_name(name) == spoken


def test_pictures_come_back_as_they_were_packed():
    film = reported().film
    back = unpacked(packed(film))
    assert (back.image, dict(back.overlays), back.cropped) == (film.image, film.overlays, True)


def test_what_is_no_pictures_is_refused():
    whole = packed(reported().film)
    for bad in (
        b"",
        whole[:-1],
        whole + b"x",
        b"X" + whole[1:],
        whole.replace(b"\xff\xd8\xff", b"abc"),
    ):
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpacked(bad)


def test_without_colour_the_line_still_tells_where_the_map_is():
    behind = backdrop(Image.new("L", (320, 400), 128), assessed().crop, (100, 80))
    plain, lined = (
        np.asarray(blend(behind, FINDINGS[0], 5.0, outlined=outlined).convert("L"))
        for outlined in (False, True)
    )
    assert {0, 255} == set(np.unique(lined[lined != plain]).tolist())
    rows, columns = np.nonzero(lined != plain)
    assert 100 < np.median(rows) < 220
    assert np.median(columns) > 160
