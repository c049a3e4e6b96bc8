"""Tests of the store run on SQLite and on PostgreSQL, but for those marked
`sqlite` or `postgresql`."""

from contextlib import suppress

import pytest

from cxr_triage.errors import StoreError
from cxr_triage.store.repository import Store
from tests.databases import TOUCHED


@pytest.fixture(autouse=True)
def kind(on_database):
    """The kind of database of this test."""
    return on_database


@pytest.fixture(autouse=True)
def _every_change_is_sealed(monkeypatch, tmp_path):
    """Whatever a test did through the store, the audit trail says what the tables hold."""
    close = Store.close

    def checked(store):
        touched = any(folder.is_relative_to(tmp_path) for folder in TOUCHED)
        try:
            with suppress(StoreError):  # some tests leave it unreadable
                assert touched or store.check_trail().sound
        finally:
            close(store)

    monkeypatch.setattr(Store, "close", checked)
    yield
    TOUCHED.clear()
