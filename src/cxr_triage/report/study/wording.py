"""A study's report in the words of one language: what its page and its PDF lay out."""

from collections.abc import Iterator, Mapping
from typing import Final

from cxr_triage.domain import Assessment, FilmDecision, Finding, ModelCard
from cxr_triage.imaging.heatmap import scale_top
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.dates import time_text, written
from cxr_triage.language.numbers import decimal, localized
from cxr_triage.report.film.film import Film, flagged, leading_first
from cxr_triage.report.study.identity_notes import film_notes, identity_notes
from cxr_triage.report.study.report import ReportedFilm, ReportedReview, StudyReport, spoken_name
from cxr_triage.report.study.sheet import (
    FilmSheet,
    Sheet,
    SheetDecision,
    SheetPicture,
    SheetReview,
    SheetRow,
)
from cxr_triage.result.decided import (
    measured_on,
    next_step,
    notes,
    rarity_text,
    share_text,
    unfitted,
)
from cxr_triage.result.pixels import pixel_sentence
from cxr_triage.result.sentences import (
    data_set_name,
    priority_sentence,
    reason_sentence,
    score_text,
)

SHORT: Final = 12
"""Characters of our own id that tell studies apart on paper."""

MOST_NUMBERS: Final = 8
"""Films that are counted up in a line; after them stands "…"."""

MOST_OF_NAME: Final = 48
"""Characters of a name in a page's line, so that the number behind it is there too."""


def sheet_of(report: StudyReport, language: Language) -> Sheet:
    """The report in the words of `language`."""
    facts = tuple(_facts(report, language))
    assessments = [one.film.assessment for one in report.films]
    model = assessments[0].model
    return Sheet(
        language=language,
        study_id=report.study_id,
        title=say("paper.title", language),
        place=report.place,
        address=report.address,
        unsigned=_unsigned(report, language),
        mark="" if report.signed else say("paper.unsigned_mark", language),
        facts=facts,
        nameless=report.nameless,
        notes=tuple(identity_notes(report, language)),
        line=" · ".join(_line(report, language)),
        doctor=_decision(report, language),
        priority=report.ai_priority,
        priority_word=say(f"priority.{report.ai_priority}", language),
        next_step=next_step(report.priority, language, report.steps, signed=report.signed),
        reason=priority_sentence(report.reason, language, assessments[0].decision),
        caveats=tuple(_caveats(report, language)),
        films=tuple(
            _film(one, index, report, language) for index, one in enumerate(report.films, 1)
        ),
        signature=_signature(report, language),
        earlier=tuple(_reviewed(one, language, earlier=True) for one in report.earlier),
        uses=tuple(_uses(assessments, language)),
        model=say("report.model", language, name=model.name, version=model.version),
        printed=say("paper.printed", language, when=time_text(report.printed_at, language)),
        small=tuple(_small(report, language)),
    )


def _decision(report: StudyReport, language: Language) -> SheetDecision | None:
    """What was signed of the films as they are now."""
    said = [one for film in report.films for one in film.reviews if one.counts]
    if not said:
        return None
    conclusions = (f"{one.impression} ({one.reader})" for one in said if one.impression.strip())
    decided = bool(report.decided_by)
    return SheetDecision(
        priority=report.priority if decided else None,
        word=say(f"priority.{report.priority}", language) if decided else "",
        by=report.decided_by,
        conclusions=tuple(conclusions),
    )


def _unsigned(report: StudyReport, language: Language) -> str:
    """What of it nobody has signed; empty if all of it is."""
    if report.signed:
        return ""
    said = [say("paper.changed" if report.changed else "paper.unsigned", language)]
    if len(report.lacking) < len(report.films):
        numbers = [str(number) for number in report.lacking[:MOST_NUMBERS]]
        more = ["…"] if len(report.lacking) > MOST_NUMBERS else []
        said.append(say("paper.lacking", language, films=", ".join(numbers + more)))
    return "; ".join(said)


