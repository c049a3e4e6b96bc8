"""The worklist: in order, page after page, and as fast over many studies as over few."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_triage.domain import PRIORITIES
from cxr_triage.errors import NotFound
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, LOCAL_STATION, STATES, Scope, WorklistQuery
from tests.store.builders import KEEPING, RECEIVED_AT, keep, store_in

ALL = WorklistQuery()


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def pages(store, query=ALL, *, limit, between=lambda: None):
    """Every row, page after page."""
    after, rows = None, []
    while True:
        page = store.worklist(query, EVERYWHERE, after=after, limit=limit)
        assert len(page.rows) <= limit
        rows.extend(page.rows)
        if page.after is None:
            return rows
        after = page.after
        between()


def order(row):
    return PRIORITIES.index(row.priority), -row.margin, row.received_at, row.study_id


def test_the_order_is_priority_then_margin_then_age(store):
    wanted = [
        ("critical", 0.4, 9),
        ("critical", 0.1, 1),
        ("urgent", 0.3, 2),
        ("urgent", 0.3, 5),
        ("not_assessed", 0.0, 3),
        ("routine", 0.2, 4),
        ("none", 0.0, 0),
    ]
    for number, (priority, margin, minutes) in sorted(enumerate(wanted), key=lambda one: one[1][2]):
        refuse = priority == "not_assessed"
        keep(store, number, priority=priority, margin=margin, minutes=minutes, refuse=refuse)
    rows = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
    found = [(row.priority, row.margin, row.received_at - RECEIVED_AT) for row in rows]
    assert found == [
        (priority, pytest.approx(margin), timedelta(minutes=minutes))
        for priority, margin, minutes in wanted
    ]


def test_pages_neither_skip_nor_repeat_while_studies_come(store):
    for number in range(30):
        keep(store, number, priority=PRIORITIES[number % 2], margin=(number % 3) / 10)
    before = {row.study_id for row in pages(store, limit=100)}
    coming = iter(range(100, 200))

    def more():
        keep(store, next(coming), priority="critical", margin=0.9)
        keep(store, next(coming), priority="none", margin=0.0)

    rows = pages(store, limit=4, between=more)
    found = [row.study_id for row in rows]
    assert len(found) == len(set(found))
    assert before <= set(found)
    assert [order(row) for row in rows] == sorted(order(row) for row in rows)


@settings(max_examples=10, deadline=None)
@given(
    margins=st.lists(st.sampled_from((0.0, 0.1, 0.1 + 1e-12, 1 / 3)), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
def test_pages_of_any_size_are_the_whole_list(tmp_path_factory, margins, limit):
    with store_in(tmp_path_factory.mktemp("pages")) as store:
        for number, margin in enumerate(margins):
            keep(store, number, margin=margin, minutes=number % 2)
        rows = pages(store, limit=limit)
        whole = store.worklist(ALL, EVERYWHERE, after=None, limit=50).rows
        assert [row.study_id for row in rows] == [row.study_id for row in whole]
        assert len(rows) == len(margins)


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
    with closing(sqlite3.connect(store._database.file)) as connection, connection:
        connection.execute(
            """
            INSERT INTO studies (id, station_id, patient_id, study_uid, accession, received_at,
                priority_rank, margin_order, state, images, assessed, leading_id,
                filed_patient_id, flags, contested, version, corrected)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT printf('%032x', i), station_id, patient_id, '1.9.' || i, 'A-' || i,
                printf('2026-%02d-%02dT00:00:00.%06dZ', 1 + i % 12, 1 + i % 28, i),
                i % 5, -(i % 97) / 100.0,
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


@pytest.mark.sqlite
@pytest.mark.parametrize("name", QUERIES)
def test_no_page_sorts_or_reads_the_whole_table(store, name):
    """Measured figures are the benchmarks'; what makes them is that the work does not grow:
    SQLite's own count of steps is the same over ten times as many studies."""
    query, scope = QUERIES[name]
    keep(store)
    copy_study(store, 2_000)
    few = steps(store, query, scope)
    with closing(sqlite3.connect(store._database.file)) as connection, connection:
        connection.execute("DELETE FROM studies WHERE study_uid LIKE '1.9.%'")
    copy_study(store, 20_000)
    many = steps(store, query, scope)
    assert many < 2 * few + 20


def steps(store, query, scope) -> int:
    """Hundreds of SQLite's instructions that the first and a later page take."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        return 0

    with store._database.read() as connection:
        connection.connection.driver_connection.set_progress_handler(tick, 100)
    page = store.worklist(query, scope, after=None, limit=50)
    if page.after is not None:
        store.worklist(query, scope, after=page.after, limit=50)
    with store._database.read() as connection:
        connection.connection.driver_connection.set_progress_handler(None, 0)
    assert page.rows
    return count


def test_neighbours_are_those_of_the_list(store):
    for number in range(12):
        keep(store, number, priority=PRIORITIES[number % 3], margin=(number % 4) / 10)
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
            margin=number / 10,
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
