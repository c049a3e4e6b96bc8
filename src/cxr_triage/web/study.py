"""The page of a study: the film, what the model says of it, doctors' reviews."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import RedirectResponse

from cxr_triage.api.platform.access import From
from cxr_triage.api.v1.models import MAX_NAME
from cxr_triage.api.v1.studies import note_opened
from cxr_triage.errors import NotFound
from cxr_triage.service.audit import Action, entry, note
from cxr_triage.service.review import disclosure
from cxr_triage.service.review.disclosure import ShownStudy
from cxr_triage.store.records import INCIDENT_KINDS, StoredAssessment
from cxr_triage.web.beside import beside, next_address
from cxr_triage.web.filters import LONGEST, filters_of
from cxr_triage.web.rendering import render
from cxr_triage.web.study_corrections import correction_values
from cxr_triage.web.study_parts import film_values, reviews_of, scale_values
from cxr_triage.web.visit import ReaderVisit, Visit

router = APIRouter(prefix="/studies/{study}")

StudyId = Annotated[str, Path(alias="study", max_length=MAX_NAME)]
ImageId = Annotated[str, Query(alias="image", max_length=MAX_NAME)]
CameFrom = Annotated[str, Query(alias="from", max_length=LONGEST)]


@router.get("")
def read_study(
    visit: ReaderVisit, origin: From, id_: StudyId, image: ImageId = "", came_from: CameFrom = ""
) -> Response:
    """One image of the study at a time, the most urgent first; a doctor who sees it opens it."""
    services, who = visit.services, visit.who
    detail = disclosure.study(services.store, who, id_)
    older = _older(visit, detail, image)
    shown = _shown(detail, older, image)
    note_opened(services, who, origin, detail)
    return render(
        visit,
        "study.html.j2",
        study=detail.row,
        images=detail.images,
        older=[one for one in older if one.image_id == shown.image_id],
        shown=shown,
        found=shown.assessment,
        made_now=services.pool.running.would_make(shown.assessment),
        beside=beside(services, who, detail.row.study_id, came_from),
        came_from=filters_of(came_from).address(),
        show_heatmap=services.settings.heatmap_first,
        film=film_values(shown, services.settings, withheld=not disclosure.sees_films(who)),
        incidents=services.store.incidents.of_result(shown.assessment.id),
        incident_kinds=INCIDENT_KINDS,
        **scale_values(shown),
        **reviews_of(detail, shown, who),
        **correction_values(visit, detail, shown),
    )


@router.get("/next")
def read_next(visit: ReaderVisit, id_: StudyId, came_from: CameFrom = "") -> Response:
    """On to the most urgent study that is to be read."""
    visit.who.need("review")
    address = next_address(visit.services, visit.who, id_, came_from)
    return RedirectResponse(address, 303)


@router.get("/others")
def read_others(visit: ReaderVisit, id_: StudyId) -> Response:
    """Other films of the patient, for the page's script once the film is there."""
    store, who = visit.services.store, visit.who
    row = disclosure.study(store, who, id_).row
    return render(
        visit,
        "study_others.html.j2",
        study=row,
        others=disclosure.other_studies(store, who, id_),
        comparable=disclosure.comparable,
    )


@router.get("/reading")
def read_reading(
    visit: ReaderVisit, origin: From, id_: StudyId, image: ImageId, came_from: CameFrom = ""
) -> Response:
    """The reviews of one result alone, for the page's script after somebody saved."""
    who = visit.who
    detail = disclosure.study(visit.services.store, who, id_)
    shown = _shown(detail, _older(visit, detail, image), image)
    actor = who.acts_from(origin)
    note(visit.services.store, entry(Action.STUDY_OPENED, actor, study_id=detail.row.study_id))
    return render(
        visit,
        "study_review.html.j2",
        study=detail.row,
        shown=shown,
        found=shown.assessment,
        came_from=filters_of(came_from).address(),
        **reviews_of(detail, shown, who),
    )


def _older(visit: Visit, detail: ShownStudy, image: str) -> list[StoredAssessment]:
    """Earlier results of the image that is asked for, or of the first."""
    everything = detail.everything
    known = {one.assessment.id: one for one in everything}
    wanted = [known[image]] if image in known else list(everything[: 1 if not image else None])
    return [
        older
        for one in wanted
        for older in disclosure.older_results(visit.services.store, visit.who, one.image_id)
    ]


def _shown(
    detail: ShownStudy, older: list[StoredAssessment], assessment_id: str
) -> StoredAssessment:
    """The result that is asked for, else the most urgent. Raises NotFound."""
    if not assessment_id:
        return detail.first
    for one in (*detail.everything, *older):
        if one.assessment.id == assessment_id:
            return one
    raise NotFound("assessment_not_found")
