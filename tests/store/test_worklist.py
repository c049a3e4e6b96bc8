"""The worklist: in order, page after page, and as fast over many studies as over few."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from cxr_triage.domain import EARLY_BAND, PRIORITIES
from cxr_triage.errors import NotFound
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.database.tables import studies
from cxr_triage.store.records import (
    EVERYWHERE,
    LOCAL_STATION,
    NO_MAXIMUM,
    OVERDUE_BAND,
    STATES,
    UNREAD,
    EarlyReading,
    ReviewDraft,
    Scope,
    WorklistQuery,
)
from tests.databases import TOUCHED
from tests.store.builders import KEEPING, RECEIVED_AT, keep, store_in

ALL = WorklistQuery()


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def pages(store, query=ALL, *, limit, between=lambda: None, waits=NO_MAXIMUM):
    """Every row, page after page."""
    after, rows = None, []
    while True:
        page = store.worklist(query, EVERYWHERE, after=after, limit=limit, waits=waits)
        assert len(page.rows) <= limit
        rows.extend(page.rows)
        if page.after is None:
            return rows
        after = page.after
        between()


def order(row):
    band = OVERDUE_BAND if row.overdue else row.band
    return PRIORITIES.index(row.priority), band, row.received_at, row.study_id


def test_the_order_is_priority_then_band_then_age(store):
    wanted = [
        ("critical", 0, 9),
        ("critical", 1, 1),
        ("urgent", 2, 2),
        ("urgent", 2, 5),
        ("not_assessed", 1, 3),
        ("routine", 0, 4),
        ("none", -1, 8),
        ("none", 0, 0),
        ("none", 2, 7),
    ]
    for number, (priority, band, minutes) in sorted(enumerate(wanted), key=lambda one: one[1][2]):
        keep(
            store,
            number,
            priority=priority,
            band=max(band, 0),
            early=band == EARLY_BAND,
            minutes=minutes,
            refuse=priority == "not_assessed",
        )
    rows = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
    found = [(row.priority, row.band, row.received_at - RECEIVED_AT) for row in rows]
    assert found == [
        (priority, band, timedelta(minutes=minutes)) for priority, band, minutes in wanted
    ]
    assert [row.early_reading for row in rows] == [band == EARLY_BAND for _, band, _ in wanted]


def test_what_no_rarity_is_known_of_stands_in_the_middle_band(store):
    for number, band in enumerate((2, None, 0, 1)):
        keep(store, number, band=band, minutes=number)
    rows = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
    assert [int(row.study_uid.rsplit(".", 1)[1]) for row in rows] == [2, 1, 3, 0]


def test_a_study_stands_where_its_rarest_film_does(store):
    for number, band in enumerate((2, 0, 1)):
        keep(store, number, study="1.5", band=band)
    (row,) = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
    assert row.band == 0
    assert store.study(row.study_id, EVERYWHERE).images[0].assessment.decision.band == 0


def test_pages_neither_skip_nor_repeat_while_studies_come(store):
    for number in range(30):
        keep(store, number, priority=PRIORITIES[number % 2], band=number % 3)
    before = {row.study_id for row in pages(store, limit=100)}
    coming = iter(range(100, 200))

    def more():
        keep(store, next(coming), priority="critical", band=0)
        keep(store, next(coming), priority="none", band=2)

    rows = pages(store, limit=4, between=more)
    found = [row.study_id for row in rows]
    assert len(found) == len(set(found))
    assert before <= set(found)
    assert [order(row) for row in rows] == sorted(order(row) for row in rows)


@settings(max_examples=10, deadline=None)
@given(
    bands=st.lists(st.sampled_from((None, 0, 1, 2)), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
def test_pages_of_any_size_are_the_whole_list(tmp_path_factory, bands, limit):
    with store_in(tmp_path_factory.mktemp("pages")) as store:
        for number, band in enumerate(bands):
            keep(store, number, band=band, minutes=number % 2)
        rows = pages(store, limit=limit)
        whole = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
        assert [row.study_id for row in rows] == [row.study_id for row in whole]
        assert len(rows) == len(bands)


def waiting_since(minutes: float) -> timedelta:
    """A wait that what came later than so many minutes after RECEIVED_AT has not waited yet."""
    return datetime.now(UTC) - RECEIVED_AT - timedelta(minutes=minutes)


def fill(store) -> dict[str, timedelta]:
    """Studies of three priorities, of every band and state, half of them overdue."""
    ids = []
    for number in range(24):
        band, early = (number % 3, False) if number % 4 else (0, number % 8 == 0)
        priority = ("urgent", "routine", "none")[number % 3]
        kept = keep(
            store, number, priority=priority, band=band, early=early and priority == "none",
            minutes=number * 7 % 24,
        )  # fmt: skip
        ids.append(kept.stored.study_id)
    TOUCHED.add(store.whole_file(kept.stored.assessment.digest))
    with store._database.transaction() as connection:
        for number, study in enumerate(ids):
            state = ("new", "opened", "reviewed", "signed", "changed")[number % 5]
            connection.execute(update(studies).where(studies.c.id == study).values(state=state))
    return {"urgent": waiting_since(15.5), "none": waiting_since(9.5)}


def test_what_waited_too_long_comes_first_of_its_priority_until_somebody_reads_it(store):
    waits = fill(store)
    rows = store.worklist(ALL, EVERYWHERE, after=None, limit=50, waits=waits).rows
    late = {row.study_id for row in rows if row.overdue}
    limit = {"urgent": 15.5, "none": 9.5, "routine": -1}
    assert late == {
        row.study_id
        for row in rows
        if row.state in UNREAD
        and row.received_at - RECEIVED_AT < timedelta(minutes=limit[row.priority])
    }
    assert 5 < len(late) < 15
    assert [order(row) for row in rows] == sorted(order(row) for row in rows)
    assert not any(
        row.overdue for row in store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
    )


@pytest.mark.parametrize(
    "query",
    [
        ALL,
        WorklistQuery(states=("new", "signed")),
        WorklistQuery(states=("opened",)),
        WorklistQuery(priorities=("none",)),
        WorklistQuery(text="nguyen"),
        WorklistQuery(findings=("Pneumothorax",), states=("new", "changed")),
        WorklistQuery(station_id=LOCAL_STATION),
    ],
    ids=("all", "two states", "opened", "none", "searched", "found", "station"),
)
def test_pages_and_neighbours_are_the_list_with_what_waited_too_long(store, query):
    waits = fill(store)
    whole = store.worklist(query, EVERYWHERE, after=None, limit=50, waits=waits).rows
    assert [order(row) for row in whole] == sorted(order(row) for row in whole)
    assert any(row.overdue for row in whole)
    assert not all(row.overdue for row in whole)
    ids = [row.study_id for row in whole]
    for limit in (1, 3, 7):
        assert [row.study_id for row in pages(store, query, limit=limit, waits=waits)] == ids
    beside = [store.neighbours(study, query, EVERYWHERE, waits) for study in ids]
    assert [one.before for one in beside] == [None, *ids[:-1]]
    assert [one.after for one in beside] == [*ids[1:], None]


def test_pages_stand_as_at_the_moment_of_the_first(store, monkeypatch):
    """What becomes overdue while somebody turns the pages is neither skipped nor shown twice."""
    for number in range(9):
        keep(store, number, priority="urgent", band=number % 3, minutes=number)
    clock = Mock(wraps=datetime)
    monkeypatch.setattr("cxr_triage.store.rows.studies.datetime", clock)
    clock.now.return_value = RECEIVED_AT + timedelta(minutes=90)

    def hours_go_by():
        clock.now.return_value += timedelta(hours=1)

    waits = {"urgent": timedelta(hours=2)}
    rows = pages(store, limit=2, between=hours_go_by, waits=waits)
    assert [row.band for row in rows] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert not any(row.overdue for row in rows)
    assert all(row.overdue for row in pages(store, limit=2, waits=waits))


def test_what_came_of_early_reading_is_counted(store):
    kept = [keep(store, number, priority="none", band=2, early=number < 4) for number in range(6)]
    for number, missed in ((0, ("Nodule",)), (1, ())):
        result = kept[number].stored.assessment.id
        draft = ReviewDraft(assessment_id=result, missed=missed, agrees=not missed)
        store.save_review(draft, EVERYWHERE, reader_id=reader(store), version=0, audit=KEEPING)
    assert store.early_reading() == EarlyReading(drawn=4, read=2, with_finding=1)


def reader(store) -> str:
    admin = Administration(store, AccountRules())
    known = {person.name: person for person in store.accounts.people()}
    if "reader" not in known:
        admin.create_person("reader", "a long password", role="radiologist", by=SYSTEM)
    return next(person.id for person in store.accounts.people() if person.name == "reader")


def test_each_filter_leaves_what_it_names(store):
    kept = [
        keep(store, 0, priority="critical", minutes=0, accession="A-1"),
        keep(store, 1, priority="urgent", minutes=60, accession="A-2"),
        keep(store, 2, priority="routine", minutes=120, accession="A-2"),
    ]
    ids = [one.stored.study_id for one in kept]
    store.open_study(ids[0], EVERYWHERE, audit=KEEPING)

    def found(**query):
        page = store.worklist(WorklistQuery(**query), EVERYWHERE, after=None, limit=9)
        return [ids.index(row.study_id) for row in page.rows]

    assert found() == [0, 1, 2]
    assert found(priorities=("urgent", "routine")) == [1, 2]
    assert found(states=("new",)) == [1, 2]
    assert found(states=("opened", "new")) == [0, 1, 2]
    assert found(text="a-2") == [1, 2]
    assert found(findings=("Pneumothorax",)) == [0, 1, 2]
    assert found(findings=("Hernia",)) == []
    assert found(station_id="local") == [0, 1, 2]
    assert found(station_id="elsewhere") == []
    hour = RECEIVED_AT + timedelta(hours=1)
    assert found(received_from=hour) == [1, 2]
    assert found(received_until=hour) == [0]


def test_a_row_tells_what_made_the_priority(store):
    keep(store)
    (row,) = store.worklist(ALL, EVERYWHERE, after=None, limit=9).rows
    assert [flag.label for flag in row.flags] == ["Pneumothorax", "Effusion"]
    assert row.reason.label == "Pneumothorax"
    assert (row.view, row.age_years, row.sex) == ("PA", 62.0, "F")


def copy_study(store, count: int) -> None:
    """`count` studies like the one that is there, of every priority and state."""
    TOUCHED.add(store._database.file)
    with closing(sqlite3.connect(store._database.file)) as connection, connection:
        connection.execute(
            """
            INSERT INTO studies (id, station_id, patient_id, study_uid, accession, received_at,
                priority_rank, band, state, images, assessed, leading_id,
                filed_patient_id, flags, contested, version, corrected)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT printf('%032x', i), station_id, patient_id, '1.9.' || i, 'A-' || i,
                printf('2026-%02d-%02dT00:00:00.%06dZ', 1 + i % 12, 1 + i % 28, i),
                i % 5, i / 5 % 4 - 1,
                CASE i % 20 WHEN 0 THEN 'new' WHEN 1 THEN 'opened' WHEN 2 THEN 'reviewed'
                    ELSE 'signed' END,
                1, 1, leading_id,
                filed_patient_id, flags, contested, version, corrected FROM studies, n
            """,
            (count,),
        )


QUERIES = {
    "all": (ALL, EVERYWHERE),
    "new": (WorklistQuery(states=("new",)), EVERYWHERE),
    "unsigned": (WorklistQuery(states=STATES[:3]), EVERYWHERE),
    "critical": (WorklistQuery(priorities=("critical",)), EVERYWHERE),
    "urgent and routine": (WorklistQuery(priorities=("urgent", "routine")), EVERYWHERE),
    "one station's": (ALL, Scope(station_id="local")),
    "one station's new": (WorklistQuery(states=("new",)), Scope(station_id="local")),
}


NOBODY_LATE = dict.fromkeys(PRIORITIES, timedelta(days=9999))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("name", "waits"),
    [
        *((name, NO_MAXIMUM) for name in QUERIES),
        *((name, NOBODY_LATE) for name in ("all", "critical", "one station's new")),
    ],
)
def test_no_page_sorts_or_reads_the_whole_table(store, name, waits):
    """Measured figures are the benchmarks'; what makes them is that the work does not grow:
    SQLite's own count of steps is the same over ten times as many studies."""
    query, scope = QUERIES[name]
    keep(store)
    copy_study(store, 2_000)
    few = steps(store, query, scope, waits)
    with closing(sqlite3.connect(store._database.file)) as connection, connection:
        connection.execute("DELETE FROM studies WHERE study_uid LIKE '1.9.%'")
    copy_study(store, 20_000)
    many = steps(store, query, scope, waits)
    assert many < 2 * few + 20


