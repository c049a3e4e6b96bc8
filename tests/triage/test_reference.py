"""The two images whose scores are published, beside torchxrayvision's own tensors.

They are not ours to ship: CXR_TRIAGE_REFERENCE names a folder that has them
(tests/16747_3_1.jpg and tests/00000001_000.png of the torchxrayvision repository).
"""

import os
from pathlib import Path

import numpy as np
import pytest

from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.prepare import prepare
from cxr_triage.imaging.source import open_image
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import shipped_models
from cxr_triage.model.provision.fetch import read_checked

FOLDER = os.environ.get("CXR_TRIAGE_REFERENCE", "")
REFERENCES = read_card(shipped_models()["densenet121-res224-all"]).references

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="CXR_TRIAGE_REFERENCE does not name the folder of the reference images"
)


@pytest.fixture(params=REFERENCES, ids=lambda reference: reference.image.file)
def image(request):
    return read_checked(Path(FOLDER) / request.param.image.file, request.param.image)


def test_reference_image_is_read_and_prepared(image, decoder):
    prepared = prepare(open_image(image, Limits()).decode(decoder).pixels, 224).tensor
    assert prepared.shape == (1, 224, 224)
    assert np.ptp(prepared) > 1000


@pytest.mark.parity
def test_tensor_equals_that_of_torchxrayvision(image, decoder, tmp_path):
    pytest.importorskip("torch", reason="needs torch: make test-parity")
    pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")
    from .. import peer  # noqa: PLC0415

    ours = prepare(open_image(image, Limits()).decode(decoder).pixels, 224).tensor
    file = tmp_path / "image"
    file.write_bytes(image)
    pixels = peer.torchxrayvision.utils.load_image(str(file))[0]
    theirs = peer.crop_and_resize(pixels).numpy()
    assert np.abs(ours - theirs).max() < 0.05


def test_published_scores_are_eighteen_each():
    assert [len(reference.scores) for reference in REFERENCES] == [18, 18]
