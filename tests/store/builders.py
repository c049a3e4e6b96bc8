"""Images and results for tests of what is kept: small, made up, complete."""

from atexit import register
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import mkdtemp

from cxr_triage.domain import Assessment, Patient, PriorityReason, Reason
from cxr_triage.service.audit import Action, Actor, Origin, entry
from cxr_triage.store.records import LOCAL_STATION, NewImage
from cxr_triage.store.repository import Store, open_store
from tests.databases import migrated_in
from tests.report.films import DECISION, FINDINGS, HEADER, assessed, refused

RECEIVED_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
PATIENT = Patient(id="PID-9", name="NGUYEN^AN", birth_date="19600102", sex="F")
BY_STATION = Actor(kind="station", id="xa-an", origin=Origin(address="10.0.0.9", request_id="r1"))
RECEIVED = Path(mkdtemp(prefix="cxr-triage-received-"))
"""Files as they come, for as long as these tests run."""

register(rmtree, RECEIVED, ignore_errors=True)

KEEPING = entry(Action.IMAGE_KEPT, BY_STATION)


def store_in(folder) -> Store:
    """A store as the service opens it."""
    return open_store(migrated_in(folder), folder / "blobs")


def image(
    number: int = 0,
    *,
    patient: Patient = PATIENT,
    station: str = LOCAL_STATION,
    minutes: float = 0,
    file_name: str = "",
) -> NewImage:
    """A file that was received; the bytes differ by `number`."""
    file = RECEIVED / token_hex(8)
    file.write_bytes(bytes_of(number))
    return NewImage(
        file=file,
        size=file.stat().st_size,
        patient=patient,
        station_id=station,
        received_at=RECEIVED_AT + timedelta(minutes=minutes),
        file_name=file_name,
    )


def bytes_of(number: int) -> bytes:
    return f"file {number}".encode() * 100


def result(
    of: NewImage,
    *,
    study: str = "1.2.3",
    sop: str = "1.2.3.4",
    pixels: str = "p0",
    priority: str = "critical",
    margin: float = 0.25,
    band: int | None = None,
    early: bool = False,
    fingerprint: str = "f" * 32,
    refuse: str | bool = False,
    accession: str = "ACC-1",
) -> Assessment:
    """The result of that file: complete, with maps and evidence. refuse: why, or True for its
    view."""
    header = replace(HEADER, study_uid=study, series_uid="1.9", sop_uid=sop, accession=accession)
    digest = sha256(of.file.read_bytes()).hexdigest()
    if refuse:
        base = refused(Reason(code="view" if refuse is True else refuse), header=header)
    else:
        base = assessed(findings=FINDINGS, header=header, priority=priority)
        base = replace(
            base,
            reason=PriorityReason(
                code="likely", label="Pneumothorax", score=0.5 + margin, threshold=0.5
            ),
            decision=None if band is None else replace(DECISION, band=band),
            early_reading=early,
        )
    return replace(
        base,
        id=digest[:32],
        digest=digest,
        pixel_digest="" if refuse else pixels,
        fingerprint=fingerprint,
        timings_ms={"read": 1.5, "infer": 60.25},
    )


def keep(
    store: Store,
    number: int = 0,
    *,
    station: str = LOCAL_STATION,
    minutes=0,
    of: NewImage | None = None,
    **values,
):
    """Keep a file and its result, each study and SOP instance of its own by default."""
    new = of or image(number, station=station, minutes=minutes)
    values = {"study": f"1.2.{number}", "sop": f"1.2.{number}.1", **values}
    return store.keep(new, result(new, **values), audit=KEEPING)
