"""A study that changes puts down what is due of it: to whom, under which name, and no sooner."""

from io import BytesIO

import pytest
from pydicom import dcmread

from cxr_triage.dicom_net.opening import transport_of
from cxr_triage.errors import SettingsInvalid
from cxr_triage.service.audit import Origin
from cxr_triage.service.delivery.building import Builder
from cxr_triage.service.delivery.courier import Courier
from cxr_triage.service.delivery.destinations import destinations_of
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review import reviews
from cxr_triage.service.review.corrections import WantedValues
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, ReviewDraft

from ..api.films import film
from ..report.test_dicom_objects import complaints, needs_dciodvfy
from .archive import TITLE, Archive
from .serving import association, receiving, store
from .test_sending import QUICK, wait_until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

DESTINATIONS = """
[all]
host = "127.0.0.1"
port = {port}
ae_title = "{title}"
language = "en"
send = ["capture", "pdf", "sr"]

[signed]
host = "127.0.0.1"
port = {port}
send = ["sr"]
signed_only = true

[south]
host = "127.0.0.1"
port = {port}
stations = ["south"]
least_priority = "critical"
"""
DOCTOR = Principal(
    kind="person", id="", name="Doctor", role="radiologist", station_id=None, language="en"
)


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    archive = Archive()
    file = folder / "destinations.toml"
    file.write_text(DESTINATIONS.format(port=archive.port, title=TITLE))
    with receiving(folder / "store", destinations=file) as found:
        services = found.services
        builder = Builder(services.store, services.pool, services.reporter, services.settings)
        to = destinations_of(services.settings)[0]
        found.builder, found.archive, found.destination = builder, archive, to
        found.courier = Courier(
            to, transport_of(to, services.settings), store=services.store, builder=builder,
            metrics=services.metrics, pace=QUICK,
        )  # fmt: skip
        people = services.store.accounts.people()
        person = next(one for one in people if one.role == "radiologist")
        found.doctor = Principal(
            kind="person", id=person.id, name=person.full_name, role="radiologist",
            station_id=None, language="en",
        )  # fmt: skip
        yield found
    archive.stop()


def published(there) -> None:
    counts = there.services.store.tasks.counts
    wait_until(
        lambda: not {s for (k, s) in counts() if k == "publication"} & {"waiting", "running"}
    )


def put_down(there, study_id) -> set[tuple[str, str]]:
    published(there)
    return {
        (task.kind.removeprefix("to "), task.arguments["kind"])
        for task in there.services.store.deliveries.newest(limit=1000)
        if task.arguments["study"] == study_id
    }


def sent(there, *films) -> list[str]:
    with association(there) as xray:
        for data in films:
            assert store(xray, data).Status in (0, 0xB000)
    uid = dcmread(BytesIO(films[0])).StudyInstanceUID
    return [row.study_id for row in there.services.store.studies_with_uid(uid, EVERYWHERE)]


def bring(there) -> None:
    """Everything that waits for the first destination."""
    published(there)
    while there.courier.do_next():
        pass


def correct(there, study_id, **fields):
    detail = there.services.store.study(study_id, EVERYWHERE)
    return there.services.corrections.correct(
        there.doctor, study_id, WantedValues(study=fields),
        version=detail.row.version, reason="as the slip says", origin=Origin(),
    )  # fmt: skip


def test_a_film_makes_deliveries_where_the_rules_say_so(there):
    (study,) = sent(there, film(1))
    assert put_down(there, study) == {("all", "capture"), ("all", "pdf"), ("all", "sr")}
    detail = there.services.store.study(study, EVERYWHERE)
    assessment = detail.images[0].assessment.id
    reviews.save(
        there.services.store, there.doctor, ReviewDraft(assessment_id=assessment, impression="x"),
        version=0, origin=Origin(),
    )  # fmt: skip
    assert ("signed", "sr") not in put_down(there, study)
    reviews.sign(there.services.store, there.doctor, assessment, version=1, origin=Origin())
    assert ("signed", "sr") in put_down(there, study)
    bring(there)
    documents = [ds for ds in there.archive.stored.values() if ds.Modality == "SR"]
    assert {ds.VerificationFlag for ds in documents if ds.PatientID == "P1"} == {"VERIFIED"}


def test_results_of_a_contested_number_wait_until_a_doctor_has_settled_it(there):
    studies = sent(
        there, film(11, study=10), film(12, study=10, PatientID="X", PatientBirthDate="19330101")
    )
    assert len(studies) == 2
    published(there)
    bring(there)
    at_first = {study: put_down(there, study) for study in studies}
    assert set() in at_first.values()
    for study in studies:
        detail = there.services.store.study(study, EVERYWHERE)
        if detail.row.settled_at is None:
            there.services.corrections.settle(
                there.doctor, study, settled=True, version=detail.row.version,
                reason="both are right", origin=Origin(),
            )  # fmt: skip
    assert all(put_down(there, study) for study in studies)


@needs_dciodvfy
def test_what_went_out_under_a_wrong_name_is_withdrawn_and_sent_anew(there, tmp_path):
    (study,) = sent(there, film(21))
    bring(there)
    first = {uid for uid, ds in there.archive.stored.items() if ds.PatientID == "P21"}
    assert first
    correct(there, study, patient_id="RIGHT", patient_name="LÊ^HOA")
    bring(there)
    notes = [ds for ds in there.archive.stored.values() if ds.Modality == "KO"]
    (note,) = [ds for ds in notes if ds.PatientID == "P21"]
    assert note.ConceptNameCodeSequence[0].CodeValue == "113037"
    withdrawn = {
        item.ReferencedSOPInstanceUID
        for one in note.CurrentRequestedProcedureEvidenceSequence
        for series in one.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert withdrawn == first
    again = [ds for ds in there.archive.stored.values() if ds.PatientID == "RIGHT"]
    assert {ds.Modality for ds in again} == {"OT", "DOC", "SR"}
    assert {str(ds.PatientName) for ds in again} == {"LÊ^HOA"}
    buffer = BytesIO()
    note.save_as(buffer, enforce_file_format=True)
    assert complaints(buffer.getvalue(), tmp_path) == ([], [])
    known = {one.sop_uid for one in there.services.store.deliveries.sent(study_id=study)}
    assert not known & first


def test_the_same_order_builds_the_same_objects(there):
    (study,) = sent(there, film(31))
    published(there)
    tasks = [
        t
        for t in there.services.store.deliveries.newest(limit=1000)
        if t.arguments["study"] == study
    ]
    for task in tasks:
        uid = task.arguments["uid"]
        once, twice = (
            [one.file() for one in there.builder.build(study, uid, there.destination)]
            for _ in range(2)
        )
        assert once == twice != []
    assert there.builder.build(study, "1.2.3", there.destination) == ()
    assert there.builder.build("gone", "1.2.3", there.destination) == ()


WRONG = (
    "a = 1",
    "[A]\nhost='x'",
    "[a]",
    "[a]\nhost='x'\nsend=['x']",
    "[a]\nprotocol='dicomweb'\nurl='http://elsewhere'",
    "[",
)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_destination_is_refused_by_name(tmp_path, text):
    file = tmp_path / "destinations.toml"
    file.write_text(text)
    with pytest.raises(SettingsInvalid, match="DESTINATIONS"):
        destinations_of(Settings(destinations=file))
