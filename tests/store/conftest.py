"""Tests of the store run on SQLite and on PostgreSQL, but for those marked
`sqlite` or `postgresql`."""

import pytest


@pytest.fixture(autouse=True)
def kind(on_database):
    """The kind of database of this test."""
    return on_database
