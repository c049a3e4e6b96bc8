"""A study changed: what is due of it is put down, for each destination."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cxr_triage.errors import NotFound
from cxr_triage.service.delivery.destinations import destinations_of
from cxr_triage.service.delivery.due import due
from cxr_triage.service.delivery.withdrawing import withdrawals
from cxr_triage.service.tasks.work import Work
from cxr_triage.store.records import EVERYWHERE
from cxr_triage.store.rows.tasks import PUBLICATION

KIND = PUBLICATION


def publish(work: Work) -> Mapping[str, Any]:
    """What is there already is not put down again."""
    study_id = str(work.task.arguments["study"])
    destinations = destinations_of(work.settings)
    try:
        detail = work.store.study(study_id, EVERYWHERE)
    except NotFound:  # it was merged with another, or purged
        return {"deliveries": 0}
    news = []
    for destination in destinations:
        wrong = withdrawals(work.store, detail, destination)
        news += [withdrawal.task(destination) for withdrawal in wrong]
        news += [order.task(destination) for order in due(detail, destination)]
    return {"deliveries": work.store.deliveries.put(news, at=datetime.now(UTC))}