def steps(store, query, scope, waits) -> int:
    """Hundreds of SQLite's instructions that the first and a later page take."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        return 0

    with store._database.read() as connection:
        connection.connection.driver_connection.set_progress_handler(tick, 100)
    page = store.worklist(query, scope, after=None, limit=50, waits=waits)
    if page.after is not None:
        store.worklist(query, scope, after=page.after, limit=50, waits=waits)
    with store._database.read() as connection:
        connection.connection.driver_connection.set_progress_handler(None, 0)
    assert page.rows
    return count


def test_neighbours_are_those_of_the_list(store):
    for number in range(12):
        keep(store, number, priority=PRIORITIES[number % 3], band=number % 2)
    ids = [row.study_id for row in pages(store, limit=100)]
    found = [store.neighbours(study, ALL, EVERYWHERE) for study in ids]
    assert [one.before for one in found] == [None, *ids[:-1]]
    assert [one.after for one in found] == [*ids[1:], None]


def test_neighbours_keep_to_filters_and_scope_also_where_the_study_itself_does_not(store):
    admin = Administration(store, AccountRules())
    for station in ("north", "south"):
        admin.create_station(station, station.title(), by=SYSTEM)
    for number in range(9):
        keep(
            store,
            number,
            priority=PRIORITIES[number % 3],
            band=number % 3,
            station=("north", "south")[number % 2] if number < 8 else LOCAL_STATION,
        )
    rows = pages(store, limit=100)
    urgent = [row.study_id for row in rows if row.priority == "urgent"]
    query = WorklistQuery(priorities=("urgent",))
    first_of_all, last_of_all = rows[0].study_id, rows[-1].study_id
    assert rows[0].priority == "critical"
    assert store.neighbours(first_of_all, query, EVERYWHERE).after == urgent[0]
    assert store.neighbours(last_of_all, query, EVERYWHERE).before == urgent[-1]
    ours = [row.study_id for row in rows if row.station_id == "north"]
    assert store.neighbours(ours[0], ALL, Scope(station_id="north")).after == ours[1]
    with pytest.raises(NotFound):
        store.neighbours(ours[0], ALL, Scope(station_id="south"))


def test_older_results_of_an_image_are_its_own_and_not_the_current_one(store):
    first = keep(store, 1, fingerprint="a" * 32).stored
    second = keep(store, 1, fingerprint="b" * 32).stored
    keep(store, 2)
    assert second.is_current
    older = store.older_results(second.image_id, EVERYWHERE)
    assert [one.assessment.id for one in older] == [first.assessment.id]
    assert store.older_results(second.image_id, Scope(station_id="elsewhere")) == ()
