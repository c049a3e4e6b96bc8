"""Checkpoints are data: read exactly, and nothing that they name is imported or run."""

import contextlib
import io
import os
import pickle
import struct
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_triage.errors import ModelError
from cxr_triage.model.conversion.checkpoint import read_checkpoint
from cxr_triage.model.conversion.pickled import PickleRefused, read_pickle

from . import checkpoints as made


@pytest.fixture(scope="module")
def weights():
    return made.realistic_weights()


@pytest.fixture(scope="module")
def checkpoint(weights):
    return made.legacy_checkpoint(weights)


def small(**changes):
    """A state_dict of one tensor, as a legacy file; parts of it can be replaced."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    parts = {"count": 6, "offset": 0, "shape": (2, 3), "strides": (3, 1), "stored": 6}
    parts |= {"key": "1", "kind": ("torch", "FloatStorage"), "keys": ["1"]} | changes
    storage = made.group(
        made.text("storage"),
        made.named(*parts["kind"]),
        made.text(parts["key"]),
        made.text("cuda:0"),
        made.integer(parts["count"]),
        b"N",
    )
    arguments = made.group(
        storage + b"Q",
        made.integer(parts["offset"]),
        made.group(*map(made.integer, parts["shape"])),
        made.group(*map(made.integer, parts["strides"])),
    )
    root = made.mapping({"w": made.named("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"})
    file = made.frame(root, {key: array.reshape(-1) for key in parts["keys"]})
    cut = len(file) - array.nbytes - 8
    if parts["keys"] != ["1"]:
        return file
    return file[:cut] + struct.pack("<q", parts["stored"]) + array.tobytes()


def refused(content):
    with pytest.raises(ModelError) as caught:
        read_checkpoint(content)
    assert caught.value.code == "checkpoint_refused"
    return str(caught.value)


def test_every_array_is_read_exactly(weights, checkpoint):
    arrays = read_checkpoint(checkpoint)
    assert set(arrays) == set(weights)
    for name, array in weights.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable


def test_state_dict_is_read():
    np.testing.assert_array_equal(read_checkpoint(small())["w"], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 7},
        {"count": -1},
        {"stored": 2**40},
        {"stored": -6},
        {"stored": 5},
        {"offset": 1},
        {"offset": -1},
        {"shape": (2, 2**30), "strides": (2**30, 1)},
        {"shape": (-2, -3)},
        {"strides": (0, 0)},
        {"strides": (3,)},
        {"shape": (1,) * 9, "strides": (1,) * 9},
        {"kind": ("torch", "QInt8Storage")},
        {"keys": ["2"]},
        {"keys": []},
        {"keys": ["1", "2"]},
    ],
)
def test_tensor_outside_its_storage_is_refused(changes):
    refused(small(**changes))


class Reduces:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


MARKER = "cxr-triage-test-marker"

HOSTILE = {
    "os.system": pickle.dumps(Reduces(os.system, f"touch {MARKER}"), 2),
    "eval": pickle.dumps(Reduces(eval, f"open('{MARKER}', 'w')"), 2),
    "exec": pickle.dumps(Reduces(exec, f"open('{MARKER}', 'w')"), 2),
    "open": pickle.dumps(Reduces(open, MARKER, "w"), 2),
    "getattr": b"\x80\x02c__builtin__\ngetattr\n.",
    "import": b"\x80\x02c__builtin__\n__import__\nX\x02\x00\x00\x00os\x85R.",
    "text protocol": f"cos\nsystem\n(S'touch {MARKER}'\ntR.".encode(),
    "inst": f"\x80\x02(S'touch {MARKER}'\nios\nsystem\n.".encode("latin-1"),
    "obj": "\x80\x02(cos\nsystem\nX\x05\x00\x00\x00touchho.".encode("latin-1"),
    "extension 1": b"\x80\x02\x82\x01.",
    "extension 2": b"\x80\x02\x83\x01\x01.",
    "extension 4": b"\x80\x02\x84\x01\x01\x01\x01.",
    "stack global": b"\x80\x02X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.",
    "protocol 5 buffer": b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "dup": b"\x80\x02]2.",
    "attribute of a module": b"\x80\x02ctorch.hub\nload\n.extra",
    "setattr on a class": b"\x80\x02ctorch.nn\nModule\n}X\x01\x00\x00\x00aK\x01sb.",
    "state of a list": b"\x80\x02]}b.",
    "call of a call": b"\x80\x02ctorch\nx\n)R)R.",
    "mark as value": b"\x80\x02(.",
    "no mark": b"\x80\x02t.",
    "empty stack": b"\x80\x02.",
    "memo that is not there": b"\x80\x02h\x07.",
    "memo index bomb": b"\x80\x02]r\xff\xff\xff\x7f.",
    "huge text": b"\x80\x02X\xff\xff\xff\xffabc.",
    "huge number": b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".",
    "huge number 4": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\xff" * 255 + b".",
    "unhashable key": b"\x80\x02}]K\x01s.",
    "deep lists": b"\x80\x02" + b"](" * 200_000 + b".",
    "deep calls": b"\x80\x02ctorch\nx\nq\x00)R" + b"q\x01h\x00h\x01\x85R" * 39_000 + b"]b.",
    "many opcodes": b"\x80\x02" + b"]" * 5_000_000 + b".",
    "many dicts": b"\x80\x02" + b"}" * 5_000_000 + b".",
    "calls without end": b"\x80\x02ctorch\nx\nq\x00" + b"h\x00)R" * 2_000_000 + b".",
    "name without end": b"\x80\x02c" + b"a" * 10_000,
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickle_is_refused_quickly_in_little_memory_and_nothing_runs(
    name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    content = HOSTILE[name]
    for file in (content, made.frame(content[2:-1], {})):
        modules = set(sys.modules)
        tracemalloc.start()
        start = time.monotonic()
        try:
            refused(file)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert time.monotonic() - start < 10
        assert peak < 150 * 2**20
        assert set(sys.modules) == modules
    assert list(tmp_path.iterdir()) == []


def test_nested_state_is_walked_to_a_bounded_depth():
    module = b"ctorch.nn\nModule\n)\x81"
    inner = b"N"
    for _ in range(50):
        modules = made.mapping({"m": inner})
        inner = module + made.mapping({"_modules": modules}) + b"b"
    assert "nested too deeply" in refused(made.frame(inner, {}))


def test_module_that_holds_itself_is_refused():
    cyclic = (
        b"ctorch.nn\nModule\n)\x81q\x00" + b"}X\x08\x00\x00\x00_modules}X\x01\x00\x00\x00mh\x00ssb"
    )
    assert "nested too deeply" in refused(made.frame(cyclic, {}))


def test_shared_modules_cannot_multiply():
    """Ten levels of ten times the same child would be ten thousand million tensors."""
    parameter = made.tensor("1", np.zeros(1, np.float32), parameter=False)
    inner = (
        b"ctorch.nn\nModule\n)\x81"
        + made.mapping(
            {"_parameters": made.mapping({str(n): parameter for n in range(10)}), "_modules": b"}"}
        )
        + b"b"
    )
    root = inner
    for level in range(10):
        put = b"q" + bytes([level])
        children = made.mapping(
            {"0": root + put, **{str(n): b"h" + bytes([level]) for n in range(1, 10)}}
        )
        root = b"ctorch.nn\nModule\n)\x81" + made.mapping({"_modules": children}) + b"b"
    start = time.monotonic()
    assert "too many modules" in refused(made.frame(root, {"1": np.zeros(1, np.float32)}))
    assert time.monotonic() - start < 2


@given(position=st.integers(0, 600), value=st.integers(0, 255))
@settings(deadline=None)
def test_changed_byte_is_read_or_refused_in_one_sentence(position, value):
    content = bytearray(small())
    content[position % len(content)] = value
    with contextlib.suppress(ModelError):
        read_checkpoint(bytes(content))


@given(st.binary(max_size=300))
def test_random_opcodes_are_read_or_refused(content):
    with contextlib.suppress(PickleRefused):
        read_pickle(memoryview(b"\x80\x02" + content + b"."))


@given(st.lists(st.sampled_from([*b"(Nt)}]sueabQ\x81R\x85\x86\x87"]), max_size=60).map(bytes))
def test_any_order_of_opcodes_is_read_or_refused(content):
    with contextlib.suppress(PickleRefused):
        read_pickle(memoryview(b"\x80\x02ctorch\nx\n" + content + b"."))


@given(end=st.integers(0, 400))
@settings(deadline=None)
def test_cut_file_is_refused(end):
    content = small()
    if end < len(content):
        refused(content[:end])


def test_cut_anywhere_is_refused(checkpoint):
    for end in (1_000, 100_000, len(checkpoint) // 2, len(checkpoint) - 1):
        refused(checkpoint[:end])


def archive(compression, entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, content in entries.items():
            written.writestr(name, content)
    return file.getvalue()


def zip_state(count=2):
    storage = made.group(
        made.text("storage"),
        made.named("torch", "FloatStorage"),
        made.text("0"),
        made.text("cpu"),
        made.integer(count),
    )
    arguments = made.group(
        storage + b"Q", made.integer(0), made.group(made.integer(2)), made.group(made.integer(1))
    )
    call = made.named("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"
    return made.pickled(made.mapping({"w": call}))


def test_zip_state_dict_is_read():
    values = np.float32([1, 2])
    content = archive(zipfile.ZIP_STORED, {"a/data.pkl": zip_state(), "a/data/0": values.tobytes()})
    np.testing.assert_array_equal(read_checkpoint(content)["w"], values)


@given(position=st.integers(0, 2000), value=st.integers(0, 255))
@settings(deadline=None, max_examples=300)
def test_changed_byte_of_an_archive_is_read_or_refused(position, value):
    content = bytearray(
        archive(zipfile.ZIP_STORED, {"a/data.pkl": zip_state(), "a/data/0": bytes(8)})
    )
    content[position % len(content)] = value
    with contextlib.suppress(ModelError):
        read_checkpoint(bytes(content))


@pytest.mark.parametrize(
    ("compression", "entries"),
    [
        (zipfile.ZIP_DEFLATED, {"a/data.pkl": zip_state(), "a/data/0": b"\0" * 8}),
        (zipfile.ZIP_STORED, {"a/data.pkl": zip_state(), "a/data/0": b"\0" * 4}),
        (zipfile.ZIP_STORED, {"a/data.pkl": zip_state(2**30), "a/data/0": b"\0" * 8}),
        (zipfile.ZIP_STORED, {"a/data.pkl": zip_state()}),
        (zipfile.ZIP_STORED, {"a/other": b""}),
        (zipfile.ZIP_STORED, {"a/data.pkl": b"cos\nsystem\n."}),
    ],
)
def test_bad_archive_is_refused(compression, entries):
    refused(archive(compression, entries))


def test_name_outside_the_packages_of_checkpoints_is_named():
    with pytest.raises(PickleRefused, match=r"posix\.system"):
        read_pickle(memoryview(b"\x80\x02cposix\nsystem\n."))
