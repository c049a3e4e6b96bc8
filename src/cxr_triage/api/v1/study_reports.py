"""A study's report, as a page that prints and as a PDF."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from cxr_triage.api.platform.access import From, Reader, Spoken
from cxr_triage.api.platform.documentation import HTML, PDF
from cxr_triage.api.platform.services import Opened, Services
from cxr_triage.api.v1.models import MAX_NAME
from cxr_triage.api.v1.studies import own_id
from cxr_triage.language import Language
from cxr_triage.report.study.page import page, page_policy
from cxr_triage.report.study.pdf import pdf
from cxr_triage.report.study.sheet import Sheet
from cxr_triage.service.audit import Origin
from cxr_triage.service.people.principal import Principal

router = APIRouter(prefix="/v1/studies/{study}", tags=["worklist"])

WantedLanguage = Annotated[
    Language | None,
    Query(alias="lang", description="Of the report; else that of Accept-Language."),
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WantedReport:
    """Of which study, by whom and in which language."""

    services: Services
    who: Principal
    origin: Origin
    study_id: str
    language: Language

    def printed(self, make: Callable[[Sheet], Response]) -> Response:
        """What `make` answers with, made when their turn has come."""
        return self.services.reporter.printed(
            self.who, self.study_id, self.language, make=make, origin=self.origin
        )


def _wanted(
    services: Opened,
    who: Reader,
    origin: From,
    spoken: Spoken,
    study: Annotated[str, Path(max_length=MAX_NAME)],
    wanted: WantedLanguage = None,
) -> WantedReport:
    return WantedReport(
        services=services,
        who=who,
        origin=origin,
        study_id=own_id(services, who, study),
        language=wanted or spoken,
    )


Wanted = Annotated[WantedReport, Depends(_wanted)]


@router.get("/report.html", **HTML)
def read_study_report(wanted: Wanted) -> Response:
    """A study on A4: whom it is about, images beside heatmaps, findings with the doctor's
    verdicts, the reading, the model. While a reading is not signed, every page says so. Who
    may not see patients gets it without names, identifiers and free texts."""
    return wanted.printed(page_answer)


@router.get("/report.pdf", **PDF)
def read_study_pdf(wanted: Wanted) -> Response:
    """The same as a PDF, whose text can be selected. Its name says nothing of the patient."""
    return wanted.printed(pdf_answer)


def page_answer(sheet: Sheet, dark_media: str = "") -> Response:
    """The page, with the policy that lets its style and its pictures in. dark_media: see `page`."""
    return Response(
        page(sheet, dark_media),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": page_policy()},
    )


def pdf_answer(sheet: Sheet) -> Response:
    """The file, to be shown by a browser or saved under our own id."""
    name = f"report-{sheet.study_id}.pdf"
    return Response(
        pdf(sheet),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
