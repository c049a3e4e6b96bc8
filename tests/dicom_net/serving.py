"""A listener on a store of its own, in the tests' process, and modalities that send to it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from cxr_triage.api.platform.services import Services, open_services
from cxr_triage.dicom_net.contexts import STORAGE, TRANSFER_SYNTAXES
from cxr_triage.dicom_net.listener import Listener
from cxr_triage.dicom_net.opening import open_listener
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, StudyRow, WorklistQuery

from ..api.serving import make_accounts

CALLERS = "ORTHANC=north; XRAY1=north; XRAY2=south; NOWHERE=west; ELSEWHERE@192.0.2.7=north"
OURS = "CXRTRIAGE"


class Receiving:
    """What a test of receiving works with."""

    def __init__(self, services: Services, listener: Listener) -> None:
        self.services = services
        self.listener = listener
        self.port = listener.port

    def rows(self) -> tuple[StudyRow, ...]:
        return self.services.store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=500).rows

    def spooled(self) -> list[Path]:
        """Files that arrive now, or were left behind."""
        folder = Path(self.services.settings.store_dir)
        return list((folder / "spool").iterdir())

    def metric(self, name: str, **labels: str) -> float:
        found = self.services.metrics._registry.get_sample_value(f"cxr_triage_{name}", labels)
        return found or 0.0


@contextmanager
def receiving(folder: Path, **options) -> Iterator[Receiving]:
    make_accounts(folder)
    known = {"store_dir": folder, "workers": 1, "dicom_callers": CALLERS, "store_check_hour": -1}
    settings = Settings(**known | options)
    with (
        open_services(settings) as services,
        closing(open_listener(settings, services)) as listener,
    ):
        yield Receiving(services, listener)


def modality(title: str = "XRAY1", *, syntaxes=None, classes=STORAGE) -> AE:
    entity = AE(title)
    entity.add_requested_context(Verification)
    for sop_class in classes:
        entity.add_requested_context(sop_class, list(syntaxes or TRANSFER_SYNTAXES[:2]))
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 60
    return entity


@contextmanager
def association(there: Receiving | int, title: str = "XRAY1", *, called: str = OURS, **options):
    """Released at the end, if it was accepted."""
    port = there if isinstance(there, int) else there.port
    tls = options.pop("tls_args", None)
    assoc = modality(title, **options).associate("127.0.0.1", port, ae_title=called, tls_args=tls)
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()
        hang_up(assoc)


def hang_up(assoc) -> None:
    """pynetdicom leaves the socket of a connection that came to nothing open."""
    held = assoc.dul.socket
    if held is not None and held.socket is not None:
        held.socket.close()


def store(assoc, data: bytes):
    """The status of C-STORE."""
    return assoc.send_c_store(dcmread(BytesIO(data)))
