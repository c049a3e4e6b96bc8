"""The worklist: who sees which studies, page by page, most urgent first."""

from dataclasses import dataclass

from cxr_triage.service.accounts import Principal
from cxr_triage.store.records import StudyRow, WorklistQuery
from cxr_triage.store.repository import Store

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in the order of the worklist; `cursor` asks for the next ones, None at the end."""

    rows: tuple[StudyRow, ...]
    cursor: str | None


def page(
    store: Store,
    who: Principal,
    query: WorklistQuery,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page:
    """The studies that `who` may see. A cursor belongs to the query that gave it.

    Raises NotAllowed, QueryInvalid (`cursor_invalid`, `limit_invalid`) or StoreError.
    """
    raise NotImplementedError
