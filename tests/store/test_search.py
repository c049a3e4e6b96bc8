"""Who is looked for is found: by parts, in any case, with diacritics or without; nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.domain import Patient, folded
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, Scope, WorklistQuery
from cxr_triage.store.rows import search
from cxr_triage.store.rows.search import words_of
from tests.store.builders import image, keep, store_in

PEOPLE = [
    ("Nguyễn^Văn^Hùng", "BN-0017", "CX-100%", ""),
    ("TRẦN^THỊ^HƯNG", "BN-0018", "cx_200", ""),
    ("LE^VAN^HUNG", "bn/0019", "CX\\300", ""),
    ("Đỗ^Hòa", "X-1", "A4", ""),
    ("Phan^Thuý", "X-2", "A5", ""),
    ("", "", "A6", "Ảnh của Bà Tám (2).PNG"),
]


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        admin = Administration(store, AccountRules())
        for station in ("north", "south"):
            admin.create_station(station, station.title(), by=SYSTEM)
        yield store


@pytest.fixture
def people(store):
    """Their studies' ids, in the order of `PEOPLE`."""
    return [
        keep(
            store,
            number,
            of=image(
                number,
                patient=Patient(name=name, id=id_),
                station="north" if number < 3 else "south",
                minutes=number,
                file_name=file_name,
            ),
            accession=accession,
        ).stored.study_id
        for number, (name, id_, accession, file_name) in enumerate(PEOPLE)
    ]


@pytest.fixture(params=[search.FEW, 0], ids=["sorted", "walked"])
def found(store, people, request, monkeypatch):
    """Places in `PEOPLE` of those that a search finds, whichever way it goes about it."""
    monkeypatch.setattr(search, "FEW", request.param)

    def of(text, scope=EVERYWHERE, **query):
        page = store.worklist(WorklistQuery(text=text, **query), scope, after=None, limit=50)
        return sorted(people.index(row.study_id) for row in page.rows)

    return of


FOUND = [
    ("hung", [0, 1, 2]),
    ("HUNG", [0, 1, 2]),
    ("hùng", [0, 2]),
    ("HÙNG", [0, 2]),
    ("Hùng", [0, 2]),
    ("hưng", [1, 2]),
    ("van hung", [0, 2]),
    ("hung nguyễn", [0]),
    ("nguy hu", [0]),
    ("nguyen^van", [0]),
    ("hung 0017", [0]),
    ("do", [3]),
    ("đỗ", [3]),
    ("hoa", [3]),
    ("hòa", [3]),
    ("hoà", [3]),
    ("Thúy", [4]),
    ("thủy", []),
    ("bn-00", [0, 1, 2]),
    ("BN/0019", [2]),
    ("cx", [0, 1, 2]),
    ("CX_2", [1]),
    ("cx-100%", [0]),
    ("ba tam", [5]),
    ("bà tám", [5]),
    ("bá tám", []),
    ("(2).png", [5]),
    ("%", [0]),
    ("_", [1]),
    ("\\", [2]),
    ("'; --", []),
    ("🙂", []),
    ("no such", []),
]


def test_a_text_finds_whom_it_names(found):
    assert [(text, found(text)) for text, _ in FOUND] == FOUND


def test_a_search_keeps_to_scope_and_other_filters(found):
    assert found("hung", Scope(station_id="south")) == []
    assert found("hoa", Scope(station_id="south")) == [3]
    assert found("cx", Scope(station_id="south")) == []
    assert found("tam", Scope(station_id="north")) == []
    assert found("hung", station_id="south") == []
    assert found("hung", states=("new", "opened")) == [0, 1, 2]
    assert found("hung", states=("signed",)) == []
    assert found("hung", findings=("Pneumothorax", "Hernia")) == [0, 1, 2]
    assert found("hung", findings=("Hernia",)) == []


def test_pages_and_neighbours_are_those_of_what_was_found(store, people, found):
    assert found("hung") == [0, 1, 2]
    query = WorklistQuery(text="hung")
    whole = [row.study_id for row in store.worklist(query, EVERYWHERE, after=None, limit=9).rows]
    after, paged = None, []
    for _ in whole:
        page = store.worklist(query, EVERYWHERE, after=after, limit=1)
        paged += [row.study_id for row in page.rows]
        after = page.after
    assert after is None
    assert paged == whole
    beside = [store.neighbours(study, query, EVERYWHERE) for study in whole]
    assert [one.before for one in beside] == [None, *whole[:-1]]
    assert [one.after for one in beside] == [*whole[1:], None]


@given(st.text(max_size=300))
def test_any_text_is_some_words(text):
    """What is searched in is made the same way, so that each can be found there."""
    for word in words_of(text):
        assert word.plain
        assert word.plain in folded(text)
        assert not word.spellings or word.plain in word.spellings
