"""Deliveries arrive once, most urgent first, or are dead and say why, whatever the archive does."""

import os
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from cxr_triage.dicom_net.sending import StoreTransport
from cxr_triage.domain import Patient
from cxr_triage.errors import Conflict, DeliveryFailed
from cxr_triage.report.dicom.capture import capture
from cxr_triage.report.dicom.common import Making
from cxr_triage.report.dicom.naming import ObjectIdentity
from cxr_triage.report.dicom.source import SourceFilm
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.delivery.courier import Courier, Pace
from cxr_triage.service.delivery.destinations import Destination
from cxr_triage.service.metrics import Metrics
from cxr_triage.store.repository import open_store
from cxr_triage.store.rows.deliveries import kind_of
from cxr_triage.store.rows.tasks import NewTask

from ..report.films import CARD
from .archive import TITLE, Archive, Link, archive

QUICK = Pace(
    poll_s=0.02, first_pause_s=0.02, longest_pause_s=0.1, first_retry_s=0.01, looks=(0, 0.02)
)
FILM = SourceFilm(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1", sop_uid="1.2.3", series_uid="1.2.4",
    study_uid="1.2.5", patient=Patient(id="P"),
    accession="", rows=8, columns=8,
)  # fmt: skip
STUDIES = 200 if os.environ.get("SOAK") else 80
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # pynetdicom leaves sockets to the collector
)


def identity(number: int) -> ObjectIdentity:
    return ObjectIdentity(
        source=f"film {number}", patient="s:0", fingerprint="f", kind="capture", language="en"
    )


