"""STOW-RS to an archive (PS3.18 10.5), and QIDO-RS to see that it is there (10.6)."""

import ssl
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx

from cxr_triage.errors import DeliveryFailed
from cxr_triage.report.dicom.common import DicomObject
from cxr_triage.service.delivery.destinations import Destination

BOUNDARY: Final = "cxr-triage-objects"
AWAY: Final = frozenset({401, 403, 408, 429, 500, 502, 503, 504, 507})
"""Statuses of what has nothing to do with the objects: an expired token too is for somebody to
mend, not a reason to give up."""
FAILED, REFERENCED, INSTANCE = "00081198", "00081199", "00081155"
FAILURE_REASON: Final = "00081197"
MOST_ANSWER_BYTES: Final = 4 * 2**20
OUT_OF_RESOURCES: Final = range(0xA700, 0xA800)


class StowTransport:
    """One destination's."""

    def __init__(self, destination: Destination) -> None:
        self._to = destination

    def echo(self) -> None:
        with self._client() as client:
            self._asked(client, "/studies", {"limit": "1"})

    def send(self, objects: Sequence[DicomObject]) -> None:
        body = b"".join(_parts(objects))
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
            "Accept": "application/dicom+json",
        }
        with self._client() as client:
            answer = self._done(client, "POST", "/studies", content=body, headers=headers)
        stored = _uids(_json(answer), REFERENCED)
        if not {one.sop_uid for one in objects} <= stored:
            raise _failure(_json(answer))

    def missing(self, objects: Sequence[DicomObject]) -> int:
        with self._client() as client:
            found = 0
            for one in objects:
                path = f"/studies/{one.study_uid}/series/{one.identity.series_uid}/instances"
                rows = self._asked(client, path, {"SOPInstanceUID": one.sop_uid})
                found += any(one.sop_uid in str(row) for row in rows)
        return len(objects) - found

    def _asked(self, client: httpx.Client, path: str, query: dict[str, str]) -> list[Any]:
        headers = {"Accept": "application/dicom+json"}
        answer = self._done(client, "GET", path, params=query, headers=headers)
        rows = _json(answer) if answer.content else []
        return rows if isinstance(rows, list) else []

    def _client(self) -> httpx.Client:
        to = self._to
        headers = {}
        try:
            if to.token_file is not None:
                headers["Authorization"] = f"Bearer {to.token_file.read_text('utf-8').strip()}"
            verify = (
                ssl.create_default_context(cafile=to.tls_authorities)
                if to.tls_authorities
                else True
            )
        except OSError:
            raise DeliveryFailed("delivery_credentials", away=True) from None
        return httpx.Client(
            base_url=to.url, timeout=to.timeout_s, headers=headers, verify=verify, trust_env=False
        )

    def _done(self, client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401
        try:
            answer = client.request(method, path, **request)
        except (httpx.HTTPError, OSError):
            raise DeliveryFailed("delivery_unreachable", away=True) from None
        if answer.status_code in AWAY:
            raise DeliveryFailed("delivery_away", away=True, status=str(answer.status_code))
        if answer.status_code >= 300 and answer.status_code != 409:
            raise DeliveryFailed("delivery_refused", status=str(answer.status_code))
        return answer


def _parts(objects: Sequence[DicomObject]) -> Iterator[bytes]:
    for one in objects:
        yield f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        yield one.file()
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever it answers
    if len(answer.content) > MOST_ANSWER_BYTES:
        raise DeliveryFailed("delivery_answer")
    try:
        return answer.json()
    except ValueError:
        raise DeliveryFailed("delivery_answer") from None


def _uids(answer: Any, sequence: str) -> set[str]:  # noqa: ANN401 - as above
    try:
        items = answer.get(sequence, {}).get("Value", [])
        return {str(item[INSTANCE]["Value"][0]) for item in items}
    except (AttributeError, KeyError, IndexError, TypeError):
        raise DeliveryFailed("delivery_answer") from None


def _failure(answer: Any) -> DeliveryFailed:  # noqa: ANN401 - as above
    """By the first reason that it gives."""
    try:
        reason = int(answer[FAILED]["Value"][0][FAILURE_REASON]["Value"][0])
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        return DeliveryFailed("delivery_refused", status="?")
    return DeliveryFailed(
        "delivery_refused", away=reason in OUT_OF_RESOURCES, status=f"{reason:04X}"
    )
