"""What the templates of a study's page need beside the records themselves."""

from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from cxr_triage.imaging.heatmap import scale_top, shown
from cxr_triage.labels import LABELS
from cxr_triage.report.film.html import gradient, parted
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import ShownStudy
from cxr_triage.service.review.reviews import DECISIONS, MAX_OTHER, MOST_OTHERS, TAKE_BACK_S
from cxr_triage.settings import Settings
from cxr_triage.store.records import VERDICTS, Review, StoredAssessment, StudyDetail

WEAK_AUC: Final = 0.7
"""Published evidence below this is named as weak."""

MAP: Final = "?layer=only&size=384"
"""A map alone; the browser enlarges it smoothly."""

FIRST_PICTURE: Final = 1024
"""Pixels of the longer side of what stands there until the film's own values have come."""


def film_values(stored: StoredAssessment, settings: Settings, *, withheld: bool) -> dict[str, Any]:
    """What the page's script is told of the film: addresses, the square, the findings. withheld:
    who looks sees no films."""
    found = stored.assessment
    address = f"/v1/assessments/{found.id}"
    return {
        "study": stored.study_id,
        "assessment": found.id,
        "withheld": withheld,
        "picture": f"{address}/image.jpg?size={FIRST_PICTURE}",
        "pixels": f"{address}/pixels",
        "crop": None if found.crop is None else asdict(found.crop),
        "showHeatmap": settings.heatmap_first and not withheld,
        "heatmaps": {
            finding.label: f"{address}/heatmaps/{quote(finding.label)}.png{MAP}"
            for finding in found.findings
            if found.crop is not None and not withheld
        },
    }


def scale_values(stored: StoredAssessment) -> dict[str, Any]:
    """For findings and the legend of their heatmaps."""
    return {
        "gradient": gradient,
        "scale_top": scale_top,
        "shown_map": shown,
        "parted": parted,
        "weak_auc": WEAK_AUC,
        "evidence": {one.label: one.evidence for one in stored.assessment.model.labels},
    }


def reviews_of(detail: ShownStudy, stored: StoredAssessment, who: Principal) -> dict[str, Any]:
    """The review of a result with its addenda, what `who` may do with it, and what of the study
    is not signed."""
    found = stored.assessment
    of_result = [one for one in detail.reviews if one.assessment_id == found.id]
    standing = [one for one in of_result if one.withdrawn_at is None]
    review = next((one for one in standing if one.addendum_of is None), None)
    signed = review is not None and review.signed_at is not None
    pending = review is not None and review.pending
    flagged = {finding.label for finding in found.findings if finding.flagged}
    return {
        "review": review,
        "addenda": [one for one in standing if one.addendum_of is not None],
        "signed_readings": [
            one for one in detail.reviews if one.signed_at and not one.withdrawn_at
        ],
        "withdrawn": [one for one in of_result if one.withdrawn_at is not None],
        "of_other_images": [one for one in detail.reviews if one.assessment_id != found.id],
        "signed": signed,
        "pending": pending,
        "may_withdraw": review is not None
        and signed
        and who.may("sign")
        and review.reader_id == who.id,
        "next_film": _next_film(detail, found.id),
        "take_back_s": TAKE_BACK_S,
        "decisions": DECISIONS,
        "ai_priority": found.priority
        if found.priority in DECISIONS and not stored.ai_hidden
        else "",
        "most_others": MOST_OTHERS,
        "longest_other": MAX_OTHER,
        "films": [one.assessment.id for one in detail.images],
        "lacking": numbered(detail),
        "may_sign_whole": stored.is_current
        and any(one.image_id != stored.image_id for one in detail.lacking),
        "may_save": who.may("review") and not signed and not pending,
        "may_sign": who.may("sign"),
        "values": review_values(review),
        "verdicts": VERDICTS,
        "missable": [label for label in LABELS if label not in flagged],
    }


def _next_film(detail: StudyDetail, shown: str) -> str:
    """The next result of the study that lacks a signature, given or counting; empty: none does."""
    given = {one.assessment_id for one in detail.reviews if one.pending}
    lacking = (one.assessment.id for one in detail.lacking)
    return next((one for one in lacking if one != shown and one not in given), "")


def numbered(detail: StudyDetail) -> list[tuple[int, StoredAssessment]]:
    """What is not signed, with the number that the page gives each film."""
    lacking = {one.assessment.id for one in detail.lacking}
    films = enumerate(detail.images, 1)
    return [(number, one) for number, one in films if one.assessment.id in lacking]


def review_values(review: Review | None) -> dict[str, Any]:
    """A review as the page's script fills a form with it; version 0: there is none."""
    if review is None:
        return {"version": 0, "reader": "", "signed": False, "verdicts": {}, "missed": [],
                "overall": None, "agrees": False, "note": "", "impression": "",
                "priority": None, "others": []}  # fmt: skip
    draft = review.draft
    return {
        "version": review.version,
        "reader": review.reader_name,
        "signed": review.signed_at is not None,
        "verdicts": dict(draft.verdicts),
        "missed": list(draft.missed),
        "overall": draft.overall,
        "agrees": draft.agrees,
        "note": draft.note,
        "impression": draft.impression,
        "priority": draft.priority,
        "others": list(draft.others),
    }
