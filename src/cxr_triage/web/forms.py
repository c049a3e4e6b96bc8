"""What a form brings, once it is certain that it is a form of ours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser

from cxr_triage.api.platform.problems import BodyRefused
from cxr_triage.api.platform.text import BREAKS, is_fit
from cxr_triage.errors import MediaTypeUnsupported, RequestInvalid
from cxr_triage.web.visit import AnyVisit

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 40

Fields = Mapping[str, str]


async def posted_lists(request: Request, visit: AnyVisit) -> Mapping[str, Sequence[str]]:
    """The fields, each with everything that was chosen there.

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
    if len(form.multi_items()) > MAX_FIELDS:
        raise RequestInvalid("request_malformed")
    fields: dict[str, list[str]] = defaultdict(list)
    for name, value in form.multi_items():
        if isinstance(value, str):
            if not (is_fit(name) and is_fit(value, allowed=BREAKS)):
                raise RequestInvalid("control_characters")
            fields[name].append(value)
    visit.check_csrf(fields["csrf"][-1] if fields["csrf"] else "")
    return fields


PostedLists = Annotated[Mapping[str, Sequence[str]], Depends(posted_lists)]


def posted(fields: PostedLists) -> Fields:
    """The fields, of which a missing one is empty text: see `text`. Raises as `posted_lists`."""
    return {name: values[-1] for name, values in fields.items() if values}


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
