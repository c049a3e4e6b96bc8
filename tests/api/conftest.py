"""One server for all tests that do not harm it."""

import signal
from itertools import count

import pytest

from .serving import Served


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    server = Served(
        tmp_path_factory.mktemp("store"), max_files=4, max_request_mib=24, max_file_mib=9
    )
    yield server
    assert server.stop() == -signal.SIGTERM


@pytest.fixture(scope="session")
def numbers():
    """A number for each film, never twice."""
    return count(1)


@pytest.fixture
def station(served):
    with served.client() as client:
        yield client
