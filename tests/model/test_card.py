import json
import shutil

import pytest

from cxr_triage.errors import ModelError
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import BASELINE, find_model, shipped_models
from cxr_triage.model.engine import Engine


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped model that a test may spoil."""
    shutil.copytree(find_model(), tmp_path / "model")
    return tmp_path / "model"


def _edit(folder, **changes):
    card = json.loads((folder / "card.json").read_text("utf-8"))
    (folder / "card.json").write_text(json.dumps(card | changes), "utf-8")


def test_shipped_baseline_says_that_it_is_for_demonstration():
    card = read_card(find_model())
    assert card.name == BASELINE
    assert card.proof == "demonstration"
    assert "not for clinical use" in card.intended_use["en"]
    assert "không dùng trong lâm sàng" in card.intended_use["vi"]
    assert len(card.labels) == 14


def test_each_shipped_folder_is_named_for_its_card():
    for name, folder in shipped_models().items():
        assert read_card(folder).name == name


def test_model_is_found_by_folder(folder):
    assert find_model(str(folder)) == folder


def test_unknown_model_names_those_that_there_are():
    with pytest.raises(ModelError) as caught:
        find_model("nothing")
    assert caught.value.code == "model_unknown"
    assert BASELINE in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha256": "short"}, "sha256"),
        ({"input_size": "large"}, "input_size"),
        ({"extra": 1}, "extra"),
        ({"labels": []}, "labels"),
        ({"file": "../../etc/passwd"}, "file"),
        ({"labels": [{"label": "Wellness", "operating_point": 0.5}]}, "unknown label"),
        ({"labels": [{"label": "Mass", "operating_point": 1.5}]}, "operating_point"),
        (
            {"labels": [{"label": "Mass", "operating_point": 0.5, "likely_point": 0.4}]},
            "likely point",
        ),
        ({"labels": [{"label": "Mass", "operating_point": 0.5}] * 2}, "twice"),
    ],
)
def test_bad_card_names_the_field(folder, changes, field):
    _edit(folder, **changes)
    with pytest.raises(ModelError) as caught:
        read_card(folder)
    assert caught.value.code == "card_invalid"
    assert field in str(caught.value)


def test_card_that_is_not_json_is_refused(folder):
    (folder / "card.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="card is not valid"):
        read_card(folder)


def test_folder_without_card_is_refused(tmp_path):
    with pytest.raises(ModelError) as caught:
        read_card(tmp_path)
    assert caught.value.code == "card_missing"


def test_model_with_one_other_byte_is_refused(folder):
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Engine(folder)
    assert caught.value.code == "model_altered"


def test_model_of_another_size_is_refused(folder):
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError) as caught:
        Engine(folder)
    assert caught.value.code == "model_altered"


def test_absent_model_file_is_said(folder):
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError) as caught:
        Engine(folder)
    assert caught.value.code == "model_missing"


def test_file_that_is_no_model_is_refused_even_with_its_hash(folder):
    import hashlib  # noqa: PLC0415

    (folder / "model.onnx").write_bytes(b"nothing")
    _edit(folder, bytes=7, sha256=hashlib.sha256(b"nothing").hexdigest())
    with pytest.raises(ModelError) as caught:
        Engine(folder)
    assert caught.value.code == "model_unloadable"


def test_card_of_another_model_is_refused(folder):
    card = json.loads((folder / "card.json").read_text("utf-8"))
    _edit(folder, labels=card["labels"][:3])
    with pytest.raises(ModelError) as caught:
        Engine(folder)
    assert caught.value.code == "model_contract"
