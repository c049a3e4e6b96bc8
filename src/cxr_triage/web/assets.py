"""Style sheets, scripts and the icon: read once, cached long, under an address with a version."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter, Request, Response

from cxr_triage.errors import NotFound
from cxr_triage.report.film.html import template_text

router = APIRouter()

MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
LONG: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Every file by its path below `static`, and the version of all of them together."""

    files: Mapping[str, bytes] = field(repr=False)
    version: str

    def address(self, path: str) -> str:
        """Where a page finds it. Raises KeyError for a file that is not there."""
        _ = self.files[path]
        return f"/static/{self.version}/{path}"


@lru_cache
def assets() -> Assets:
    """Those of this version, and the style sheets that reports and pages share."""
    found = dict(_below(files("cxr_triage.web").joinpath("static")))
    for shared in ("marks.css", "marks_dark.css"):
        found[f"css/{shared}"] = template_text(shared).encode()
    whole = hashlib.sha256()
    for path, content in sorted(found.items()):
        whole.update(f"{path}\0{len(content)}\0".encode() + content)
    return Assets(files=found, version=whole.hexdigest()[:12])


def _below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _below(entry, f"{path}/")
        elif path.rpartition(".")[2] in MEDIA_TYPES:
            yield path, entry.read_bytes()


@router.get("/static/{version}/{path:path}")
async def read_asset(request: Request, version: str, path: str) -> Response:
    """A file; one asked for under an older version is not kept by the browser."""
    known = assets()
    content = known.files.get(path)
    if content is None:
        raise NotFound("no_such_page")
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": LONG if version == known.version else "no-cache",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    kind = MEDIA_TYPES[path.rpartition(".")[2]]
    return Response(content, headers=headers, media_type=kind)
