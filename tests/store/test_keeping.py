"""An image, its result and its audit row are one thing, kept once."""

from dataclasses import replace

import pytest

from cxr_triage.domain import PRIORITIES, Patient
from cxr_triage.errors import BlobDamaged, NotFound, StoreUnavailable
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, Scope, WorklistQuery
from cxr_triage.triage.rank import rank_studies, standing_of
from tests.store.builders import KEEPING, PATIENT, bytes_of, image, keep, result, store_in
from tests.store.test_codec import plain


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def stations(store):
    admin = Administration(store, AccountRules())
    for name in ("xa-an", "xa-binh"):
        admin.create_station(name, name, by=SYSTEM)


def test_what_was_kept_is_there_complete(store):
    new = image()
    kept = store.keep(new, result(new), audit=KEEPING)
    assert kept.created
    back = store.assessment(kept.stored.assessment.id, EVERYWHERE)
    assert plain(back.assessment) == plain(replace(result(new), id=kept.stored.assessment.id))
    assert back.is_current
    assert store.file(back.assessment.id, EVERYWHERE) == bytes_of(0)
    (row,) = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    assert row.patient == PATIENT
    assert (row.images, row.assessed, row.state) == (1, 1, "new")


def test_the_same_upload_again_finds_the_result_and_writes_nothing(store):
    first = keep(store)
    rows = store.audit_trail(before=None, limit=99)
    again = keep(store)
    assert not again.created
    assert again.stored.assessment.id == first.stored.assessment.id
    assert store.audit_trail(before=None, limit=99) == rows


def test_a_result_is_found_by_file_and_fingerprint(store):
    kept = keep(store).stored
    digest = kept.assessment.digest
    found = store.find_result(digest, "f" * 32, station_id="local")
    assert found.assessment.id == kept.assessment.id
    assert store.find_result(digest, "0" * 32, station_id="local") is None
    assert store.find_result("0" * 64, "f" * 32, station_id="local") is None


def test_the_same_instance_with_other_pixels_is_kept_apart_and_both_are_marked(store):
    first = keep(store, 0, sop="1.5", study="1.2.0")
    second = keep(store, 1, sop="1.5", study="1.2.0", pixels="others")
    assert second.created
    assert [reason.code for reason in second.warnings] == ["same_image_number"]
    assert second.stored.image_id != first.stored.image_id
    study = store.study(first.stored.study_id, EVERYWHERE)
    assert [one.twin for one in study.images] == [True, True]
    assert study.row.images == 2


def test_other_bytes_with_the_same_pixels_are_the_same_image_with_a_newer_result(store):
    old = keep(store, 0, sop="1.5", study="1.2.0", priority="routine").stored
    new = keep(store, 1, sop="1.5", study="1.2.0", priority="urgent").stored
    assert new.image_id == old.image_id
    study = store.study(old.study_id, EVERYWHERE)
    assert [found.assessment.id for found in study.images] == [new.assessment.id]
    assert (study.row.images, study.row.priority) == (1, "urgent")
    assert not store.assessment(old.assessment.id, EVERYWHERE).is_current
    assert store.file(old.assessment.id, EVERYWHERE) == bytes_of(0)
    assert store.file(new.assessment.id, EVERYWHERE) == bytes_of(1)


def test_another_fingerprint_makes_a_newer_result_of_the_same_image(store):
    old = keep(store, 0, priority="critical").stored
    new = keep(store, 0, priority="none", fingerprint="e" * 32).stored
    study = store.study(old.study_id, EVERYWHERE)
    assert [found.assessment.id for found in study.images] == [new.assessment.id]
    assert study.row.priority == "none"


def test_an_instance_sent_again_under_another_study_stays_in_its_own(store):
    first = keep(store, 0, sop="1.5", study="1.2.0").stored
    again = keep(store, 1, sop="1.5", study="1.2.1").stored
    assert again.study_id == first.study_id
    assert len(store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows) == 1


def test_an_image_refused_by_its_header_has_no_pixels_until_it_is_decoded(store):
    refused = keep(store, 0, sop="1.5", study="1.2.0", refuse=True).stored
    decoded = keep(store, 1, sop="1.5", study="1.2.0", pixels="first").stored
    other = keep(store, 2, sop="1.5", study="1.2.0", pixels="second").stored
    assert decoded.image_id == refused.image_id
    assert other.image_id != refused.image_id


def test_pictures_without_uids_are_studies_of_their_own_and_found_again(store):
    first = keep(store, 0, sop="", study="", accession="").stored
    other = keep(store, 1, sop="", study="", accession="").stored
    assert first.study_id != other.study_id
    header = first.assessment.header
    assert header.study_uid.startswith("2.25.")
    assert len({header.study_uid, header.series_uid, header.sop_uid}) == 3
    assert max(map(len, (header.study_uid, header.series_uid, header.sop_uid))) <= 64
    assert not keep(store, 0, sop="", study="", accession="").created


