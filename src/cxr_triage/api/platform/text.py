"""Text and times from outside, as every entrance takes them: what the store could not hold, or no
page could show, is refused at the edge.

Control characters (NUL among them) and halves of characters are none of anybody's text. A line has
no breaks either. `RefuseControls` sees to addresses, the types to everything in bodies.
"""

import unicodedata
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cxr_triage.api.platform.problems import ErrorHandler
from cxr_triage.errors import RequestInvalid
from cxr_triage.imaging.dicom.text import clean
from cxr_triage.service.review.worklist import THIS_AGE
from cxr_triage.store.rows.keys import LONGEST

BREAKS: Final = "\t\n\r"


def is_fit(text: str, *, allowed: str = "") -> bool:
    """Has it no control characters but those, and no half characters?"""
    return all(c in allowed or unicodedata.category(c) not in ("Cc", "Cs") for c in text)


def _line(text: str) -> str:
    return _fit(text, "")


def _words(text: str) -> str:
    return _fit(text, BREAKS)


def _fit(text: str, allowed: str) -> str:
    if not is_fit(text, allowed=allowed):
        raise PydanticCustomError("control_characters", "control characters")
    return text


def cleaned(longest: int) -> Callable[[object], object]:
    """Takes a line's letters that nobody sees away, and what is longer; what is no text is for
    pydantic to refuse."""

    def clean_line(value: object) -> object:
        return clean(_line(value), longest=longest) if isinstance(value, str) else value

    return clean_line


def _of_this_age(moment: AwareDatetime) -> AwareDatetime:
    if moment.year not in THIS_AGE:
        raise PydanticCustomError("time_out_of_range", "no time of this age")
    return moment


Line = Annotated[str, AfterValidator(_line)]
"""Text without breaks."""

Words = Annotated[str, AfterValidator(_words)]
"""Text of any number of lines."""

CleanLine = Annotated[str, BeforeValidator(cleaned(2 * LONGEST))]
"""What identifies somebody: without what nobody sees."""

Moment = Annotated[AwareDatetime, AfterValidator(_of_this_age)]
"""A time with its zone."""


class RefuseControls:
    """ASGI middleware: an address has none, however it spells them."""

    def __init__(self, app: ASGIApp, *, answer: ErrorHandler) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_fit_address(scope):
            await self._app(scope, receive, send)
            return
        error = RequestInvalid("control_characters")
        services = getattr(scope["app"].state, "services", None)
        if services is not None:
            services.metrics.problem(error.code)
        await self._answer(Request(scope), error, ())(scope, receive, send)


def _is_fit_address(scope: Scope) -> bool:
    query = unquote_to_bytes(scope.get("query_string", b"")).decode("utf-8", "replace")
    return is_fit(scope["path"]) and is_fit(query)