def _signature(report: StudyReport, language: Language) -> str:
    if report.signature is None:
        return ""
    key = "paper.study_was_signed" if report.changed else "paper.study_signed"
    when = time_text(report.signature.at, language)
    return say(key, language, reader=report.signature.reader, when=when)


def _unread(one: ReportedFilm, report: StudyReport, language: Language) -> str:
    if not one.signed and report.signature is not None and not report.changed:
        return say("paper.signed_with_study", language)
    return "" if one.reviews else say("paper.no_reading", language)


def _facts(report: StudyReport, language: Language) -> Iterator[tuple[str, str]]:
    patient = report.patient
    if patient is None:
        yield say("paper.patient", language), say("paper.left_out", language)
    else:
        yield (
            say("paper.patient", language),
            spoken_name(patient.name) or _unnamed(report, language),
        )
        yield say("paper.patient_id", language), patient.id or "–"
        born = written(patient.birth_date, language) if patient.birth_date else "–"
        yield say("paper.birth_date", language), born
    yield say("paper.age_sex", language), _age_and_sex(report, language)
    if patient is not None:
        yield say("report.accession", language), report.accession or "–"
    yield say("paper.study_date", language), written(report.acquired_at, language) or "–"
    yield say("paper.received", language), time_text(report.received_at, language)
    yield say("paper.station", language), report.station
    yield say("paper.study", language), report.study_id[:SHORT]


def _unnamed(report: StudyReport, language: Language) -> str:
    if not report.file_name:
        return say("viewer.no_name", language)
    return say("paper.no_name_file", language, file=report.file_name)


def _age_and_sex(report: StudyReport, language: Language) -> str:
    years, sex = report.age_years, report.sex
    age = (
        None if years is None else localized(round(years, 1), language) if years < 2 else int(years)
    )
    parts = [] if age is None else [say("report.years", language, age=age)]
    if sex:
        parts.append(say(f"report.sex.{sex}", language) if sex in ("F", "M", "O") else sex)
    return ", ".join(parts) or "–"


def _line(report: StudyReport, language: Language) -> Iterator[str]:
    if report.patient is not None:
        name = spoken_name(report.patient.name)[:MOST_OF_NAME]
        yield from filter(None, (name, report.patient.id))
        if report.accession:
            yield f"{say('report.accession', language)} {report.accession}"
    if report.acquired_at:
        yield written(report.acquired_at, language)
    yield f"{say('paper.study', language)} {report.study_id[:SHORT]}"


def _caveats(report: StudyReport, language: Language) -> Iterator[str]:
    leading = report.films[0].film.assessment
    yield from notes(leading, leading.model, language)
    if report.made_before:
        yield say("paper.made_before", language)
    if not leading.fitted:
        yield unfitted(language, own_thresholds=leading.own_thresholds)


def _uses(assessments: list[Assessment], language: Language) -> Iterator[str]:
    yield say("intended_use", language)
    proofs = {found.model.proof for found in assessments}
    if "demonstration" in proofs:
        yield say("demonstration_model", language)
    if "unproven" in proofs:
        yield say("unproven_model", language)
    if any(found.for_research for found in assessments):
        yield say("for_research", language)


def _film(one: ReportedFilm, index: int, report: StudyReport, language: Language) -> FilmSheet:
    assessment, count = one.film.assessment, len(report.films)
    first = next((review for review in one.reviews if not review.addendum), None)
    verdicts = {} if first is None else first.verdicts
    listed = [f for f in assessment.findings if f.flagged or f.label in verdicts]
    rest = [finding for finding in assessment.findings if finding not in listed]
    refused = assessment.outcome == "referred"
    title = say("report.film", language, index=index, count=count) if count > 1 else ""
    return FilmSheet(
        title=title,
        pictures=tuple(_pictures(one.film, language)),
        remarks=tuple(_remarks(one, language)),
        refusals=tuple(
            reason_sentence(reason, language) for reason in assessment.eligibility.reasons
        )
        if refused
        else (),
        warnings=tuple(
            reason_sentence(warning, language)
            for warning in assessment.eligibility.warnings
            if warning not in assessment.notices
        ),
        rows=tuple(_row(finding, assessment, verdicts, language) for finding in listed),
        scale=say("report.score_threshold", language)
        if assessment.decision is None
        else say(f"rarity.column.{assessment.decision.population}", language),
        rest=_rest(rest, language),
        reviews=tuple(_reviewed(review, language) for review in one.reviews),
        unread=_unread(one, report, language),
    )


