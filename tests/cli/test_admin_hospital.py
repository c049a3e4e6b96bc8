"""Purging, rotating keys and ending sessions at the command line."""

import pytest

from cxr_triage.errors import (
    AccountInvalid,
    Conflict,
    NotAuthenticated,
    NotFound,
    QueryInvalid,
    TooManyAttempts,
)
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.people.accounts import AccountRules, Accounts
from cxr_triage.service.people.administration import Administration
from tests.store.builders import keep, store_in

PASSWORD = "ba con mèo đen 7"  # noqa: S105 - of accounts made by these tests


@pytest.fixture
def store(store_folder):
    with store_in(store_folder) as store:
        yield store


def test_a_purge_says_what_would_go_and_goes_only_when_told(store, admin):
    keep(store, 1)
    keep(store, 2)
    words = ("purge", "--older-than", "1", "--reason", "the law's period has ended")
    dry = admin(*words)
    assert (dry.exit_code, dry.stdout.splitlines()[0]) == (
        0,
        "2 studies, images: 2; not yet read by a doctor: 2",
    )
    assert store.inspect().images == 2
    assert "files: 2" in admin(*words, "--yes").stdout
    assert store.inspect().images == 0


def test_a_purge_without_reason_or_aim_does_nothing(store, admin):
    kept = keep(store, 1).stored
    for words in ([], ["--older-than", "1", "--orphans"], ["--study", kept.study_id]):
        assert isinstance(admin("purge", "--yes", *words).exception, QueryInvalid)
    missing = admin("purge", "--study", "0" * 32, "--reason", "asked for by the ward", "--yes")
    assert isinstance(missing.exception, NotFound)
    assert store.inspect().images == 1


def test_both_keys_count_for_the_overlap_and_then_the_new_one_alone(store, admin):
    administration = Administration(store, AccountRules())
    administration.create_station("xa-an", "Xã An", by=SYSTEM)
    old, record = administration.create_key("xa-an", by=SYSTEM)
    said = admin("rotate-key", record.prefix, "--overlap-days", "3")
    new = said.stdout.split()[-1]
    accounts = Accounts(store, AccountRules())
    assert (
        accounts.station_of_key(old, origin=Origin()).id
        == accounts.station_of_key(new, origin=Origin()).id
        == "xa-an"
    )
    later = Accounts(
        store,
        AccountRules(),
        clock=lambda: record.created_at.replace(year=record.created_at.year + 1),
    )
    with pytest.raises(NotAuthenticated):
        later.station_of_key(old, origin=Origin())
    admin("rotate-key", new[:12], "--overlap-days", "0")
    with pytest.raises(NotAuthenticated):
        accounts.station_of_key(new, origin=Origin())
    assert isinstance(admin("rotate-key", new[:12]).exception, Conflict)


def test_an_administrator_sees_and_ends_anybodys_sessions(store, admin):
    Administration(store, AccountRules()).create_person(
        "lan", PASSWORD, role="radiologist", by=SYSTEM
    )
    accounts = Accounts(store, AccountRules())
    tokens = [accounts.sign_in("lan", PASSWORD, origin=Origin()).token for _ in range(3)]
    listed = admin("list-sessions", "lan").stdout.splitlines()
    assert len(listed) == 4
    one = listed[1].split()[0]
    assert "1 session ended" in admin("end-sessions", "lan", "--session", one).stdout
    assert "2 sessions ended" in admin("end-sessions", "lan").stdout
    for token in tokens:
        with pytest.raises(NotAuthenticated):
            accounts.session(token)
    assert isinstance(admin("list-sessions", "nobody").exception, NotFound)


def test_a_stations_limit_is_set_and_shown(store, admin):
    keep(store, 1)
    assert admin("set-quota", "local", "--images", "40").stdout.strip() == (
        "local may send a day: images 40, MiB ∞."
    )
    assert "0 / 40" in admin("list-stations").stdout
    assert isinstance(admin("set-quota", "nowhere", "--images", "4").exception, NotFound)
    assert "∞" in admin("set-quota", "local").stdout
    assert "/ 40" not in admin("list-stations").stdout


def test_who_is_locked_out_is_let_in(store, admin):
    Administration(store, AccountRules()).create_person(
        "lan", PASSWORD, role="radiologist", by=SYSTEM
    )
    accounts = Accounts(store, AccountRules())
    for words in (("lan",), ("--address", "10.0.0.1")):
        for _ in range(5):
            with pytest.raises(NotAuthenticated):
                accounts.sign_in("lan", "wrong", origin=Origin(address="10.0.0.1"))
        with pytest.raises(TooManyAttempts):
            accounts.sign_in("lan", PASSWORD, origin=Origin(address="10.0.0.1"))
        assert f"{words[-1]} can sign in again" in admin("unlock", *words).stdout
        assert accounts.sign_in("lan", PASSWORD, origin=Origin(address="10.0.0.1"))
    assert isinstance(admin("unlock").exception, AccountInvalid)
    assert isinstance(admin("unlock", "lan", "--address", "x").exception, AccountInvalid)
