"""The PDF of a study's report: its pages, its text, its bytes."""

import re
import unicodedata
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from cxr_triage.domain import Patient
from cxr_triage.language import LANGUAGES, say
from cxr_triage.report.study.pdf import pdf
from cxr_triage.report.study.wording import sheet_of
from cxr_triage.report.typeface import LACKING, Letters, typeface
from tests.language.messages import KEYS, sentences
from tests.report.films import CARD, assessed, finding
from tests.report.studies import ADDED, PATIENT, SAVED, SIGNED, leg, reported, study


def reader(report, language="vi") -> PdfReader:
    return PdfReader(BytesIO(pdf(sheet_of(report, language))))


def pages(report, language="vi") -> list[str]:
    """Each page's text, its lines joined."""
    return [" ".join(page.extract_text().split()) for page in reader(report, language).pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_usual_study_is_one_small_page_of_selectable_text(language):
    data = pdf(sheet_of(study(), language))
    assert len(data) < 1_000_000
    (text,) = pages(study(), language)
    for part in (
        "NGUYỄN THỊ PHƯƠNG QUỲNH", "Trung tâm Y tế huyện Ba Vì", "KB-2026-0417", "2026-11-0042",
        "Tràn khí màng phổi phải lượng ít.", say("viewer.verdict.unsure", language),
        say("intended_use", language), say("paper.page", language, page=1, pages=1),
    ):  # fmt: skip
        assert part in text
    assert unicodedata.is_normalized("NFC", text)


def test_even_a_study_with_many_findings_is_one_page():
    labels = ("Pneumothorax", "Effusion", "Nodule", "Mass", "Edema", "Fibrosis", "Emphysema",
              "Pneumonia", "Infiltration", "Atelectasis", "Cardiomegaly")  # fmt: skip
    many = assessed(findings=tuple(finding(label, 0.6) for label in labels), card=CARD)
    assert len(pages(study(reported(SAVED, assessment=many)))) == 1


def test_every_page_says_that_it_is_unsigned_and_what_it_is_for():
    long = replace(SAVED, note="Ghi chú rất dài. " * 235)
    found = pages(study(reported(long), reported(long), leg()))
    assert len(found) > 2
    for number, text in enumerate(found, 1):
        assert text.count("CHƯA KÝ: kết quả sơ bộ") == 2
        assert "CHƯA KÝ" in text.replace("CHƯA KÝ:", "")
        assert say("intended_use", "vi") in text
        assert say("demonstration_model", "vi") in text
        assert f"Trang {number}/{len(found)}" in text
        assert "NGUYỄN THỊ PHƯƠNG QUỲNH" in text
        assert "KB-2026-0417" in text


def test_a_signed_report_does_not_say_so_and_has_its_addenda():
    text = " ".join(pages(study(reported(SIGNED, ADDED))))
    assert "CHƯA KÝ" not in text
    assert text.index(SIGNED.impression) < text.index(ADDED.impression)


def test_the_same_sheet_gives_the_same_bytes():
    sheet = sheet_of(study(reported(SIGNED), leg()), "vi")
    assert pdf(sheet) == pdf(sheet)


def test_its_own_data_say_the_language_and_nothing_of_the_patient():
    found = reader(study())
    assert found.trailer["/Root"]["/Lang"] == "vi"
    told = " ".join(map(str, (found.metadata or {}).values()))
    assert "X-quang ngực" in told
    for secret in ("QUỲNH", "KB-2026", "2026-11-0042"):
        assert secret not in told


def test_the_fonts_are_in_the_file():
    fonts = reader(study()).pages[0]["/Resources"]["/Font"]
    used = {font.get_object()["/BaseFont"]: font.get_object() for font in fonts.values()}
    noto = [font for name, font in used.items() if "NotoSans" in name]
    assert len(noto) >= 2
    assert all("/FontFile2" in font["/FontDescriptor"] for font in noto)


HOSTILE = '<b>&<br/></para><img src="/etc/passwd"/>\x07\x00\u202e'


def test_hostile_text_is_text_and_breaks_no_layout():
    bad = replace(SAVED, note=(HOSTILE * 100)[:4000], impression="W" * 4000, reader=HOSTILE)
    patient = Patient(id="9" * 64, name="Q" * 255, birth_date=HOSTILE)
    found = pages(study(reported(bad), patient=patient, place=HOSTILE * 4, station="S" * 200))
    assert "<b>&<br/></para><img" in " ".join(found)
    assert sum(text.count("W") for text in found) >= 4000
    assert found[0].count("Q") >= 255
    assert all("9" * 64 in text for text in found[1:])


def test_lines_of_a_note_stay_lines():
    noted = replace(SAVED, note="một\r\nhai\nba")
    text = "\n".join(page.extract_text() for page in reader(study(reported(noted))).pages)
    assert re.search(r"một\s*\n\s*hai\s*\n\s*ba", text)


def test_letters_that_the_typeface_lacks_are_marked_and_explained():
    (text,) = pages(study(patient=replace(PATIENT, name="李^明")))
    assert f"{LACKING} {LACKING}" in text
    assert say("paper.letters", "vi", mark=LACKING) in text
    assert say("paper.letters", "vi", mark=LACKING) not in pages(study())[0]


def test_decomposed_letters_are_composed_and_invisible_ones_dropped():
    letters = Letters()
    assert letters.plain(unicodedata.normalize("NFD", "Nguyễn\u200b Ánh\x1f")) == "Nguyễn Ánh"
    assert not letters.lacked


@pytest.mark.parametrize(
    "key",
    [
        key
        for key in KEYS
        if key.startswith(
            (
                "paper",
                "report",
                "level",
                "priority",
                "heatmap",
                "reason",
                "viewer.verdict",
                "pixels",
            )
        )
    ],
)
def test_the_typeface_has_every_letter_of_our_own_sentences(key):
    lacking = {letter for one in sentences(key) for letter in one if ord(letter) not in typeface()}
    assert not lacking - {"\n"}


def test_what_is_left_out_is_nowhere_in_the_file():
    text = " ".join(pages(study(patient=None, accession="")))
    assert "không hiển thị" in text
    for secret in ("QUỲNH", "KB-2026", "2026-11-0042", "1964"):
        assert secret not in text
