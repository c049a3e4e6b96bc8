"""Who may come in, and who may not."""

import sqlite3
import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from cxr_triage.errors import (
    AccountInvalid,
    Conflict,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    StoreFull,
    TooManyAttempts,
)
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.service.audit import SYSTEM, Origin
from cxr_triage.service.demo import prepare_demo
from cxr_triage.service.people import passwords
from cxr_triage.service.people.accounts import PERMISSIONS, AccountRules, Accounts, prefix_of
from cxr_triage.service.people.administration import Administration, checked_role
from cxr_triage.store.records import ROLES
from tests.store.builders import store_in

PASSWORD = "ba con mèo đen 7"  # noqa: S105 - of accounts made by these tests
RULES = AccountRules(idle_s=600, session_s=3600, key_days=30)
HERE = Origin(address="10.0.0.1", request_id="r")
THERE = Origin(address="10.0.0.2", request_id="r")


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    """argon2id with parameters that do not slow tests; one test has the real ones."""
    quick = passwords.argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    passwords._nobody.cache_clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def admin(store, clock) -> Administration:
    return Administration(store, RULES, clock=clock)


@pytest.fixture
def accounts(store, clock, admin) -> Accounts:
    admin.create_station("xa-an", "Trạm y tế xã An", by=SYSTEM)
    admin.create_person("lan", PASSWORD, role="radiologist", full_name="BS. Lan", by=SYSTEM)
    admin.create_person("an.y-ta", PASSWORD, role="station", station_id="xa-an", by=SYSTEM)
    return Accounts(store, RULES, language="vi", clock=clock)


def everything(tmp_path) -> bytes:
    """All bytes of the database, its log too."""
    return b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite3*"))


# Keys of stations


@pytest.mark.usefixtures("on_database")
def test_a_key_brings_its_station_in_and_shows_it_its_own_studies(accounts, admin):
    key, _ = admin.create_key("xa-an", by=SYSTEM)
    who = accounts.station_of_key(key, origin=HERE)
    assert (who.kind, who.id, who.role) == ("station", "xa-an", "station")
    assert (who.scope.station_id, who.home) == ("xa-an", "xa-an")


def test_a_key_is_kept_as_its_hash_alone(accounts, admin, tmp_path):
    key, record = admin.create_key("xa-an", by=SYSTEM)
    secret = key.removeprefix(record.prefix)
    assert len(secret) > 40
    assert secret.encode() not in everything(tmp_path)
    assert record.prefix.encode() in everything(tmp_path)
    assert key not in repr(record)


def test_a_key_that_does_not_count_says_nothing_more(accounts, admin, clock):
    key, record = admin.create_key("xa-an", by=SYSTEM)
    other, _ = admin.create_key("xa-an", by=SYSTEM)
    wrong = ["", "cxr_", key[:-1], key + "x", record.prefix, record.prefix + other[12:], "é" * 50]
    for bad in wrong:
        with pytest.raises(NotAuthenticated) as caught:
            accounts.station_of_key(bad, origin=HERE)
        assert caught.value.code == "key_invalid"
    assert accounts.station_of_key(key, origin=HERE)
    admin.revoke_key(record.prefix, by=SYSTEM)
    with pytest.raises(NotAuthenticated):
        accounts.station_of_key(key, origin=HERE)
    assert accounts.station_of_key(other, origin=HERE)
    clock.pass_s(30 * 86400)
    with pytest.raises(NotAuthenticated):
        accounts.station_of_key(other, origin=HERE)


# People


@pytest.mark.usefixtures("on_database")
def test_a_password_brings_a_person_in(accounts):
    signed_in = accounts.sign_in("Lan ", PASSWORD, origin=HERE)
    session = accounts.session(signed_in.token)
    assert session.principal == signed_in.principal
    assert (session.principal.name, session.principal.role) == ("BS. Lan", "radiologist")
    assert session.principal.scope.station_id is None
    staff = accounts.sign_in("an.y-ta", PASSWORD, origin=HERE).principal
    assert staff.scope.station_id == "xa-an"


