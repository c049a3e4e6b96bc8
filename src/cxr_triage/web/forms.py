"""What a form brings, once it is certain that it is a form of ours."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser

from cxr_triage.api.problems import BodyRefused
from cxr_triage.errors import MediaTypeUnsupported, RequestInvalid
from cxr_triage.web.visit import Anyone

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 40

Fields = Mapping[str, str]


async def posted(request: Request, visit: Anyone) -> Fields:
    """The fields, of which a missing one is empty text: see `text`.

    Raises MediaTypeUnsupported, RequestInvalid or NotAllowed `csrf`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise MediaTypeUnsupported("media_type")
    try:
        form = await FormParser(request.headers, request.stream()).parse()
    except BodyRefused:
        raise
    except (HTTPException, UnicodeError, LookupError, ValueError):
        raise RequestInvalid("request_malformed") from None
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if len(form.multi_items()) > MAX_FIELDS:
        raise RequestInvalid("request_malformed")
    visit.check_csrf(fields.get("csrf", ""))
    return fields


Posted = Annotated[Fields, Depends(posted)]


def within(address: str, otherwise: str = "/") -> str:
    """`address` if it is a path of this service, else `otherwise`: nobody is sent away."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return otherwise
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    plain = address.isprintable() and "\\" not in address
    return address if ours and plain and not parts.scheme and not parts.netloc else otherwise
