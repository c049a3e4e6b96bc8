"""Names and secrets of accounts as they are kept and compared."""

import hashlib
import unicodedata


def account_name(name: str) -> str:
    """As it is kept and compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def sha256_of(secret: str) -> str:
    """As secrets that nobody can guess are kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
