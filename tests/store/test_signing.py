"""When a study is signed: each film by a reading of its own, or all by one signature."""

import pytest

from cxr_triage.errors import Conflict, ReviewInvalid
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WholeStudy, WorklistQuery
from tests.databases import raw
from tests.store.builders import keep, store_in

SAVED = entry(Action.REVIEW_SAVED, SYSTEM)
SIGNED = entry(Action.REVIEW_SIGNED, SYSTEM)
WHOLE = entry(Action.STUDY_SIGNED, SYSTEM)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def doctor(store) -> str:
    admin = Administration(store, AccountRules())
    made = admin.create_person(
        "lan", "ba con meo den 7", role="radiologist", full_name="BS. Lan", by=SYSTEM
    )
    return made.id


def frontal(store, **values):
    return keep(store, 1, study="1.7", sop="1.7.1", pixels="p1", **values).stored


def lateral(store, **values):
    return keep(store, 2, study="1.7", sop="1.7.2", pixels="p2", refuse=True, **values).stored


def another(store):
    return keep(store, 3, study="1.7", sop="1.7.3", pixels="p3").stored


@pytest.fixture
def films(store):
    """An urgent film, and a lateral that was refused."""
    return frontal(store), lateral(store)


def detail(store, film):
    return store.study(film.study_id, EVERYWHERE)


def state(store, film) -> str:
    return detail(store, film).row.state


def lacking(store, film) -> set[str]:
    return {one.assessment.id for one in detail(store, film).lacking}


def ids(*films) -> frozenset[str]:
    return frozenset(film.assessment.id for film in films)


def save(store, film, doctor, **said):
    draft = ReviewDraft(assessment_id=film.assessment.id, **said)
    return store.save_review(draft, EVERYWHERE, reader_id=doctor, version=0, audit=SAVED)


def sign(store, film, doctor, whole=None, **said):
    saved = save(store, film, doctor, **(said or {"impression": "Không thấy tổn thương"}))
    return store.sign_review(
        film.assessment.id,
        EVERYWHERE,
        reader_id=doctor,
        version=saved.version,
        audit=SIGNED,
        whole=None if whole is None else WholeStudy(seen=whole, audit=WHOLE),
    )


def test_signing_the_refused_film_does_not_sign_the_study(store, films, doctor):
    first, second = films
    sign(store, second, doctor)
    assert state(store, first) == "opened"
    assert lacking(store, first) == ids(first)
    sign(store, first, doctor)
    assert state(store, first) == "signed"
    assert lacking(store, first) == set()
    assert (detail(store, first).row.signed_by, detail(store, first).row.signed_at) == ("", None)


def test_a_study_is_read_when_every_film_has_a_reading(store, films, doctor):
    first, second = films
    sign(store, second, doctor)
    save(store, first, doctor)
    assert state(store, first) == "reviewed"
    assert lacking(store, first) == ids(first)


def test_nobody_signs_a_refused_film_unseen(store, films, doctor):
    first, second = films
    sign(store, first, doctor)
    assert state(store, first) == "opened"
    assert lacking(store, first) == ids(second)


def test_one_signature_may_stand_for_the_whole_study(store, films, doctor):
    first, second = films
    signed = sign(store, first, doctor, whole=ids(first, second))
    row = detail(store, first).row
    assert (row.state, row.signed_by, row.signed_at) == ("signed", "BS. Lan", signed.signed_at)
    assert detail(store, first).unsigned == ids(second)
    assert lacking(store, first) == set()
    newest = store.audit_trail(before=None, limit=1)[0].entry
    assert (newest.action, newest.study_id) == ("study_signed", first.study_id)


def test_nobody_signs_for_a_film_that_they_have_not_seen(store, films, doctor):
    first, second = films
    seen = ids(first, second)
    another(store)
    with pytest.raises(Conflict) as caught:
        sign(store, first, doctor, whole=seen)
    assert caught.value.code == "study_changed"
    [review] = detail(store, first).reviews
    assert review.signed_at is None
    assert state(store, first) == "opened"


