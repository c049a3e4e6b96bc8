"""Passwords: which are good enough, and how they are kept (argon2id)."""

import unicodedata
from functools import lru_cache
from typing import Final

from cxr_triage.errors import AccountInvalid, MissingExtra

try:
    import argon2
except ImportError:
    raise MissingExtra("argon2-cffi", extra="server") from None

LEAST: Final = 10
MOST: Final = 128
LEAST_DIFFERENT: Final = 6
"""Characters, and how many different ones beside the account's name and common words."""

COMMON: Final = ("password", "matkhau", "123456", "qwerty", "abcdef", "cxrtriage", "admin")

HASHER: Final = argon2.PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
"""argon2id over 19 MiB (OWASP's parameters and one pass more): kind to a small box when
several people sign in at once."""


def check_new(password: str, name: str) -> None:
    """Raises AccountInvalid `password_short`, `password_long` or `password_simple`."""
    known = _normal(password)
    if len(known) < LEAST:
        raise AccountInvalid("password_short", least=LEAST)
    if len(known) > MOST:
        raise AccountInvalid("password_long", most=MOST)
    rest = known.casefold()
    for word in (*COMMON, name.casefold()):
        rest = rest.replace(word, "")
    if len(set(rest)) < LEAST_DIFFERENT:
        raise AccountInvalid("password_simple")


def hash_of(password: str) -> str:
    """As it is kept: argon2id with its salt and parameters."""
    return HASHER.hash(_bytes(_normal(password)))


def matches(kept: str | None, password: str) -> bool:
    """Is it the password? As slow for an account that is not there (None). What is kept may be
    damaged: no password matches that."""
    given = _normal(password[: 4 * MOST])
    possible = kept is not None and len(given) <= MOST
    try:
        HASHER.verify(kept if possible and kept else _nobody(), _bytes(given[:MOST]))
    except (argon2.exceptions.Argon2Error, ValueError):  # InvalidHashError is a ValueError
        return False
    return possible


def is_outdated(kept: str) -> bool:
    """Was it hashed with weaker parameters than today's?"""
    return HASHER.check_needs_rehash(kept)


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them: Vietnamese has two ways."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # a terminal may send what is not UTF-8


@lru_cache
def _nobody() -> str:
    """A hash that no password has."""
    return HASHER.hash(b"\xff nobody")
