"""Which study a film is of when several patients bear one number."""

from itertools import permutations
from threading import Thread

import pytest

from cxr_triage.domain import Patient
from cxr_triage.errors import Conflict
from cxr_triage.service.audit import Action, entry
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WorklistQuery
from tests.databases import raw
from tests.store.builders import BY_STATION, KEEPING, RECEIVED_AT, image, result, store_in

HUNG = Patient(id="7", name="Nguyễn^Hùng", birth_date="1960-01-02", sex="M")
LAN = Patient(id="8", name="Trần^Lan", birth_date="1971-05-06", sex="F")
MAI = Patient(id="9", name="Lê^Mai", sex="F")
CORRECTING = entry(Action.IDENTITY_CORRECTED, BY_STATION)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def bring(store, number, patient, *, study="1.2", sop=None, minutes=None, **values):
    new = image(number, patient=patient, minutes=number if minutes is None else minutes)
    found = result(new, study=study, sop=sop or f"1.2.{number}", **values)
    return store.keep(new, found, audit=KEEPING)


def rows(store):
    return store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=99).rows


def placed(store):
    """Each study's names of films, sorted."""
    return sorted(
        sorted(one.patient.name for one in store.study(row.study_id, EVERYWHERE).images)
        for row in rows(store)
    )


def test_two_patients_under_one_number_are_two_studies_marked_as_such(store):
    first, second = bring(store, 0, HUNG), bring(store, 1, LAN)
    assert first.stored.study_id != second.stored.study_id
    assert first.warnings == ()
    assert [reason.code for reason in second.warnings] == ["same_study_number"]
    found = {row.patient: row for row in rows(store)}
    assert found.keys() == {HUNG, LAN}
    assert all(row.contested and row.images == 1 for row in found.values())
    assert len(store.studies_with_uid("1.2", EVERYWHERE)) == 2


@pytest.mark.parametrize("order", list(permutations([HUNG, Patient(), LAN])))
def test_a_nameless_film_stands_on_its_own_whatever_came_first(store, order):
    for number, patient in enumerate(order):
        bring(store, number, patient)
    assert placed(store) == sorted([[""], [LAN.name], [HUNG.name]])


def test_a_nameless_film_takes_its_accession_number_along(store):
    bring(store, 0, Patient(), accession="OF-NOBODY")
    bring(store, 1, HUNG, accession="")
    bring(store, 2, LAN, accession="")
    assert {row.patient: row.accession for row in rows(store)} == {
        Patient(): "OF-NOBODY", HUNG: "", LAN: "",
    }  # fmt: skip


def test_a_third_patient_and_a_second_film_of_the_first(store):
    for number, patient in enumerate([HUNG, LAN, MAI, HUNG]):
        kept = bring(store, number, patient)
    assert placed(store) == sorted([[HUNG.name, HUNG.name], [LAN.name], [MAI.name]])
    assert store.study(kept.stored.study_id, EVERYWHERE).row.images == 2


def test_a_name_that_differs_beside_an_equal_number_warns_and_does_not_split(store):
    bring(store, 0, HUNG)
    kept = bring(store, 1, Patient(id="7", name="Phạm^Cúc"))
    assert [reason.code for reason in kept.warnings] == ["other_name"]
    assert len(rows(store)) == 1
    assert rows(store)[0].patient == HUNG


