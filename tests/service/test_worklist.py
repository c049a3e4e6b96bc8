"""Pages of the worklist, by a cursor that nobody need understand."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.errors import NotAllowed, QueryInvalid
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.worklist import cursor_of, page, place_of
from cxr_triage.store.records import PageCursor, WorklistQuery
from tests.store.builders import keep, store_in

WHO = Principal(
    kind="person", id="p", name="Lan", role="radiologist", station_id=None, language="vi"
)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.mark.usefixtures("on_database")
def test_cursors_lead_through_the_whole_list(store):
    for number in range(7):
        keep(store, number, band=number % 3)
    cursor, found = None, []
    while True:
        part = page(store, WHO, WorklistQuery(), cursor=cursor, limit=3)
        found.extend(part.rows)
        cursor = part.cursor
        if cursor is None:
            break
    assert [row.band for row in found] == [0, 0, 0, 1, 1, 2, 2]
    assert len(found) == 7


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
PLACES = st.builds(
    PageCursor,
    MOMENTS,
    st.integers(0, 4),
    st.integers(-2, 2),
    MOMENTS,
    st.text("0123456789abcdef", min_size=32, max_size=32),
)


@given(PLACES)
def test_a_cursor_is_its_place(place):
    assert place_of(cursor_of(place)) == place


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_what_is_not_a_cursor_is_refused(text):
    with pytest.raises(QueryInvalid):
        place_of(text)


@pytest.mark.parametrize(
    "values",
    [
        '["2026-01-01T00:00:00+00:00",0,1,"2026-01-01T00:00:00+00:00"]',
        '["2026-01-01T00:00:00+00:00",99999999999999999999,1,"2026-01-01T00:00:00+00:00","a"]',
        '["2026-01-01T00:00:00+00:00",0,NaN,"2026-01-01T00:00:00+00:00","a"]',
        '["2026-01-01T00:00:00+00:00",0,3,"2026-01-01T00:00:00+00:00","a"]',
        '["2026-01-01T00:00:00+00:00",0,0.5,"2026-01-01T00:00:00+00:00","a"]',
        '["2026-01-01T00:00:00+00:00",0,1,"0001-01-01T00:00:00+14:00","a"]',
        '["0002-01-01T00:00:00+00:00",0,1,"2026-01-01T00:00:00+00:00","a"]',
        '["2026-01-01T00:00:00+00:00",0,1,"yesterday","a"]',
        '["2026-01-01T00:00:00+00:00",0,1,"2026-01-01T00:00:00+00:00",[1]]',
        '["2026-01-01T00:00:00+00:00",0,"0.5","2026-01-01T00:00:00+00:00","a"]',
        "{}",
        "[" * 5000,
    ],
)
def test_a_forged_cursor_is_refused(values):
    with pytest.raises(QueryInvalid):
        place_of(base64.urlsafe_b64encode(values.encode()).decode().rstrip("="))


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_a_sensible_size(store, limit):
    with pytest.raises(QueryInvalid):
        page(store, WHO, WorklistQuery(), limit=limit)


def test_who_may_not_read_sees_no_list(store, monkeypatch):
    nobody: dict = {"radiologist": frozenset()}
    monkeypatch.setattr("cxr_triage.service.people.principal.PERMISSIONS", nobody)
    with pytest.raises(NotAllowed):
        page(store, WHO, WorklistQuery())
