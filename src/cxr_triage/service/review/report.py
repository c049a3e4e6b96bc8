"""A study's report filled in: from what is kept, for who asks."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from cxr_triage.domain import Assessment, names_differ
from cxr_triage.errors import BlobDamaged, Conflict, ImageError
from cxr_triage.language import Language
from cxr_triage.logs import log
from cxr_triage.report.film.film import Film
from cxr_triage.report.film.pictures import NO_PICTURES, FilmPictures, unpacked
from cxr_triage.report.study.report import (
    PutRight,
    ReportedFilm,
    ReportedReview,
    Signature,
    StudyReport,
    is_named,
)
from cxr_triage.report.study.sheet import Sheet
from cxr_triage.report.study.wording import sheet_of
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.inference.jobs import Drawing
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.inference.turns import Claim, Rank
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review import disclosure
from cxr_triage.service.review.worklist import station_name
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, Review, Scope, StoredAssessment, StudyDetail
from cxr_triage.store.repository import Store

MOST_PICTURED: Final = 8
"""Images of a study whose pictures are drawn: a report waits for them."""

PrintedT = TypeVar("PrintedT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reporter:
    """Makes reports of what `store` holds, with pictures that `pool` draws."""

    store: Store
    pool: InferencePool
    settings: Settings

    def printed(
        self,
        who: Principal,
        study_id: str,
        language: Language,
        *,
        make: Callable[[Sheet], PrintedT],
        origin: Origin,
    ) -> PrintedT:
        """What `make` makes of the report, all of it in one turn of theirs: papers take long.
        Raises as `report`."""
        with self.pool.printing.turn(Claim(party=who.party, rank=Rank.PRINTED)):
            return make(sheet_of(self.report(who, study_id, language, origin=origin), language))

    def report(
        self,
        who: Principal,
        study_id: str,
        language: Language,
        *,
        origin: Origin,
        now: datetime | None = None,
    ) -> StudyReport:
        """The report, noted in the audit trail as seen.

        An image that is lost or cannot be decoded has no picture. Raises NotAllowed,
        NotFound, StoreError or Overloaded.
        """
        detail = disclosure.study(self.store, who, study_id)
        disclosure.need_looked(detail)
        if not detail.images:
            raise Conflict("every_film_hidden")
        actor = who.acts_from(origin)
        note(self.store, entry(Action.REPORT_VIEWED, actor, study_id=detail.row.study_id))
        named = self.settings.report_names and not detail.row.patient.withheld
        seen = disclosure.sees_films(who)
        return self._made(detail, language, who.scope, who.party, named=named, seen=seen, now=now)

    def for_archive(
        self, detail: StudyDetail, language: Language, *, now: datetime, party: str
    ) -> StudyReport:
        """The report for where the film itself came from; it names whom the film names. now: when
        it counts as made. Raises StoreError or Overloaded."""
        return self._made(detail, language, EVERYWHERE, party, named=True, seen=True, now=now)

    def _made(
        self,
        detail: StudyDetail,
        language: Language,
        scope: Scope,
        party: str,
        *,
        named: bool,
        seen: bool,
        now: datetime | None,
    ) -> StudyReport:
        """named: whom the films show is said; seen: the films are shown."""
        zone, row = self.settings.zone, detail.row
        reviews = self._reviews(detail, zone)
        films = tuple(
            ReportedFilm(
                film=self._film(stored, scope, party, pictured=seen and index < MOST_PICTURED),
                reviews=tuple(reviews.pop(stored.assessment.id, ())),
                pictured=index < MOST_PICTURED,
                withheld=not seen,
                **_of_film(stored, detail, zone, named=named),
            )
            for index, stored in enumerate(detail.images)
        )
        running = self.pool.running
        made_before = not all(running.would_make(one.film.assessment) for one in films)
        return StudyReport(
            study_id=row.study_id,
            place=self.settings.report_place,
            address=self.settings.report_address,
            station=station_name(row.station_id, row.station_name, language),
            patient=row.patient if named else None,
            file_name=row.file_name if named and not is_named(row.patient) else "",
            accession=row.accession if named else "",
            age_years=row.age_years,
            sex=row.sex,
            acquired_at=row.acquired_at,
            received_at=row.received_at.astimezone(zone),
            printed_at=(now or datetime.now(UTC)).astimezone(zone),
            priority=row.priority,
            ai_priority=row.ai_priority,
            decided_by=row.decided_by,
            reason=row.reason,
            policy="–" if made_before else running.policy,
            films=films,
            earlier=tuple(one for rest in reviews.values() for one in rest),
            signature=None
            if row.signed_at is None
            else Signature(reader=row.signed_by, at=row.signed_at.astimezone(zone)),
            changed=row.state == "changed",
            made_before=made_before,
            steps=running.rules.next_steps,
            put_right=_put_right(detail, zone, named=named),
            contested=row.contested,
            settled=row.settled_at is not None,
        )

    def _film(self, stored: StoredAssessment, scope: Scope, party: str, *, pictured: bool) -> Film:
        found = stored.assessment
        pictures = self._pictures(found, scope, party) if pictured else NO_PICTURES
        return Film(
            path="",
            assessment=replace(found, header=replace(found.header, accession="")),
            cropped=pictures.cropped,
            image=pictures.image,
            overlays=pictures.overlays,
        )

    def _pictures(self, found: Assessment, scope: Scope, party: str) -> FilmPictures:
        try:
            data = self.store.file(found.id, scope)
            drawn = self.pool.draw(data, found, Drawing(kind="pictures"), party=party)
            return unpacked(drawn)
        except (BlobDamaged, ImageError) as trouble:
            log.warning("a report has no picture: %s", trouble.code)
        except (ValueError, KeyError, TypeError):
            log.error("a report has no picture: what was drawn makes no sense")
        return NO_PICTURES

    @staticmethod
    def _reviews(detail: StudyDetail, zone: ZoneInfo) -> defaultdict[str, list[ReportedReview]]:
        """By result, oldest first."""
        found: defaultdict[str, list[ReportedReview]] = defaultdict(list)
        for review in detail.reviews:
            found[review.assessment_id].append(_reported(review, zone))
        return found


def _put_right(detail: StudyDetail, zone: ZoneInfo, *, named: bool) -> PutRight | None:
    """Of whom the study shows, and the age."""
    row = detail.row
    last = next((o for o in detail.corrections if o.kind in ("identity", "merged")), None)
    if not row.corrected or last is None:
        return None
    return PutRight(
        at=last.at.astimezone(zone),
        by=last.by,
        patient=row.filed if named and row.patient_corrected else None,
        age_years=row.filed_image.age_years,
        age_corrected=row.age_corrected,
    )


def _of_film(
    stored: StoredAssessment, detail: StudyDetail, zone: ZoneInfo, *, named: bool
) -> dict[str, Any]:
    """What was put right of a film, and what is doubtful of it."""
    last = next(
        (o for o in detail.corrections if o.kind == "image" and o.image_id == stored.image_id), None
    )
    right = None
    if stored.view_corrected and last is not None:
        right = PutRight(at=last.at.astimezone(zone), by=last.by, view=stored.filed.view)
    doubts = {
        "same_image_number": stored.twin,
        "other_name": named and names_differ(stored.patient, detail.row.filed),
    }
    return {
        "put_right": right,
        "marker": stored.marker if named else "",
        "doubts": tuple(code for code, holds in doubts.items() if holds),
    }


def _reported(review: Review, zone: ZoneInfo) -> ReportedReview:
    draft = review.draft
    return ReportedReview(
        reader=review.reader_name,
        saved_at=review.saved_at.astimezone(zone),
        signed_at=None if review.signed_at is None else review.signed_at.astimezone(zone),
        addendum=review.addendum_of is not None,
        verdicts=draft.verdicts,
        missed=draft.missed,
        overall=draft.overall or "",
        agrees=draft.agrees,
        note=draft.note,
        impression=draft.impression,
        texts_left_out=review.texts_left_out,
        priority=draft.priority,
        others=draft.others,
        withdrawn_at=review.withdrawn_at,
    )
