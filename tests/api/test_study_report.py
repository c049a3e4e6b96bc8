"""A study's report over HTTP: who gets it, in which language, with what left out."""

import io
import logging
import re
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from cxr_triage.errors import NotFound, Overloaded, UnreadableImage
from cxr_triage.language import say
from cxr_triage.report.film.pictures import NO_PICTURES
from cxr_triage.service.audit import Origin
from cxr_triage.service.inference.pool import Running
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.report import MOST_PICTURED, Reporter
from cxr_triage.settings import Settings
from cxr_triage.triage.policy import read_policy
from tests.report.films import CARD
from tests.store.builders import keep, store_in

from .films import film
from .serving import assessment, send

SECRETS = ("NGUYEN", "VAN 77", "P77", "A77")


@pytest.fixture(scope="module")
def kept(served) -> dict:
    """A film of a patient whom we know, with a doctor's reading that names somebody."""
    with served.client() as client:
        found = assessment(
            send(client, film(77, PatientName="NGUYEN^VAN 77", PatientID="P77", study=77))
        )
    reading = {
        "action": "save", "version": 0, "verdicts": {}, "missed": ["Fracture"],
        "overall": "agree", "note": "NGUYEN đã khám trước.", "impression": "Gãy xương sườn số 5.",
    }  # fmt: skip
    with served.person("radiologist") as doctor:
        answer = doctor.post(f"/v1/assessments/{found['id']}/reviews", json=reading)
        assert answer.status_code == 201, answer.text
    return found


def text_of(answer) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_a_doctor_gets_a_page_and_a_pdf_of_one_content(served, kept):
    address = f"/v1/studies/{kept['study_id']}"
    with served.person("radiologist") as doctor:
        page = doctor.get(f"{address}/report.html", params={"lang": "vi"})
        file = doctor.get(f"{address}/report.pdf", params={"lang": "vi"})
    assert page.status_code == 200
    assert "script-src" not in page.headers["content-security-policy"]
    text = text_of(file)
    for part in ("NGUYEN VAN 77", "P77", "A77", "Gãy xương sườn số 5.", "CHƯA KÝ", "North"):
        assert part in page.text
        assert part in text
    assert page.text.count("data:image/jpeg") >= 2
    assert len(file.content) < 1_000_000
    name = f'inline; filename="report-{kept["study_id"]}.pdf"'
    assert file.headers["content-disposition"] == name


def test_the_language_is_the_readers_or_the_one_asked_for(station, kept):
    address = f"/v1/studies/{kept['study_id']}/report.html"
    spoken = {"Accept-Language": "vi"}
    assert 'lang="vi"' in station.get(address, headers=spoken).text
    asked = station.get(address, headers=spoken, params={"lang": "en"}).text
    assert '<html lang="en"' in asked
    refused = station.get(address, params={"lang": "fr"})
    assert (refused.status_code, refused.json()["code"]) == (422, "request_invalid")


def test_an_administrator_gets_it_without_whom_it_is_about(served, kept):
    address = f"/v1/studies/{kept['study_id']}"
    with served.person("administrator") as person:
        page = person.get(f"{address}/report.html", headers={"Accept-Language": "en"}).text
        text = text_of(person.get(f"{address}/report.pdf", headers={"Accept-Language": "en"}))
    words = re.sub(r'(?<=data:image/)[^"]+', "", page)  # three letters stand in any picture
    for secret in (*SECRETS, "sườn"):
        assert secret not in words
        assert secret not in text
    assert page.count("left out") >= 2


def test_a_station_gets_its_own_alone(served, station, kept):
    for kind in ("html", "pdf"):
        address = f"/v1/studies/{kept['study_id']}/report.{kind}"
        assert station.get(address).status_code == 200
        with served.client("south") as other:
            assert other.get(address).status_code == 404
        with served.nobody() as nobody:
            assert nobody.get(address).status_code == 401


def test_a_uid_finds_it_too(station, kept):
    answer = station.get(f"/v1/studies/{kept['study_uid']}/report.html")
    assert kept["study_id"] in answer.text


def test_looking_at_it_is_noted(served, station, kept):
    def rows() -> int:
        with served.store() as store:
            trail = store.audit_trail(before=None, limit=200)
        return sum(
            (row.entry.action, row.entry.study_id) == ("report_viewed", kept["study_id"])
            for row in trail
        )

    before = rows()
    station.get(f"/v1/studies/{kept['study_id']}/report.pdf")
    assert rows() == before + 1


def test_a_lost_image_still_gives_a_report(served, station, numbers):
    found = assessment(send(station, film(next(numbers))))
    digest = found["digest"]
    (served.folder / "blobs" / digest[:2] / digest[2:4] / digest).unlink()
    page = station.get(
        f"/v1/studies/{found['study_id']}/report.html", headers={"Accept-Language": "en"}
    )
    assert page.status_code == 200
    assert say("paper.no_picture", "en") in page.text
    assert "data:image" not in page.text


class Pool:
    """Draws, or does not."""

    def __init__(self, drawn: bytes | Exception) -> None:
        self.running = Running(
            card=CARD, policy="default 1", fingerprint="f" * 32, rules=read_policy(), scale=None
        )
        self.drawn, self.times = drawn, 0

    def draw(self, *_, **__):
        self.times += 1
        if isinstance(self.drawn, Exception):
            raise self.drawn
        return self.drawn


DOCTOR = Principal(
    kind="person", id="d", name="D", role="radiologist", station_id=None, language="en"
)
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def report_of(store, pool, study_id, **settings):
    reporter = Reporter(store=store, pool=pool, settings=Settings(**settings))
    return reporter.report(DOCTOR, study_id, "en", origin=Origin(), now=NOW)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.mark.parametrize("drawn", [b"", b"CXRPLT01\x02\0\0\0[]", UnreadableImage("cut_off")])
def test_what_was_drawn_wrongly_is_left_out(store, drawn):
    study = keep(store).stored.study_id
    found = report_of(store, Pool(drawn), study).films[0].film
    assert (found.image, dict(found.overlays)) == (NO_PICTURES.image, {})


def test_too_much_to_do_is_said_and_not_printed(store):
    study = keep(store).stored.study_id
    with pytest.raises(Overloaded):
        report_of(store, Pool(Overloaded("overloaded", retry_after_s=1)), study)
    with pytest.raises(NotFound):
        report_of(store, Pool(b""), "nothing")


def test_names_may_be_left_out_by_a_setting_and_times_are_the_places(store):
    study = keep(store).stored.study_id
    found = report_of(store, Pool(b""), study, report_names=False, report_place="Ba Vì")
    assert (found.patient, found.accession, found.place) == (None, "", "Ba Vì")
    assert found.printed_at.isoformat() == "2026-11-24T15:00:00+07:00"
    assert report_of(store, Pool(b""), study).patient is not None


def test_pictures_of_the_first_images_alone_are_drawn(store):
    many = MOST_PICTURED + 2
    for number in range(many):
        kept = keep(store, number, study="1.2.3", sop=f"1.2.3.{number}", pixels=f"p{number}")
    pool = Pool(b"")
    found = report_of(store, pool, kept.stored.study_id)
    assert (len(found.films), pool.times) == (many, MOST_PICTURED)
    assert [one.pictured for one in found.films].count(False) == 2


def test_trouble_is_logged_without_anybodys_name(store, caplog):
    study = keep(store).stored.study_id
    with caplog.at_level(logging.WARNING):
        report_of(store, Pool(UnreadableImage("cut_off")), study)
    assert caplog.text
    assert not re.search("NGUYEN|PID-9|ACC-1", caplog.text)
