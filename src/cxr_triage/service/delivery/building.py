"""Builds what was ordered, from the study as it is now: the same for the same order."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import BytesIO
from zoneinfo import ZoneInfo

from PIL import Image

from cxr_triage.errors import NotFound
from cxr_triage.language import say
from cxr_triage.report.dicom.common import DicomObject, Making
from cxr_triage.report.dicom.document import document
from cxr_triage.report.dicom.film_objects import PAGE, captures
from cxr_triage.report.dicom.page import LARGER
from cxr_triage.report.dicom.rejection import Rejected, rejection
from cxr_triage.report.dicom.source import SourceFilm, source_of
from cxr_triage.report.dicom.structured_report import SignedReading, structured_report
from cxr_triage.report.study.pdf import pdf
from cxr_triage.report.study.wording import sheet_of
from cxr_triage.service.delivery.destinations import Destination
from cxr_triage.service.delivery.due import Order, due, identity_of, is_signed
from cxr_triage.service.delivery.withdrawing import Withdrawal, named_then, withdrawals
from cxr_triage.service.inference.jobs import Drawing
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.review.report import Reporter
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, StoredAssessment, StudyDetail
from cxr_triage.store.repository import Store

PARTY = "deliveries"
"""Takes its turns beside those of people: nobody's viewer waits for an archive."""

Built = tuple[DicomObject, ...]


class Builder:
    """Safe to call from several threads."""

    def __init__(
        self, store: Store, pool: InferencePool, reporter: Reporter, settings: Settings
    ) -> None:
        self._store = store
        self._pool = pool
        self._reporter = reporter
        self._settings = settings

    def build(self, study_id: str, uid: str, destination: Destination) -> Built:
        """The objects of the order whose first has that UID; none if it is not due any more: the
        study is gone, or another version of it took its place. Raises StoreError, ImageError or
        Overloaded."""
        try:
            detail = self._store.study(study_id, EVERYWHERE)
        except NotFound:
            return ()
        for order in due(detail, destination):
            if order.identity.sop_uid == uid:
                return self._built(detail, order, destination)
        for withdrawal in withdrawals(self._store, detail, destination):
            if withdrawal.identity.sop_uid == uid:
                return self._rejection(detail, withdrawal, destination)
        return ()

    def _rejection(
        self, detail: StudyDetail, withdrawal: Withdrawal, destination: Destination
    ) -> Built:
        making = Making(
            language=destination.language,
            made_at=max(one.at for one in withdrawal.objects).astimezone(self._settings.zone),
            model=detail.everything[0].assessment.model,
            charset=destination.charset,
        )
        film = SourceFilm(
            sop_class_uid="", sop_uid="", series_uid="", rows=0, columns=0,
            study_uid=withdrawal.objects[0].study_uid,
            patient=named_then(self._store, detail, withdrawal.identity.patient),
            accession=detail.row.accession,
        )  # fmt: skip
        rejected = [
            Rejected(
                sop_class_uid=one.sop_class_uid, sop_uid=one.sop_uid, series_uid=one.series_uid
            )
            for one in withdrawal.objects
        ]
        return (rejection(rejected, withdrawal.identity, film, making),)

    def _built(self, detail: StudyDetail, order: Order, destination: Destination) -> Built:
        making = self._making(detail, order, destination)
        makers: dict[str, Callable[[StudyDetail, Order, Destination, Making], Built]] = {
            "capture": self._captures, "pdf": self._document, "sr": self._structured,
        }  # fmt: skip
        return makers[order.identity.kind](detail, order, destination, making)

    def _making(self, detail: StudyDetail, order: Order, destination: Destination) -> Making:
        """Predecessors: what went out last of the same, to whomever."""
        identity = order.identity
        earlier = [
            one
            for one in self._store.deliveries.sent(source_ids=[identity.source])
            if (one.kind, one.language) == (identity.kind, identity.language)
            and one.series_uid != identity.series_uid
        ]
        return Making(
            language=destination.language,
            made_at=_made_at(detail, order).astimezone(self._settings.zone),
            model=detail.images[0].assessment.model,
            charset=destination.charset,
            predecessors=tuple((one.sop_class_uid, one.sop_uid) for one in earlier[-1:]),
            predecessor_series=earlier[-1].series_uid if earlier else "",
        )

    def _source(self, detail: StudyDetail, one: StoredAssessment) -> SourceFilm:
        row = detail.row
        return source_of(
            self._store.file(one.assessment.id, EVERYWHERE),
            header=one.assessment.header,
            patient=row.patient,
            accession=row.accession,
        )

    def _film(self, detail: StudyDetail, order: Order) -> StoredAssessment:
        return next(one for one in detail.images if one.image_id == order.image_id)

    def _captures(
        self, detail: StudyDetail, order: Order, destination: Destination, making: Making
    ) -> Built:
        one = self._film(detail, order)
        data = self._store.file(one.assessment.id, EVERYWHERE)
        drawn = partial(self._drawn, data, one, destination, making.made_at)
        made = captures(
            self._source(detail, one), one.assessment, order.identity, drawn, making,
            compressed=destination.compressed,
        )  # fmt: skip
        return tuple(made)

    def _drawn(
        self,
        data: bytes,
        one: StoredAssessment,
        destination: Destination,
        when: datetime,
        part: str,
    ) -> Image.Image:
        larger = LARGER if destination.compressed else 1.0
        drawing = Drawing(
            kind="capture" if part == PAGE else "heatmap",
            language=destination.language,
            label="" if part == PAGE else part,
            longest=round(640 * larger),
            scale=larger,
            when=when.isoformat(),
            steps=self._pool.running.rules.next_steps,
        )
        png = self._pool.draw(data, one.assessment, drawing, party=PARTY)
        return Image.open(BytesIO(png)).convert("RGB")

    def _structured(
        self, detail: StudyDetail, order: Order, destination: Destination, making: Making
    ) -> Built:
        one = self._film(detail, order)
        explanations = {}
        if "capture" in destination.send and one.assessment.crop is not None:
            page = identity_of(detail, one, "capture", destination)
            explanations = {
                finding.label: page.of_part(finding.label)
                for finding in one.assessment.findings
                if finding.flagged
            }
        return (
            structured_report(
                self._source(detail, one), one.assessment, order.identity, making,
                explanations=explanations,
                reading=_reading(detail, one, self._settings.zone),
            ),
        )  # fmt: skip

    def _document(
        self, detail: StudyDetail, order: Order, destination: Destination, making: Making
    ) -> Built:
        language = destination.language
        report = self._reporter.for_archive(detail, language, now=making.made_at, party=PARTY)
        films = [one for one in detail.images if one.assessment.header.source == "dicom"]
        return (
            document(
                pdf(sheet_of(report, language)),
                order.identity,
                tuple(self._source(detail, one) for one in films),
                making,
                title=say("dicom.document", language),
                verified=is_signed(detail),
            ),
        )


