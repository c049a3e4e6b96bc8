"""The log: JSON for programs, lines to read at a terminal, and never an error's words."""

import io
import json
import logging

import pytest

from cxr_triage.api.platform.logs import OURS, log_to


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def kept():
    """The logging of the tests, as it was."""
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in OURS}
    handlers, level = root.handlers[:], root.level
    propagate = {name: logging.getLogger(name).propagate for name in OURS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for name in OURS:
        logging.getLogger(name).setLevel(levels[name])
        logging.getLogger(name).propagate = propagate[name]


def _fail(words):
    raise OSError(words)


def _logged(stream, words="of a patient"):
    log_to(stream)
    log = logging.getLogger("cxr_triage")
    log.info("all is well")
    try:
        _fail(words)
    except OSError:
        log.exception("not kept: %s", 3)
    return stream.getvalue()


@pytest.mark.usefixtures("kept")
def test_a_program_reads_json():
    lines = [json.loads(line) for line in _logged(io.StringIO()).splitlines()]
    assert [line["event"] for line in lines] == ["all is well", "not kept: 3"]
    assert lines[1]["kind"] == "OSError"


@pytest.mark.usefixtures("kept")
def test_a_person_reads_what_went_wrong_alone():
    text = _logged(Terminal())
    assert "all is well" not in text
    assert "{" not in text
    assert "error" in text
    assert "not kept: 3  kind=OSError" in text


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_an_error_says_stays_out(stream):
    assert "Lan" not in _logged(stream(), "Nguyen Thi Lan")