class SmallBuilder:
    """Makes objects without films to draw; what is not due any more is in `gone`."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def build(self, study_id, uid, destination):
        if uid in self.gone:
            return ()
        how = Making(language="en", made_at=datetime(2026, 1, 1, tzinfo=UTC), model=CARD)
        picture = Image.new("RGB", (64, 48))
        number = int(study_id)
        return (
            capture(
                picture, identity(number), FILM, how, number=1, what="test", compressed=False
            ),
        )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.sqlite3", tmp_path / "blobs") as found:
        yield found


def destination(port: int, **options) -> Destination:
    known = {"name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": TITLE, "timeout_s": 1}
    return Destination(**known | options)


def put(store, numbers, *, to="pacs", attempts=3, at=None) -> dict[str, int]:
    """Deliveries; urgency by number. Their UIDs."""
    uids = {identity(number).sop_uid: number for number in numbers}
    news = [
        NewTask(
            kind=kind_of(to), key=uid[-60:], priority=number % 5, most_attempts=attempts,
            arguments={"study": str(number), "image": "", "kind": "capture", "uid": uid},
        )
        for uid, number in uids.items()
    ]  # fmt: skip
    store.deliveries.put(news, at=at or datetime.now(UTC))
    return uids


def courier(store, to: Destination, builder=None, metrics=None) -> Courier:
    return Courier(
        to, StoreTransport(to, "CXRTRIAGE"), store=store, builder=builder or SmallBuilder(),
        metrics=metrics or Metrics(), pace=QUICK,
    )  # fmt: skip


def states(store) -> dict[str, str]:
    return {task.arguments["uid"]: task.state for task in store.deliveries.newest(limit=1000)}


def wait_until(holds, seconds=120):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def ended(store) -> bool:
    return set(states(store).values()) <= {"done", "dead"}


@pytest.mark.soak
def test_of_many_studies_each_arrives_once_or_is_dead_and_says_why(store):
    uids = put(store, range(STUDIES))
    refused = {uid for uid, number in uids.items() if number % 50 == 7}
    first_time = {uid: number % 10 for uid, number in uids.items()}
    misdeeds = {1: 0xA700, 2: "abort", 3: "lose", 4: 0xC000}

    def behave(uid):
        if uid in refused:
            return 0xA900
        if uid not in first_time:
            return 0
        how = misdeeds.get(first_time.pop(uid), 0)
        if how == 0 and uids[uid] == 50:
            return "hang"
        return how

    there = Archive(behave)
    link = Link(there.port)
    metrics = Metrics()
    with closing(courier(store, destination(link.port, confirm=True), metrics=metrics)) as one:
        one.start()
        wait_until(lambda: len(there.stored) > 20)
        there.stop()  # killed
        time.sleep(0.3)
        there.start()
        wait_until(lambda: len(there.stored) > 40)
        link.cut_after = 5000  # in the middle of an object
        time.sleep(0.3)
        link.cut_after = 0
        wait_until(lambda: ended(store))
    link.stop()
    there.stop()
    assert set(there.stored) == set(uids) - refused
    found = states(store)
    assert {uid for uid, state in found.items() if state == "dead"} == refused
    dead = store.deliveries.newest(states=["dead"])
    assert {task.error for task in dead} == {"delivery_refused A900"}
    sent = [
        one.sop_uid
        for number in range(STUDIES)
        for one in store.deliveries.sent(study_id=str(number))
    ]
    assert sorted(sent) == sorted(there.stored)
    urgent = [uids[uid] % 5 for uid in there.order]
    first, last = urgent[: len(urgent) // 4], urgent[-len(urgent) // 4 :]
    assert sum(first) / len(first) < 1.6 < 2.4 < sum(last) / len(last)


def test_urgent_first_and_every_fourth_the_oldest(store):
    before = datetime.now(UTC) - timedelta(hours=1)
    old = put(store, [4, 9], at=before)
    new = put(store, [100, 105, 110, 115, 120])
    with archive() as there:
        one = courier(store, destination(there.port))
        while one.do_next():
            pass
    urgent = [number for number in new.values() if number % 5 == 0]
    order = [(old | new)[uid] for uid in there.order]
    assert set(order[:3]) <= set(urgent)
    assert order[3] in old.values()


def test_while_nobody_is_there_nothing_is_blamed_and_little_is_tried(store):
    put(store, range(5))
    with archive() as there:
        port = there.port
    metrics = Metrics()
    one = courier(store, destination(port), metrics=metrics)
    for _ in range(200):
        one.do_next()
        time.sleep(0.002)
    tried = metrics._registry.get_sample_value(
        "cxr_triage_deliveries_total", {"destination": "pacs", "outcome": "away"}
    )
    assert 2 <= tried <= 30
    tasks = store.deliveries.newest()
    assert {(task.state, task.attempts) for task in tasks} == {("waiting", 0)}
    assert "delivery_unreachable" in {task.error for task in tasks}


def test_success_without_the_object_is_no_success_where_one_can_look(store):
    put(store, [1], attempts=2)
    with archive(lambda uid: "lose") as there:
        one = courier(store, destination(there.port, confirm=True))
        for _ in range(60):
            one.do_next()
            time.sleep(0.01)
    (task,) = store.deliveries.newest()
    assert (task.state, task.error) == ("dead", "delivery_lost")


def test_what_is_not_due_any_more_is_not_sent(store):
    uids = put(store, [1, 2])
    builder = SmallBuilder()
    builder.gone = {identity(1).sop_uid}
    with archive() as there:
        one = courier(store, destination(there.port), builder)
        while one.do_next():
            pass
    assert [uids[uid] for uid in there.stored] == [2]
    assert set(states(store).values()) == {"done"}


def test_a_dead_one_can_be_tried_again_or_dropped_and_both_are_noted(store):
    put(store, [1, 2], attempts=1)
    wrong = {"now": True}
    with archive(lambda uid: 0xC000 if wrong["now"] else 0) as there:
        one = courier(store, destination(there.port))
        while one.do_next():
            pass
        wrong["now"] = False
        dead = store.deliveries.newest(states=["dead"])
        assert len(dead) == 2
        at = datetime.now(UTC)
        by = entry(Action.DELIVERY_RETRIED, SYSTEM)
        store.deliveries.retry(dead[0].id, at=at, audit=by)
        store.deliveries.drop(dead[1].id, at=at, audit=replace(by, action="delivery_dropped"))
        while one.do_next():
            pass
    assert len(there.stored) == 1
    assert {task.error for task in store.deliveries.newest(states=["dead"])} == {"delivery_dropped"}
    with pytest.raises(Conflict):
        store.deliveries.retry(dead[0].id, at=at, audit=by)
    actions = [row.entry.action for row in store.audit_trail(before=None, limit=5)]
    assert actions[:2] == ["delivery_dropped", "delivery_retried"]


def test_an_archive_that_takes_no_such_kind_or_no_call_from_us_is_told(store):
    with archive() as there:
        to = destination(there.port)
        StoreTransport(to, "US").echo()
        built = SmallBuilder().build("1", "", to)
        transport = StoreTransport(to, "US")
        built[0].dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.80"
        with pytest.raises(DeliveryFailed) as found:
            transport.send(built)
        assert (found.value.code, found.value.away) == ("delivery_not_supported", False)
    with pytest.raises(DeliveryFailed) as found:
        StoreTransport(to, "US").echo()
    assert (found.value.code, found.value.away) == ("delivery_unreachable", True)


def test_no_faster_than_it_may_be(store):
    put(store, range(3))
    with archive() as there:
        one = courier(store, destination(there.port, kib_a_second=20))
        started = time.monotonic()
        while one.do_next():
            pass
        assert time.monotonic() - started > 3 * 9 / 20
    assert len(there.stored) == 3


def test_two_couriers_share_what_waits(store):
    uids = put(store, range(12))
    with archive() as there:
        both = [courier(store, destination(there.port)) for _ in range(2)]
        threads = [
            threading.Thread(target=lambda c=one: [c.do_next() for _ in range(12)]) for one in both
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert dict.fromkeys(uids, 1) == dict(there.times)
