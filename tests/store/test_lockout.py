"""Who guessed too often waits: at every instance, after a restart, until somebody lets them in."""

from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.errors import NotAuthenticated, NotFound, StoreFull, TooManyAttempts
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.people import lockout, passwords
from cxr_triage.service.people.accounts import AccountRules, Accounts
from cxr_triage.service.people.administration import Administration
from tests.store.builders import store_in

PASSWORD = "ba con mèo đen 7"  # noqa: S105 - of accounts made by these tests
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HERE, THERE = Origin(address="10.0.0.1"), Origin(address="10.0.0.2")


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    quick = passwords.argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    passwords._nobody.cache_clear()


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        admin = Administration(store, AccountRules(), clock=lambda: NOW)
        admin.create_person("lan", PASSWORD, role="radiologist", by=SYSTEM)
        yield store


def accounts(store, *, later_s: float = 0) -> Accounts:
    return Accounts(store, AccountRules(), clock=lambda: NOW + timedelta(seconds=later_s))


def guess(store, times, *, origin=HERE):
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            accounts(store).sign_in("lan", "a wrong password", origin=origin)


def test_two_instances_count_together(store, tmp_path):
    with store_in(tmp_path) as other:
        guess(store, 3)
        guess(other, 2)
        with pytest.raises(TooManyAttempts):
            accounts(store).sign_in("lan", PASSWORD, origin=HERE)


def test_how_long_is_said_in_minutes_of_the_readers_language(store):
    guess(store, 5)
    with pytest.raises(TooManyAttempts) as caught:
        accounts(store, later_s=61).sign_in("lan", PASSWORD, origin=HERE)
    assert "14 min" in caught.value.message("en")
    assert "14 phút" in caught.value.message("vi")


@pytest.mark.parametrize("back_s", [600, 800])
def test_a_clock_that_was_set_back_makes_nobody_wait_for_longer_than_the_window(store, back_s):
    guess(store, 5)
    with pytest.raises(TooManyAttempts) as caught:
        accounts(store, later_s=-back_s).sign_in("lan", PASSWORD, origin=HERE)
    assert caught.value.values["retry_after_s"] <= lockout.WINDOW_S + 1


def test_attempts_that_a_wrong_clock_noted_far_ahead_lock_nobody_out(store):
    guess(store, 5)
    accounts(store, later_s=-365 * 86400).sign_in("lan", PASSWORD, origin=HERE)


def test_changing_the_password_is_no_way_around(store):
    token = accounts(store).sign_in("lan", PASSWORD, origin=HERE).token
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            accounts(store).change_password(token, "wrong", "chín con voi xanh", origin=HERE)
    with pytest.raises(TooManyAttempts):
        accounts(store).change_password(token, PASSWORD, "chín con voi xanh", origin=HERE)


def test_an_administrator_sees_who_waits_and_lets_them_in(store):
    people = store.accounts.people()
    guess(store, 4)
    assert lockout.locked_until(store, people, NOW) == {}
    guess(store, 1)
    (lan,) = people
    until = NOW + timedelta(seconds=lockout.WINDOW_S)
    assert lockout.locked_until(store, people, NOW) == {lan.id: until}
    assert lockout.locked_until(store, people, until) == {}
    lockout.unlock(store, "LAN", by=SYSTEM)
    assert lockout.locked_until(store, people, NOW) == {}
    assert accounts(store).sign_in("lan", PASSWORD, origin=HERE)
    actions = [row.entry.action for row in store.audit_trail(before=None, limit=9)]
    assert actions[:2] == ["signed_in", "sign_in_unlocked"]
    with pytest.raises(NotFound):
        lockout.unlock(store, "nobody", by=SYSTEM)


def test_guessing_one_account_from_everywhere_is_shown_too(store):
    for machine in range(6):
        guess(store, 5, origin=Origin(address=f"10.1.0.{machine}"))
    lockout.unlock_address(store, "10.1.0.0", by=SYSTEM)
    assert accounts(store).sign_in("lan", PASSWORD, origin=THERE)


def test_an_address_can_be_let_in_whole(store):
    for number in range(60):
        with pytest.raises(NotAuthenticated):
            accounts(store).sign_in(f"user{number}", PASSWORD, origin=HERE)
    with pytest.raises(TooManyAttempts):
        accounts(store).sign_in("lan", PASSWORD, origin=HERE)
    lockout.unlock_address(store, HERE.address, by=SYSTEM)
    assert accounts(store).sign_in("lan", PASSWORD, origin=HERE)


def test_attempts_are_forgotten_when_they_count_no_more(store):
    guess(store, 5)
    with pytest.raises(NotAuthenticated):
        accounts(store, later_s=lockout.WINDOW_S + 1).sign_in("lan", "wrong", origin=THERE)
    (person,) = store.accounts.people()
    hashes = [lockout.sha256_of(person.name)]
    assert len(store.sessions.failures(hashes, NOW - timedelta(days=9))) == 1


def wrong_keys(store, times, *, origin=HERE, later_s: float = 0):
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            accounts(store, later_s=later_s).station_of_key("cxr_00000000_x", origin=origin)


def test_a_machine_that_goes_on_with_a_wrong_key_is_told_to_wait(store):
    admin = Administration(store, AccountRules(), clock=lambda: NOW)
    admin.create_station("xa-an", "Xã An", by=SYSTEM)
    key, _ = admin.create_key("xa-an", by=SYSTEM)
    wrong_keys(store, 30)
    with pytest.raises(TooManyAttempts) as caught:
        accounts(store).station_of_key("cxr_00000000_x", origin=HERE)
    assert caught.value.code == "too_many_keys"
    assert caught.value.values["retry_after_s"] > 800
    assert accounts(store).station_of_key(key, origin=HERE), "a right key is never refused"
    assert accounts(store).sign_in("lan", PASSWORD, origin=HERE), "nor are people"
    wrong_keys(store, 1, origin=THERE)
    wrong_keys(store, 1, later_s=lockout.WINDOW_S + 1)


def test_a_wrong_key_is_wrong_when_nothing_can_be_noted(store, monkeypatch):
    def full(*_args, **_values):
        raise StoreFull("store_full")

    monkeypatch.setattr("cxr_triage.store.rows.sessions.SessionRows.begin_attempt", full)
    wrong_keys(store, 1)


@pytest.mark.parametrize("name", ["lan", "nobody", "minh"])
def test_as_much_is_computed_for_a_name_that_is_not_there(store, name, monkeypatch):
    admin = Administration(store, AccountRules(), clock=lambda: NOW)
    admin.create_person("minh", PASSWORD, role="clinician", by=SYSTEM)
    admin.disable_person("minh", by=SYSTEM)
    hashed = []

    class Counting:
        def __init__(self, real):
            self._real = real

        def hash(self, password):
            return self._real.hash(password)

        def verify(self, kept, password):
            hashed.append(kept)
            return self._real.verify(kept, password)

    monkeypatch.setattr(passwords, "HASHER", Counting(passwords.HASHER))
    with pytest.raises(NotAuthenticated) as caught:
        accounts(store).sign_in(name, "a wrong password", origin=HERE)
    assert caught.value.code == "sign_in_failed"
    assert len(hashed) == 1
