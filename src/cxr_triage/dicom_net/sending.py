"""C-STORE to an archive, and C-FIND to see that it is there."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from pydicom import Dataset, dcmread
from pynetdicom import AE, build_context

from cxr_triage import __version__
from cxr_triage.dicom_net.contexts import VERIFICATION
from cxr_triage.errors import DeliveryFailed
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.report.dicom.common import DicomObject
from cxr_triage.service.delivery.destinations import Destination

STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
OUT_OF_RESOURCES: Final = range(0xA700, 0xA800)
WARNINGS: Final = frozenset({0xB000, 0xB006, 0xB007})
"""Stored with a remark (PS3.4 table B.2-1)."""
PENDING: Final = frozenset({0xFF00, 0xFF01})


class StoreTransport:
    """One destination's; an association for each call."""

    def __init__(self, destination: Destination, calling: str) -> None:
        """calling: our AE title."""
        self._to = destination
        self._calling = destination.calling or calling

    def echo(self) -> None:
        with self._association([build_context(VERIFICATION)]) as assoc:
            self._check(assoc.send_c_echo())

    def send(self, objects: Sequence[DicomObject]) -> None:
        kinds = {
            (one.sop_class_uid, str(one.dataset.file_meta.TransferSyntaxUID)) for one in objects
        }
        contexts = [build_context(sop_class, syntax) for sop_class, syntax in sorted(kinds)]
        with self._association(contexts) as assoc:
            accepted = {
                (str(one.abstract_syntax), str(one.transfer_syntax[0]))
                for one in assoc.accepted_contexts
            }
            if not kinds <= accepted:
                raise DeliveryFailed("delivery_not_supported")
            for one in objects:
                try:
                    answer = assoc.send_c_store(dcmread(BytesIO(one.file())))
                except (RuntimeError, ValueError, OSError):
                    raise DeliveryFailed("delivery_unreachable", away=True) from None
                self._check(answer)

    def missing(self, objects: Sequence[DicomObject]) -> int:
        with self._association([build_context(STUDY_ROOT_FIND)]) as assoc:
            if not assoc.accepted_contexts:
                raise DeliveryFailed("delivery_not_supported")
            return sum(not self._has(assoc, one) for one in objects)

    def _has(self, assoc: Any, one: DicomObject) -> bool:  # noqa: ANN401 - pynetdicom's
        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID, query.SeriesInstanceUID = one.study_uid, one.identity.series_uid
        query.SOPInstanceUID = one.sop_uid
        found = False
        try:
            for status, identifier in assoc.send_c_find(query, STUDY_ROOT_FIND):
                if not status or "Status" not in status:
                    raise DeliveryFailed("delivery_unreachable", away=True)
                if status.Status in PENDING and identifier is not None:
                    found |= identifier.get("SOPInstanceUID", one.sop_uid) == one.sop_uid
        except (RuntimeError, ValueError, OSError):
            raise DeliveryFailed("delivery_unreachable", away=True) from None
        return found

    @staticmethod
    def _check(answer: Dataset) -> None:
        """Raises DeliveryFailed for anything but success or a warning that it is stored."""
        if "Status" not in answer:
            raise DeliveryFailed("delivery_unreachable", away=True)
        status = int(answer.Status)
        if status and status not in WARNINGS:
            away = status in OUT_OF_RESOURCES
            raise DeliveryFailed(
                "delivery_away" if away else "delivery_refused", away=away, status=f"{status:04X}"
            )

    @contextmanager
    def _association(self, contexts: list[Any]) -> Iterator[Any]:
        to = self._to
        entity = AE(self._calling)
        entity.implementation_class_uid = f"{OWN_ROOT}.0"
        entity.implementation_version_name = f"CXRTRIAGE_{__version__}"[:16]
        entity.connection_timeout = entity.acse_timeout = to.timeout_s
        entity.dimse_timeout = entity.network_timeout = to.timeout_s
        assoc = entity.associate(
            to.host, to.port, contexts=contexts, ae_title=to.ae_title, tls_args=self._tls()
        )
        try:
            if not assoc.is_established:
                raise self._not_established(assoc)
            yield assoc
            if assoc.is_established:
                assoc.release()
        finally:
            if assoc.is_established:
                assoc.abort()
            held = assoc.dul.socket
            if held is not None and held.socket is not None:  # pynetdicom may leave it open
                held.socket.close()

    @staticmethod
    def _not_established(assoc: Any) -> DeliveryFailed:  # noqa: ANN401 - pynetdicom's
        """A rejection too is something that people mend there: the objects wait."""
        answer = assoc.acceptor.primitive
        if assoc.is_rejected and answer is not None:
            why = f"{answer.result}.{answer.result_source}.{answer.diagnostic}"
            return DeliveryFailed("delivery_rejected", away=True, status=why)
        if assoc.rejected_contexts and not assoc.accepted_contexts:
            return DeliveryFailed("delivery_not_supported")
        return DeliveryFailed("delivery_unreachable", away=True)

    def _tls(self) -> tuple[ssl.SSLContext, str] | None:
        to = self._to
        if to.tls_authorities is None:
            return None
        try:
            context = ssl.create_default_context(cafile=to.tls_authorities)
            if to.tls_certificate is not None:
                context.load_cert_chain(to.tls_certificate, to.tls_key)
        except OSError:
            raise DeliveryFailed("delivery_credentials", away=True) from None
        return context, to.host
