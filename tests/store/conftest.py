"""Tests of the store run on SQLite and on PostgreSQL, but for those marked
`sqlite` or `postgresql`."""

import pytest

from tests.databases import VARIABLE

KINDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc):
    alone = [kind for kind in KINDS if metafunc.definition.get_closest_marker(kind)]
    kinds = alone or KINDS
    metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def kind(request, monkeypatch):
    """The kind of database of this test."""
    if request.param == "postgresql":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("postgres_server"))
    return request.param
