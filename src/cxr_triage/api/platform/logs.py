"""Logs as JSON lines. Events and places; never an address asked for, a patient, or what an
exception says."""

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

OURS = ("cxr_triage", "uvicorn.error")
"""Loggers whose sentences are known; of others only the name and the level are kept."""


def log_as_json(stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (standard error), one JSON object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).propagate = True


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
