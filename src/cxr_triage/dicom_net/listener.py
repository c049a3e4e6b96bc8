"""The Storage SCP: associations in, films to the intake, statuses out.

What is answered with Success is stored and committed, as over HTTP: the same intake, another door.
"""

import ssl
import threading
import time
from functools import partial
from socketserver import BaseServer
from typing import Any, Final

import structlog
from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from cxr_triage import __version__
from cxr_triage.dicom_net.arriving import Arriving, SpoolingProvider, limit_pdus
from cxr_triage.dicom_net.callers import Callers
from cxr_triage.dicom_net.contexts import STORAGE, TRANSFER_SYNTAXES, VERIFICATION
from cxr_triage.dicom_net.negotiation import Negotiation, Places, Rejection
from cxr_triage.errors import NotAFilm, SettingsInvalid, TriageError, UnreadableImage
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.imaging.dicom.reference import reference_of
from cxr_triage.logs import log_unexpected
from cxr_triage.service.audit import Origin
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.intake.statuses import KEPT_OUT, SUCCESS, failure_of, status_of
from cxr_triage.service.metrics import Metrics
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.keys import new_id

_log = structlog.get_logger("cxr_triage.dicom")

KIB: Final = 1024
HANDSHAKE_S: Final = 10.0
NEGOTIATION_S: Final = 30.0
"""From a connection to its request for an association (the ARTIM timer)."""
GRACEFUL_S: Final = 45.0
"""For what is at work when the service ends: longer than one film takes."""
CONNECTIONS_A_PLACE: Final = 2
"""Connections that wait to be told no, for each association that there may be."""
LONGEST_COMMENT: Final = 64


class Listener:
    """Listens from its making until it is closed. port: the one that it has."""

    def __init__(
        self, settings: Settings, *, store: Store, intake: Intake, spool: Spool, metrics: Metrics
    ) -> None:
        """Raises SettingsInvalid: nobody may call, anybody could, no such certificate, or the
        port is another's."""
        self._settings = settings
        self._intake = intake
        self._spool = spool
        self._metrics = metrics
        self._callers = Callers(settings, store)
        self._busy = 0
        self._places = Places(settings.dicom_associations)
        self._lock = threading.Lock()
        self._entity = self._application_entity()
        tls = tls_of(settings)
        try:
            self._server = self._entity.make_server(
                (settings.dicom_host, settings.dicom_port),
                ae_title=settings.dicom_ae_title,
                evt_handlers=self._handlers(),
                server_class=partial(
                    _Server,
                    may_connect=self._callers.may_connect,
                    most=settings.dicom_associations * CONNECTIONS_A_PLACE,
                    tls=tls,
                    silence_s=settings.dicom_idle_s,
                ),
                request_handler=_Handler,
            )
        except OSError as problem:
            raise SettingsInvalid(
                "cannot_listen", port=str(settings.dicom_port), problem=problem.strerror or "?"
            ) from None
        self._entity._servers.append(self._server)
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def associations(self) -> int:
        """How many there are now."""
        return self._places.taken

    def close(self) -> None:
        """Nobody comes in any more; what is at work is finished, the rest is aborted."""
        self._server.shutdown()
        until = time.monotonic() + GRACEFUL_S
        while self._busy and time.monotonic() < until:
            time.sleep(0.02)
        self._entity.shutdown()

    def _application_entity(self) -> Any:  # noqa: ANN401 - pynetdicom's
        entity = AE(ae_title=self._settings.dicom_ae_title)
        entity.implementation_class_uid = f"{OWN_ROOT}.0"
        entity.implementation_version_name = f"CXRTRIAGE_{__version__}"[:16]
        entity.maximum_associations = self._settings.dicom_associations * CONNECTIONS_A_PLACE
        entity.maximum_pdu_size = self._settings.dicom_pdu_kib * KIB
        entity.acse_timeout = NEGOTIATION_S
        entity.network_timeout = self._settings.dicom_idle_s
        entity.dimse_timeout = self._settings.dicom_idle_s
        entity.add_supported_context(VERIFICATION)
        for sop_class in STORAGE:
            entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
        return entity

    def _handlers(self) -> list[tuple[Any, Any]]:
        return [
            (evt.EVT_CONN_OPEN, self._connected),
            (evt.EVT_CONN_CLOSE, self._disconnected),
            (evt.EVT_ESTABLISHED, self._established),
            (evt.EVT_ABORTED, self._aborted),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._store),
        ]

    def _connected(self, event: Any) -> None:  # noqa: ANN401 - pynetdicom's
        assoc = event.assoc
        assoc.dimse = SpoolingProvider(assoc, self._spool)
        assoc.acse = Negotiation(
            assoc,
            self._callers,
            places=self._places,
            rejected=partial(self._rejected, address=assoc.requestor.address),
        )
        limit_pdus(assoc.dul.socket, self._settings.dicom_pdu_kib * KIB)
        assoc.cxr_name = new_id()

    def _disconnected(self, event: Any) -> None:  # noqa: ANN401 - pynetdicom's
        event.assoc.dimse.close()

    def _established(self, event: Any) -> None:  # noqa: ANN401 - pynetdicom's
        self._metrics.association("accepted")
        who = event.assoc.acse.principal
        _log.info("association accepted", station=who.id, request_id=event.assoc.cxr_name)

    def _aborted(self, event: Any) -> None:  # noqa: ANN401 - pynetdicom's
        self._metrics.association("aborted")
        _log.info("association aborted", request_id=event.assoc.cxr_name)

    def _rejected(self, rejection: Rejection, *, address: str) -> None:
        self._metrics.association("rejected")
        _log.warning("association rejected", reason=".".join(map(str, rejection)), address=address)

    def _store(self, event: Any) -> Dataset:  # noqa: ANN401 - pynetdicom's
        """C-STORE: the status, and for what failed the error's code as its comment."""
        data_set, provider = event.request.DataSet, event.assoc.dimse
        with self._lock:
            self._busy += 1
        try:
            return self._taken(event, data_set)
        except NotAFilm as error:
            return _status(KEPT_OUT, error.code)
        except TriageError as error:
            self._metrics.problem(error.code)
            return _status(failure_of(error), error.code)
        except Exception as error:  # noqa: BLE001 (a fault of ours is never Success)
            log_unexpected(error)
            return _status(failure_of(TriageError("unexpected")), "unexpected")
        finally:
            if isinstance(data_set, Arriving):
                provider.take(data_set)
                data_set.discard()
            with self._lock:
                self._busy -= 1

    def _taken(self, event: Any, data_set: Any) -> Dataset:  # noqa: ANN401 - pynetdicom's
        if not isinstance(data_set, Arriving):
            raise UnreadableImage("empty_file")
        request, assoc = event.request, event.assoc
        received = data_set.received()
        reference = reference_of(data_set.first)
        named = (str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID))
        if (reference.sop_class_uid, reference.sop_uid) != named:
            raise UnreadableImage("sop_differs")
        address = assoc.requestor.address
        who = self._callers.principal(assoc.requestor.ae_title, address)
        kept = self._intake.take(
            received, who, origin=Origin(address=address, request_id=assoc.cxr_name),
            entrance="dimse",
        )  # fmt: skip
        return _status(status_of(kept))


