"""What was kept is put right: who may, what follows, and that the file's own words stay."""

from dataclasses import asdict, replace
from hashlib import sha256
from types import SimpleNamespace

import pytest

from cxr_triage.domain import Patient, Reason
from cxr_triage.errors import Conflict, CorrectionInvalid, NotAllowed, NotFound
from cxr_triage.service.audit import SYSTEM, Action, Origin, entry
from cxr_triage.service.inference.pool import Assessed
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.corrections import Corrections, WantedValues, may_correct
from cxr_triage.store.records import EVERYWHERE, Scope, Station, WorklistQuery
from tests.databases import raw, rows_of
from tests.report.films import FINDINGS, assessed, refused
from tests.store.builders import KEEPING, RECEIVED_AT, image, result, store_in

HUNG = Patient(id="7", name="Nguyễn^Hùng", birth_date="1960-01-02", sex="M")
LAN = Patient(id="8", name="Trần^Lan", birth_date="1971-05-06", sex="F")
ANYBODY = Origin()


def person(role, station=None):
    return Principal(
        kind="person", id=role, name=role, role=role, station_id=station, language="en"
    )


DOCTOR = person("radiologist")
NURSE = person("station", "local")


class Pool:
    """A gate of two rules, and what it was asked."""

    def __init__(self):
        self.asked = []
        self.headers = {}

    def assess(self, file, declared, **_):
        self.asked.append(declared)
        digest = sha256(file.read_bytes()).hexdigest()
        header = self.headers[digest]
        natural = not declared.corrected
        if not natural:
            header = replace(header, view=declared.view, age_years=declared.age_years)
        fingerprint = "f" * 32 if natural else declared.fingerprint("f" * 32)
        young = header.age_years is not None and header.age_years < 15
        side = header.view in ("LL", "RL")
        if young or side:
            code = "age" if young else "view"
            found = refused(Reason(code=code), header=header)
        else:
            found = assessed(findings=FINDINGS, header=header, priority="critical")
        found = replace(found, digest=digest, pixel_digest="p0", fingerprint=fingerprint)
        return Assessed(assessment=found, patient=Patient())


@pytest.fixture(autouse=True)
def kind(on_database):
    """On SQLite and on PostgreSQL."""
    return on_database


@pytest.fixture
def pool():
    return Pool()


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def corrections(store, pool):
    return Corrections(store=store, pool=pool)


@pytest.fixture
def bring(store, pool):
    """Keep a film of its own with that age and view, judged by the same gate."""

    def brought(number, patient=LAN, *, study=None, age=58.0, view="PA", **values):
        new = image(number, patient=patient, minutes=number)
        plain = result(new, study=study or f"1.2.{number}", sop=f"1.2.{number}.1", **values)
        header = replace(plain.header, age_years=age, view=view)
        pool.headers[plain.digest] = header
        judged = pool.assess(new.file, SimpleNamespace(corrected=False)).assessment
        pool.asked.clear()
        judged = replace(judged, priority=plain.priority, reason=plain.reason) if (
            judged.outcome == "assessed"
        ) else judged  # fmt: skip
        return store.keep(new, replace(judged, id=plain.id), audit=KEEPING).stored

    return brought


def rows(store, **query):
    return store.worklist(WorklistQuery(**query), EVERYWHERE, after=None, limit=99).rows


def correct(
    corrections, study, *, who=DOCTOR, version=0, reason="as the slip says", films=None, **fields
):
    return corrections.correct(
        who, study, WantedValues(study=fields, films=films or {}),
        version=version, reason=reason, origin=ANYBODY,
    )  # fmt: skip


def test_a_name_is_put_right_and_the_files_own_stays_beside_it(store, corrections, bring):
    kept = bring(1, LAN)
    detail = correct(corrections, kept.study_id, patient_name="Nguyễn^Hoa", issuer="BV1")
    assert detail.row.patient == replace(LAN, name="Nguyễn^Hoa", issuer="BV1")
    assert detail.row.filed == LAN
    assert detail.images[0].patient == LAN
    (one,) = detail.corrections
    assert (one.kind, one.version, one.before, one.after) == (
        "identity", 1, LAN, detail.row.patient,
    )  # fmt: skip
    assert one.reason == "as the slip says"
    back = correct(corrections, kept.study_id, version=1, patient_name=None, issuer=None)
    assert back.row.patient == LAN
    assert not back.row.corrected
    assert len(back.corrections) == 2


