"""What arrives on an association, within limits: data sets go to the spool as they come.

pynetdicom would hold each in memory, however large, or write it to a folder for everybody. Of its
parts three are replaced for that on an association of ours (its own release is pinned for them).
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from pydicom.filewriter import write_file_meta_info
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dsutils import create_file_meta
from pynetdicom.pdu_primitives import P_DATA

from cxr_triage.errors import TriageError
from cxr_triage.imaging.dicom.reference import FIRST_BYTES
from cxr_triage.logs import log
from cxr_triage.service.intake.spool import Incoming, Received, Spool

MOST_COMMAND_BYTES: Final = 64 * 1024
"""Of a command set, and of a data set that is no instance: larger than any there is."""

MOST_PENDING: Final = 4
"""Messages that wait while one is worked at; who waits for answers has none."""

PDU_OVERHEAD: Final = 64 * 1024
"""A request for an association may be larger than what we let peers send afterwards."""

ILLEGAL_PDU: Final = "Evt19"
"""Ends the association (PS3.8 table 9-10)."""

BLOCK_BYTES: Final = 256 * 1024


class Arriving(BytesIO):
    """A data set on its way to the disk. After the first trouble the rest of it is passed over.

    first: its first bytes, by which it says which instance it is.
    """

    def __init__(self, spool: Spool, head: bytes) -> None:
        super().__init__()
        self.first = head
        self.error: TriageError | None = None
        self._incoming: Incoming | None = None
        try:
            self._incoming = spool.open()
            self._incoming.write(head)
        except TriageError as error:
            self._fail(error)

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever is like bytes
        self.first += bytes(data[: max(0, FIRST_BYTES - len(self.first))])
        if self._incoming is not None:
            try:
                self._incoming.write(bytes(data))
            except TriageError as error:
                self._fail(error)
        return len(data)

    def received(self) -> Received:
        """The whole file. Raises what stopped it."""
        if self.error is not None:
            raise self.error
        if self._incoming is None:
            raise RuntimeError("a data set without a file has an error")
        return self._incoming.finish()

    def discard(self) -> None:
        """Nothing of it stays in the spool."""
        if self._incoming is not None:
            self._incoming.__exit__(None, None, None)
            self._incoming = None

    def _fail(self, error: TriageError) -> None:
        self.error = error
        self.discard()


class SpoolingProvider(DIMSEServiceProvider):
    """Messages of one association. Data sets of C-STORE go to the spool."""

    def __init__(self, assoc: Any, spool: Spool) -> None:  # noqa: ANN401 - pynetdicom's
        super().__init__(assoc)
        self._spool = spool
        self._lock = threading.Lock()
        self._arriving: set[Arriving] = set()

    def receive_primitive(self, primitive: P_DATA) -> None:
        """One value at a time, so that a data set's first bytes meet the spool too."""
        for value in primitive.presentation_data_value_list:
            one = P_DATA()
            one.presentation_data_value_list = [list(value)]
            self._begin(value)
            super().receive_primitive(one)
            if self._over_limit():
                log.warning("association ended: more than any message needs")
                self.dul.event_queue.put(ILLEGAL_PDU)
                return

    def _begin(self, value: tuple[int, bytes]) -> None:
        """A data set's first value comes: where it goes is decided here."""
        message, (context, data) = self.message, value
        if not isinstance(message, C_STORE_RQ) or data[0] & 1:
            return
        if not isinstance(message.data_set, Arriving):
            message.data_set = Arriving(self._spool, self._head(message, context))
            with self._lock:
                self._arriving.add(message.data_set)

    def _head(self, message: DIMSEMessage, context: int) -> bytes:
        """Preamble and file meta (PS3.10 7.1), which a data set on a network lacks."""
        command, accepted = message.command_set, self.assoc._accepted_cx
        if context not in accepted:
            return b""
        meta = create_file_meta(
            sop_class_uid=command.AffectedSOPClassUID,
            sop_instance_uid=command.AffectedSOPInstanceUID,
            transfer_syntax=accepted[context].transfer_syntax[0],
        )
        head = BytesIO()
        head.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(head, meta)  # type: ignore[arg-type]  # it takes any file
        return head.getvalue()

    def _over_limit(self) -> bool:
        if int(self.msg_queue.qsize()) > MOST_PENDING:
            return True
        if self.message is None:
            return False
        sizes = [int(self.message.encoded_command_set.tell())]
        if not isinstance(self.message.data_set, Arriving):
            sizes.append(int(self.message.data_set.tell()))
        return max(sizes) > MOST_COMMAND_BYTES

    def take(self, data_set: Arriving) -> None:
        """Who takes it discards it."""
        with self._lock:
            self._arriving.discard(data_set)

    def close(self) -> None:
        """What nobody took is gone."""
        with self._lock:
            left, self._arriving = self._arriving, set()
        for data_set in left:
            data_set.discard()


def limit_pdus(socket: Any, most_bytes: int) -> None:  # noqa: ANN401 - pynetdicom's
    """A PDU that says it is longer is not read: the connection ends."""

    def recv(wanted: int) -> bytearray:
        if wanted > most_bytes + PDU_OVERHEAD:
            raise OSError("a PDU longer than was agreed")
        return _read(socket.socket.recv_into, wanted)

    socket.recv = recv


def _read(recv_into: Callable[[memoryview], int], wanted: int) -> bytearray:
    """As many bytes as wanted, fewer where the connection ends."""
    found = bytearray(wanted)
    view, at = memoryview(found), 0
    with suppress(ConnectionResetError):
        while at < wanted:
            read = recv_into(view[at : at + BLOCK_BYTES])
            if not read:
                break
            at += read
    view.release()
    del found[at:]
    return found
