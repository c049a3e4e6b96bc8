"""A study's report under the address that people see: to be read, printed and saved."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from cxr_triage.api.access import From
from cxr_triage.api.models import MAX_NAME
from cxr_triage.api.study_reports import page_answer, pdf_answer
from cxr_triage.language import LANGUAGES
from cxr_triage.report.sheet import Sheet
from cxr_triage.report.study_sheet import sheet_of
from cxr_triage.web.visit import Reader

router = APIRouter(prefix="/studies/{study}")


def _sheet(
    visit: Reader,
    origin: From,
    study: Annotated[str, Path(max_length=MAX_NAME)],
    lang: Annotated[str, Query(max_length=8)] = "",
) -> Sheet:
    """In the language of who looks, or in the one that they ask for."""
    language = next((one for one in LANGUAGES if one == lang), visit.language)
    report = visit.services.reporter.report(visit.who, study, language, origin=origin)
    return sheet_of(report, language)


Printed = Annotated[Sheet, Depends(_sheet)]


@router.get("/report")
def read_report(sheet: Printed) -> Response:
    """The page."""
    return page_answer(sheet)


@router.get("/report.pdf")
def read_report_pdf(sheet: Printed) -> Response:
    """The PDF."""
    return pdf_answer(sheet)