def _reading(detail: StudyDetail, one: StoredAssessment, zone: ZoneInfo) -> SignedReading | None:
    """What stands signed of the film: its own review, or the study's signature; None while
    something of it is not."""
    own = [
        review for review in detail.reviews
        if review.assessment_id == one.assessment.id and review.signed_at is not None
    ]  # fmt: skip
    whole = detail.row.signed_whole
    if not own and not whole:
        return None
    last = own[-1] if own else None
    verdicts: dict[str, str] = {}
    missed: tuple[str, ...] = ()
    for review in own:
        verdicts |= review.draft.verdicts
        if review.draft.agrees:
            flagged = [f.label for f in one.assessment.findings if f.flagged]
            verdicts = dict.fromkeys(flagged, "agree") | verdicts
        missed += tuple(label for label in review.draft.missed if label not in missed)
    at = last.signed_at if last is not None else detail.row.signed_at
    if at is None:
        return None
    return SignedReading(
        reader=last.reader_name if last is not None else detail.row.signed_by,
        organization=detail.row.station_name,
        at=at.astimezone(zone),
        verdicts=verdicts,
        missed=missed,
    )


def _made_at(detail: StudyDetail, order: Order) -> datetime:
    """When the newest came of what it tells."""
    films = [one for one in detail.images if order.image_id in {"", one.image_id}]
    moments = [one.assessment.created_at for one in films]
    if order.identity.reading:
        moments += [one.signed_at for one in detail.reviews if one.signed_at is not None]
        moments += [] if detail.row.signed_at is None else [detail.row.signed_at]
    if order.identity.patient != f"{detail.row.study_id}:0":
        moments += [one.at for one in detail.corrections]
    return max(moments)
