"""The instances of a store request, one after the other, from the connection to the intake."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from cxr_triage.api.dicomweb.multipart import Multipart, PartMark
from cxr_triage.api.dicomweb.response import (
    FailedInstance,
    InstanceOutcome,
    StoredInstance,
    stored_instance,
)
from cxr_triage.errors import NotAFilm, NotAnImage, RequestInvalid, RequestTooLarge, TriageError
from cxr_triage.imaging.dicom.dataset import looks_like_dicom
from cxr_triage.imaging.dicom.reference import FIRST_BYTES, reference_of
from cxr_triage.service.intake.spool import Incoming, Received, Spool
from cxr_triage.service.intake.statuses import KEPT_OUT
from cxr_triage.store.records import Kept

MAX_INSTANCES: Final = 10_000
"""In one request: its answer, which names each, is held in memory."""

TakeInstance = Callable[[Received], Kept]


class Storing:
    """One request. Feed it the body; what stops one instance does not stop the next.

    It waits for the disk and for the intake: not for an event loop. As a context manager it
    leaves nothing in the spool, wherever the body ends.
    """

    def __init__(self, boundary: str, spool: Spool, take: TakeInstance) -> None:
        """Raises RequestInvalid if that is no boundary."""
        self.outcomes: list[InstanceOutcome] = []
        self._parts = Multipart(boundary)
        self._spool = spool
        self._take = take
        self._instance: _Instance | None = None

    def feed(self, piece: bytes) -> None:
        """Raises RequestInvalid if the body is malformed, RequestTooLarge past MAX_INSTANCES;
        what was stored before stays."""
        for event in self._parts.feed(piece):
            if event is PartMark.BEGIN:
                if len(self.outcomes) == MAX_INSTANCES:
                    raise RequestTooLarge("too_many_instances", limit=MAX_INSTANCES)
                self._instance = _Instance(self._spool)
            elif self._instance is None:
                raise RuntimeError("a part begins before anything of it comes")
            elif isinstance(event, bytes):
                self._instance.write(event)
            else:
                self.outcomes.append(self._instance.taken(self._take))

    def finish(self) -> None:
        """Nothing more comes. Raises RequestInvalid if the body has no end, or no instance."""
        self._parts.finish()
        if not self.outcomes:
            raise RequestInvalid("no_instance")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._instance is not None:
            self._instance.close()


class _Instance:
    """One instance on its way. After the first trouble the rest of it is passed over."""

    def __init__(self, spool: Spool) -> None:
        self._first = b""
        self._file = ExitStack()
        self._incoming: Incoming | TriageError
        try:
            self._incoming = self._file.enter_context(spool.open())
        except TriageError as error:
            self._incoming = error

    def write(self, data: bytes) -> None:
        self._first += data[: FIRST_BYTES - len(self._first)]
        if isinstance(self._incoming, TriageError):
            return
        try:
            self._incoming.write(data)
        except TriageError as error:
            self._incoming = error
            self.close()

    def taken(self, take: TakeInstance) -> InstanceOutcome:
        """What became of it, now that it is whole."""
        reference = reference_of(self._first)
        try:
            if not looks_like_dicom(self._first):
                raise NotAnImage("not_an_instance")
            if isinstance(self._incoming, TriageError):
                raise self._incoming
            return stored_instance(take(self._incoming.finish()))
        except NotAFilm:
            return StoredInstance(reference=reference, warning=KEPT_OUT)
        except TriageError as error:
            return FailedInstance(reference=reference, error=error)
        finally:
            self.close()

    def close(self) -> None:
        """Nothing of it stays in the spool."""
        self._file.close()