def test_vietnamese_letters_count_the_same_however_they_are_composed(accounts):
    assert accounts.sign_in("lan", unicodedata.normalize("NFD", PASSWORD), origin=HERE)


@pytest.mark.parametrize(
    ("name", "password"),
    [("lan", "another password"), ("lan", ""), ("nobody", PASSWORD), ("", ""), ("lan", "x" * 9999)],
)
def test_whether_the_name_or_the_password_is_wrong_is_not_told(accounts, name, password):
    with pytest.raises(NotAuthenticated) as caught:
        accounts.sign_in(name, password, origin=HERE)
    assert caught.value.code == "sign_in_failed"


def test_neither_password_nor_token_is_kept(accounts, tmp_path):
    signed_in = accounts.sign_in("lan", PASSWORD, origin=HERE)
    there = everything(tmp_path)
    for secret in (PASSWORD, signed_in.token, signed_in.csrf):
        assert secret.encode() not in there
        assert secret not in repr(signed_in)
    assert b"$argon2id$" in there


@pytest.mark.usefixtures("on_database")
def test_a_disabled_person_is_out_at_once(accounts, admin):
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    admin.disable_person("lan", by=SYSTEM)
    with pytest.raises(NotAuthenticated):
        accounts.session(token)
    with pytest.raises(NotAuthenticated):
        accounts.sign_in("lan", PASSWORD, origin=HERE)


# Sessions


@pytest.mark.usefixtures("on_database")
def test_a_session_ends_when_it_is_not_used(accounts, clock):
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    for _ in range(5):
        clock.pass_s(590)
        accounts.session(token)
    clock.pass_s(601)
    with pytest.raises(NotAuthenticated) as caught:
        accounts.session(token)
    assert caught.value.code == "session_ended"


def test_a_session_ends_in_any_case(accounts, clock):
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    for _ in range(11):
        clock.pass_s(320)
        accounts.session(token)
    clock.pass_s(3600 - 11 * 320)
    with pytest.raises(NotAuthenticated):
        accounts.session(token)


def test_signing_out_ends_that_session_alone(accounts):
    first = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    second = accounts.sign_in("lan", PASSWORD, origin=THERE).token
    accounts.sign_out(first, origin=HERE)
    accounts.sign_out(first, origin=HERE)
    with pytest.raises(NotAuthenticated):
        accounts.session(first)
    assert accounts.session(second)


def test_a_csrf_token_belongs_to_its_session(accounts):
    first = accounts.sign_in("lan", PASSWORD, origin=HERE)
    second = accounts.sign_in("lan", PASSWORD, origin=HERE)
    session = accounts.session(first.token)
    session.check_csrf(first.csrf)
    for wrong in ("", second.csrf, first.token, "é"):
        with pytest.raises(NotAllowed):
            session.check_csrf(wrong)


def test_a_session_is_read_when_the_disk_is_full(accounts, clock, monkeypatch):
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    clock.pass_s(120)

    def full(*_args, **_values):
        raise StoreFull("store_full")

    monkeypatch.setattr("cxr_triage.store.rows.sessions.SessionRows.touch", full)
    assert accounts.session(token)


@pytest.mark.usefixtures("on_database")
def test_a_new_password_ends_the_other_sessions(accounts):
    mine = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    other = accounts.sign_in("lan", PASSWORD, origin=THERE).token
    with pytest.raises(NotAuthenticated):
        accounts.change_password(mine, "not the old one", "chín con voi xanh", origin=HERE)
    with pytest.raises(AccountInvalid):
        accounts.change_password(mine, PASSWORD, "short", origin=HERE)
    accounts.change_password(mine, PASSWORD, "chín con voi xanh", origin=HERE)
    assert accounts.session(mine)
    with pytest.raises(NotAuthenticated):
        accounts.session(other)
    with pytest.raises(NotAuthenticated):
        accounts.sign_in("lan", PASSWORD, origin=HERE)
    assert accounts.sign_in("lan", "chín con voi xanh", origin=HERE)


