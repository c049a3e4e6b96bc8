"""What an administrator sees of deliveries and does about them. Nothing here names a patient."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cxr_triage.domain import ModelCard
from cxr_triage.errors import NotFound
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.delivery.destinations import Destination, destinations_of
from cxr_triage.service.delivery.phantom import phantom
from cxr_triage.service.delivery.transport import Transport
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.deliveries import PREFIX, Backlog
from cxr_triage.store.rows.tasks import Task, TaskState

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """A delivery. error, status: code of the last failure, and what the destination answered."""

    id: str
    destination: str
    kind: str
    study_id: str
    state: TaskState
    attempts: int
    error: str
    status: str
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None

    @property
    def open(self) -> bool:
        """Can it be tried again or dropped?"""
        return self.state in {"waiting", "dead"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDestination:
    """A destination of the settings' file, and what waits for it."""

    destination: Destination
    backlog: Backlog


class Deliveries:
    """Every method may raise StoreError."""

    def __init__(
        self, store: Store, settings: Settings, transport_of: Callable[[Destination], Transport]
    ) -> None:
        """Raises SettingsInvalid."""
        self._store = store
        self._known = destinations_of(settings)
        self._zone = settings.zone
        self._transport_of = transport_of

    def destinations(self) -> tuple[ListedDestination, ...]:
        backlog = self._store.deliveries.backlog()
        return tuple(
            ListedDestination(destination=one, backlog=backlog.get(one.name, Backlog()))
            for one in self._known
        )

    def newest(self, *states: TaskState, destination: str = "") -> tuple[ListedDelivery, ...]:
        """Those that were put down last first."""
        found = self._store.deliveries.newest(
            states=states, destination=destination, limit=MOST_SHOWN
        )
        return tuple(_listed(task) for task in found)

    def retry(self, delivery_id: str, *, by: Actor) -> None:
        """Raises NotFound or Conflict."""
        audit = entry(Action.DELIVERY_RETRIED, by, subject_id=delivery_id)
        self._store.deliveries.retry(delivery_id, at=datetime.now(UTC), audit=audit)

    def drop(self, delivery_id: str, *, by: Actor) -> None:
        """Raises NotFound or Conflict."""
        audit = entry(Action.DELIVERY_DROPPED, by, subject_id=delivery_id)
        self._store.deliveries.drop(delivery_id, at=datetime.now(UTC), audit=audit)

    def test(self, name: str, model: ModelCard, *, by: Actor) -> None:
        """Echo, then send a phantom study. Raises NotFound or DeliveryFailed."""
        destination = next((one for one in self._known if one.name == name), None)
        if destination is None:
            raise NotFound("destination_unknown")
        self._store.record(entry(Action.DESTINATION_TESTED, by, subject_id=name))
        transport = self._transport_of(destination)
        transport.echo()
        transport.send([phantom(destination, model, datetime.now(self._zone))])


def _listed(task: Task) -> ListedDelivery:
    error, _, status = task.error.partition(" ")
    return ListedDelivery(
        id=task.id,
        destination=task.kind.removeprefix(PREFIX),
        kind=str(task.arguments.get("kind", "")),
        study_id=str(task.arguments.get("study", "")),
        state=task.state,
        attempts=task.attempts,
        error=error,
        status=status,
        created_at=task.created_at,
        due_at=task.due_at,
        ended_at=task.ended_at,
    )
