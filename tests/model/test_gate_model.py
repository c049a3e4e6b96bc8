"""The gate's network that ships: whole, within its contract, and small."""

import json
import shutil

import numpy as np
import pytest

from cxr_triage.errors import ModelError
from cxr_triage.model.catalog import SHIPPED_ONLY
from cxr_triage.model.gate_model import GATE_FILE, GateModel
from cxr_triage.triage.policy import SHIPPED_POLICIES, read_policy


@pytest.fixture
def folder(tmp_path):
    """A copy of the network that may be damaged."""
    shutil.copytree(SHIPPED_ONLY.gate("gate-1"), tmp_path / "gate-1")
    return tmp_path / "gate-1"


def _changed(folder, **fields):
    card = json.loads((folder / GATE_FILE).read_text("utf-8"))
    (folder / GATE_FILE).write_text(json.dumps(card | fields), "utf-8")
    return folder


def test_shipped_policies_name_a_network_that_ships_in_its_version():
    for name in SHIPPED_POLICIES:
        limits = read_policy(name).sight
        card = GateModel(SHIPPED_ONLY.gate(limits.gate)).card
        assert (card.name, card.version) == (limits.gate, limits.version)


def test_network_is_small(folder):
    assert (folder / "model.onnx").stat().st_size < 3_000_000


def test_what_is_seen_is_probabilities(folder):
    model = GateModel(folder)
    size = model.card.input_size
    random = np.random.default_rng(0)
    for image in (np.full((1, size, size), -1024), random.normal(0, 300, (1, size, size))):
        seen = model.look(image.astype(np.float32))
        assert sum(seen.turn) == pytest.approx(1)
        assert sum(seen.field) == pytest.approx(1)
        for share in (seen.chest, seen.inverted, seen.mirrored, *seen.turn, *seen.field):
            assert 0 <= share <= 1


def test_a_file_that_is_not_the_one_of_the_card_is_never_loaded(folder):
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError) as caught:
        GateModel(folder)
    assert caught.value.code == "model_altered"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"input_size": 64}, "model_contract"), ({"bytes": 0}, "card_invalid"),
     ({"surprise": 1}, "card_invalid"), ({"file": "../model.onnx"}, "card_invalid"),
     ({"file": "other.onnx"}, "model_missing")],
)  # fmt: skip
def test_a_card_that_does_not_fit_is_refused(folder, fields, code):
    with pytest.raises(ModelError) as caught:
        GateModel(_changed(folder, **fields))
    assert caught.value.code == code


def test_network_of_another_contract_is_refused(folder):
    shipped = SHIPPED_ONLY.find("nih-baseline")
    card = json.loads((shipped / "card.json").read_text("utf-8"))
    shutil.copy(shipped / "model.onnx", folder / "model.onnx")
    fields = {name: card[name] for name in ("bytes", "sha256", "input_size")}
    with pytest.raises(ModelError) as caught:
        GateModel(_changed(folder, **fields))
    assert caught.value.code == "model_contract"


def test_numbers_that_are_none_are_an_error(folder):
    model = GateModel(folder)
    size = model.card.input_size
    with pytest.raises(ModelError) as caught:
        model.look(np.full((1, size, size), np.nan, np.float32))
    assert caught.value.code == "model_not_finite"


def test_gate_that_is_not_there_is_an_error_in_words():
    with pytest.raises(ModelError, match="gate-9"):
        SHIPPED_ONLY.gate("gate-9")