def test_an_age_put_right_refuses_a_scored_film_and_the_study_follows(
    store, corrections, bring, pool
):
    kept = bring(1, age=58.0)
    detail = correct(corrections, kept.study_id, age_years=9.0)
    (film,) = detail.images
    assert film.assessment.outcome == "referred"
    assert film.filed.age_years == 58.0
    assert film.image_id == kept.image_id
    assert (detail.row.priority, detail.row.age_years) == ("not_assessed", 9.0)
    back = correct(corrections, kept.study_id, version=1, age_years=None)
    assert back.images[0].assessment.id == kept.assessment.id
    assert (back.row.priority, back.row.age_years) == ("critical", 58.0)


def test_a_film_refused_for_its_age_is_assessed_once_that_is_put_right(corrections, bring):
    kept = bring(1, age=8.0)
    assert kept.assessment.outcome == "referred"
    detail = correct(corrections, kept.study_id, age_years=58.0)
    assert detail.images[0].assessment.outcome == "assessed"
    assert detail.row.assessed == 1
    assert detail.images[0].assessment.header.age_years == 58.0


def test_a_birth_date_put_right_brings_the_age_along(corrections, bring):
    kept = bring(1, age=58.0)
    detail = correct(corrections, kept.study_id, birth_date="2017")
    assert detail.images[0].assessment.outcome == "referred"
    assert 8 < detail.row.age_years < 10
    with pytest.raises(CorrectionInvalid):
        correct(corrections, kept.study_id, version=1, birth_date="2017-13-40")


def test_what_changes_nothing_for_the_gate_makes_no_new_result(corrections, bring):
    kept = bring(1, age=58.0)
    detail = correct(corrections, kept.study_id, age_years=59.0)
    assert detail.images[0].assessment.id == kept.assessment.id
    assert detail.images[0].assessment.header.age_years == 59.0
    assert detail.row.age_years == 59.0


def test_a_view_put_right_decides_for_its_film_alone(corrections, bring):
    one, other = bring(1, study="1.2"), bring(2, study="1.2")
    detail = correct(
        corrections, one.study_id,
        films={one.assessment.id: {"view": "LL", "marker": "marker L lies on the right"}},
    )  # fmt: skip
    found = {film.image_id: film for film in detail.images}
    assert found[one.image_id].assessment.outcome == "referred"
    assert found[one.image_id].filed.view == "PA"
    assert found[one.image_id].marker == "marker L lies on the right"
    assert found[other.image_id].assessment.outcome == "assessed"


def test_a_newer_film_of_the_study_is_judged_by_what_was_put_right(store, corrections, bring):
    kept = bring(1, study="1.2", age=58.0)
    correct(corrections, kept.study_id, age_years=9.0)
    second = bring(2, study="1.2", age=58.0)
    assert second.study_id == kept.study_id
    followed = corrections.followed(second)
    assert followed.assessment.outcome == "referred"
    assert store.study(kept.study_id, EVERYWHERE).row.assessed == 0


def test_a_film_that_comes_with_the_right_name_joins_its_study(store, corrections, bring):
    kept = bring(1, LAN, study="1.2")
    correct(corrections, kept.study_id, **patient_fields(HUNG))
    assert bring(2, HUNG, study="1.2").study_id == kept.study_id
    assert bring(3, LAN, study="1.2").study_id == kept.study_id
    assert bring(4, Patient(), study="1.2").study_id == kept.study_id
    assert rows(store)[0].patient == HUNG


def patient_fields(patient):
    return {
        "patient_id": patient.id, "patient_name": patient.name,
        "birth_date": patient.birth_date, "sex": patient.sex,
    }  # fmt: skip


