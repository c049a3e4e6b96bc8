"""One result: its values, its pictures, its report, doctors' readings of it."""

from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from cxr_triage.api.platform.access import From, ResultReader, Reviewer, Spoken
from cxr_triage.api.platform.documentation import HTML, PICTURE, PIXELS
from cxr_triage.api.platform.services import Opened, Services
from cxr_triage.api.v1.models import MAX_NAME, AssessmentOut, ReviewIn, ReviewOut, WithdrawIn
from cxr_triage.api.v1.shapes import assessment_out, review_out
from cxr_triage.errors import NotAllowed, NotFound, ReviewInvalid
from cxr_triage.report.film.html import stylesheet
from cxr_triage.report.film.viewer import MEDIA_TYPE
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.inference.jobs import Drawing
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review import disclosure, reviews
from cxr_triage.service.review.disclosure import ShownResult, shown_review
from cxr_triage.store.records import ReviewDraft

router = APIRouter(prefix="/v1/assessments/{assessment}", tags=["assessments"])

AssessmentId = Annotated[str, Path(alias="assessment", max_length=MAX_NAME)]
Size = Annotated[int, Query(ge=16, le=4096, description="Pixels of the longer side.")]
PictureKind = Annotated[
    Literal["png", "jpg"], Path(description="`jpg`: a tenth of the bytes, and sooner there.")
]
InStoredValues = Query(ge=-65536, le=65536, allow_inf_nan=False)


@router.get("")
def read_assessment(
    services: Opened, who: ResultReader, origin: From, language: Spoken, id_: AssessmentId
) -> AssessmentOut:
    """A result with every finding, the model that made it, and where its pictures are."""
    stored = _seen(services, who, origin, id_, Action.IMAGE_VIEWED)
    return assessment_out(stored, language, services.next_steps)


@router.get("/image.{kind}", **PICTURE)
def read_image(
    services: Opened,
    who: ResultReader,
    origin: From,
    id_: AssessmentId,
    kind: PictureKind,
    size: Size = 1024,
    centre: Annotated[float | None, InStoredValues] = None,
    width: Annotated[float | None, Query(ge=1, le=131072, allow_inf_nan=False)] = None,
) -> Response:
    """The image without marks, as its header has it shown, or with a window of `centre` and
    `width` in stored values (both must be given)."""
    stored = _seen(services, who, origin, id_, Action.IMAGE_VIEWED)
    window = None if centre is None or width is None else (centre, width)
    drawing = Drawing(kind="image", longest=size, lossless=kind == "png", window=window)
    return _drawn(services, who, stored, drawing)


@router.get("/pixels", **PIXELS)
def read_pixels(services: Opened, who: ResultReader, origin: From, id_: AssessmentId) -> Response:
    """Stored values and the table that makes grey of them, for a viewer that windows by
    itself: `CXRPIX01`, the head's length (u32), the head (JSON), stored values (u16 or i16
    [rows, columns]), the table (f32, `table_offset` bytes after the head; −1024 is black,
    1024 white; its first entry is for stored value `table_first`). Little endian."""
    stored = _seen(services, who, origin, id_, Action.IMAGE_VIEWED)
    return _drawn(services, who, stored, Drawing(kind="pixels"))


@router.get("/heatmaps/{label}.{kind}", **PICTURE)
def read_heatmap(
    services: Opened,
    who: ResultReader,
    origin: From,
    language: Spoken,
    id_: AssessmentId,
    label: Annotated[str, Path(max_length=MAX_NAME)],
    kind: PictureKind,
    size: Size = 1024,
    layer: Annotated[
        Literal["", "only"],
        Query(description="`only`: transparent, to lay over the image; PNG alone."),
    ] = "",
) -> Response:
    """What moved a finding's score, over the image, with scale and intended use; it does not
    outline disease."""
    stored = _seen(services, who, origin, id_, Action.IMAGE_VIEWED)
    found = stored.assessment
    if found.crop is None or label not in {finding.label for finding in found.findings}:
        raise NotFound("no_heatmap")
    if layer == "only" and kind != "png":
        raise NotFound("no_heatmap")
    drawing = Drawing(
        kind="layer" if layer == "only" else "heatmap",
        label=label,
        longest=size,
        lossless=kind == "png",
        language=language,
    )
    return _drawn(services, who, stored, drawing)


