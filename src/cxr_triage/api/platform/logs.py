"""Logs as JSON lines; in a terminal, lines to read. Events and places; never an address asked
for, a patient, or what an exception says."""

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

OURS = ("cxr_triage", "uvicorn.error")
"""Loggers whose sentences are known; of others only the name and the level are kept."""


def log_to(stream: TextIO) -> None:
    """Send every log of this process to `stream`: one JSON object a line. Where a person looks
    on, what went wrong alone: time, level and what happened."""
    watched = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if watched
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _to_read if watched else structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    if watched:
        handler.setLevel(logging.WARNING)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).propagate = True


def _to_read(_: WrappedLogger, __: str, event: EventDict) -> str:
    """09:31:07  error  what happened  kind=OSError, and below it where."""
    event = dict(event)
    first = [event.pop("timestamp", ""), f"{event.pop('level', ''):<7}", event.pop("event", "")]
    event.pop("logger", None)
    where = str(event.pop("where", "")).rstrip()
    rest = [f"{name}={value}" for name, value in event.items()]
    line = "  ".join([*map(str, first), *rest])
    return f"{line}\n{where}" if where else line


def _without_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep an exception's kind and place, and no sentence of a logger that is not ours."""
    trouble = event.pop("exc_info", None)
    if trouble is True:
        trouble = sys.exc_info()
    if isinstance(trouble, tuple) and trouble[0] is not None:
        event["kind"] = trouble[0].__name__
        event["where"] = "".join(traceback.format_tb(trouble[2]))
    event.pop("stack_info", None)
    if not str(event.get("logger", "")).startswith(OURS):
        event["event"] = "message of another library"
    return event
