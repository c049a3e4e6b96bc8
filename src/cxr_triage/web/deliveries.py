"""What goes to archives: for administrators, who see no patient here either."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.problems import status_of
from cxr_triage.dicom_net.opening import transport_of
from cxr_triage.errors import Conflict, DeliveryFailed, NotFound, TriageError
from cxr_triage.language import is_said, say
from cxr_triage.service.delivery.administration import Deliveries, ListedDelivery
from cxr_triage.web.forms import Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AdministratorVisit, Visit

router = APIRouter(prefix="/deliveries")

Id = Annotated[str, Path(max_length=64)]
DONE = {"retry", "drop", "test"}


@router.get("")
def read_deliveries(visit: AdministratorVisit, done: str = "") -> Response:
    """Destinations with what waits for them, and the deliveries that are open."""
    return _page(visit, done=done)


@router.post("/{delivery}/retry")
def retry(visit: AdministratorVisit, origin: From, delivery: Id, _: Posted) -> Response:
    """From the beginning, at once."""
    try:
        _of(visit).retry(delivery, by=visit.who.acts_from(origin))
    except (Conflict, NotFound) as error:
        return _page(visit, error=error)
    return RedirectResponse("/deliveries?done=retry", 303)


@router.post("/{delivery}/drop")
def drop(visit: AdministratorVisit, origin: From, delivery: Id, _: Posted) -> Response:
    """It is not delivered any more."""
    try:
        _of(visit).drop(delivery, by=visit.who.acts_from(origin))
    except (Conflict, NotFound) as error:
        return _page(visit, error=error)
    return RedirectResponse("/deliveries?done=drop", 303)


@router.post("/destinations/{name}/test")
def test(visit: AdministratorVisit, origin: From, name: Id, _: Posted) -> Response:
    """Is somebody there, and does a phantom study arrive?"""
    model = visit.services.pool.running.card
    try:
        _of(visit).test(name, model, by=visit.who.acts_from(origin))
    except (DeliveryFailed, NotFound) as error:
        return _page(visit, error=error)
    return RedirectResponse("/deliveries?done=test", 303)


def _of(visit: Visit) -> Deliveries:
    settings = visit.services.settings
    return Deliveries(visit.services.store, settings, partial(transport_of, settings=settings))


def _page(visit: Visit, *, done: str = "", error: TriageError | None = None) -> Response:
    deliveries = _of(visit)
    status = 200
    if error is not None:
        status = 502 if isinstance(error, DeliveryFailed) else status_of(error)

    def why(row: ListedDelivery) -> str:
        key = f"error.{row.error}"
        known = row.error and is_said(key)
        return say(key, visit.language, status=row.status) if known else row.error

    return render(
        visit,
        "deliveries.html.j2",
        status=status,
        destinations=deliveries.destinations(),
        deliveries=deliveries.newest("waiting", "running", "dead"),
        why=why,
        done=done if done in DONE else "",
        error="" if error is None else error.message(visit.language),
    )
