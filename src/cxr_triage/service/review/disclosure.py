"""What of a study a caller gets: decided here and nowhere else.

Who reads a film before they see what the AI says (`Principal.looks_first`) gets no finding, map,
priority or reason of a result until they have said normal or abnormal, or asked for it, as their
mode has it: nothing of it leaves the service for them.

Who may not see patients gets no name, number, UID, file's name, note on a marker or correction,
and no free text of a reading, in which a doctor may name somebody; and no film, into which a name
may be burnt. Entrances and reports take
studies and results from here; the types of what is shown keep them from passing on anything else.
"""

from dataclasses import replace
from typing import Final, NewType

from cxr_triage.domain import PriorityReason
from cxr_triage.domain.patient import WithheldPatient
from cxr_triage.errors import NotAllowed, NotFound
from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import (
    FirstOpinions,
    OtherStudy,
    Review,
    StoredAssessment,
    StudyDetail,
    StudyRow,
)
from cxr_triage.store.repository import Store

ShownRow = NewType("ShownRow", StudyRow)
ShownResult = NewType("ShownResult", StoredAssessment)
ShownStudy = NewType("ShownStudy", StudyDetail)
ShownReview = NewType("ShownReview", Review)

WITHHELD: Final = WithheldPatient()
UNTOLD: Final = PriorityReason(code="none_flagged")
"""In place of the reason of a priority that is not shown."""


def study(store: Store, who: Principal, study_id: str) -> ShownStudy:
    """By our own id. Raises NotAllowed, NotFound or StoreError."""
    who.need("read")
    return shown_study(store.study(study_id, who.scope), who)


def result(store: Store, who: Principal, assessment_id: str) -> ShownResult:
    """Raises NotAllowed, NotFound or StoreError."""
    who.need("read_results")
    return shown_result(store.assessment(assessment_id, who.scope), who)


def older_results(store: Store, who: Principal, image_id: str) -> tuple[ShownResult, ...]:
    """Results of an image that are not current any more, newest first."""
    who.need("read")
    return tuple(shown_result(one, who) for one in store.older_results(image_id, who.scope))


def study_with_uid(store: Store, who: Principal, study_uid: str) -> str:
    """Our own id of the newest study with that UID.

    Raises NotFound, also for who may not see patients: the answer would say who is there.
    """
    who.need("read")
    rows = store.studies_with_uid(study_uid, who.scope) if who.may("see_patients") else ()
    if not rows:
        raise NotFound("study_not_found")
    return rows[0].study_id


def sees_films(who: Principal) -> bool:
    """May they look at what a film shows?"""
    return who.may("see_patients")


def need_films(who: Principal) -> None:
    """Raises NotAllowed `film_withheld`."""
    if not sees_films(who):
        raise NotAllowed("film_withheld")


def other_studies(store: Store, who: Principal, study_id: str) -> tuple[OtherStudy, ...]:
    """Of the same patient, or perhaps: for who may see patients, else it says whose they are.
    Raises NotAllowed, NotFound or StoreError."""
    who.need("read")
    who.need("see_patients")
    found = store.others(study_id, who.scope)
    return tuple(replace(one, row=shown_row(one.row, who)) for one in found)


def comparable(one: StudyRow, other: StudyRow) -> bool:
    """Do their AI's results say the same thing by the same numbers?"""
    return bool(one.fingerprint) and one.fingerprint == other.fingerprint


def shown_study(detail: StudyDetail, who: Principal) -> ShownStudy:
    """A study with all that belongs to it."""
    shown = replace(
        detail,
        row=shown_row(detail.row, who),
        images=tuple(shown_result(one, who) for one in detail.images),
        hidden=tuple(shown_result(one, who) for one in detail.hidden),
        reviews=tuple(shown_review(one, who) for one in detail.reviews),
        siblings=tuple(shown_row(one, who) for one in detail.siblings),
    )
    if not who.may("see_patients"):
        shown = replace(shown, corrections=(), siblings=())
    return ShownStudy(shown)


def hides_ai(who: Principal, opinions: FirstOpinions) -> bool:
    """Must they look first? opinions: of the result."""
    if not who.looks_first:
        return False
    said = opinions.get(who.id)
    if said is None:
        return True
    return not (said.asked if who.first_look == "until_asked" else said.opinion or said.asked)


def need_looked(detail: ShownStudy) -> None:
    """For what is made of everything, such as a report. Raises NotAllowed `look_first`."""
    if any(one.ai_hidden for one in detail.everything):
        raise NotAllowed("look_first")


def shown_row(row: StudyRow, who: Principal) -> ShownRow:
    """A row of the worklist."""
    if hides_ai(who, row.opinions):
        row = replace(
            row,
            ai_hidden=True,
            priority=row.priority if row.decided else "none",
            ai_priority="none",
            band=1,
            reason=UNTOLD,
            flags=(),
            decision=None,
            overdue=False,
            early_reading=False,
            fingerprint="",
        )
    if who.may("see_patients"):
        return ShownRow(row)
    return ShownRow(
        replace(
            row, study_uid="", accession="", patient=WITHHELD, filed=WITHHELD, file_name=""
        )
    )  # fmt: skip


def shown_result(stored: StoredAssessment, who: Principal) -> ShownResult:
    """One image's result. A refusal is none that a first look could be led by."""
    if stored.assessment.outcome == "assessed" and hides_ai(who, stored.opinions):
        found = replace(
            stored.assessment,
            findings=(),
            priority="none",
            reason=UNTOLD,
            decision=None,
            early_reading=False,
        )
        stored = replace(stored, assessment=found, ai_hidden=True)
    if who.may("see_patients"):
        return ShownResult(stored)
    header = replace(
        stored.assessment.header, study_uid="", series_uid="", sop_uid="", accession=""
    )
    assessment = replace(stored.assessment, header=header)
    return ShownResult(
        replace(stored, assessment=assessment, patient=WITHHELD, file_name="", marker="")
    )


def shown_review(review: Review, who: Principal) -> ShownReview:
    """A reading: its verdicts for everybody, its texts for who may see patients."""
    if who.may("see_patients"):
        return ShownReview(review)
    draft = review.draft
    return ShownReview(
        replace(
            review,
            draft=replace(draft, note="", impression="", others=()),
            withdrawn_why="",
            texts_left_out=bool(
                draft.note or draft.impression or draft.others or review.withdrawn_why
            ),
        )
    )