@router.get("/report.html", **HTML)
def read_report(
    services: Opened, who: ResultReader, origin: From, language: Spoken, id_: AssessmentId
) -> Response:
    """A page that prints on A4: image, heatmaps, findings, model. It names no patient, and has no
    pictures for who sees no films."""
    stored = _seen(services, who, origin, id_, Action.REPORT_VIEWED)
    if stored.ai_hidden:
        raise NotAllowed("look_first")
    running = services.pool.running
    same = running.would_make(stored.assessment)
    drawing = Drawing(
        kind="report",
        language=language,
        title=id_,
        policy=running.policy if same else "–",
        time_zone=services.settings.time_zone,
        steps=services.next_steps,
        pictured=disclosure.sees_films(who),
    )
    response = _drawn(services, who, stored, drawing)
    response.headers["Content-Security-Policy"] = report_policy()
    return response


@router.post("/reviews", status_code=201)
def write_review(
    services: Opened, who: Reviewer, origin: From, id_: AssessmentId, body: ReviewIn
) -> ReviewOut:
    """Save, sign or add to the reading of a result; `sign_soon`: the signature counts after ten
    seconds, until when it can be taken back. 409 if somebody else saved meanwhile, or
    films came to a study that is signed as a whole: read the study again. 422 `reading_empty` if
    nothing would stand over the signature."""
    draft = ReviewDraft(
        assessment_id=id_,
        verdicts=body.verdicts,
        missed=tuple(body.missed),
        overall=body.overall,
        agrees=body.agrees,
        note=body.note,
        impression=body.impression,
        priority=body.priority,
        others=tuple(body.others),
    )
    if body.action == "addendum":
        added = reviews.add(services.store, who, draft, origin=origin, whole_study=body.whole_study)
        return review_out(shown_review(added, who))
    if body.action in ("sign", "sign_soon"):
        reviews.check_signable(who, draft)
    elif body.whole_study is not None:
        raise ReviewInvalid("study_without_signature")
    saved = reviews.save(services.store, who, draft, version=body.version, origin=origin)
    if body.action == "sign_soon":
        saved = reviews.sign_soon(
            services.store,
            who,
            id_,
            version=saved.version,
            origin=origin,
            whole_study=body.whole_study,
        )
    elif body.action == "sign":
        saved = reviews.sign(
            services.store,
            who,
            id_,
            version=saved.version,
            origin=origin,
            whole_study=body.whole_study,
        )
        found = services.store.assessment(id_, who.scope).assessment
        services.metrics.signed(saved.draft, found)
    return review_out(shown_review(saved, who))


@router.delete("/signature")
def take_signature_back(
    services: Opened, who: Reviewer, origin: From, id_: AssessmentId
) -> ReviewOut:
    """Take back one's own signature that does not count yet; the reading stays saved. 409
    `signature_counts` if it is too late: then it can be withdrawn."""
    taken = reviews.take_back(services.store, who, id_, origin=origin)
    return review_out(shown_review(taken, who))


@router.post("/withdrawal", status_code=201)
def withdraw_signature(
    services: Opened, who: Reviewer, origin: From, id_: AssessmentId, body: WithdrawIn
) -> ReviewOut:
    """Take back one's own signature that counts, with a reason, which the audit trail notes: the
    reading stands there as withdrawn, and the study is to be read again."""
    taken = reviews.withdraw(
        services.store, who, id_, version=body.version, why=body.reason, origin=origin
    )
    return review_out(shown_review(taken, who))


def _seen(
    services: Services, who: Principal, origin: Origin, id_: str, action: Action
) -> ShownResult:
    """The result, noted in the audit trail as seen. Raises NotFound."""
    stored = disclosure.result(services.store, who, id_)
    actor = who.acts_from(origin)
    note(services.store, entry(action, actor, study_id=stored.study_id, assessment_id=id_))
    return stored


def _drawn(services: Services, who: Principal, stored: ShownResult, drawing: Drawing) -> Response:
    if drawing.kind != "report":
        disclosure.need_films(who)
    found = stored.assessment
    data = services.store.file(found.id, who.scope)
    drawn = services.pool.draw(data, found, drawing, party=who.party)
    return Response(drawn, media_type=_media_type(drawing))


def _media_type(drawing: Drawing) -> str:
    if drawing.kind in OTHER_TYPES:
        return OTHER_TYPES[drawing.kind]
    return "image/png" if drawing.lossless else "image/jpeg"


OTHER_TYPES: Final = {"pixels": MEDIA_TYPE, "report": "text/html; charset=utf-8"}
"""Of what is drawn and is no picture."""


def report_policy() -> str:
    """The report's content security policy: its own style sheet, pictures that stand in it."""
    style = b64encode(sha256(stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
