"""What OpenAPI says beyond the signatures: bodies, pictures, problems, how to sign in."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from cxr_triage.api.dicomweb.response import JSON_TYPE, XML_TYPE
from cxr_triage.api.platform.access import CSRF_HEADER
from cxr_triage.api.platform.problems import MEDIA_TYPE as PROBLEM_TYPE
from cxr_triage.api.platform.problems import Problem
from cxr_triage.api.v1 import examples
from cxr_triage.api.v1.declared import DeclaredIn
from cxr_triage.api.v1.models import ImagesOut
from cxr_triage.api.v1.uploads import FORM, IN_ADDRESS, RAW
from cxr_triage.report.film.viewer import MEDIA_TYPE as PIXEL_TYPE

REF = "#/components/schemas/"
BINARY = {"type": "string", "format": "binary"}

UPLOAD_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": "Of a picture that is the whole body; in a form, a field.",
            "schema": schema,
        }
        for name, schema in DeclaredIn.model_json_schema()["properties"].items()
        if name in IN_ADDRESS
    ],
    "requestBody": {
        "required": True,
        "content": {
            **{media_type: {"schema": BINARY} for media_type in RAW},
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": BINARY},
                        **DeclaredIn.model_json_schema()["properties"],
                    },
                },
                "example": examples.FORM,
            },
        },
    },
}

UPLOAD_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ImagesOut,
        "description": "Every result was there already.",
        "content": {"application/json": {"example": examples.SAME_IMAGES}},
    },
    201: {
        "description": "Every image is kept; at least one result is new.",
        "content": {"application/json": {"example": examples.IMAGES}},
    },
    207: {
        "model": ImagesOut,
        "description": "Some files could not be kept; see each `status`.",
        "content": {"application/json": {"example": examples.SOME_IMAGES}},
    },
}


STORE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "DICOM files; the parameter `type` is application/dicom.",
        "content": {"multipart/related": {"schema": BINARY}},
    }
}


def _store_response(description: str) -> dict[str, Any]:
    shapes: dict[str, Any] = {JSON_TYPE: {"schema": {"type": "object"}}, XML_TYPE: {}}
    return {"description": description, "content": shapes}


STORE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _store_response("Every instance is stored."),
    202: _store_response("Some instances failed, or were stored with a warning."),
    409: _store_response("No instance is stored; each has its reason."),
}


def _bytes(description: str, *media_types: str) -> dict[str, Any]:
    """Arguments of a route that answers with bytes of one of these kinds."""
    content = {media_type: {"schema": BINARY} for media_type in media_types}
    return {
        "response_class": type("Bytes", (Response,), {"media_type": media_types[0]}),
        "responses": {200: {"description": description, "content": content}},
    }


PICTURE = _bytes("The picture.", "image/png", "image/jpeg")
PIXELS = _bytes("The pixel file.", PIXEL_TYPE)
HTML = _bytes("The page.", "text/html")
PDF = _bytes("The file.", "application/pdf")
OPEN = {"/healthz", "/readyz"}
"""Addresses that anybody may ask for; so is signing in."""
FOR_PEOPLE = ("/v1/session", "/v1/people", "/v1/stations", "/v1/keys")
"""What no station's key opens."""


def describe(app: FastAPI, *, session_cookie: str) -> None:
    """Have the application describe itself in full. session_cookie: its name."""

    @cache
    def openapi() -> dict[str, Any]:
        return _document(app, session_cookie)

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, session_cookie: str) -> dict[str, Any]:
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description="Chest X-ray triage. For prioritisation only, not for diagnosis.",
        routes=app.routes,
    )
    components = document["components"]
    components["schemas"] |= _schemas()
    components["securitySchemes"] = {
        "station": {"type": "http", "scheme": "bearer", "description": "A station's API key."},
        "archive": {
            "type": "http",
            "scheme": "basic",
            "description": "A station's API key as the password, whatever the name.",
        },
        "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    for path, method, operation in _operations(document):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = {
            "description": "What went wrong, in the language of Accept-Language.",
            "content": {
                PROBLEM_TYPE: {
                    "schema": {"$ref": f"{REF}Problem"},
                    "example": examples.PROBLEM,
                }
            },
        }
        operation["security"] = _security(path, method)
    return document


def _schemas() -> dict[str, Any]:
    problem = Problem.model_json_schema(ref_template=REF + "{model}")
    parts: dict[str, Any] = problem.pop("$defs", {})
    return parts | {"Problem": problem}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _security(path: str, method: str) -> list[dict[str, list[str]]]:
    if path in OPEN or (path, method) == ("/v1/session", "post"):
        return []
    needed = ("session",) if method == "get" else ("session", "csrf")
    person: dict[str, list[str]] = {scheme: [] for scheme in needed}
    if path.startswith(FOR_PEOPLE):
        return [person]
    stations: list[dict[str, list[str]]] = [{"station": []}]
    if path.startswith("/dicomweb/"):
        stations.append({"archive": []})
    return [*stations, person]
