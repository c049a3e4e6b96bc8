"""Tests of the store run on SQLite and on PostgreSQL, but for those marked `sqlite`."""

import importlib.util

import pytest

from tests.databases import VARIABLE, programs, running_server

KINDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc):
    kinds = KINDS[:1] if metafunc.definition.get_closest_marker("sqlite") else KINDS
    metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture(scope="session")
def postgres_server():
    if programs() is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("install postgresql (Debian's package) and the extra postgres")
    with running_server() as server:
        yield server


@pytest.fixture(autouse=True)
def kind(request, monkeypatch):
    """The kind of database of this test."""
    if request.param == "postgresql":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("postgres_server"))
    return request.param
