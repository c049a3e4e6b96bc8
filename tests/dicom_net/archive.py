"""An archive of our own that misbehaves on demand, and a link that is cut."""

import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress

from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, Verification

from cxr_triage.report.dicom.document import ENCAPSULATED_PDF
from cxr_triage.report.dicom.source import SECONDARY_CAPTURE

TITLE = "ARCHIVE"
SYNTAXES = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"]
KINDS = (
    SECONDARY_CAPTURE,
    ENCAPSULATED_PDF,
    "1.2.840.10008.5.1.4.1.1.88.34",
    "1.2.840.10008.5.1.4.1.1.88.59",
)


class Archive:
    """stored: data sets by UID; order: UIDs as they came first; answers: how often each status.

    behave(uid) → a status, "hang", "abort" or "lose".
    """

    def __init__(self, behave=lambda uid: 0) -> None:
        self.stored: dict[str, Dataset] = {}
        self.order: list[str] = []
        self.times: Counter[str] = Counter()
        self.behave = behave
        self.port = 0
        self._server = None
        self.start()

    def start(self) -> None:
        entity = AE(TITLE)
        entity.maximum_associations = 50
        entity.add_supported_context(Verification)
        entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
        for kind in KINDS:
            entity.add_supported_context(kind, SYNTAXES)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_C_FIND, self._find)]
        self._entity = entity
        self._server = entity.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers
        )
        self.port = self._server.socket.getsockname()[1]

    def stop(self) -> None:
        """As if it were killed: every association is gone."""
        self._entity.shutdown()

    def _store(self, event):
        uid = str(event.request.AffectedSOPInstanceUID)
        self.times[uid] += 1
        how = self.behave(uid)
        if how == "abort":
            event.assoc.abort()
            return 0xC000
        if how == "hang":
            time.sleep(3)
            return 0xC000
        if how == "lose":
            return 0
        if how == 0:
            if uid not in self.stored:
                self.order.append(uid)
            ds = event.dataset
            ds.file_meta = event.file_meta
            self.stored[uid] = ds
        return how

    def _find(self, event):
        uid = str(event.identifier.SOPInstanceUID)
        if uid in self.stored:
            found = Dataset()
            found.QueryRetrieveLevel = "IMAGE"
            found.SOPInstanceUID = uid
            yield 0xFF00, found
        yield 0x0000, None


class Link:
    """A proxy to a port. cut_after: bytes after which the next connections break, 0: never."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.cut_after = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                here.close()
                continue
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one, other) -> None:
        passed = 0
        try:
            while data := one.recv(4096):
                passed += len(data)
                if self.cut_after and passed > self.cut_after:
                    break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        one.close()
        other.close()

    def stop(self) -> None:
        self._listening.close()


@contextmanager
def archive(behave=lambda uid: 0):
    found = Archive(behave)
    try:
        yield found
    finally:
        found.stop()
