"""Opens the listener and the couriers where the settings want them; else nothing of pynetdicom is
loaded."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cxr_triage.errors import MissingExtra
from cxr_triage.service.delivery.courier import Couriers
from cxr_triage.service.delivery.destinations import Destination, destinations_of
from cxr_triage.service.delivery.stow import StowTransport
from cxr_triage.service.delivery.transport import Transport
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.review.report import Reporter
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


class DeliveringServices(Protocol):
    """What couriers work with."""

    @property
    def store(self) -> Store: ...

    @property
    def pool(self) -> InferencePool: ...

    @property
    def reporter(self) -> Reporter: ...

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
    _quiet_network()
    from cxr_triage.dicom_net.listener import Listener  # noqa: PLC0415 (as above)

    return Listener(
        settings,
        store=services.store,
        intake=services.intake,
        spool=services.spool,
        metrics=services.metrics,
    )


@contextmanager
def delivering(settings: Settings, services: DeliveringServices) -> Iterator[Couriers | None]:
    """Couriers to every destination for the block; None where there is none.

    Raises MissingExtra or SettingsInvalid.
    """
    destinations = destinations_of(settings)
    if not destinations:
        yield None
        return
    try:
        from cxr_triage.service.delivery.building import Builder  # noqa: PLC0415 (slow)
    except ModuleNotFoundError:
        raise MissingExtra("highdicom", extra="server") from None
    couriers = Couriers(
        destinations,
        partial(transport_of, settings=settings),
        store=services.store,
        builder=Builder(services.store, services.pool, services.reporter, settings),
        metrics=services.metrics,
    )
    with closing(couriers):
        couriers.start()
        yield couriers


def transport_of(destination: Destination, settings: Settings) -> Transport:
    """Raises MissingExtra."""
    if destination.protocol == "dicomweb":
        return StowTransport(destination)
    _quiet_network()
    from cxr_triage.dicom_net.sending import StoreTransport  # noqa: PLC0415 (slow to import)

    return StoreTransport(destination, settings.dicom_ae_title)


def _quiet_network() -> None:
    """Raises MissingExtra."""
    try:
        from pynetdicom import _config  # noqa: PLC0415 (only who uses the network needs it)
    except ModuleNotFoundError:
        raise MissingExtra("pynetdicom", extra="server") from None
    _config.LOG_HANDLER_LEVEL = "none"  # its own lines name instances
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
