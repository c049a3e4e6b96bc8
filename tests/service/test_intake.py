"""From the spool into the store: the file itself, and only the file that was assessed."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from cxr_triage.domain import Patient
from cxr_triage.errors import BlobDamaged
from cxr_triage.service.audit import Origin
from cxr_triage.service.inference.pool import Assessed
from cxr_triage.service.intake.intake import Intake
from cxr_triage.service.intake.quotas import QuotaRules, Quotas
from cxr_triage.service.intake.spool import Spool
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import EVERYWHERE, WorklistQuery
from tests.store.builders import bytes_of, image, result, store_in

WHO = Principal(
    kind="person", id="p", name="Lan", role="radiologist", station_id=None, language="vi"
)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def take(store, folder: Path, data: bytes, assessed):
    """Receive `data` and take it in, with a pool that gives that assessment of it."""
    pool = SimpleNamespace(
        running=SimpleNamespace(fingerprint=assessed.fingerprint),
        assess=lambda _file, _declared, **_: Assessed(assessment=assessed, patient=Patient()),
    )
    spool = Spool(folder / "spool", max_file_bytes=2**20)
    with spool.open() as incoming:
        incoming.write(data[:7], data[7:])
        received = incoming.finish()
        inode = received.file.stat().st_ino
        kept = Intake(store, pool, Metrics(), Quotas(store, QuotaRules())).take(
            received, WHO, origin=Origin()
        )
    assert os.listdir(folder / "spool") == []  # noqa: PTH208
    return kept, inode


def test_what_was_received_is_the_blob_itself(store, tmp_path):
    kept, inode = take(store, tmp_path, bytes_of(3), result(image(3)))
    stored = kept.stored.assessment
    assert store.file(stored.id, EVERYWHERE) == bytes_of(3)
    assert store._blobs.path(stored.digest).stat().st_ino == inode
    assert store._blobs.path(stored.digest).stat().st_nlink == 1


def test_bytes_that_are_not_those_assessed_are_never_kept(store, tmp_path):
    """What a disk gave to the process that read the film is not what it got."""
    with pytest.raises(BlobDamaged):
        take(store, tmp_path, bytes_of(1), result(image(2)))
    assert store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows == ()
    assert list(store._blobs.digests()) == []
    assert os.listdir(tmp_path / "spool") == []  # noqa: PTH208


def test_what_a_killed_process_left_in_the_spool_is_gone_at_the_next_start(tmp_path):
    left = Spool(tmp_path / "spool", max_file_bytes=2**20).open()
    left.write(b"half a film")
    Spool(tmp_path / "spool", max_file_bytes=2**20)
    assert os.listdir(tmp_path / "spool") == []  # noqa: PTH208
    left.finish()
