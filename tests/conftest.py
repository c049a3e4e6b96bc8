"""Fixtures that many tests share: real radiographs and the model that ships."""

import importlib.util
import os
from pathlib import Path

import data_store
import pytest
from hypothesis import settings

from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.limits import Limits
from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import Engine
from cxr_triage.triage.loading import load_gate
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import read_policy
from tests.databases import VARIABLE, drop_on, programs, running_server
from tests.skips import pytest_sessionfinish

__all__ = ["pytest_sessionfinish"]

os.environ["XDG_DATA_HOME"] = str(Path(__file__).parent / "no-data-folder")
"""Models that a developer has fetched take no part in tests, in processes of their own too."""

settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
"""How long an example takes says how busy the machine is, not whether it holds."""

DATA = Path(data_store.__file__).parent / "data"


@pytest.fixture(scope="session")
def dicom_folder() -> Path:
    """The images of pydicom-data."""
    return DATA


@pytest.fixture(scope="session")
def rg1() -> bytes:
    """A real adult PA chest radiograph, uncompressed, MONOCHROME1, 15 bits."""
    return real_image("RG1_UNCR").read_bytes()


@pytest.fixture(scope="session")
def postgres_server():
    """The folder of the socket of a PostgreSQL server of the tests' own."""
    if programs() is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("install postgresql (Debian's package) and the extra postgres")
    with running_server() as server:
        yield server


DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc):
    """Whoever asks for `on_database` runs on each kind, or on that which it is marked with."""
    if "on_database" in metafunc.fixturenames:
        alone = [kind for kind in DATABASES if metafunc.definition.get_closest_marker(kind)]
        metafunc.parametrize("on_database", alone or DATABASES, indirect=True)


@pytest.fixture
def on_database(request, monkeypatch, tmp_path):
    """The kind of database on which stores of this test are."""
    if request.param != "postgresql":
        yield request.param
        return
    server = request.getfixturevalue("postgres_server")
    monkeypatch.setenv(VARIABLE, server)
    yield request.param
    drop_on(server, tmp_path)


def real_image(stem: str) -> Path:
    """A file of pydicom-data by the beginning of its name."""
    return sorted(DATA.glob(f"{stem}*"))[0]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(find_model(), threads=2)


@pytest.fixture(scope="session")
def decoder():
    with DecoderPool(workers=1, timeout_s=20.0, memory_bytes=2**30) as pool:
        yield pool


@pytest.fixture(scope="session")
def pipeline(engine, decoder) -> Pipeline:
    return make_pipeline(engine, decoder, read_policy())


def make_pipeline(engine, decoder, policy) -> Pipeline:
    """A pipeline with the gate that the policy names."""
    return Pipeline(
        engine=engine, policy=policy, gate=load_gate(policy), decoder=decoder, limits=Limits()
    )
