"""Names and secrets of accounts as they are kept and compared."""

import hashlib
import unicodedata

from cxr_triage.errors import NotFound
from cxr_triage.store.records import Person
from cxr_triage.store.repository import Store


def account_name(name: str) -> str:
    """As it is kept and compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def person_of_name(store: Store, name: str) -> Person:
    """Who signs in by that name. Raises NotFound `person_not_found`."""
    person = store.accounts.person_named(account_name(name))
    if person is None:
        raise NotFound("person_not_found")
    return person


def sha256_of(secret: str) -> str:
    """As secrets that nobody can guess are kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
