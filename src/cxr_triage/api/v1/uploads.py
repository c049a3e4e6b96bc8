"""The files of a request, one after the other, from the connection to the spool."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from cxr_triage.api.platform.problems import BodyRefused
from cxr_triage.api.platform.services import Services
from cxr_triage.api.v1.declared import declared_of
from cxr_triage.errors import MediaTypeUnsupported, RequestInvalid, TriageError
from cxr_triage.imaging.dicom.text import clean
from cxr_triage.service.intake.declared import Declared
from cxr_triage.service.intake.spool import Received
from cxr_triage.settings import Settings
from cxr_triage.store.database.faults import store_faults
from cxr_triage.store.records import Kept

FORM = "multipart/form-data"
DICOM = "application/dicom"
RAW = (
    DICOM, "application/octet-stream", "image/png", "image/jpeg", "image/tiff", "image/webp",
    "image/bmp", "image/gif", "image/jp2", "image/heic", "image/heif",
)  # fmt: skip
"""HEIC, too, so that its sender reads what to do."""

CODING = re.compile(r"[a-z0-9-]{1,20}")
BLOCK_BYTES = 1 << 20
MAX_FIELDS = 16
MAX_FIELD_BYTES = 4096
LONGEST_NAME = 255
"""Characters of a file's name that are kept."""
FIELD_TOO_LONG = "Part exceeded maximum size"
"""What Starlette says of it: most often a file whose part has `filename*` alone."""
FILE_FIELD = "file"
IN_ADDRESS = frozenset({"adult", "age", "bits", "sex", "view"})
"""Fields that may stand in the address beside a picture as the body: they name nobody."""

TakeFile = Callable[[Received, Declared], Kept]
UploadOutcome = Kept | TriageError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A form's files, spooled by its parser, and what it declares."""

    files: list[UploadFile]
    declared: Declared


async def take_files(request: Request, services: Services, take: TakeFile) -> list[UploadOutcome]:
    """Take each file of the request; what stops one does not stop the next.

    Raises RequestError, or BodyRefused by a limit.
    """
    check_content_coding(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in RAW:
        declared = declared_of(address_fields(request), services.settings.zone)
        return [await _take_body(request, services, take, declared)]
    if media_type != FORM:
        raise MediaTypeUnsupported("media_type")
    outcomes = []
    async for form in _form(request, services.settings):
        for file in form.files:
            outcomes.append(
                await run_in_threadpool(_take_part, file, form.declared, services, take)
            )
    return outcomes


def check_content_coding(request: Request) -> None:
    """Bodies are taken as they are (RFC 9110 8.4). Raises MediaTypeUnsupported."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        known = coding if CODING.fullmatch(coding) else "?"
        raise MediaTypeUnsupported("content_coding", coding=known)


def address_fields(request: Request) -> dict[str, str]:
    """What the address says of a picture that is the whole body; a form has fields of its own.

    Raises RequestInvalid `field_not_in_address` for what could say whom it shows: addresses are
    written down by servers and browsers.
    """
    fields = dict(request.query_params)
    if not fields.keys() <= IN_ADDRESS:
        raise RequestInvalid("field_not_in_address", known=", ".join(sorted(IN_ADDRESS)))
    return fields


async def _take_body(
    request: Request, services: Services, take: TakeFile, declared: Declared
) -> UploadOutcome:
    try:
        with services.spool.open() as incoming:
            async for block in in_blocks(request):  # hashed and written off the event loop
                await run_in_threadpool(incoming.write, *block)
            received = await run_in_threadpool(incoming.finish)
            return await run_in_threadpool(take, received, declared)
    except TriageError as error:
        return error


async def in_blocks(request: Request) -> AsyncIterator[list[bytes]]:
    """The body in blocks of BLOCK_BYTES and a bit, the last one smaller; each in its pieces."""
    block: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        block.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    yield block


async def _form(request: Request, settings: Settings) -> AsyncIterator[_Form]:
    """The form, while its spooled files are there. Raises RequestInvalid."""
    max_files = settings.max_files
    try:
        with store_faults():
            form = await request.form(
                max_files=max_files, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
            )
    except BodyRefused:
        raise
    except (HTTPException, FormParserError, LookupError, UnicodeError) as problem:
        if FIELD_TOO_LONG in str(getattr(problem, "detail", "")):
            raise RequestInvalid("form_field_too_long", limit=MAX_FIELD_BYTES) from None
        raise RequestInvalid("form_invalid", limit=max_files) from None
    try:
        yield _read_form(form, settings.zone)
    finally:
        await form.close()


def _read_form(form: FormData, zone: ZoneInfo) -> _Form:
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if FILE_FIELD in fields:
        raise RequestInvalid("form_field_too_long", limit=MAX_FIELD_BYTES)
    if not files:
        raise RequestInvalid("no_file")
    return _Form(files=files, declared=declared_of(fields, zone))


def _take_part(
    file: UploadFile, declared: Declared, services: Services, take: TakeFile
) -> UploadOutcome:
    """Whatever its sender calls it, its name in the spool is ours; theirs is kept for people,
    without the folders that some browsers put before it."""
    name = clean((file.filename or "").replace("\\", "/").rpartition("/")[2], longest=LONGEST_NAME)
    try:
        with services.spool.open() as incoming:
            while block := file.file.read(BLOCK_BYTES):
                incoming.write(block)
            return take(incoming.finish(name), declared)
    except TriageError as error:
        return error
