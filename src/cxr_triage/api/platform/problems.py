"""Errors of the tree, and those of the framework, as problem+json (RFC 9457) of one shape."""

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cxr_triage import errors
from cxr_triage.errors import TriageError
from cxr_triage.language import Language, is_said, say

MEDIA_TYPE = "application/problem+json"

HTTP: dict[type[TriageError], int] = {
    errors.NotAnImage: 415,
    errors.UnreadableImage: 422,
    errors.UnsupportedImage: 422,
    errors.DecodingFailed: 422,
    errors.DecodingInterrupted: 503,
    errors.ImageTooLarge: 413,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StoreFull: 507,
    errors.StoreReadOnly: 503,
    errors.StoreBusy: 503,
    errors.StoreUnavailable: 503,
    errors.Overloaded: 503,
    errors.ProviderUnavailable: 503,
    errors.QueryInvalid: 422,
    errors.ReviewInvalid: 422,
    errors.CorrectionInvalid: 422,
    errors.AccountInvalid: 422,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.TooManyAttempts: 429,
    errors.OverQuota: 429,
    errors.RequestInvalid: 400,
    errors.RequestTooLarge: 413,
    errors.HeadersTooLarge: 431,
    errors.MediaTypeUnsupported: 415,
    errors.RequestTooSlow: 408,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.ModelError: 503,
}
"""The status of each class of the tree; one that is not here is our fault: 500."""

RETRY_AFTER_S = 10
""" "Come again" where the error does not say when."""


class BodyRefused(HTTPException):
    """Raised while a body is read: an HTTPException, which FastAPI lets pass."""

    def __init__(self, error: TriageError) -> None:
        super().__init__(status_of(error))
        self.error = error


class Place(BaseModel):
    """Where in a request something is wrong, and what kind of wrong it is."""

    where: str = Field(examples=["body.version"])
    problem: str = Field(examples=["int_parsing"])


class Problem(BaseModel):
    """What went wrong, in the language of Accept-Language; `code` is stable."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:cxr-triage:error:not_an_image"])
    title: str = Field(examples=["Not a kind that is read here"])
    status: int = Field(examples=[415])
    detail: str = Field(examples=["Not an image: neither DICOM nor a picture that is read here."])
    code: str = Field(examples=["not_an_image"])
    request_id: str = Field(examples=["0c4d8c8d9d0f4bb0a9bb0a54f8a3f6ce"])
    places: list[Place] = []


def status_of(error: TriageError) -> int:
    """The status of the error's class, or of the nearest one above it."""
    return next((HTTP[kind] for kind in type(error).__mro__ if kind in HTTP), 500)


def problem_of(
    error: TriageError, language: Language, request_id: str, places: Sequence[Place] = ()
) -> Problem:
    """The error as people and programs read it."""
    status = status_of(error)
    title = f"problem.{status}"
    return Problem(
        type=f"urn:cxr-triage:error:{error.code}",
        title=say(title if is_said(title) else "problem.500", language),
        status=status,
        detail=error.message(language),
        code=error.code,
        request_id=request_id,
        places=list(places),
    )


def headers_of(error: TriageError) -> dict[str, str]:
    """When to come again, and how to sign in."""
    status = status_of(error)
    challenge = str(error.values.get("challenge", "Bearer"))
    headers = {"WWW-Authenticate": challenge} if status == 401 else {}
    if error.code == "content_coding":
        headers["Accept-Encoding"] = "identity"
    if status in {408, 413, 431}:
        headers["Connection"] = "close"  # the rest of the body is not read
    if status in {429, 503}:
        after_s = float(str(error.values.get("retry_after_s", RETRY_AFTER_S)))
        headers["Retry-After"] = str(math.ceil(after_s))
    return headers


def respond(
    error: TriageError, language: Language, request_id: str, places: Sequence[Place] = ()
) -> Response:
    """The whole answer."""
    problem = problem_of(error, language, request_id, places)
    return JSONResponse(
        problem.model_dump(exclude_defaults=True),
        problem.status,
        headers=headers_of(error),
        media_type=MEDIA_TYPE,
    )


ErrorHandler = Callable[[Request, TriageError, Sequence[Place]], Response]
"""How an entrance answers an error."""


def answer_problem(request: Request, error: TriageError, places: Sequence[Place] = ()) -> Response:
    """As programs read it. `observing` has put language and id into the request's state."""
    return respond(error, request.state.language, request.state.request_id, places)


def handle_problems(app: FastAPI, answer: ErrorHandler = answer_problem) -> None:
    """Count every error of a request, and give all one shape. Unexpected ones: see
    `observing`."""

    def counted(request: Request, error: TriageError, places: Sequence[Place] = ()) -> Response:
        services = getattr(request.app.state, "services", None)
        if services is not None:  # it may be that they are what could not be opened
            services.metrics.problem(error.code)
        return answer(request, error, places)

    def of_tree(request: Request, error: Exception) -> Response:
        places: tuple[Place, ...] = ()
        if isinstance(error, errors.FieldInvalid):
            places = (Place(where=f"body.{error.values['field']}", problem=error.code),)
        return counted(request, cast(TriageError, error), places)

    def of_framework(request: Request, error: Exception) -> Response:
        found = cast(HTTPException, error)
        known = found.error if isinstance(found, BodyRefused) else of_status(found.status_code)
        response = counted(request, known)
        response.headers.update(found.headers or {})
        return response

    def of_validation(request: Request, error: Exception) -> Response:
        found = cast(RequestValidationError, error).errors()
        if any(one["type"] == "json_invalid" for one in found):
            return counted(request, errors.RequestInvalid("request_malformed"))
        return counted(request, errors.QueryInvalid("request_invalid"), _places(found))

    app.add_exception_handler(TriageError, of_tree)
    app.add_exception_handler(HTTPException, of_framework)
    app.add_exception_handler(RequestValidationError, of_validation)


def of_status(status: int) -> TriageError:
    """An error of the framework as one of the tree."""
    kinds: dict[int, TriageError] = {
        404: errors.NotFound("no_such_page"),
        405: errors.MethodNotAllowed("method_not_allowed"),
    }
    return kinds.get(status, errors.RequestInvalid("request_malformed"))


def _places(found: Sequence[Any]) -> list[Place]:
    """Which field, and what kind of wrong it is; never what was sent, keys included."""
    places = []
    for one in found[:20]:
        known = one["loc"][: 1 if one["type"] == "extra_forbidden" else 2]
        places.append(Place(where=".".join(map(str, known)), problem=str(one["type"])))
    return places