def test_choosing_a_new_password_several_times_locks_nobody_out(accounts):
    token, old = accounts.sign_in("lan", PASSWORD, origin=HERE).token, PASSWORD
    for number in range(7):
        with pytest.raises(AccountInvalid):
            accounts.change_password(token, old, "short", origin=HERE)
        new = f"chín con voi xanh {number}"
        accounts.change_password(token, old, new, origin=HERE)
        old = new


# Guessing


def guess(accounts, times, *, name="lan", origin=HERE):
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            accounts.sign_in(name, "a wrong password", origin=origin)


@pytest.mark.usefixtures("on_database")
def test_guessing_is_stopped_also_after_a_restart_and_let_go_later(accounts, store, clock):
    guess(accounts, 5)
    restarted = Accounts(store, RULES, clock=clock)
    with pytest.raises(TooManyAttempts) as caught:
        restarted.sign_in("lan", PASSWORD, origin=HERE)
    wait_s = caught.value.values["retry_after_s"]
    assert 29 < wait_s <= 31
    clock.pass_s(wait_s)
    assert restarted.sign_in("lan", PASSWORD, origin=HERE)


def test_who_guesses_locks_nobody_out_elsewhere(accounts):
    guess(accounts, 5)
    assert accounts.sign_in("lan", PASSWORD, origin=THERE)
    assert accounts.sign_in("an.y-ta", PASSWORD, origin=HERE)


@pytest.mark.usefixtures("on_database")
def test_guessing_one_account_from_many_addresses_is_stopped(accounts):
    for machine in range(6):
        guess(accounts, 5, origin=Origin(address=f"10.1.0.{machine}"))
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("lan", PASSWORD, origin=THERE)


def test_guessing_many_accounts_from_one_address_is_stopped(accounts):
    for number in range(12):
        guess(accounts, 5, name=f"user{number}")
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("lan", PASSWORD, origin=HERE)
    assert accounts.sign_in("lan", PASSWORD, origin=THERE)


def test_a_success_lets_earlier_slips_be(accounts):
    for _ in range(3):
        guess(accounts, 4)
        assert accounts.sign_in("lan", PASSWORD, origin=HERE)


@pytest.mark.usefixtures("on_database")
def test_many_guesses_at_once_are_as_many(accounts):
    refused = []

    def work():
        try:
            accounts.sign_in("lan", "a wrong password", origin=HERE)
        except NotAuthenticated:
            refused.append("wrong")
        except TooManyAttempts:
            refused.append("stopped")

    threads = [Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refused) == ["stopped"] * 7 + ["wrong"] * 5


def test_names_that_were_tried_are_not_kept(accounts, tmp_path):
    """People type their password into the wrong field."""
    guess(accounts, 1, name="mat-khau-cua-toi-9")
    assert b"mat-khau-cua-toi-9" not in everything(tmp_path)


# What may be done


def test_roles_may_do_what_the_table_says(accounts, admin):
    lan = accounts.sign_in("lan", PASSWORD, origin=HERE).principal
    lan.need("sign")
    with pytest.raises(NotAllowed):
        lan.need("manage_accounts")
    assert set(PERMISSIONS) == set(ROLES)
    assert "sign" not in PERMISSIONS["clinician"]
    assert "review" not in PERMISSIONS["station"]
    assert "upload" not in PERMISSIONS["administrator"]
    assert "see_patients" not in PERMISSIONS["administrator"]


# Administration


@pytest.mark.parametrize("name", ["", "a", "Ä b", "lan/../x", "x" * 33, "-lan", "l\nan", "nguyễn"])
def test_names_for_signing_in_are_plain(admin, name):
    with pytest.raises(AccountInvalid):
        admin.create_person(name, PASSWORD, role="clinician", by=SYSTEM)


@pytest.mark.usefixtures("on_database")
def test_names_are_given_once(accounts, admin):
    with pytest.raises(Conflict):
        admin.create_person("LAN", PASSWORD, role="clinician", by=SYSTEM)
    with pytest.raises(Conflict):
        admin.create_station("xa-an", "x", by=SYSTEM)


