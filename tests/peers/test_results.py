"""Results in an archive: sent by C-STORE and STOW-RS, found in the film's study, never scored when
they come back."""

import time
from io import BytesIO

import pytest
from pydicom import dcmread

from cxr_triage.dicom_net.opening import delivering
from cxr_triage.imaging.dicom.derived import OWN_ROOT

from ..api.films import ROOT, film
from ..dicom_net.serving import association, receiving, store
from .orthanc import Orthanc, free_port, needs_orthanc

pytestmark = [pytest.mark.peers, needs_orthanc]

DESTINATIONS = """
[by-network]
host = "127.0.0.1"
port = {port}
ae_title = "ORTHANC"
language = "vi"
confirm = true

[by-web]
protocol = "dicomweb"
url = "{url}"
language = "en"
send = ["capture"]
confirm = true
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A service that receives, an archive, and couriers between them."""
    folder, port = tmp_path_factory.mktemp("results"), free_port()
    with closing_orthanc(folder, port) as archive:
        file = folder / "destinations.toml"
        file.write_text(DESTINATIONS.format(port=archive.dicom_port, url=archive.url))
        options = {"dicom_port": port, "destinations": file}
        with (
            receiving(folder / "store", **options) as found,
            delivering(found.services.settings, found.services),
        ):
            found.archive = archive
            yield found


class closing_orthanc:  # noqa: N801 - as `closing`
    def __init__(self, folder, port):
        self._archive = Orthanc(folder, to_port=port)

    def __enter__(self):
        return self._archive

    def __exit__(self, *_):
        self._archive.stop()


def wait_until(holds, seconds=120):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def delivered(there) -> bool:
    tasks = there.services.store.deliveries.newest(limit=1000)
    waiting = there.services.store.tasks.counts().get(("publication", "waiting"), 0)
    assert not [task.error for task in tasks if task.state == "dead"]
    return bool(tasks) and not waiting and all(task.state == "done" for task in tasks)


def test_results_are_found_in_the_films_study_and_not_scored_when_they_come_back(there):
    archive = there.archive
    name = archive.receive(film(1))
    assert archive.forward(name)["State"] == "Success"
    (row,) = there.rows()
    wait_until(lambda: delivered(there))
    found = archive.instances()
    assert {one["StudyInstanceUID"] for one in found} == {f"{ROOT}.1.1"}
    assert {one["study"] for one in found} == {name}
    ours = [one for one in found if one["SOPInstanceUID"].startswith(OWN_ROOT)]
    pages = [one for one in ours if one["Modality"] == "OT"]
    assert {one["PatientID"] for one in ours} == {"P1"}
    assert {one["SeriesDescription"] for one in pages} == {
        "AI triage, not a diagnosis", "AI xếp thứ tự ưu tiên, không phải chẩn đoán"
    }  # fmt: skip
    assert [one["Modality"] for one in ours].count("DOC") == 1

    captures = [one for one in pages if one["SeriesDescription"].startswith("AI triage")]
    before = there.metric("images_total", entrance="dimse", outcome="kept_out", reason="own_result")
    with association(there, "XRAY1", syntaxes=["1.2.840.10008.1.2.4.50"]) as pacs:
        for one in captures:
            data = archive.file(one["ID"])
            assert store(pacs, data).Status == 0xB006
    after = there.metric("images_total", entrance="dimse", outcome="kept_out", reason="own_result")
    assert after == before + len(captures)
    assert [(one.study_id, one.images) for one in there.rows()] == [(row.study_id, 1)]
    assert dcmread(BytesIO(archive.file(captures[0]["ID"]))).BurnedInAnnotation == "YES"
