"""What is shown of the store's records in the shapes of the interface."""

from datetime import datetime
from urllib.parse import quote

from cxr_triage.api.v1.models import (
    AssessmentOut,
    ClaimOut,
    CorrectionOut,
    CorrectionsOut,
    FiledOut,
    LinksOut,
    ModelLabelOut,
    ModelOut,
    PatientOut,
    ReviewOut,
    SessionOut,
    SiblingOut,
    StudyDetailOut,
    StudyOut,
)
from cxr_triage.domain import NextSteps, Patient, names_differ
from cxr_triage.labels import finding_name
from cxr_triage.language import Language
from cxr_triage.result.decided import next_step
from cxr_triage.result.public import DECIMALS, PublicFinding, finding_fields, model_fields, public
from cxr_triage.result.sentences import priority_sentence
from cxr_triage.service.inference.pool import Running
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import (
    ShownResult,
    ShownReview,
    ShownRow,
    ShownStudy,
)
from cxr_triage.service.review.worklist import station_name
from cxr_triage.store.records import StudyClaim


def assessment_out(
    stored: ShownResult,
    language: Language,
    steps: NextSteps,
    row: ShownRow | None = None,
) -> AssessmentOut:
    """steps: what the site says is to be done next. row: of its study, where that is known."""
    found = stored.assessment
    address = f"/v1/assessments/{found.id}"
    said = public(found, language, steps)
    if stored.ai_hidden:
        untold = {"priority": None, "next_step": "", "priority_reason": "", "ai_hidden": True}
        said = said | untold
    heatmaps = [_heatmap(address, one.label) if found.crop else None for one in found.findings]
    findings = [
        one | {"heatmap": heatmap} for one, heatmap in zip(said["findings"], heatmaps, strict=True)
    ]
    return AssessmentOut(
        **(said | {"findings": findings}),
        id=found.id,
        study_id=stored.study_id,
        station_id=stored.station_id,
        received_at=stored.received_at,
        created_at=found.created_at,
        is_current=stored.is_current,
        links=LinksOut(
            self=address,
            image=f"{address}/image.png",
            pixels=f"{address}/pixels",
            report=f"{address}/report.html",
            study=f"/v1/studies/{stored.study_id}",
        ),
        filed=FiledOut(
            patient=_patient(stored.patient),
            view=stored.filed.view,
            age_years=_age(stored.filed.age_years),
            sex=stored.filed.sex,
        ),
        marker=stored.marker,
        twin=stored.twin,
        other_name=row is not None and names_differ(stored.patient, row.filed),
        hidden_at=stored.hidden_at,
    )


def _patient(patient: Patient) -> PatientOut | None:
    return None if patient.withheld else _named(patient)


def _named(patient: Patient) -> PatientOut:
    return PatientOut(
        id=patient.id,
        issuer=patient.issuer,
        name=patient.name,
        birth_date=patient.birth_date,
        sex=patient.sex,
    )


def _age(years: float | None) -> float | None:
    return None if years is None else round(years, 2)


def _heatmap(address: str, label: str) -> str:
    return f"{address}/heatmaps/{quote(label)}.png"


def study_out(row: ShownRow, language: Language, steps: NextSteps) -> StudyOut:
    """A row of the worklist."""
    return StudyOut(
        id=row.study_id,
        study_uid=row.study_uid,
        station_id=row.station_id,
        station_name=station_name(row.station_id, row.station_name, language),
        accession=row.accession,
        patient=_patient(row.patient),
        age_years=_age(row.age_years),
        sex=row.sex,
        view=row.view,
        received_at=row.received_at,
        acquired_at=row.acquired_at,
        priority=None if row.ai_hidden and not row.decided else row.priority,
        ai_priority=None if row.ai_hidden else row.ai_priority,
        ai_hidden=row.ai_hidden,
        decided_by=row.decided_by,
        next_step=""
        if row.ai_hidden and not row.decided
        else next_step(row.priority, language, steps, signed=row.state == "signed"),
        priority_reason=""
        if row.ai_hidden
        else priority_sentence(row.reason, language, row.decision),
        margin=round(row.reason.margin, DECIMALS),
        rarity=None if row.reason.rarity is None else round(row.reason.rarity, DECIMALS),
        band=row.band,
        overdue=row.overdue,
        early_reading=row.early_reading,
        flags=[PublicFinding(**finding_fields(flag, language)) for flag in row.flags],
        state=row.state,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        claimed_by="" if row.claim is None else row.claim.name,
        drafted=row.drafted,
        signs_at=row.signs_at,
        read_at=row.read_at,
        images=row.images,
        assessed=row.assessed,
        assessment_id=row.assessment_id,
        contested=row.contested,
        settled_at=row.settled_at,
        file_name=row.file_name,
        version=row.version,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        filed=_patient(row.filed) if row.patient_corrected else None,
        filed_age_years=_age(row.filed_image.age_years) if row.age_corrected else None,
        corrected=row.corrected,
    )