def test_two_clients_at_once_make_two_studies(store):
    threads = [
        Thread(target=bring, args=(store, number, patient))
        for number, patient in enumerate([HUNG, LAN] * 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.images for row in rows(store)) == [4, 4]
    assert placed(store) == sorted([[HUNG.name] * 4, [LAN.name] * 4])


def test_one_instance_number_of_two_patients_is_two_films(store):
    first = bring(store, 0, HUNG, sop="1.5")
    second = bring(store, 1, LAN, sop="1.5")
    assert {reason.code for reason in second.warnings} == {"same_study_number", "same_image_number"}
    assert first.stored.image_id != second.stored.image_id
    for row in rows(store):
        (only,) = store.study(row.study_id, EVERYWHERE).images
        assert only.twin


def test_the_same_film_with_a_corrected_name_corrects_the_study(store):
    first = bring(store, 0, Patient(id="7", name="NGUYEN^HUN"), sop="1.5")
    again = bring(store, 1, HUNG, sop="1.5", minutes=5)
    assert again.stored.image_id == first.stored.image_id
    assert [reason.code for reason in again.warnings] == ["identity_corrected"]
    (row,) = rows(store)
    assert (row.patient, row.version, row.images) == (HUNG, 1, 1)


def test_the_same_film_without_a_name_changes_nothing(store):
    bring(store, 0, HUNG, sop="1.5")
    again = bring(store, 1, Patient(), sop="1.5", minutes=5)
    assert again.warnings == ()
    assert (rows(store)[0].patient, rows(store)[0].version) == (HUNG, 0)


def test_a_picture_sent_again_is_named_and_never_renamed_to_somebody_else(store):
    kept = bring(store, 0, Patient(), study="", sop="").stored
    digest = kept.assessment.digest

    def identify(patient):
        return store.identify(digest, patient, station_id="local", at=RECEIVED_AT, audit=CORRECTING)

    assert [reason.code for reason in identify(HUNG)] == ["identity_corrected"]
    assert rows(store)[0].patient == HUNG
    assert identify(HUNG) == ()
    with pytest.raises(Conflict) as caught:
        identify(LAN)
    assert caught.value.code == "other_patient"
    assert (rows(store)[0].patient, rows(store)[0].version) == (HUNG, 1)


def test_another_patients_film_never_reopens_a_signed_study(store, tmp_path):
    kept = bring(store, 0, HUNG).stored
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("UPDATE studies SET state = 'signed'")
    bring(store, 1, LAN)
    assert store.study(kept.study_id, EVERYWHERE).row.state == "signed"
    bring(store, 2, HUNG)
    assert store.study(kept.study_id, EVERYWHERE).row.state == "changed"


def test_numbers_are_compared_whole(store):
    long = "1.2.826.0.1.3680043.10.363.5421649119139350670558684743636101576." * 12
    first = bring(store, 0, HUNG, study=long + "1", sop=long + "3")
    second = bring(store, 1, LAN, study=long + "2", sop=long + "4")
    assert first.stored.study_id != second.stored.study_id
    assert second.warnings == ()
    assert second.stored.assessment.header.study_uid == long + "2"
    assert not rows(store)[0].contested


def test_a_patient_is_kept_only_while_a_study_needs_it(store, tmp_path):
    first = bring(store, 0, Patient(id="7", name="NGUYEN^HUN"), sop="1.5").stored
    bring(store, 1, HUNG, sop="1.5")
    bring(store, 2, Patient(), study="1.3", sop="1.6")
    bring(store, 3, LAN, study="1.3", sop="1.6")
    for row in rows(store):
        store.purging.purge(row.study_id, audit=entry(Action.STUDY_PURGED, BY_STATION))
    assert first.study_id
    with raw(tmp_path) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM patients").scalar() == 0


def test_a_purge_leaves_a_number_that_one_patient_bears_uncontested(store):
    bring(store, 0, HUNG, sop="1.5")
    other = bring(store, 1, LAN, sop="1.5").stored
    store.purging.purge(other.study_id, audit=entry(Action.STUDY_PURGED, BY_STATION))
    (row,) = rows(store)
    assert not row.contested
    assert not store.study(row.study_id, EVERYWHERE).images[0].twin


def test_a_reading_goes_along_with_its_film(store, tmp_path):
    nobody = bring(store, 0, Patient()).stored
    bring(store, 1, HUNG)
    with raw(tmp_path) as connection:
        connection.exec_driver_sql(
            "INSERT INTO people (id, name, full_name, role, language, password_hash, created_at)"
            " VALUES ('p', 'p', 'P', 'radiologist', 'en', '', '2026')"
        )
    store.save_review(
        ReviewDraft(assessment_id=nobody.assessment.id, impression="clear"),
        EVERYWHERE,
        reader_id="p",
        version=0,
        audit=KEEPING,
    )
    bring(store, 2, LAN)
    study = store.assessment(nobody.assessment.id, EVERYWHERE).study_id
    assert study != nobody.study_id
    assert [one.draft.impression for one in store.study(study, EVERYWHERE).reviews] == ["clear"]
