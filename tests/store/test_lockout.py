"""Who guessed too often waits: at every instance, after a restart, until somebody lets them in."""

from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.errors import NotAuthenticated, NotFound, StoreFull, TooManyAttempts
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.people import lockout, passwords
from cxr_triage.service.people.accounts import AccountRules, Accounts
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.sender import network_of
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


def guess(store, times, *, origin=HERE, browser="", later_s=0.0, stops=False):
    """stops: these are told to wait, the first ones perhaps not yet."""
    for _ in range(times):
        with pytest.raises((NotAuthenticated, TooManyAttempts) if stops else NotAuthenticated):
            accounts(store, later_s=later_s).sign_in(
                "lan", "a wrong password", origin=origin, browser=browser
            )


def lan_id(store) -> str:
    (person,) = [one for one in store.accounts.people() if one.name == "lan"]
    return person.id


def test_two_instances_count_together(store, tmp_path):
    with store_in(tmp_path) as other:
        guess(store, 3)
        guess(other, 2)
        with pytest.raises(TooManyAttempts):
            accounts(store).sign_in("lan", PASSWORD, origin=HERE)


def test_how_long_is_said_in_minutes_of_the_readers_language(store):
    guess(store, 5)
    for later_s in (30, 90, 210, 450):
        guess(store, 1, later_s=later_s)
    with pytest.raises(TooManyAttempts) as caught:
        accounts(store, later_s=461).sign_in("lan", PASSWORD, origin=HERE)
    assert "8 min" in caught.value.message("en")
    assert "8 phút" in caught.value.message("vi")


def test_guessing_is_slowed_down_twice_as_much_each_time(store):
    guess(store, 5)
    at, waits = 0.0, []
    for _ in range(5):
        with pytest.raises(TooManyAttempts) as caught:
            accounts(store, later_s=at).sign_in("lan", PASSWORD, origin=HERE)
        waits.append(caught.value.values["retry_after_s"] - 1)
        at += waits[-1]
        guess(store, 1, later_s=at)
    assert waits == [30, 60, 120, 240, 480]


def test_who_signed_in_from_there_before_is_kept_out_by_nobody(store):
    mine = Origin(address="10.7.0.9")
    signed_in = accounts(store).sign_in("lan", PASSWORD, origin=mine, browser="b" * 43)
    assert signed_in
    for machine in range(7):
        guess(store, 5, origin=Origin(address=f"10.1.0.{machine}"), stops=machine == 6)
    new = Origin(address="10.9.0.1")
    with pytest.raises(TooManyAttempts) as caught:
        accounts(store).sign_in("lan", PASSWORD, origin=new)
    assert caught.value.values["retry_after_s"] <= 61, "and a new machine waits not for long"
    assert accounts(store).sign_in("lan", PASSWORD, origin=mine)
    assert accounts(store).sign_in("lan", PASSWORD, origin=new, browser="b" * 43)
    with pytest.raises(TooManyAttempts):
        accounts(store).sign_in("lan", PASSWORD, origin=Origin(address="10.9.0.2"), browser="x")


def test_a_known_browser_is_not_kept_out_by_others_at_its_address(store):
    accounts(store).sign_in("lan", PASSWORD, origin=HERE, browser="b" * 43)
    guess(store, 5, browser="c" * 43)
    with pytest.raises(TooManyAttempts):
        accounts(store).sign_in("lan", PASSWORD, origin=HERE)
    assert accounts(store).sign_in("lan", PASSWORD, origin=HERE, browser="b" * 43)
    guess(store, 5, browser="b" * 43)
    with pytest.raises(TooManyAttempts):
        accounts(store).sign_in("lan", PASSWORD, origin=HERE, browser="b" * 43)


def test_a_browser_is_known_for_who_signed_in_there_alone(store):
    admin = Administration(store, AccountRules(), clock=lambda: NOW)
    admin.create_person("minh", PASSWORD, role="clinician", by=SYSTEM)
    accounts(store).sign_in("minh", PASSWORD, origin=THERE, browser="b" * 43)
    for machine in range(7):
        guess(store, 5, origin=Origin(address=f"10.1.0.{machine}"), stops=machine == 6)
    with pytest.raises(TooManyAttempts):
        accounts(store).sign_in("lan", PASSWORD, origin=THERE, browser="b" * 43)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("", "", True),
    ],
)
def test_an_ipv6_sender_is_its_network(one, other, same):
    assert (network_of(one) == network_of(other)) == same


def test_what_is_held_back_leaves_one_row_a_window(store):
    def rows(action):
        return [r for r in store.audit_trail(before=None, limit=99) if r.entry.action == action]

    guess(store, 5)
    for second in range(20):
        with pytest.raises(TooManyAttempts):
            accounts(store, later_s=second).sign_in("lan", PASSWORD, origin=HERE)
    (row,) = rows("sign_in_slowed")
    assert (row.entry.address, row.entry.subject_id) == (HERE.address, lan_id(store))
    assert len(rows("sign_in_refused")) == 5
    for number in range(30):
        guess(store, 1, origin=Origin(address=f"10.2.0.{number}"), stops=number >= 25)
    assert len(rows("sign_in_slowed")) == 2, "one more, of guessing from everywhere"
    later = lockout.WINDOW_S + 60
    guess(store, 5, later_s=later)
    with pytest.raises(TooManyAttempts):
        accounts(store, later_s=later).sign_in("lan", PASSWORD, origin=HERE)
    assert len(rows("sign_in_slowed")) == 3


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
    until = NOW + timedelta(seconds=30)
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
    (lan,) = store.accounts.people()
    assert lockout.locked_until(store, [lan], NOW)
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
