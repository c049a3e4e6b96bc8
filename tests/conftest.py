"""Fixtures that many tests share: real radiographs and the model that ships."""

from pathlib import Path

import data_store
import pytest

from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.worker import DecoderPool
from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import Engine
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import read_policy

DATA = Path(data_store.__file__).parent / "data"


@pytest.fixture(scope="session")
def dicom_folder() -> Path:
    """The images of pydicom-data."""
    return DATA


@pytest.fixture(scope="session")
def rg1() -> bytes:
    """A real adult PA chest radiograph, uncompressed, MONOCHROME1, 15 bits."""
    return (DATA / "RG1_UNCR").with_suffix(_suffix("RG1_UNCR")).read_bytes()


def _suffix(stem: str) -> str:
    return next(DATA.glob(f"{stem}*")).suffix


def real_image(stem: str) -> Path:
    """A file of pydicom-data by the beginning of its name."""
    return next(iter(sorted(DATA.glob(f"{stem}*"))))


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(find_model(), threads=2)


@pytest.fixture(scope="session")
def decoder():
    with DecoderPool(workers=1, timeout_s=20.0, memory_bytes=2**30) as pool:
        yield pool


@pytest.fixture(scope="session")
def pipeline(engine, decoder) -> Pipeline:
    return Pipeline(engine=engine, policy=read_policy(), decoder=decoder, limits=Limits())