def test_a_study_is_as_urgent_as_its_most_urgent_assessed_image(store):
    wanted = []
    for number, (priority, margin, refuse) in enumerate(
        [("none", 0, True), ("routine", 0.1, False), ("urgent", 0.2, False), ("urgent", 0.4, False)]
    ):
        stored = keep(
            store, number, study="1.7", priority=priority, margin=margin, refuse=refuse
        ).stored
        wanted.append(stored.assessment)
        (ranked,) = rank_studies(wanted, standing_of)
        study = store.study(stored.study_id, EVERYWHERE)
        assert study.row.priority == ranked.priority
        assert study.row.assessment_id == ranked.images[0].id
        assert [found.assessment.id for found in study.images] == [
            assessment.id for assessment in ranked.images
        ]
    assert (study.row.images, study.row.assessed) == (4, 3)


def test_a_study_without_an_assessed_image_is_not_assessed(store):
    kept = keep(store, refuse=True).stored
    assert store.study(kept.study_id, EVERYWHERE).row.priority == "not_assessed"


def test_nothing_flagged_beside_a_film_that_waits_for_a_doctor_is_not_assessed(store):
    def row():
        return store.study(kept.study_id, EVERYWHERE).row

    kept = keep(store, 0, study="1.2", sop="1", priority="none").stored
    assert row().priority == "none"
    keep(store, 1, study="1.2", sop="2", refuse="view")
    assert row().priority == "none"
    waiting = keep(store, 2, study="1.2", sop="3", refuse="not_chest").stored
    assert row().priority == "not_assessed"
    assert row().assessment_id == waiting.assessment.id
    keep(store, 3, study="1.2", sop="4", priority="routine")
    assert row().priority == "routine"


def test_a_new_image_makes_a_study_new_again_but_a_new_result_does_not(store):
    kept = keep(store, 0, study="1.7", sop="1.7.0").stored
    store.open_study(kept.study_id, EVERYWHERE, audit=KEEPING)
    assert store.study(kept.study_id, EVERYWHERE).row.state == "opened"
    keep(store, 0, study="1.7", sop="1.7.0", fingerprint="e" * 32)
    assert store.study(kept.study_id, EVERYWHERE).row.state == "opened"
    keep(store, 1, study="1.7", sop="1.7.1")
    assert store.study(kept.study_id, EVERYWHERE).row.state == "new"


def test_an_unnamed_patient_is_named_by_a_later_image(store):
    for number, patient in enumerate([Patient(), PATIENT]):
        new = image(number, patient=patient)
        kept = store.keep(new, result(new, study="1.7", sop=f"1.7.{number}"), audit=KEEPING)
    row = store.study(kept.stored.study_id, EVERYWHERE).row
    assert (row.patient, row.images) == (PATIENT, 2)


@pytest.mark.usefixtures("stations")
def test_a_station_sees_its_own_studies_only(store):
    mine = keep(store, 0, station="xa-an").stored
    other = keep(store, 1, station="xa-binh").stored
    scope = Scope(station_id="xa-an")
    rows = store.worklist(WorklistQuery(), scope, after=None, limit=9).rows
    assert [row.study_id for row in rows] == [mine.study_id]
    query = WorklistQuery(station_id="xa-binh")
    assert store.worklist(query, scope, after=None, limit=9).rows == ()
    assert store.studies_with_uid(other.assessment.header.study_uid, scope) == ()
    for ask in (
        lambda: store.study(other.study_id, scope),
        lambda: store.assessment(other.assessment.id, scope),
        lambda: store.file(other.assessment.id, scope),
        lambda: store.open_study(other.study_id, scope, audit=KEEPING),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.usefixtures("stations")
def test_the_same_file_from_two_stations_is_a_study_of_each(store):
    first = keep(store, 0, station="xa-an")
    second = keep(store, 0, station="xa-binh")
    assert first.created
    assert second.created
    assert first.stored.assessment.id != second.stored.assessment.id
    rows = store.studies_with_uid("1.2.0", EVERYWHERE)
    assert {row.station_id for row in rows} == {"xa-an", "xa-binh"}


def test_a_lost_file_is_an_error_and_sending_it_again_heals_it(store, tmp_path):
    kept = keep(store).stored
    digest = kept.assessment.digest
    (tmp_path / "blobs" / digest[:2] / digest[2:4] / digest).unlink()
    with pytest.raises(BlobDamaged):
        store.file(kept.assessment.id, EVERYWHERE)
    assert store.find_result(digest, "f" * 32, station_id="local") is None
    assert not keep(store).created
    assert store.file(kept.assessment.id, EVERYWHERE) == bytes_of(0)


@pytest.mark.parametrize("damage", [b"", b"x" + bytes_of(0)[1:]], ids=["empty", "bit"])
def test_a_damaged_file_is_healed_when_the_film_is_sent_again(store, damage):
    kept = keep(store).stored
    digest = kept.assessment.digest
    store.path_of(digest).write_bytes(damage)
    assert store.find_result(digest, "f" * 32, station_id="local") is None
    assert store.inspect().damaged == (digest,)
    assert not keep(store).created
    assert store.file(kept.assessment.id, EVERYWHERE) == bytes_of(0)
    assert store.inspect().sound


def test_an_image_of_a_station_that_is_not_there_is_refused_whole(store):
    with pytest.raises(StoreUnavailable):
        keep(store, station="nowhere")
    assert store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows == ()
    assert store.audit_trail(before=None, limit=9) == ()


def test_priorities_are_kept_by_a_place_that_does_not_move():
    """Rows hold the place of a priority: putting another between needs a migration."""
    assert PRIORITIES == ("critical", "urgent", "not_assessed", "routine", "none")