def _pictures(film: Film, language: Language) -> Iterator[SheetPicture]:
    assessment = film.assessment
    if film.image is not None:
        assessed = assessment.outcome == "assessed"
        yield SheetPicture(
            data=film.image,
            caption=say("report.image" if assessed else "paper.image", language),
            kind=say("report.image_plain" if assessed else "report.image_refused", language),
        )
    top = scale_top(assessment.findings)
    for finding in leading_first(assessment):
        if finding.label in film.overlays:
            yield SheetPicture(
                data=film.overlays[finding.label],
                caption=finding_name(finding.label, language),
                kind=say("heatmap.title", language),
                finding=finding,
                top=top,
            )


def _remarks(one: ReportedFilm, language: Language) -> Iterator[str]:
    """What must be known of the pictures."""
    film, assessment = one.film, one.film.assessment
    yield from film_notes(one, language)
    if one.withheld:
        yield say("paper.withheld", language)
    elif not one.pictured:
        yield say("paper.not_pictured", language)
    elif film.image is None:
        yield say("paper.no_picture", language)
    for notice in assessment.notices:
        yield reason_sentence(notice, language)
    if film.overlays:
        yield f"{say('paper.contour', language)} {say('heatmap.not_an_outline', language)}"
        if film.cropped:
            yield say("heatmap.outside", language)
        if len(flagged(assessment)) > len(film.overlays):
            yield say("paper.more_heatmaps", language)


def data_sets(model: ModelCard) -> list[str]:
    """That the model was measured on, each once."""
    return list(dict.fromkeys(data for label in model.labels for data in label.evidence))


def _row(
    finding: Finding, assessment: Assessment, verdicts: Mapping[str, str], language: Language
) -> SheetRow:
    model, decision = assessment.model, assessment.decision
    rare = decision is not None and finding.rarity is not None
    evidence = next((one.evidence for one in model.labels if one.label == finding.label), {})
    sets, said = data_sets(model), verdicts.get(finding.label, "")
    return SheetRow(
        finding=finding,
        decision=decision,
        name=finding_name(finding.label, language),
        level="; ".join(_level(finding, language)),
        value=rarity_text(finding.rarity, language)
        if decision is not None and finding.rarity is not None
        else score_text(finding, language),
        limit="" if rare else f"/ {decimal(finding.threshold, language)}",
        evidence=" · ".join(
            f"{decimal(auc, language)} ({sets.index(data) + 1})"
            if len(sets) > 1
            else decimal(auc, language)
            for data, auc in evidence.items()
        )
        or say("report.no_evidence", language),
        verdict=say(f"viewer.verdict.{said}", language) if said else "–",
    )


def _level(finding: Finding, language: Language) -> Iterator[str]:
    yield say(f"level.{finding.level}", language)
    if finding.trust == "not_reliable":
        yield say("trust.not_reliable", language)


def _unflagged(finding: Finding, language: Language) -> str:
    name = finding_name(finding.label, language)
    if finding.rarity is None:
        score, threshold = score_text(finding, language), decimal(finding.threshold, language)
        return f"{name} {score} / {threshold}"
    if finding.trust == "not_reliable":
        return f"{name} ({say('trust.not_reliable', language)})"
    return name


def _rest(findings: list[Finding], language: Language) -> str:
    if not findings:
        return ""
    words = "; ".join(_unflagged(one, language) for one in findings)
    return f"{say('report.rest', language, count=len(findings))}: {words}."