@pytest.mark.usefixtures("on_database")
def test_what_is_not_there_is_not_found(accounts, admin):
    for act in (
        lambda: admin.create_key("nowhere", by=SYSTEM),
        lambda: admin.revoke_key("cxr_00000000", by=SYSTEM),
        lambda: admin.disable_person("nobody", by=SYSTEM),
        lambda: admin.reset_password("nobody", PASSWORD, by=SYSTEM),
        lambda: admin.create_person(
            "minh", PASSWORD, role="station", station_id="nowhere", by=SYSTEM
        ),
    ):
        with pytest.raises(NotFound):
            act()


def test_station_staff_have_a_station_and_roles_are_known(admin):
    with pytest.raises(AccountInvalid) as caught:
        admin.create_person("minh", PASSWORD, role="station", by=SYSTEM)
    assert caught.value.code == "station_needed"
    with pytest.raises(AccountInvalid):
        checked_role("doctor")


def test_a_reset_password_ends_every_session(accounts, admin):
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    admin.reset_password("lan", "chín con voi xanh", by=SYSTEM)
    with pytest.raises(NotAuthenticated):
        accounts.session(token)
    assert accounts.sign_in("lan", "chín con voi xanh", origin=HERE)


@pytest.mark.usefixtures("on_database")
def test_every_change_of_accounts_is_in_the_trail(accounts, admin, store):
    key, record = admin.create_key("xa-an", by=SYSTEM)
    admin.revoke_key(record.prefix, by=SYSTEM)
    guess(accounts, 1)
    token = accounts.sign_in("lan", PASSWORD, origin=HERE).token
    accounts.change_password(token, PASSWORD, "chín con voi xanh", origin=HERE)
    accounts.sign_out(token, origin=HERE)
    admin.disable_person("lan", by=SYSTEM)
    actions = [row.entry.action for row in store.audit_trail(before=None, limit=99)][::-1]
    assert actions == [
        "station_created",
        "person_created",
        "person_created",
        "key_created",
        "key_revoked",
        "sign_in_refused",
        "signed_in",
        "password_changed",
        "signed_out",
        "person_disabled",
    ]
    assert key not in repr(store.audit_trail(before=None, limit=99))


# Passwords


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("ngắn", "password_short"),
        ("x" * 129, "password_long"),
        ("aaaaaaaaaaaaaa", "password_simple"),
        ("1234567890", "password_simple"),
        ("Password123456", "password_simple"),
        ("matkhau123456", "password_simple"),
        ("bacsi.minh.bacsi.minh", "password_simple"),
        ("qwertyasdfgh", "password_simple"),
        ("Zxcvbnm,./98765", "password_simple"),
        ("poiuytrewq12345", "password_simple"),
        ("2wsx3edc4rfv", "password_simple"),
        ("basketball", "password_common"),
        ("Butterfly2024", "password_common"),
        ("2024!sunshine!99", "password_common"),
        ("dragondragon", "password_common"),
        ("Mật Khẩu 2026", "password_common"),
        ("Anh Yêu Em 123", "password_common"),
        ("benhvien2026", "password_common"),
    ],
)
def test_passwords_that_are_soon_guessed_are_refused(password, code):
    with pytest.raises(AccountInvalid) as caught:
        passwords.check_new(password, "bacsi.minh")
    assert caught.value.code == code


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery", "Xq7!fR2$kLm9", "năm con mèo leo cây"]
)
def test_passwords_that_are_hard_to_guess_are_taken(password):
    passwords.check_new(password, "bacsi.minh")


