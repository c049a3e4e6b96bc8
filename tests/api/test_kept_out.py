"""What was made of films is kept out by whichever entrance it comes, counted and never scored."""

from pathlib import Path

import pytest
from pydicom import Dataset

from cxr_triage.batch.run import outcome_of_error
from cxr_triage.errors import NotAFilm
from cxr_triage.imaging.dicom.derived import OWN_ROOT
from cxr_triage.imaging.source import Limits, open_image

from ..imaging.films import COMPUTED_RADIOGRAPHY
from .films import film
from .serving import RELATED, Served, related, send

SC = "1.2.840.10008.5.1.4.1.1.7"
SOURCE = Dataset()
SOURCE.ReferencedSOPClassUID, SOURCE.ReferencedSOPInstanceUID = COMPUTED_RADIOGRAPHY, "1.2.3"
DERIVED = ["DERIVED", "SECONDARY"]
MADE = {
    "own instance": ("own_result", {"SOPInstanceUID": f"{OWN_ROOT}.5"}),
    "own series": ("own_result", {"SeriesInstanceUID": f"{OWN_ROOT}.5"}),
    "report": ("derived_object", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.34"}),
    "presentation": ("derived_object", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1"}),
    "document": ("derived_object", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}),
    "segmentation": ("derived_object", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}),
    "heatmap": (
        "derived_object",
        {"SOPClassUID": SC, "ImageType": DERIVED, "SourceImageSequence": [SOURCE]},
    ),
}
FILMS = {
    "plain": {},
    "for presentation": {"ImageType": ["DERIVED", "PRIMARY"], "SourceImageSequence": [SOURCE]},
    "exported": {"SOPClassUID": SC, "ImageType": DERIVED},
    "like our root": {"SOPInstanceUID": f"{OWN_ROOT}9.5"},
}


@pytest.mark.parametrize("name", MADE)
def test_what_was_made_of_films_is_none(name):
    code, attributes = MADE[name]
    with pytest.raises(NotAFilm) as found:
        open_image(film(1, **attributes), Limits())
    assert found.value.code == code
    assert outcome_of_error(Path("a.dcm"), found.value) == "skipped"


@pytest.mark.parametrize("name", FILMS)
def test_films_are_films_however_they_were_processed(name):
    assert open_image(film(1, **FILMS[name]), Limits()).header.rows


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("kept-out"))
    yield server
    server.stop()


def test_http_says_so_and_dicomweb_takes_it_off_the_senders_hands(server):
    own, heatmap = (film(1, **MADE[name][1]) for name in ("own instance", "heatmap"))
    with server.client() as station:
        answer = send(station, own)
        assert (answer.status_code, answer.json()["code"]) == (415, "own_result")
        body = related(own, heatmap, film(2))
        stored = station.post("/dicomweb/studies", content=body, headers=RELATED)
        assert stored.status_code == 202
        found = stored.json()["00081199"]["Value"]
        warnings = [one.get("00081196", {}).get("Value") for one in found]
        assert warnings == [[0xB006], [0xB006], None]
        assert len(station.get("/v1/worklist").json()["studies"]) == 1
    with server.nobody() as nobody:
        text = nobody.get("/metrics").text
    for entrance in ("upload", "dicomweb"):
        labels = f'{{entrance="{entrance}",outcome="kept_out",reason="own_result"}}'
        assert f"cxr_triage_images_total{labels} 1.0" in text