def test_who_may(store, corrections, bring, tmp_path):
    kept = bring(1)
    detail = correct(corrections, kept.study_id, who=NURSE, reason="", patient_name="B")
    assert detail.row.patient.name == "B"
    with pytest.raises(CorrectionInvalid):
        correct(corrections, kept.study_id, version=1, reason=" ", patient_name="C")
    for who in (person("administrator"), person("clinician")):
        assert not may_correct(who, detail.row)
        with pytest.raises(NotAllowed):
            correct(corrections, kept.study_id, who=who, version=1, patient_name="C")
    with pytest.raises(NotFound):
        correct(corrections, kept.study_id, who=person("station", "south"), version=1)
    with pytest.raises(NotAllowed):
        correct(corrections, kept.study_id, who=NURSE, version=1, station_id="south")
    for act in (corrections.merge, corrections.part, corrections.settle):
        values = {"settled": True} if act == corrections.settle else {}
        more = ("x",) if act == corrections.merge else ()
        with pytest.raises(NotAllowed):
            act(NURSE, kept.study_id, *more, version=1, reason="r", origin=ANYBODY, **values)
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("UPDATE studies SET state = 'signed'")
    with pytest.raises(NotAllowed) as caught:
        correct(corrections, kept.study_id, who=NURSE, version=1, patient_name="C")
    assert caught.value.code == "correction_signed"
    correct(corrections, kept.study_id, version=1, patient_name="C")


def test_who_saw_an_older_version_changes_nothing(corrections, bring, store):
    kept = bring(1)
    correct(corrections, kept.study_id, patient_name="B")
    with pytest.raises(Conflict) as caught:
        correct(corrections, kept.study_id, version=0, patient_name="C")
    assert caught.value.code == "correction_outdated"
    assert rows(store)[0].patient.name == "B"


def hide(corrections, film, version, *, hidden=True):
    return corrections.hide(
        DOCTOR, film.assessment.id,
        hidden=hidden, version=version, reason="of a dog", origin=ANYBODY,
    )  # fmt: skip


def test_hiding_the_only_urgent_film_lowers_the_study_and_showing_it_restores(
    corrections, bring, store
):
    urgent = bring(1, study="1.2", priority="critical")
    bring(2, study="1.2", priority="routine")
    before = store.study(urgent.study_id, EVERYWHERE).row
    detail = hide(corrections, urgent, 0)
    assert (before.priority, detail.row.priority) == ("critical", "routine")
    assert [one.image_id for one in detail.hidden] == [urgent.image_id]
    assert len(detail.images) == detail.row.images == 1
    after = hide(corrections, urgent, 1, hidden=False).row
    assert replace(after, version=0, flags=()) == replace(before, flags=())
    assert [asdict(one) for one in after.flags] == [asdict(one) for one in before.flags]


def test_a_study_whose_films_were_all_sent_by_mistake_leaves_the_list(corrections, bring, store):
    kept = bring(1, LAN)
    bring(2, HUNG)
    detail = hide(corrections, kept, 0)
    assert detail.images == ()
    assert [row.patient for row in rows(store)] == [HUNG]
    (found,) = rows(store, hidden=True)
    assert (found.study_id, found.patient) == (kept.study_id, LAN)
    hide(corrections, kept, 1, hidden=False)
    assert len(rows(store)) == 2


def move(corrections, film, target, version=0):
    return corrections.move(
        DOCTOR, film.assessment.id, target, version=version, reason="r", origin=ANYBODY
    )


def test_a_film_that_moves_ranks_both_studies_anew(corrections, bring, store):
    urgent = bring(1, LAN, study="1.2", priority="critical")
    bring(2, LAN, study="1.2", priority="routine")
    other = bring(3, HUNG, priority="none")
    moved = move(corrections, urgent, other.study_id)
    assert (moved.row.study_id, moved.row.priority, moved.row.images) == (
        other.study_id, "critical", 2,
    )  # fmt: skip
    left = store.study(urgent.study_id, EVERYWHERE)
    assert (left.row.priority, left.row.images) == ("routine", 1)
    assert [one.kind for one in left.corrections] == ["moved"]


def test_a_film_moves_out_and_is_judged_by_its_own_age_again(corrections, bring, store):
    one, other = bring(1, study="1.2"), bring(2, study="1.2")
    detail = correct(corrections, one.study_id, age_years=9.0)
    film = next(film for film in detail.images if film.image_id == other.image_id)
    moved = move(corrections, film, None, detail.row.version)
    assert moved.row.study_id != one.study_id
    assert moved.images[0].assessment.id == other.assessment.id
    assert moved.row.contested
    back = move(corrections, moved.images[0], one.study_id, moved.row.version)
    assert back.row.images == 2
    assert {film.assessment.outcome for film in back.images} == {"referred"}
    assert not back.row.contested
    with pytest.raises(NotFound):
        store.study(moved.row.study_id, EVERYWHERE)


