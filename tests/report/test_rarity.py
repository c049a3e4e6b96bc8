"""Reports of a model that is fitted to films: the film's decision first, then how unusual."""

from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from cxr_triage.language import LANGUAGES, say
from cxr_triage.report.film.notebook import cell
from cxr_triage.report.study.page import page as study_page
from cxr_triage.report.study.pdf import pdf
from cxr_triage.report.study.wording import sheet_of
from cxr_triage.result.decided import missed, not_looked_for, rarity_text, share_text
from cxr_triage.result.sentences import priority_sentence
from tests.report.films import (
    CARD,
    DECISION,
    assessed,
    decided,
    film,
    finding,
    nothing_flagged,
    page,
)
from tests.report.studies import reported, study


def film_report(found, language):
    return page([[film(found)]], language=language)


def notebook(found, language):
    return cell(film(found), language=language)


def study_report(found, language):
    return study_page(sheet_of(study(reported(assessment=found)), language))


def study_pdf(found, language):
    data = pdf(sheet_of(study(reported(assessment=found)), language))
    pages = PdfReader(BytesIO(data)).pages
    return " ".join(" ".join(one.extract_text().split()) for one in pages)


FORMS = (film_report, notebook, study_report, study_pdf)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_what_to_do_next_comes_first_then_why_in_every_form(form, language):
    found = decided()
    text = form(found, language)
    step = say("next_step.urgent", language)
    why = priority_sentence(found.reason, language, found.decision)
    assert -1 < text.index(step) < text.index(why)
    assert rarity_text(0.04, language).replace("<", "&lt;") in text
    assert say("measured.well", language, number=400, films="Test films") in text


@pytest.mark.parametrize("form", FORMS)
def test_nothing_flagged_is_never_normal_in_any_form(form):
    found = nothing_flagged()
    text = form(found, "en")
    assert missed(DECISION, "en") in text
    assert "tuberculosis" in text
    if form is not study_pdf:
        assert not_looked_for(found.model, "en") in text


@pytest.mark.parametrize("form", FORMS)
def test_what_is_fitted_to_no_films_says_so_and_keeps_scores(form):
    text = form(assessed(), "en")
    assert say("unfitted", "en") in text
    assert "0.81" in text
    moved = replace(finding("Nodule", 0.7), threshold=0.6)
    assert say("unfitted.thresholds", "en") in form(assessed(findings=(moved,)), "en")
    assert say("unfitted", "en") not in form(decided(), "en")


def test_a_bar_shows_rarity_with_the_cuts_that_the_finding_may_reach():
    html = page([[film(decided())]])
    table = html[html.index('class="findings raised"') :]
    first, second = table.split('<svg class="bar rare')[1:3]
    assert 'class="cut urgent"' in first
    assert 'class="cut urgent"' not in second
    assert 'class="cut routine"' in second
    assert 'class="cut critical"' not in html
    assert say("measured.nothing_critical", "en") in html


def test_raw_numbers_stand_behind_the_details():
    html = page([[film(decided())]])
    shown, details = html.split("<details>", 1)
    article = shown[shown.index("<article") :]
    assert "0.81" not in article
    assert "0.81" in details
    assert say("trust.not_reliable", "en") in details


def test_a_label_that_is_not_reliable_says_so_where_it_is_flagged():
    first, *rest = decided().findings
    html = page([[film(decided(replace(first, trust="not_reliable"), *rest))]])
    assert say("trust.not_reliable", "en") in html.split("<details>", 1)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_explains_its_bars(language):
    text = study_pdf(decided(), language)
    cuts = {"routine": share_text(0.3, language), "urgent": share_text(0.1, language)}
    assert say("rarity.paper", language, **cuts) in text


def test_a_report_uses_the_sites_words_for_what_to_do():
    report = study(
        reported(assessment=decided()), steps={"urgent": {"en": "Call 115.", "vi": "Gọi 115."}}
    )
    sheet = sheet_of(report, "vi")
    assert sheet.next_step == "Gọi 115."
    assert not sheet.caveats
    older = sheet_of(replace(report, made_before=True), "en")
    assert say("paper.made_before", "en") in older.caveats


def test_the_card_of_the_film_says_what_was_not_looked_for():
    assert not_looked_for(CARD, "vi").startswith("AI không tìm: lao phổi, ")
