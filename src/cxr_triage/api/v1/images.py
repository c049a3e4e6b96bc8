"""POST /v1/images: files in, assessments out."""

from fastapi import APIRouter, Request, Response

from cxr_triage.api.platform.access import From, Spoken, Uploader
from cxr_triage.api.platform.documentation import UPLOAD_BODY, UPLOAD_RESPONSES
from cxr_triage.api.platform.problems import problem_of, status_of
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.models import ImageOut, ImagesOut
from cxr_triage.api.v1.shapes import assessment_out
from cxr_triage.api.v1.uploads import UploadOutcome, take_files
from cxr_triage.domain import NextSteps
from cxr_triage.errors import TriageError
from cxr_triage.language import Language
from cxr_triage.result.public import PublicReason, reason_fields
from cxr_triage.service.audit import Origin
from cxr_triage.service.intake.declared import Declared
from cxr_triage.service.intake.spool import Received
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import shown_result
from cxr_triage.store.records import Kept

router = APIRouter(prefix="/v1", tags=["images"])


@router.post(
    "/images",
    status_code=201,
    response_model=ImagesOut,
    responses=UPLOAD_RESPONSES,
    openapi_extra=UPLOAD_BODY,
)
async def upload(
    request: Request,
    response: Response,
    services: Opened,
    who: Uploader,
    origin: From,
    language: Spoken,
) -> ImagesOut:
    """Keep images and their results.

    One image as the body, or one or many files as a form. What is acknowledged is on the
    disk. A file that was sent before is answered with the result that is there (200). An image
    that must not be scored is kept and answered with its reasons (outcome `referred`). A DICOM
    object speaks for itself; for pictures the form's fields say whom they show.

    One file that cannot be kept is answered with its problem. Of several files, each has its
    own status in the answer, which is 207 if any of them could not be kept.
    """

    def take(received: Received, declared: Declared) -> Kept:
        return services.intake.take(received, who, origin=origin, declared=declared)

    outcomes = await take_files(request, services, take)
    if len(outcomes) == 1 and isinstance(outcomes[0], TriageError):
        raise outcomes[0]
    images = [
        _image(number, outcome, who, origin, language, services.next_steps)
        for number, outcome in enumerate(outcomes, start=1)
    ]
    statuses = {image.status for image in images}
    if not statuses <= {200, 201}:
        response.status_code = 207
    else:
        response.status_code = 201 if 201 in statuses else 200
    return ImagesOut(images=images)


def _image(
    number: int,
    outcome: UploadOutcome,
    who: Principal,
    origin: Origin,
    language: Language,
    steps: NextSteps,
) -> ImageOut:
    if isinstance(outcome, TriageError):
        return ImageOut(
            file=number,
            status=status_of(outcome),
            problem=problem_of(outcome, language, origin.request_id),
        )
    return ImageOut(
        file=number,
        status=201 if outcome.created else 200,
        assessment=assessment_out(shown_result(outcome.stored, who), language, steps),
        warnings=[PublicReason(**reason_fields(one, language)) for one in outcome.warnings],
    )
