"""A study's report under the address that people see: to be read, printed and saved.

On paper a film that names nobody can end in anybody's file: it is printed without a name only
where somebody says so. Programs get it as it is (`api.v1.study_reports`).
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.v1.models import MAX_NAME
from cxr_triage.api.v1.study_reports import WantedReport, page_answer, pdf_answer
from cxr_triage.language import LANGUAGES
from cxr_triage.report.study.report import is_named
from cxr_triage.service.review import disclosure
from cxr_triage.web.rendering import render
from cxr_triage.web.schemes import dark_media, scheme_of
from cxr_triage.web.visit import ReaderVisit

router = APIRouter(prefix="/studies/{study}")

StudyId = Annotated[str, Path(alias="study", max_length=MAX_NAME)]
Lang = Annotated[str, Query(alias="lang", max_length=8)]
Chosen = Annotated[bool, Query(alias="without_name")]


def _wanted(
    visit: ReaderVisit, origin: From, study: StudyId, lang: Lang = "", without_name: Chosen = False
) -> WantedReport | Response:
    """In the language of who looks, or in the one that they ask for; or the question whether it
    is to be printed without a name."""
    bears_name = visit.services.settings.report_names and visit.may("see_patients")
    if bears_name and not without_name:
        detail = disclosure.study(visit.services.store, visit.who, study)
        if not is_named(detail.row.patient):
            return render(
                visit,
                "print_nameless.html.j2",
                study=detail.row,
                shown=detail.images[0],
                lang=lang,
                address=visit.request.url.path,
            )
    return WantedReport(
        services=visit.services,
        who=visit.who,
        origin=origin,
        study_id=study,
        language=next((one for one in LANGUAGES if one == lang), visit.language),
    )


Wanted = Annotated[WantedReport | Response, Depends(_wanted)]


@router.get("/report", response_model=None)
def read_report(visit: ReaderVisit, wanted: Wanted) -> Response:
    """The page."""
    if isinstance(wanted, Response):
        return wanted
    return wanted.printed(partial(page_answer, dark_media=dark_media(scheme_of(visit))))


@router.get("/report.pdf", response_model=None)
def read_report_pdf(wanted: Wanted) -> Response:
    """The PDF."""
    return wanted if isinstance(wanted, Response) else wanted.printed(pdf_answer)
