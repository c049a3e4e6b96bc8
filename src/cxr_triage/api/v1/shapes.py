"""Records of the store in the shapes of the interface."""

from dataclasses import asdict
from datetime import datetime
from urllib.parse import quote

from cxr_triage.api.v1.models import (
    AssessmentOut,
    CorrectionOut,
    CorrectionsOut,
    CropOut,
    FiledOut,
    FindingOut,
    FlagOut,
    LinksOut,
    ModelLabelOut,
    ModelNameOut,
    ModelOut,
    PatientOut,
    ReasonOut,
    ReviewOut,
    SessionOut,
    SiblingOut,
    SightOut,
    StudyDetailOut,
    StudyOut,
)
from cxr_triage.domain import Finding, Patient, Reason, names_differ
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.report.film.json import DECIMALS, model_fields, sight_fields
from cxr_triage.report.film.pixels import pixel_sentence
from cxr_triage.report.sentences import priority_sentence, reason_sentence
from cxr_triage.service.inference.pool import Running
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.reading.worklist import station_name
from cxr_triage.store.records import Review, StoredAssessment, StudyDetail, StudyRow


def assessment_out(
    stored: StoredAssessment, who: Principal, language: Language, row: StudyRow | None = None
) -> AssessmentOut:
    """Identifiers of the patient's images are left out for those who may not see patients.

    row: of its study, where that is known.
    """
    found, header = stored.assessment, stored.assessment.header
    address, named = f"/v1/assessments/{found.id}", who.may("see_patients")
    policy = found.pixel_policy
    return AssessmentOut(
        id=found.id,
        study_id=stored.study_id,
        station_id=stored.station_id,
        received_at=stored.received_at,
        created_at=found.created_at,
        is_current=stored.is_current,
        outcome="assessed" if found.outcome == "assessed" else "referred",
        priority=found.priority,
        priority_reason=priority_sentence(found.reason, language),
        findings=[
            _finding(one, language, f"{address}/heatmaps" if found.crop else None)
            for one in found.findings
        ],
        reasons=[reason_out(one, language) for one in found.eligibility.reasons],
        warnings=[reason_out(one, language) for one in found.eligibility.warnings],
        model=ModelNameOut.model_validate(model_fields(found.model)),
        fingerprint=found.fingerprint,
        digest=found.digest,
        crop=None if found.crop is None else CropOut(**asdict(found.crop)),
        pixels=None if policy is None else pixel_sentence(policy, language),
        sight=None if found.sight is None else SightOut(**sight_fields(found.sight)),
        study_uid=header.study_uid if named else "",
        series_uid=header.series_uid if named else "",
        sop_uid=header.sop_uid if named else "",
        accession=header.accession if named else "",
        view=header.view,
        age_years=_age(header.age_years),
        sex=header.sex,
        acquired_at=header.acquired_at,
        timings_ms={stage: round(ms, 2) for stage, ms in found.timings_ms.items()},
        intended_use=say("intended_use", language),
        links=LinksOut(
            self=address,
            image=f"{address}/image.png",
            pixels=f"{address}/pixels",
            report=f"{address}/report.html",
            study=f"/v1/studies/{stored.study_id}",
        ),
        filed=FiledOut(
            patient=_patient(stored.patient) if named else None,
            view=stored.filed.view,
            age_years=_age(stored.filed.age_years),
            sex=stored.filed.sex,
        ),
        marker=stored.marker if named else "",
        twin=stored.twin,
        other_name=row is not None and names_differ(stored.patient, row.filed),
        hidden_at=stored.hidden_at,
    )


def _patient(patient: Patient) -> PatientOut:
    return PatientOut(
        id=patient.id,
        issuer=patient.issuer,
        name=patient.name,
        birth_date=patient.birth_date,
        sex=patient.sex,
    )


def _age(years: float | None) -> float | None:
    return None if years is None else round(years, 2)


def _finding(found: Finding, language: Language, heatmaps: str | None) -> FindingOut:
    return FindingOut(
        label=found.label,
        name=finding_name(found.label, language),
        probability=round(found.probability, DECIMALS),
        score=round(found.score, DECIMALS),
        threshold=round(found.threshold, DECIMALS),
        likely_threshold=found.likely_threshold,
        flagged=found.flagged,
        level=found.level,
        heatmap=None if heatmaps is None else f"{heatmaps}/{quote(found.label)}.png",
    )


def reason_out(reason: Reason, language: Language) -> ReasonOut:
    return ReasonOut(
        code=reason.code,
        sentence=reason_sentence(reason, language),
        measured=reason.measured,
        limit=reason.limit,
    )


def study_out(row: StudyRow, who: Principal, language: Language) -> StudyOut:
    """Patient, UID and accession number are left out for those who may not see patients."""
    named = who.may("see_patients")
    return StudyOut(
        id=row.study_id,
        study_uid=row.study_uid if named else "",
        station_id=row.station_id,
        station_name=station_name(row, language),
        accession=row.accession if named else "",
        patient=_patient(row.patient) if named else None,
        age_years=_age(row.age_years),
        sex=row.sex,
        view=row.view,
        received_at=row.received_at,
        acquired_at=row.acquired_at,
        priority=row.priority,
        priority_reason=priority_sentence(row.reason, language),
        margin=round(row.margin, DECIMALS),
        flags=[
            FlagOut(
                label=flag.label,
                name=finding_name(flag.label, language),
                score=round(flag.score, DECIMALS),
                threshold=round(flag.threshold, DECIMALS),
                level=flag.level,
            )
            for flag in row.flags
        ],
        state=row.state,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        images=row.images,
        assessed=row.assessed,
        assessment_id=row.assessment_id,
        contested=row.contested,
        settled_at=row.settled_at,
        file_name=row.file_name if named else "",
        version=row.version,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        filed=_patient(row.filed) if named and row.patient_corrected else None,
        filed_age_years=_age(row.filed_image.age_years) if row.age_corrected else None,
        corrected=row.corrected,
    )


def detail_out(detail: StudyDetail, who: Principal, language: Language) -> StudyDetailOut:
    return StudyDetailOut(
        unsigned=[one.assessment.id for one in detail.lacking],
        study=study_out(detail.row, who, language),
        assessments=[assessment_out(one, who, language, detail.row) for one in detail.images],
        reviews=[review_out(review) for review in detail.reviews],
        hidden=[assessment_out(one, who, language, detail.row) for one in detail.hidden],
        siblings=[
            SiblingOut(
                id=one.study_id,
                patient=_patient(one.patient),
                received_at=one.received_at,
                settled_at=one.settled_at,
            )
            for one in detail.siblings
            if who.may("see_patients")
        ],
        corrections=corrections_out(detail).corrections if who.may("see_patients") else [],
    )


def corrections_out(detail: StudyDetail) -> CorrectionsOut:
    """For those who may see patients."""
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


def review_out(review: Review) -> ReviewOut:
    return ReviewOut(
        id=review.id,
        assessment_id=review.assessment_id,
        reader_name=review.reader_name,
        version=review.version,
        verdicts=dict(review.draft.verdicts),
        missed=list(review.draft.missed),
        overall=review.draft.overall,
        agrees=review.draft.agrees,
        note=review.draft.note,
        impression=review.draft.impression,
        saved_at=review.saved_at,
        signed_at=review.signed_at,
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
