"""The log: events and where they happened, never paths, patients or what an error said."""

import logging
import traceback

log = logging.getLogger("cxr_triage")


def log_to_file(file: str) -> None:
    """Append the log to `file`; nowhere if empty."""
    log.addHandler(logging.NullHandler())
    log.propagate = False
    if file:
        handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)


def log_unexpected(error: BaseException) -> None:
    """Kind and place of an error nobody expected; its text may hold patient data."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s\n%s", type(error).__name__, where)
