"""Administration at the command line, on each kind of database."""

import pytest
from typer.testing import CliRunner

from cxr_triage.cli.app import create_app
from tests.databases import migrated_in, url_of


@pytest.fixture
def store_folder(tmp_path, monkeypatch, on_database):
    """Where the commands find their store."""
    use_store(monkeypatch, tmp_path, url=migrated_in)
    return tmp_path


@pytest.fixture
def admin(store_folder):
    """Run a command of `cxr-triage admin` here; `typed` on standard input."""

    def run(*words, typed=""):
        return CliRunner().invoke(create_app("en"), ["admin", *map(str, words)], input=typed)

    return run


def use_store(monkeypatch, folder, url=url_of):
    """Have the commands find their store in that folder. url: makes its database."""
    monkeypatch.setenv("CXR_TRIAGE_STORE_DIR", str(folder))
    monkeypatch.setenv("CXR_TRIAGE_DATABASE_URL", url(folder))