def _reviewed(review: ReportedReview, language: Language, *, earlier: bool = False) -> SheetReview:
    if review.withdrawn_at is not None:
        key = "paper.withdrawn_by"
    elif review.addendum:
        key = "paper.addendum_by"
    else:
        key = "paper.signed_by" if review.signed_at else "paper.saved_by"
    when = time_text(review.signed_at or review.saved_at, language)
    heading = say(key, language, reader=review.reader, when=when)
    if earlier:
        heading = f"{say('paper.earlier', language)} {heading}"
    return SheetReview(
        heading=heading,
        facts=tuple(_statements(review, language, verdicts=review.addendum or earlier)),
        signed=review.signed_at is not None,
    )


def _statements(
    review: ReportedReview, language: Language, *, verdicts: bool
) -> Iterator[tuple[str, str]]:
    """What a review says; its verdicts only where no table shows them."""
    if review.priority:
        yield say("paper.own_priority", language), say(f"priority.{review.priority}", language)
    if review.impression:
        yield say("paper.impression", language), review.impression
    if review.agrees:
        yield say("paper.ai_result", language), say("viewer.agreed", language)
    if review.missed:
        missed = "; ".join(finding_name(label, language) for label in review.missed)
        yield say("paper.missed", language), missed
    if review.others:
        yield say("paper.others", language), "; ".join(review.others)
    if verdicts and review.verdicts:
        said = "; ".join(
            f"{finding_name(label, language)}: {say(f'viewer.verdict.{verdict}', language)}"
            for label, verdict in review.verdicts.items()
        )
        yield say("paper.verdicts", language), said
    if review.overall:
        overall = say(f"viewer.verdict.{review.overall}", language)
        yield say("paper.overall", language), overall
    if review.note:
        yield say("paper.note", language), review.note
    if review.texts_left_out:
        yield say("paper.note", language), say("paper.left_out", language)


def _small(report: StudyReport, language: Language) -> Iterator[tuple[str, str]]:
    for model in {
        one.film.assessment.model.sha256: one.film.assessment.model for one in report.films
    }.values():
        name = say("report.model", language, name=model.name, version=model.version)
        proof = say(f"report.proof.{model.proof}", language)
        yield (
            name,
            f"SHA-256 {model.sha256[:12]} · {say('report.precision', language)} {model.precision}"
            f" · {say('report.proof', language)}: {proof}"
            f" · {say('report.policy', language)} {report.policy}",
        )
        points = "; ".join(
            f"{finding_name(label.label, language)} {localized(label.operating_point, language)}"
            for label in model.labels
        )
        yield say("report.operating_points", language), f"{points}."
        sets = data_sets(model)
        measured = enumerate((data_set_name(data, language) for data in sets), 1)
        yield (
            say("paper.evidence", language),
            "; ".join(f"({n}) {data}" if len(sets) > 1 else data for n, data in measured) or "–",
        )
        if model.likely_rule and not _decisions(report):
            yield say("report.level", language), say(f"report.likely.{model.likely_rule}", language)
    prints = dict.fromkeys(one.film.assessment.fingerprint[:12] for one in report.films)
    yield say("report.fingerprint", language), " · ".join(prints)
    for one in report.films[:1]:
        if one.film.assessment.pixel_policy is not None:
            pixels = pixel_sentence(one.film.assessment.pixel_policy, language)
            yield say("report.pixels", language), pixels
    yield say("paper.study", language), report.study_id
    decisions = _decisions(report)
    for decision in decisions[:1]:
        said = [say("guide.rarity.text", language), *measured_on(decision, language)]
        if {"routine", "urgent"} <= decision.cuts.keys():
            cuts = {t: share_text(decision.cuts[t], language) for t in ("routine", "urgent")}
            said.append(say("rarity.paper", language, **cuts))
        yield say("paper.rarity", language), " ".join(said)
    if not decisions:
        yield say("paper.scores", language), say("paper.scores_mean", language)


def _decisions(report: StudyReport) -> list[FilmDecision]:
    found = (one.film.assessment.decision for one in report.films)
    return [decision for decision in found if decision is not None]
