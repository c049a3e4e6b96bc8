"""STOW-RS (DICOM PS3.18 10.5): archives and X-ray machines send instances, many in a request."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from python_multipart.multipart import parse_options_header

from cxr_triage.api.dicomweb.response import overall_status, response_body, response_type
from cxr_triage.api.dicomweb.storing import Storing
from cxr_triage.api.platform.access import From, Sender
from cxr_triage.api.platform.documentation import STORE_BODY, STORE_RESPONSES
from cxr_triage.api.platform.services import Opened, Services
from cxr_triage.api.v1.uploads import DICOM, check_content_coding, in_blocks
from cxr_triage.errors import MediaTypeUnsupported
from cxr_triage.service.audit import Origin
from cxr_triage.service.intake.spool import Received
from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import Kept

RELATED = "multipart/related"

router = APIRouter(prefix="/dicomweb", tags=["DICOMweb"])


@router.post("/studies", responses=STORE_RESPONSES, openapi_extra=STORE_BODY)
async def store(request: Request, services: Opened, who: Sender, origin: From) -> Response:
    """Store instances (STOW-RS).

    Each part of the body is one DICOM file; its headers are not looked at. What the answer
    names as stored is on the disk, with its result; an instance that was sent before is stored
    already. An instance that must not be scored is stored and shown as not assessed. What
    failed has a reason of PS3.18 table I.2-2; it can be sent again, also with the rest.
    """
    return await _stored(request, services, who, origin, study_uid="")


@router.post("/studies/{study_uid}", responses=STORE_RESPONSES, openapi_extra=STORE_BODY)
async def store_in_study(
    request: Request, study_uid: str, services: Opened, who: Sender, origin: From
) -> Response:
    """Store instances of one study (STOW-RS).

    As without the study; an instance with another Study Instance UID fails (C409).
    """
    return await _stored(request, services, who, origin, study_uid=study_uid)


async def _stored(
    request: Request, services: Services, who: Principal, origin: Origin, *, study_uid: str
) -> Response:
    who.need("upload")
    check_content_coding(request)
    accept = request.query_params.get("accept") or request.headers.get("accept", "")
    media_type = response_type(accept)

    def take(received: Received) -> Kept:
        return services.intake.take(
            received, who, origin=origin, study_uid=study_uid, entrance="dicomweb"
        )

    with Storing(_boundary(request), services.spool, take) as storing:
        async for block in in_blocks(request):
            await run_in_threadpool(storing.feed, b"".join(block))
        storing.finish()
    body = response_body(storing.outcomes, media_type)
    return Response(body, overall_status(storing.outcomes), media_type=media_type)


def _boundary(request: Request) -> str:
    """Raises MediaTypeUnsupported for anything but related DICOM files."""
    media_type, parameters = parse_options_header(request.headers.get("content-type", ""))
    kind = parameters.get(b"type", DICOM.encode())
    if media_type.lower() != RELATED.encode() or kind.lower() != DICOM.encode():
        raise MediaTypeUnsupported("store_media_type")
    return parameters.get(b"boundary", b"").decode("latin-1")