def test_an_addendum_may_sign_for_the_whole_study(store, films, doctor):
    first, second = films
    sign(store, first, doctor)
    draft = ReviewDraft(assessment_id=first.assessment.id, note="Phim nghiêng: không khác")
    store.add_addendum(
        draft,
        EVERYWHERE,
        reader_id=doctor,
        audit=SIGNED,
        whole=WholeStudy(seen=ids(first, second), audit=WHOLE),
    )
    assert detail(store, first).row.signed_whole


def test_a_later_film_changes_a_signed_study(store, films, doctor):
    first, second = films
    for film in films:
        sign(store, film, doctor)
    third = another(store)
    assert state(store, first) == "changed"
    assert lacking(store, first) == ids(third)
    store.open_study(first.study_id, EVERYWHERE, audit=entry(Action.STUDY_OPENED, SYSTEM))
    save(store, third, doctor, note="chưa xong")
    assert state(store, first) == "changed"
    query = WorklistQuery(states=("changed",))
    page = store.worklist(query, EVERYWHERE, after=None, limit=5)
    assert [row.study_id for row in page.rows] == [second.study_id]


def test_a_newer_result_of_a_signed_study_is_not_signed(store, doctor):
    first = frontal(store)
    sign(store, first, doctor)
    assert state(store, first) == "signed"
    newer = frontal(store, fingerprint="e" * 32)
    assert state(store, first) == "changed"
    assert lacking(store, first) == ids(newer)
    sign(store, newer, doctor)
    assert state(store, first) == "signed"


def test_a_signature_for_the_whole_stands_for_nothing_that_came_later(store, films, doctor):
    first, second = films
    sign(store, first, doctor, whole=ids(first, second))
    third = another(store)
    row = detail(store, first).row
    assert (row.state, row.signed_by, row.signed_whole) == ("changed", "BS. Lan", False)
    assert lacking(store, first) == ids(second, third)
    sign(store, third, doctor)
    assert state(store, first) == "changed"
    sign(store, second, doctor)
    row = detail(store, first).row
    assert (row.state, row.signed_by, row.signed_at) == ("signed", "", None)


def test_a_changed_study_is_signed_as_a_whole_again(store, films, doctor):
    first, second = films
    sign(store, first, doctor, whole=ids(first, second))
    third = another(store)
    sign(store, third, doctor, whole=ids(first, second, third))
    assert detail(store, first).row.signed_whole
    assert lacking(store, first) == set()


def test_the_same_file_sent_again_changes_nothing(store, films, doctor):
    first, second = films
    sign(store, first, doctor, whole=ids(first, second))
    assert not keep(store, 1, study="1.7", sop="1.7.1", pixels="p1").created
    assert state(store, first) == "signed"


def test_before_it_is_signed_a_new_film_makes_it_new_and_a_new_result_nothing(store, doctor):
    first = frontal(store)
    save(store, first, doctor)
    frontal(store, fingerprint="e" * 32)
    assert state(store, first) == "reviewed"
    lateral(store)
    assert state(store, first) == "new"


def test_a_hidden_film_needs_no_reading(store, films, doctor, tmp_path):
    first, second = films
    with raw(tmp_path) as connection:
        connection.exec_driver_sql(
            f"UPDATE images SET hidden_at = received_at WHERE id = '{second.image_id}'"  # noqa: S608
        )
    sign(store, first, doctor)
    assert state(store, first) == "signed"


@pytest.mark.parametrize(
    "said", [{"note": "chỉ ghi chú"}, {"impression": " \n"}, {"overall": "agree"}]
)
def test_an_empty_reading_is_saved_but_not_signed(store, films, doctor, said):
    with pytest.raises(ReviewInvalid) as caught:
        sign(store, films[0], doctor, **said)
    assert caught.value.code == "reading_empty"
    [review] = detail(store, films[0]).reviews
    assert review.signed_at is None


def test_agreement_with_what_is_shown_is_enough_and_comes_back(store, doctor):
    first = frontal(store)
    signed = sign(store, first, doctor, agrees=True)
    assert signed.draft.agrees
    assert state(store, first) == "signed"
