"""What a report says of whose films it shows: what was put right, what is doubtful."""

from collections.abc import Iterator

from cxr_triage.domain import Patient, Reason
from cxr_triage.language import Language, say
from cxr_triage.language.dates import time_text, written
from cxr_triage.language.numbers import localized
from cxr_triage.report.study.report import ReportedFilm, StudyReport, spoken_name
from cxr_triage.result.sentences import reason_sentence


def identity_notes(report: StudyReport, language: Language) -> Iterator[str]:
    """Of the study, in sentences."""
    right = report.put_right
    if right is not None:
        when = time_text(right.at, language)
        said = list(_said_of(report, language))
        if said:
            text = "; ".join(said)
            yield say("paper.put_right", language, when=when, by=right.by, said=text)
        else:
            yield say("paper.put_right_unnamed", language, when=when, by=right.by)
    if report.contested:
        sentence = reason_sentence(Reason(code="same_study_number"), language)
        settled = say("correct.settled", language) if report.settled else ""
        yield f"{sentence} {settled}".rstrip()


def _said_of(report: StudyReport, language: Language) -> Iterator[str]:
    """What the files say where it is something else than what the report says."""
    right = report.put_right
    if right is None:
        return
    if right.patient is not None and report.patient is not None:
        yield from differences(right.patient, report.patient, language)
    if right.age_corrected:
        yield _fact("correct.age", age_text(right.age_years, language), language)


def differences(filed: Patient, now: Patient, language: Language) -> Iterator[str]:
    """What the files say, field by field, where a person said something else."""
    nothing = say("correct.nothing", language)
    pairs = {
        "correct.name": (spoken_name(filed.name), spoken_name(now.name)),
        "correct.id": (filed.id, now.id),
        "correct.issuer": (filed.issuer, now.issuer),
        "correct.birth_date": (filed.birth_date, now.birth_date),
        "report.sex": (filed.sex, now.sex),
    }
    for key, (was, is_) in pairs.items():
        if was == is_:
            continue
        text = was or nothing
        if was and key == "correct.birth_date":
            text = written(was, language)
        elif key == "report.sex" and was in ("F", "M", "O"):
            text = say(f"report.sex.{was}", language)
        yield _fact(key, text, language)


def age_text(years: float | None, language: Language) -> str:
    if years is None:
        return say("correct.nothing", language)
    return str(localized(round(years, 1), language) if years < 2 else int(years))


def view_text(view: str, language: Language) -> str:
    if view in ("PA", "AP"):
        return say(f"report.view.{view}", language)
    if view in ("LL", "RL"):
        return say(f"correct.view.{view}", language)
    return view or say("correct.nothing", language)


def film_notes(one: ReportedFilm, language: Language) -> Iterator[str]:
    """Of a film, in sentences."""
    right = one.put_right
    if right is not None and right.view is not None:
        view = one.film.assessment.header.view
        yield say("paper.view", language, view=view_text(view, language))
        yield say(
            "paper.put_right_film",
            language,
            when=time_text(right.at, language),
            by=right.by,
            said=view_text(right.view, language),
        )
    if one.marker:
        yield say("paper.marker", language, text=one.marker)
    for code in one.doubts:
        yield reason_sentence(Reason(code=code), language)


def _fact(key: str, text: str, language: Language) -> str:
    return f"{say(key, language)}: {text}"
