"""A station that has sent its day's images is told so, by every way in."""

import base64

import pytest

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.intake.quotas import QuotaRules, Quotas

from .films import film
from .serving import DICOM, RELATED, Served, related, send


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("quotas"), station_images_a_day=2)
    yield server
    server.stop()


def test_the_day_of_a_station_ends_in_words_and_what_is_known_is_still_answered(server):
    with server.client() as north, server.client("south") as south:
        assert [send(north, film(number)).status_code for number in (1, 2)] == [201, 201]
        refused = send(north, film(3), **{"Accept-Language": "vi"})
        assert refused.status_code == 429
        assert refused.json()["code"] == "quota_images"
        assert "hạn mức hôm nay (2 ảnh)" in refused.json()["detail"]
        assert 0 < int(refused.headers["Retry-After"]) <= 24 * 3600
        assert send(north, film(1)).status_code == 200
        assert send(south, film(3)).status_code == 201

        form = [("file", ("a", film(1))), ("file", ("b", film(4)))]
        several = north.post("/v1/images", files=form)
        assert several.status_code == 207
        assert [one["status"] for one in several.json()["images"]] == [200, 429]


def test_archives_get_out_of_resources_and_when_to_come_again(server):
    with server.client("south") as south:
        assert send(south, film(3)).status_code in (200, 201)
        assert send(south, film(5)).status_code == 201
        some = south.post("/dicomweb/studies", content=related(film(5), film(6)), headers=RELATED)
        assert some.status_code == 202
        (failed,) = some.json()["00081198"]["Value"]
        assert failed["00081197"]["Value"] == [0xA700]
        none = south.post("/dicomweb/studies", content=related(film(6)), headers=RELATED)
        assert none.status_code == 429
        assert int(none.headers["Retry-After"]) > 0


def test_an_administrators_limit_counts_at_once_and_refusals_are_counted_by_reason(server):
    with server.client() as north:
        send(north, film(1)), send(north, film(2))
        assert send(north, film(7)).status_code == 429
        with server.store() as store:
            Quotas(store, QuotaRules()).set("north", images=3, mib=1, by=SYSTEM)
        assert send(north, film(7)).json()["code"] == "quota_mib"
        with server.store() as store:
            Quotas(store, QuotaRules()).set("north", images=3, mib=0, by=SYSTEM)
        assert send(north, film(7)).status_code == 201
    with server.nobody() as nobody:
        text = nobody.get("/metrics").text
    for reason in ("quota_images", "quota_mib"):
        line = f'cxr_triage_images_total{{entrance="upload",outcome="failed",reason="{reason}"}}'
        assert line in text


def test_wrong_keys_are_told_to_wait_by_both_ways_of_sending_them(server):
    basic = base64.b64encode(b"pacs:cxr_00000000_x").decode()
    with server.nobody() as nobody:
        for number in range(30):
            scheme = f"Basic {basic}" if number % 2 else "Bearer cxr_00000000_x"
            address = "/dicomweb/studies"
            answer = nobody.post(address, headers=RELATED | {"Authorization": scheme})
            assert answer.status_code == 401
        headers = DICOM | {"Authorization": "Bearer cxr_00000000_x", "Accept-Language": "en"}
        stopped = nobody.post("/v1/images", headers=headers)
        assert stopped.status_code == 429
        assert stopped.json()["code"] == "too_many_keys"
        assert int(stopped.headers["Retry-After"]) > 800
    with server.client() as north:
        assert send(north, film(1)).status_code == 200
