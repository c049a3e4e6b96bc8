"""Tests of the store run on SQLite and on PostgreSQL, but for those marked `sqlite`."""

import pytest

from tests.databases import VARIABLE

KINDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc):
    kinds = KINDS[:1] if metafunc.definition.get_closest_marker("sqlite") else KINDS
    metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def kind(request, monkeypatch):
    """The kind of database of this test."""
    if request.param == "postgresql":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("postgres_server"))
    return request.param
