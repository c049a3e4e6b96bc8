"""Passwords: which are good enough, and how they are kept (argon2id)."""

import gzip
import unicodedata
from functools import lru_cache
from importlib.resources import files
from threading import BoundedSemaphore
from typing import Final

from cxr_triage.domain import folded
from cxr_triage.errors import AccountInvalid, MissingExtra
from cxr_triage.model.cpus import usable_cpus

try:
    import argon2
except ImportError:
    raise MissingExtra("argon2-cffi", extra="server") from None

LEAST: Final = 10
MOST: Final = 128
LEAST_DIFFERENT: Final = 6
"""Characters, and how many different ones beside the account's name and common words."""

COMMON: Final = ("password", "matkhau", "cxrtriage", "admin")

SHORTEST_RUN: Final = 4
RUNS: Final = (
    "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
    "azertyuiop", "qsdfghjklm", "wxcvbn,;:", "!@#$%^&*()",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujm",
)  # fmt: skip
"""Neighbouring keys and the alphabet, which say as little forwards as backwards."""

LIST: Final = "common_passwords.txt.gz"

HASHES_AT_ONCE: Final = BoundedSemaphore(usable_cpus())
"""Each takes 19 MiB and a processor: more at once are no faster, and starve whoever reads."""

HASHER: Final = argon2.PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
"""argon2id over 19 MiB (OWASP's parameters and one pass more): kind to a small box when
several people sign in at once."""


def check_new(password: str, name: str) -> None:
    """Raises AccountInvalid `password_short`, `password_long`, `password_common` or
    `password_simple`."""
    known = _normal(password)
    if len(known) < LEAST:
        raise AccountInvalid("password_short", least=LEAST)
    if len(known) > MOST:
        raise AccountInvalid("password_long", most=MOST)
    rest = _without_runs(known.casefold())
    for word in (*COMMON, name.casefold()):
        rest = rest.replace(word, "")
    if len(set(rest)) < LEAST_DIFFERENT:
        raise AccountInvalid("password_simple")
    if _is_common(known):
        raise AccountInvalid("password_common")


def hash_of(password: str) -> str:
    """As it is kept: argon2id with its salt and parameters."""
    with HASHES_AT_ONCE:
        return HASHER.hash(_bytes(_normal(password)))


def matches(kept: str | None, password: str) -> bool:
    """Is it the password? As slow for an account that is not there (None). What is kept may be
    damaged: no password matches that."""
    given = _normal(password[: 4 * MOST])
    possible = kept is not None and len(given) <= MOST
    stored = kept if possible and kept else _nobody()
    try:
        with HASHES_AT_ONCE:
            HASHER.verify(stored, _bytes(given[:MOST]))
    except (argon2.exceptions.Argon2Error, ValueError):  # InvalidHashError is a ValueError
        return False
    return possible


def is_outdated(kept: str) -> bool:
    """Was it hashed with weaker parameters than today's?"""
    return HASHER.check_needs_rehash(kept)


def _is_common(password: str) -> bool:
    """One of those that are tried first, whatever digits stand around it and however it is
    accented?"""
    letters = folded(password).replace(" ", "")
    word = letters.strip("0123456789")
    half = word[: len(word) // 2]
    return not {letters, word, half if word == half * 2 else word}.isdisjoint(_common())


@lru_cache
def _common() -> frozenset[str]:
    """As `_is_common` compares them."""
    packed = files("cxr_triage.service.people").joinpath(LIST).read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _without_runs(text: str) -> str:
    """What is left where keys beside each other are taken out."""
    kept, place = [], 0
    while place < len(text):
        run = _run_at(text, place)
        kept.append("" if run else text[place])
        place += run or 1
    return "".join(kept)


def _run_at(text: str, place: int) -> int:
    """How many characters from there on are a run; 0 if they are none."""
    longest = 0
    for row in (*RUNS, *(row[::-1] for row in RUNS)):
        length = SHORTEST_RUN
        while place + length <= len(text) and text[place : place + length] in row:
            longest = max(longest, length)
            length += 1
    return longest


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them: Vietnamese has two ways."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # a terminal may send what is not UTF-8


@lru_cache
def _nobody() -> str:
    """A hash that no password has."""
    return HASHER.hash(b"\xff nobody")