def claim_out(claim: StudyClaim, who: Principal) -> ClaimOut:
    return ClaimOut(
        name=claim.name,
        since=claim.since,
        until=claim.until,
        yours=who.id == claim.person_id,
    )


def detail_out(detail: ShownStudy, language: Language, steps: NextSteps) -> StudyDetailOut:
    row = ShownRow(detail.row)
    return StudyDetailOut(
        unsigned=[one.assessment.id for one in detail.lacking],
        study=study_out(row, language, steps),
        assessments=[
            assessment_out(ShownResult(one), language, steps, row) for one in detail.images
        ],
        reviews=[review_out(ShownReview(review)) for review in detail.reviews],
        hidden=[assessment_out(ShownResult(one), language, steps, row) for one in detail.hidden],
        siblings=[
            SiblingOut(
                id=one.study_id,
                patient=_named(one.patient),
                received_at=one.received_at,
                settled_at=one.settled_at,
            )
            for one in detail.siblings
        ],
        corrections=corrections_out(detail).corrections,
    )


def corrections_out(detail: ShownStudy) -> CorrectionsOut:
    """Newest first."""
    results = {one.image_id: one.assessment.id for one in detail.everything}
    return CorrectionsOut(
        version=detail.row.version,
        corrections=[
            CorrectionOut(
                version=one.version,
                at=one.at,
                kind=one.kind,
                by=one.by,
                reason=one.reason,
                assessment_id=results.get(one.image_id or ""),
                patient_before=_patient(one.before) if one.before else None,
                patient_after=_patient(one.after) if one.after else None,
                changes={
                    name: [_plain(was), _plain(now)] for name, (was, now) in one.changes.items()
                },
            )
            for one in detail.corrections
        ],
    )


def _plain(value: object) -> str | float | None:
    if value is None or isinstance(value, (int, float)):
        return value
    return str(value)


def review_out(review: ShownReview) -> ReviewOut:
    return ReviewOut(
        id=review.id,
        assessment_id=review.assessment_id,
        reader_name=review.reader_name,
        version=review.version,
        verdicts=dict(review.draft.verdicts),
        missed=list(review.draft.missed),
        overall=review.draft.overall,
        agrees=review.draft.agrees,
        priority=review.draft.priority,
        others=list(review.draft.others),
        note=review.draft.note,
        impression=review.draft.impression,
        texts_left_out=review.texts_left_out,
        saved_at=review.saved_at,
        signed_at=review.signed_at,
        signs_at=review.signs_at if review.pending else None,
        withdrawn_at=review.withdrawn_at,
        withdrawn_why=review.withdrawn_why,
        addendum_of=review.addendum_of,
    )


def model_out(running: Running, language: Language) -> ModelOut:
    card = running.card
    return ModelOut(
        **model_fields(card),
        intended_use=card.intended_use[language],
        limits=list(card.limits[language]),
        labels=[
            ModelLabelOut(
                label=one.label,
                name=finding_name(one.label, language),
                operating_point=one.operating_point,
                likely_point=one.likely_point,
                evidence=dict(one.evidence),
            )
            for one in card.labels
        ],
        licence=card.licence,
        source=card.source,
        citation=card.citation,
        policy=running.policy,
        fingerprint=running.fingerprint,
    )


def session_out(who: Principal, csrf: str, expires_at: datetime) -> SessionOut:
    return SessionOut(
        person_id=who.id,
        name=who.name,
        role=who.role,
        station_id=who.station_id,
        language=who.language,
        csrf=csrf,
        expires_at=expires_at,
    )