def test_no_more_passwords_are_hashed_at_once_than_there_are_processors(monkeypatch):
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def hash(self, _password):
            nonlocal running, most
            with lock:
                running, most = running + 1, max(most, running + 1)
            time.sleep(0.02)
            with lock:
                running -= 1
            return ""

        def verify(self, _kept, password):
            self.hash(password)

    monkeypatch.setattr(passwords, "HASHER", Slow())
    with ThreadPoolExecutor(16) as threads:
        for number in range(40):
            threads.submit(passwords.matches, "kept", f"guess {number}")
            threads.submit(passwords.hash_of, f"new {number}")
    assert 1 <= most <= usable_cpus()


def test_passwords_are_kept_as_argon2id_with_a_salt(monkeypatch):
    monkeypatch.undo()
    kept = passwords.hash_of(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    assert kept != passwords.hash_of(PASSWORD)
    assert passwords.matches(kept, PASSWORD)
    assert not passwords.matches(kept, PASSWORD + "x")
    assert not passwords.matches(None, PASSWORD)


def test_every_character_of_a_long_password_counts():
    kept = passwords.hash_of("abcdefgh" * 16)
    assert passwords.matches(kept, "abcdefgh" * 16)
    assert not passwords.matches(kept, "abcdefgh" * 16 + "x")
    assert not passwords.matches(passwords.hash_of("\udcff" * 12), "\udcfe" * 12)


def test_a_password_under_older_parameters_is_hashed_again(accounts, tmp_path, monkeypatch):
    stronger = passwords.argon2.PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", stronger)
    accounts.sign_in("lan", PASSWORD, origin=HERE)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
        kept = dict(connection.execute("SELECT name, password_hash FROM people"))["lan"]
    assert "m=128,t=2" in kept
    assert accounts.sign_in("lan", PASSWORD, origin=HERE)


def test_demo_accounts_are_spoken_to_in_the_language_of_the_demo(store, admin, tmp_path):
    for language in ("en", "vi"):
        made = prepare_demo(store, admin, language, tmp_path)
        assert {one.language for one in store.accounts.people()} == {language}
        assert set(made.passwords) == {one.name for one in store.accounts.people()}


def test_a_demo_that_starts_again_keeps_accounts_keys_sessions_and_languages(store, tmp_path):
    accounts, admin = Accounts(store, RULES), Administration(store, RULES)
    made = prepare_demo(store, admin, "en", tmp_path)
    nurse = accounts.sign_in("nurse", made.passwords["nurse"], origin=HERE)
    accounts.change_language(nurse.token, "vi")
    again = prepare_demo(store, admin, "en", tmp_path)
    assert again == made
    assert accounts.session(nurse.token).principal.language == "vi"
    assert accounts.station_of_key(again.keys["ly-nhon"], origin=HERE).station_id == "ly-nhon"
    assert len([key for key in store.accounts.keys() if key.revoked_at is None]) == 2  # noqa: SIM118
    assert (tmp_path / "demo-accounts.json").stat().st_mode & 0o077 == 0


def test_what_a_demo_prints_lets_in_whatever_became_of_its_accounts(store, tmp_path):
    accounts, admin = Accounts(store, RULES), Administration(store, RULES)
    made = prepare_demo(store, admin, "en", tmp_path)
    nurse = accounts.sign_in("nurse", made.passwords["nurse"], origin=HERE)
    accounts.change_password(nurse.token, made.passwords["nurse"], PASSWORD, origin=HERE)
    admin.revoke_key(prefix_of(made.keys["thanh-an"]), by=SYSTEM)
    again = prepare_demo(store, admin, "en", tmp_path)
    assert again.passwords == made.passwords
    assert again.keys["ly-nhon"] == made.keys["ly-nhon"]
    assert accounts.sign_in("nurse", again.passwords["nurse"], origin=HERE)
    assert accounts.station_of_key(again.keys["thanh-an"], origin=HERE)
    (tmp_path / "demo-accounts.json").write_text("{not ours")
    fresh = prepare_demo(store, admin, "en", tmp_path)
    assert fresh.passwords["nurse"] != again.passwords["nurse"]
    assert accounts.sign_in("nurse", fresh.passwords["nurse"], origin=HERE)
    assert accounts.station_of_key(fresh.keys["thanh-an"], origin=HERE)
