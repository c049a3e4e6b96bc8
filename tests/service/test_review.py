"""Which readings are kept, and whose."""

from dataclasses import replace

import pytest

from cxr_triage.errors import NotAllowed, NotFound, ReviewInvalid
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.principal import Principal, of_person
from cxr_triage.service.review import reviews
from cxr_triage.store.records import ReviewDraft
from tests.store.builders import keep, store_in

ORIGIN = Origin(address="10.0.0.1", request_id="r")


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def result(store) -> str:
    return keep(store).stored.assessment.id


@pytest.fixture
def people(store) -> dict[str, Principal]:
    admin = Administration(store, AccountRules())
    admin.create_station("xa-an", "x", by=SYSTEM)
    made = {
        role: admin.create_person(
            role, "ba con meo den 7", role=role, station_id=station, by=SYSTEM
        )
        for role, station in (
            ("radiologist", None),
            ("clinician", None),
            ("station", "xa-an"),
            ("administrator", None),
        )
    }
    return {role: of_person(person) for role, person in made.items()}


@pytest.mark.usefixtures("on_database")
def test_a_clinician_reads_and_a_radiologist_signs(store, result, people):
    draft = ReviewDraft(
        assessment_id=result, verdicts={"Pneumothorax": "agree"}, impression="Tràn khí"
    )
    saved = reviews.save(store, people["clinician"], draft, version=0, origin=ORIGIN)
    with pytest.raises(NotAllowed):
        reviews.sign(store, people["clinician"], result, version=1, origin=ORIGIN)
    signed = reviews.sign(
        store, people["radiologist"], result, version=saved.version, origin=ORIGIN
    )
    assert signed.reader_id == people["radiologist"].id
    with pytest.raises(NotAllowed):
        reviews.add(store, people["clinician"], draft, origin=ORIGIN)
    added = reviews.add(store, people["radiologist"], draft, origin=ORIGIN)
    assert added.addendum_of == signed.id


@pytest.mark.parametrize("role", ["station", "administrator"])
def test_others_do_not_read(store, result, people, role):
    with pytest.raises(NotAllowed):
        reviews.save(
            store, people[role], ReviewDraft(assessment_id=result), version=0, origin=ORIGIN
        )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"verdicts": {"Fracture": "agree"}}, "verdict_without_finding"),
        ({"verdicts": {"Effusion": "perhaps"}}, "unknown_verdict"),
        ({"overall": "perhaps"}, "unknown_verdict"),
        ({"missed": ("Tuberculosis",)}, "unknown_finding"),
        ({"missed": ("Effusion",)}, "missed_was_flagged"),
        ({"agrees": True, "verdicts": {"Effusion": "unsure"}}, "agreement_contradicted"),
        ({"agrees": True, "missed": ("Fracture",)}, "agreement_contradicted"),
        ({"agrees": True, "overall": "disagree"}, "agreement_contradicted"),
        ({"note": "x" * 4001}, "text_too_long"),
        ({"impression": "x" * 4001}, "text_too_long"),
    ],
)
def test_a_reading_fits_its_result(store, result, people, values, code):
    draft = ReviewDraft(assessment_id=result, **values)
    with pytest.raises(ReviewInvalid) as caught:
        reviews.save(store, people["radiologist"], draft, version=0, origin=ORIGIN)
    assert caught.value.code == code


def test_a_finding_that_the_model_does_not_have_may_have_been_missed(store, result, people):
    draft = ReviewDraft(assessment_id=result, missed=("Fracture", "Nodule"))
    saved = reviews.save(store, people["radiologist"], draft, version=0, origin=ORIGIN)
    assert saved.draft.missed == ("Fracture", "Nodule")


@pytest.mark.usefixtures("on_database")
def test_a_result_that_is_not_there_cannot_be_read(store, people):
    with pytest.raises(NotFound):
        reviews.save(
            store, people["radiologist"], ReviewDraft(assessment_id="x"), version=0, origin=ORIGIN
        )


def test_an_empty_reading_is_saved_and_not_signed(store, result, people):
    doctor, draft = people["radiologist"], ReviewDraft(assessment_id=result)
    saved = reviews.save(store, doctor, draft, version=0, origin=ORIGIN)
    with pytest.raises(ReviewInvalid) as caught:
        reviews.sign(store, doctor, result, version=saved.version, origin=ORIGIN)
    assert caught.value.code == "reading_empty"
    agreed = replace(draft, agrees=True, verdicts={"Effusion": "agree"}, overall="agree")
    saved = reviews.save(store, doctor, agreed, version=saved.version, origin=ORIGIN)
    reviews.sign(store, doctor, result, version=saved.version, origin=ORIGIN)
    with pytest.raises(ReviewInvalid) as caught:
        reviews.add(store, doctor, draft, origin=ORIGIN)
    assert caught.value.code == "addendum_empty"


def test_there_is_nothing_to_agree_with_where_nothing_was_assessed(store, people):
    refused = keep(store, 3, refuse=True).stored.assessment.id
    draft = ReviewDraft(assessment_id=refused, agrees=True)
    with pytest.raises(ReviewInvalid) as caught:
        reviews.save(store, people["radiologist"], draft, version=0, origin=ORIGIN)
    assert caught.value.code == "nothing_to_agree_with"