def _status(status: int, comment: str = "") -> Dataset:
    """PS3.7 9.3.1.2. comment: a code of ours, never anything of the instance."""
    answer = Dataset()
    answer.Status = status
    if comment:
        answer.ErrorComment = comment[:LONGEST_COMMENT]
    return answer


class _Server(ThreadedAssociationServer):
    """Connections from where somebody may call alone, no more than can be told no. A handshake
    keeps nobody else waiting: `_Handler` has a thread for it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, *args: Any, may_connect: Any, most: int, tls: Any, silence_s: float, **rest: Any  # noqa: ANN401
    ) -> None:  # fmt: skip
        self.tls: ssl.SSLContext | None = tls
        self.silence_s = silence_s
        self._may_connect = may_connect
        self._most = most
        super().__init__(*args, **rest)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = self.socket.accept()
        return connection, address

    def verify_request(self, _: Any, client_address: Any) -> bool:  # noqa: ANN401
        return self._may_connect(client_address[0]) and len(self.active_associations) < self._most

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """A connection that came to nothing: no handshake, gone again."""


class _Handler(RequestHandler):
    """One connection."""

    def __init__(self, request: Any, client_address: Any, server: BaseServer) -> None:  # noqa: ANN401
        request.settimeout(HANDSHAKE_S)
        tls = getattr(server, "tls", None)
        if tls is not None:
            request = tls.wrap_socket(request, server_side=True)
        request.settimeout(getattr(server, "silence_s", HANDSHAKE_S))
        super().__init__(request, client_address, server)


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer (BCP 195, PS3.15 B.12); with the callers' certificates where authorities
    are named. Raises SettingsInvalid."""
    certificate, key, clients = (
        settings.dicom_tls_certificate, settings.dicom_tls_key, settings.dicom_tls_clients
    )  # fmt: skip
    if certificate is None:
        if clients is not None or key is not None:
            raise SettingsInvalid(
                "settings_invalid", name="CXR_TRIAGE_DICOM_TLS_CERTIFICATE", problem="not set"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
    except OSError as problem:  # ssl.SSLError is one
        raise SettingsInvalid(
            "settings_invalid",
            name="CXR_TRIAGE_DICOM_TLS_CERTIFICATE",
            problem=problem.strerror or type(problem).__name__,
        ) from None
    return context