def test_a_study_of_one_film_is_put_right_not_moved(corrections, bring):
    with pytest.raises(Conflict) as caught:
        move(corrections, bring(1), None)
    assert caught.value.code == "only_film"


def test_two_of_one_number_are_merged_and_parted_again(corrections, bring, store):
    one, other = bring(1, LAN, study="1.2"), bring(2, HUNG, study="1.2")
    merged = corrections.merge(
        DOCTOR, one.study_id, other.study_id, version=0, reason="one patient", origin=ANYBODY
    )
    assert (merged.row.images, merged.row.contested, merged.row.patient) == (2, False, LAN)
    assert bring(3, HUNG, study="1.2").study_id == one.study_id
    assert len(rows(store)) == 1
    version = merged.row.version
    parted = corrections.part(
        DOCTOR, one.study_id, version=version, reason="two after all", origin=ANYBODY
    )
    assert {row.patient: row.images for row in rows(store)} == {LAN: 1, HUNG: 2}
    assert parted.row.contested
    assert not parted.row.corrected
    assert [one.kind for one in parted.corrections] == ["parted", "merged"]
    assert bring(4, HUNG, study="1.2").study_id == parted.siblings[0].study_id


def test_two_of_one_number_are_rightly_two(corrections, bring, store):
    one, _ = bring(1, LAN, study="1.2"), bring(2, HUNG, study="1.2")
    settle = {"reason": "two people", "origin": ANYBODY}
    detail = corrections.settle(DOCTOR, one.study_id, settled=True, version=0, **settle)
    assert all(row.contested and row.settled_at for row in rows(store))
    corrections.settle(DOCTOR, one.study_id, settled=False, version=detail.row.version, **settle)
    assert not any(row.settled_at for row in rows(store))
    with pytest.raises(Conflict):
        corrections.settle(DOCTOR, bring(3).study_id, settled=True, version=0, **settle)


def test_merging_what_bears_another_number_is_refused(corrections, bring):
    one, other = bring(1, LAN), bring(2, HUNG)
    with pytest.raises(Conflict) as caught:
        corrections.merge(
            DOCTOR, one.study_id, other.study_id, version=0, reason="r", origin=ANYBODY
        )
    assert caught.value.code == "other_number"


def test_a_study_goes_to_another_station_with_its_patients(corrections, bring, store, tmp_path):
    kept = bring(1, LAN)
    store.accounts.add_station(
        Station(id="south", name="South", created_at=RECEIVED_AT),
        audit=entry(Action.STATION_CREATED, SYSTEM),
    )
    correct(corrections, kept.study_id, patient_name="B")
    detail = correct(corrections, kept.study_id, version=1, station_id="south")
    assert detail.row.station_id == "south"
    assert (detail.row.patient.name, detail.row.filed) == ("B", LAN)
    assert store.study(kept.study_id, Scope(station_id="south")).images[0].station_id == "south"
    with pytest.raises(NotFound):
        store.study(kept.study_id, Scope(station_id="local"))
    with raw(tmp_path) as connection:
        found = connection.exec_driver_sql("SELECT DISTINCT station_id FROM patients").scalars()
        assert list(found) == ["south"]


def test_names_and_reasons_stay_out_of_the_trail(corrections, bring, tmp_path, store):
    kept = bring(1, LAN)
    correct(corrections, kept.study_id, patient_name="ZQXJ", reason="is ZQXJ in truth")
    found = rows_of(tmp_path)
    assert "ZQXJ" not in found["audit"]
    assert "identity_corrected" in found["audit"]
    assert {name for name, text in found.items() if "ZQXJ" in text} == {"corrections", "patients"}
    assert "ZQXJ" not in repr(store.study(kept.study_id, EVERYWHERE))


def test_a_purge_takes_the_history_and_every_name(corrections, bring, store, tmp_path):
    kept = bring(1, LAN)
    correct(corrections, kept.study_id, patient_name="ZQXJ")
    store.purging.purge(kept.study_id, audit=entry(Action.STUDY_PURGED, SYSTEM))
    assert not [name for name, text in rows_of(tmp_path).items() if "ZQXJ" in text]
