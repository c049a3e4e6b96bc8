"""Downloads a published file: resumed, retried, checked, and only then there.

Bytes collect in `<SHA-256>.part`. Only when size and SHA-256 are right is it renamed, so a
fetch that was killed at any byte leaves a part to resume or nothing. The proxy variables,
SSL_CERT_FILE and SSL_CERT_DIR are respected, and the operating system's certificates count.
"""

import hashlib
import os
import shutil
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import certifi
import httpx

from cxr_triage.domain import Download
from cxr_triage.errors import FetchFailed
from cxr_triage.model.provision.disk import MIB, NEEDED_MIB, writing

CHUNK: Final = 64 * 1024
MAX_BYTES: Final = 64 * MIB
"""Of a file whose size nobody has published."""

HTTP_RANGE_WRONG: Final = 416
TRANSIENT: Final = frozenset({"timeout", "no_connection", "truncated", "server_error"})
"""Failures that the same source may not repeat."""

Progress = Callable[[int, int | None], None]
"""Called with bytes done and, where known, bytes in all."""

Notice = Callable[[str, dict[str, object]], None]
"""Called with the code and values of something to tell: another attempt, another source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """attempts: at one source, without progress between them. Times are in seconds."""

    attempts: int = 3
    backoff_s: float = 1.0
    connect_s: float = 10.0
    read_s: float = 30.0
    redirects: int = 5


def download(
    wanted: Download,
    folder: Path,
    *,
    sources: Sequence[str] | None = None,
    patience: Patience | None = None,
    progress: Progress = lambda _done, _total: None,
    notice: Notice = lambda _code, _values: None,
) -> Path:
    """The checked file in `folder`, from the first source that has it. `wanted` has a hash.

    Raises FetchFailed; its code is that of the last source's failure.
    """
    patience = patience or Patience()
    done = folder / str(wanted.sha256)
    if done.is_file() and _is_wanted(done, wanted):
        return done
    urls = wanted.sources if sources is None else sources
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
        _check_room(folder)
    with _client(patience) as client:
        for number, url in enumerate(urls, start=1):
            try:
                _from_source(client, url, wanted, folder, patience, progress, notice)
            except FetchFailed as problem:
                if problem.code in {"disk_full", "data_unwritable"} or number == len(urls):
                    raise
                notice("next_source", {"problem": problem, "host": _host(urls[number])})
            else:
                return done
    raise FetchFailed("download_no_source", file=wanted.file)


def mirrored(wanted: Download, mirror: str) -> tuple[str]:
    """Where `wanted` lies on a mirror: a folder with the published file names."""
    return (f"{mirror.rstrip('/')}/{wanted.file}",)


def read_checked(file: Path, wanted: Download) -> bytes:
    """The bytes of a file, if its size and SHA-256 are those that are wanted.

    Raises FetchFailed: `file_missing`, `file_not_wanted`.
    """
    try:
        size = file.stat().st_size
        if size > (wanted.bytes or MAX_BYTES):
            raise FetchFailed("file_not_wanted", file=wanted.file)
        content = file.read_bytes()
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise FetchFailed("file_missing", file=wanted.file, problem=reason) from None
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise FetchFailed("file_not_wanted", file=wanted.file)
    return content


def _is_wanted(file: Path, wanted: Download) -> bool:
    try:
        read_checked(file, wanted)
    except FetchFailed:
        return False
    return True


def _from_source(
    client: httpx.Client,
    url: str,
    wanted: Download,
    folder: Path,
    patience: Patience,
    progress: Progress,
    notice: Notice,
) -> None:
    """Attempts at one source until the file is there. A part that moved on counts anew."""
    part = folder / f"{wanted.sha256}.part"
    if _size(part) > (wanted.bytes or MAX_BYTES):
        part.unlink()
    attempt = 0
    while True:
        before = _size(part)
        try:
            return _attempt(client, url, wanted, part, progress)
        except FetchFailed as problem:
            if problem.code == "download_altered" and before:
                continue  # the part came from elsewhere, or was spoilt: begin anew
            attempt = 0 if _size(part) >= before + CHUNK else attempt + 1
            transient = problem.code.removeprefix("download_") in TRANSIENT
            if not transient or attempt >= patience.attempts:
                raise
            notice("trying_again", {"problem": problem, "host": _host(url)})
            time.sleep(patience.backoff_s * 2 ** max(0, attempt - 1))


def _attempt(
    client: httpx.Client, url: str, wanted: Download, part: Path, progress: Progress
) -> None:
    """One request for what is missing; then the check, and the file under its own name."""
    have = _size(part)
    if wanted.bytes is None or have != wanted.bytes:
        with _translated(_host(url)):
            _request(client, url, wanted, part, progress)
    if wanted.bytes is not None and _size(part) != wanted.bytes:
        raise FetchFailed("download_truncated", host=_host(url))
    with writing():
        if not _is_wanted(part, wanted):
            part.unlink()
            raise FetchFailed("download_altered", host=_host(url))
        part.replace(part.with_suffix(""))


def _request(
    client: httpx.Client, url: str, wanted: Download, part: Path, progress: Progress
) -> None:
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == HTTP_RANGE_WRONG and have:
            part.unlink()
            raise FetchFailed("download_altered", host=_host(url))
        _check_answer(response, wanted, have)
        if not _continues(response, have):
            have = 0
        total = wanted.bytes
        with writing(), part.open("ab" if have else "wb") as file:
            for chunk in _chunks(response, have):
                have += len(chunk)
                if have > (total or MAX_BYTES):
                    raise FetchFailed("download_wrong_size", host=_host(url))
                file.write(chunk)
                progress(have, total)
            file.flush()
            os.fsync(file.fileno())


def _chunks(response: httpx.Response, have: int) -> Iterator[bytes]:
    """The body. A page where the file belongs, whatever its type says, is refused."""
    for number, chunk in enumerate(response.iter_raw(CHUNK)):
        if not number and not have and chunk.lstrip()[:1] == b"<":
            raise FetchFailed("download_portal", host=response.url.host)
        yield chunk


def _check_answer(response: httpx.Response, wanted: Download, have: int) -> None:
    host = response.url.host
    status = response.status_code
    if status in {404, 410}:
        raise FetchFailed("download_not_found", host=host)
    if status in {408, 429} or status >= 500:
        raise FetchFailed("download_server_error", host=host, status=status)
    if status not in {200, 206}:
        raise FetchFailed("download_refused", host=host, status=status)
    if response.headers.get("content-type", "").startswith("text/html"):
        raise FetchFailed("download_portal", host=host)
    length = response.headers.get("content-length", "")
    rest = have if _continues(response, have) else 0
    if wanted.bytes and length.isdigit() and rest + int(length) != wanted.bytes:
        raise FetchFailed("download_wrong_size", host=host)


def _continues(response: httpx.Response, have: int) -> bool:
    """Does the body begin where the part ends? Otherwise it is the whole file again."""
    span = response.headers.get("content-range", "")
    return response.status_code == 206 and span.startswith(f"bytes {have}-")


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Turn what the HTTP library raises into FetchFailed."""
    try:
        yield
    except httpx.TimeoutException:
        raise FetchFailed("download_timeout", host=host) from None
    except httpx.TooManyRedirects:
        raise FetchFailed("download_redirects", host=host) from None
    except httpx.ProxyError:
        raise FetchFailed("download_proxy", host=host) from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        raise FetchFailed("download_address", host=host) from None
    except httpx.ConnectError as problem:
        code = "download_tls" if "CERTIFICATE" in str(problem) else "download_no_connection"
        if "SSL" in str(problem) or "TLS" in str(problem):
            code = "download_tls"
        raise FetchFailed(code, host=host) from None
    except httpx.HTTPError:
        raise FetchFailed("download_truncated", host=host) from None


def _check_room(folder: Path) -> None:
    if shutil.disk_usage(folder).free < NEEDED_MIB * MIB:
        raise FetchFailed("disk_full", needed=NEEDED_MIB)


def _client(patience: Patience) -> httpx.Client:
    """Raises FetchFailed if the certificates or the proxy that are set cannot be used."""
    try:
        return httpx.Client(
            follow_redirects=True,
            max_redirects=patience.redirects,
            timeout=httpx.Timeout(patience.read_s, connect=patience.connect_s),
            verify=_certificates(),
        )
    except OSError:
        raise FetchFailed("download_certificates") from None
    except (ValueError, httpx.InvalidURL, ImportError):
        raise FetchFailed("download_proxy", host="") from None


def _certificates() -> ssl.SSLContext:
    """Those of the variables if they are set, else of the operating system and certifi."""
    named = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if any(named):
        return ssl.create_default_context(cafile=named[0], capath=named[1])
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
