"""Opens the listener where the settings want one; without them nothing of pynetdicom is loaded."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol

from cxr_triage.errors import MissingExtra
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.metrics import Metrics
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store

if TYPE_CHECKING:
    from cxr_triage.dicom_net.listener import Listener


class ReceivingServices(Protocol):
    """What a listener works with."""

    @property
    def store(self) -> Store: ...

    @property
    def intake(self) -> Intake: ...

    @property
    def spool(self) -> Spool: ...

    @property
    def metrics(self) -> Metrics: ...


@contextmanager
def receiving(settings: Settings, services: ReceivingServices) -> "Iterator[Listener | None]":
    """A listener for the block; None where no port is set. Raises MissingExtra, or as
    `listener.Listener`."""
    if not settings.dicom_port:
        yield None
        return
    with closing(open_listener(settings, services)) as listener:
        yield listener


def open_listener(settings: Settings, services: ReceivingServices) -> "Listener":
    """Raises MissingExtra, or as `listener.Listener`."""
    try:
        from pynetdicom import _config  # noqa: PLC0415 (only who receives needs it)
    except ModuleNotFoundError:
        raise MissingExtra("pynetdicom", extra="server") from None
    _config.LOG_HANDLER_LEVEL = "none"  # its own lines name instances
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    from cxr_triage.dicom_net.listener import Listener  # noqa: PLC0415 (as above)

    return Listener(
        settings,
        store=services.store,
        intake=services.intake,
        spool=services.spool,
        metrics=services.metrics,
    )
