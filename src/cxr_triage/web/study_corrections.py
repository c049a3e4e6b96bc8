"""What the page of a study says of whose films it shows, and what may be put right there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cxr_triage.domain import names_differ
from cxr_triage.language import say
from cxr_triage.report.study.identity_notes import age_text, differences, view_text
from cxr_triage.report.study.report import spoken_name
from cxr_triage.service.review import worklist
from cxr_triage.service.review.corrections import (
    MAX_MARKER,
    MAX_REASON,
    may_choose_station,
    may_correct,
)
from cxr_triage.service.review.disclosure import ShownStudy
from cxr_triage.store.records import (
    Correction,
    StoredAssessment,
    StudyDetail,
    StudyRow,
    WorklistQuery,
)
from cxr_triage.triage.anyway import may_be_read_anyway
from cxr_triage.web.visit import Visit

VIEWS: Final = ("PA", "AP", "LL", "RL")
NEAR: Final = timedelta(days=3)
"""Studies of a station that came so long before or after are offered for a film to go to."""
MOST_NEAR: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was put right, in words."""

    correction: Correction
    said: tuple[str, ...]


def correction_values(visit: Visit, detail: ShownStudy, shown: StoredAssessment) -> dict[str, Any]:
    """For the templates."""
    who, row = visit.who, detail.row
    named = not row.patient.withheld
    may = named and may_correct(who, row)
    return {
        "named": named,
        "may_correct": may,
        "may_judge": may and who.may("sign"),
        "may_read_anyway": may
        and shown.is_current
        and shown.hidden_at is None
        and may_be_read_anyway(shown.assessment.eligibility),
        "stations": visit.services.store.accounts.stations() if may_choose_station(who) else (),
        "siblings": detail.siblings,
        "hidden_films": detail.hidden if named else (),
        "targets": _targets(visit, detail) if may else (),
        "own_study_possible": len(detail.everything) > 1,
        "parting": may and who.may("sign") and _was_merged(detail),
        "differences": tuple(differences(row.filed, row.patient, visit.language)),
        "identity_step": _last(detail, "identity", "merged") if row.corrected else None,
        "view_step": _last(detail, "image", image=shown.image_id) if shown.view_corrected else None,
        "other_name": names_differ(shown.patient, row.filed),
        "steps": _steps(visit, detail),
        "views": VIEWS,
        "view_text": lambda view: view_text(view, visit.language),
        "age_text": lambda years: age_text(years, visit.language),
        "spoken_name": spoken_name,
        "most_reason": MAX_REASON,
        "most_marker": MAX_MARKER,
    }


def _targets(visit: Visit, detail: StudyDetail) -> tuple[StudyRow, ...]:
    """Studies that a film may go to: those of the same number first, then those that came about
    the same time to the same station."""
    row = detail.row
    near = WorklistQuery(
        station_id=row.station_id,
        received_from=row.received_at - NEAR,
        received_until=row.received_at + NEAR,
    )
    found = worklist.page(visit.services.store, visit.who, near, limit=MOST_NEAR)
    known = {one.study_id: one for one in (*detail.siblings, *found.rows)}
    known.pop(row.study_id, None)
    return tuple(known.values())


def _was_merged(detail: StudyDetail) -> bool:
    last = _last(detail, "merged", "parted")
    return last is not None and last.kind == "merged"


def _last(detail: StudyDetail, *kinds: str, image: str | None = None) -> Correction | None:
    return next(
        (
            one
            for one in detail.corrections
            if one.kind in kinds and (image is None or one.image_id == image)
        ),
        None,
    )


def _steps(visit: Visit, detail: StudyDetail) -> tuple[Step, ...]:
    names = {one.id: one.name for one in visit.services.store.accounts.stations()}
    return tuple(
        Step(correction=one, said=tuple(_said(visit, one, names))) for one in detail.corrections
    )


def _said(visit: Visit, one: Correction, stations: dict[str, str]) -> Sequence[str]:
    """What was, and what is."""
    language = visit.language
    if one.before is not None and one.after is not None and one.kind in ("identity", "sent_again"):
        was = differences(one.before, one.after, language)
        now = differences(one.after, one.before, language)
        said = [_change(a, b.partition(": ")[2]) for a, b in zip(was, now, strict=True)]
    else:
        said = []
    for name, (before, after) in one.changes.items():
        if name == "age_years":
            said.append(
                _change(age_text(_number(before), language), age_text(_number(after), language))
            )
        elif name == "view":
            said.append(_change(view_text(str(before), language), view_text(str(after), language)))
        elif name == "marker":
            said.append(_change(str(before or "–"), str(after or "–")))
        elif name == "anyway":
            said.append(say("correct.read_anyway_done", language))
        elif name == "station":
            said.append(_change(*(stations.get(str(one), str(one)) for one in (before, after))))
    return said


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _change(before: str, after: str) -> str:
    return f"{before} → {after}"
