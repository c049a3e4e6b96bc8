"""What a station sends in a day is counted exactly, by however many instances."""

from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from cxr_triage.errors import AccountInvalid, NotFound, OverQuota
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.intake.quotas import QuotaRules, Quotas, limit_of
from cxr_triage.store.records import EVERYWHERE, LOCAL_STATION, WorklistQuery
from cxr_triage.store.rows.quotas import Allowance, Used
from tests.store.builders import KEEPING, image, result, store_in

SIZE = image(10).size
DAY = "2026-11-24"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def allowance(*, images=0, mib=0, day=DAY) -> Allowance:
    return Allowance(day=day, images=images, mib=mib, retry_after_s=60)


def keep(store, number, allowed):
    new = image(number)
    found = result(new, study=f"1.2.{number}", sop=f"1.2.{number}.1")
    return store.keep(new, found, audit=KEEPING, allowance=allowed)


def test_one_image_too_many_is_not_kept_at_all(store):
    for number in (10, 11):
        keep(store, number, allowance(images=2))
    with pytest.raises(OverQuota) as caught:
        keep(store, 12, allowance(images=2))
    assert (caught.value.code, caught.value.values["retry_after_s"]) == ("quota_images", 60)
    assert len(store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows) == 2
    assert store.quotas.used(LOCAL_STATION, DAY) == Used(images=2, bytes=2 * SIZE)
    assert len(store.audit_trail(before=None, limit=9)) == 2
    assert keep(store, 12, allowance(images=2, day="2026-11-25")).created


def test_what_was_sent_before_counts_no_more_and_is_answered_over_the_limit(store):
    assert keep(store, 10, allowance(images=1)).created
    assert not keep(store, 10, allowance(images=1)).created
    assert store.quotas.used(LOCAL_STATION, DAY).images == 1


def test_bytes_are_limited_too(store):
    big = replace(image(1), size=1 << 20)
    big.file.write_bytes(b"x" * big.size)
    store.keep(big, result(big), audit=KEEPING, allowance=allowance(mib=1))
    with pytest.raises(OverQuota) as caught:
        keep(store, 10, allowance(mib=1))
    assert caught.value.code == "quota_mib"


def test_two_instances_together_do_not_pass_the_limit(tmp_path):
    outcomes = []

    def send(first):
        with store_in(tmp_path) as instance:
            for number in range(first, first + 12):
                try:
                    outcomes.append(keep(instance, number, allowance(images=10)).created)
                except OverQuota:
                    outcomes.append(None)

    store_in(tmp_path).close()
    threads = [Thread(target=send, args=(first,)) for first in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), outcomes.count(None)) == (10, 14)
    with store_in(tmp_path) as store:
        assert store.quotas.used(LOCAL_STATION, DAY).images == 10
        assert store.inspect().images == 10


def quotas(store, *, at="2026-11-24T16:59:00", **rules) -> Quotas:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Quotas(store, QuotaRules(zone=HANOI, **rules), clock=lambda: now)


def test_a_day_ends_at_midnight_of_the_place(store):
    before = quotas(store).allowance(LOCAL_STATION)
    assert (before.day, before.retry_after_s) == ("2026-11-24", 60)
    after = quotas(store, at="2026-11-24T17:00:00").allowance(LOCAL_STATION)
    assert (after.day, after.retry_after_s) == ("2026-11-25", 24 * 3600)


def test_a_day_that_changes_its_clocks_is_as_long_as_it_is(store):
    for day, hours in (("2026-10-24T22:00:00", 25), ("2026-03-28T23:00:00", 23)):
        now = datetime.fromisoformat(day).replace(tzinfo=UTC)
        rules = QuotaRules(zone=ZoneInfo("Europe/Berlin"))
        allowance = Quotas(store, rules, clock=lambda now=now: now).allowance(LOCAL_STATION)
        assert allowance.retry_after_s == hours * 3600


def test_a_stations_own_limit_counts_before_the_settings(store):
    found = quotas(store, images=7, mib=9)
    found.set(LOCAL_STATION, images=0, mib=3, by=SYSTEM)
    mine = found.allowance(LOCAL_STATION)
    assert (mine.images, mine.mib) == (0, 3)
    found.set(LOCAL_STATION, images=None, mib=None, by=SYSTEM)
    theirs = found.allowance(LOCAL_STATION)
    assert (theirs.images, theirs.mib) == (7, 9)
    rows = [row.entry for row in store.audit_trail(before=None, limit=9)]
    assert [(row.action, row.subject_id, row.reason) for row in rows] == [
        ("quota_set", LOCAL_STATION, "images=default mib=default"),
        ("quota_set", LOCAL_STATION, "images=0 mib=3"),
    ]


def test_who_has_nothing_left_is_told_before_any_work(store):
    found = quotas(store, images=1)
    allowed = found.allowance(LOCAL_STATION)
    found.check(LOCAL_STATION, 5, allowed)
    keep(store, 10, allowed)
    with pytest.raises(OverQuota):
        found.check(LOCAL_STATION, 5, allowed)
    today = found.today()[LOCAL_STATION]
    assert (today.images, today.used) == (1, Used(images=1, bytes=SIZE))


@pytest.mark.parametrize("images", [-1, 10**8])
def test_limits_that_nobody_means_are_refused(store, images):
    with pytest.raises(AccountInvalid):
        quotas(store).set(LOCAL_STATION, images=images, mib=None, by=SYSTEM)
    with pytest.raises(NotFound):
        quotas(store).set("nowhere", images=1, mib=None, by=SYSTEM)


def test_limits_are_typed_as_digits():
    assert [limit_of(text) for text in ("", "  ", "0", " 12 ")] == [None, None, 0, 12]
    for text in ("-1", "1.5", "x", "²", "9" * 10):
        with pytest.raises(AccountInvalid):
            limit_of(text)


def test_there_is_always_a_second_to_wait(store):
    late = quotas(store, at="2026-11-24T16:59:59.999999").allowance(LOCAL_STATION)
    assert late.retry_after_s == 1
