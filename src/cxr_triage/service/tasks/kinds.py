"""Every kind of task there is."""

from collections.abc import Mapping
from typing import Final

from cxr_triage.service.delivery import publishing
from cxr_triage.service.tasks import store_check
from cxr_triage.service.tasks.work import Handler, Schedule

HANDLERS: Final[Mapping[str, Handler]] = {
    publishing.KIND: publishing.publish,
    store_check.KIND: store_check.check_store,
}

SCHEDULES: Final[tuple[Schedule, ...]] = (store_check.nightly,)
"""Of those that come again by the clock."""
