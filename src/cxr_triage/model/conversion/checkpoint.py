"""A PyTorch checkpoint as NumPy arrays, without PyTorch and without running any pickle.

Reads what `torch.save` writes: the legacy format (a whole pickled module, as the release
files of torchxrayvision are, or a state_dict) and state_dicts in the newer zip format.
Layout of the legacy format: four pickles (magic number, protocol version, system, the
object), a pickle with the storages' keys, then for each storage its length and its values.

Source: torch.serialization._legacy_save, torch.nn.Module.state_dict.
"""

import io
import math
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import Weights
from cxr_triage.errors import ModelError
from cxr_triage.model.conversion.pickled import (
    Call,
    GlobalName,
    Persistent,
    Pickled,
    PickleRefused,
    read_pickle,
    read_pickle_and_outside,
)

MAGIC: Final = 0x1950A86A20F9469CFC6C
PROTOCOL: Final = 1001
MAX_DEPTH: Final = 12
MAX_MODULES: Final = 5_000
MAX_DIMENSIONS: Final = 8

BROKEN_ARCHIVE: Final = (
    *(zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError, LookupError, struct.error),
)
"""What `zipfile` raises of archives that are broken or encrypted."""

DTYPES: Final = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ShortStorage": "<i2",
    "torch CharStorage": "i1",
    "torch ByteStorage": "u1",
    "torch BoolStorage": "?",
}

_Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Storage:
    """What a persistent identifier says of a storage: where, and how many values."""

    key: str
    dtype: str
    count: int


def read_checkpoint(content: bytes) -> Weights:
    """Every parameter and buffer by its name in the state_dict; read-only views of `content`.

    Raises ModelError `checkpoint_refused`, with what is wrong.
    """
    try:
        if content[:4] == b"PK\x03\x04":
            return _read_zip(content)
        return _read_legacy(memoryview(content))
    except PickleRefused as problem:
        raise ModelError("checkpoint_refused", problem=str(problem)) from None
    except BROKEN_ARCHIVE as problem:
        raise ModelError("checkpoint_refused", problem=type(problem).__name__) from None


def _read_legacy(data: memoryview) -> Weights:
    magic, at = read_pickle(data)
    protocol, at = read_pickle(data, at)
    system, at = read_pickle(data, at)
    if magic != MAGIC or protocol != PROTOCOL or not isinstance(system, dict):
        raise PickleRefused("not a checkpoint of PyTorch")
    if system.get("little_endian") is not True:
        raise PickleRefused("written on a big-endian machine")
    root, at, outside = read_pickle_and_outside(data, at)
    keys, at = read_pickle(data, at)
    tensors = dict(_named_tensors(root))
    declared = _storages_of(outside)
    return _arrays(tensors, _legacy_storages(data, at, keys, declared))


def _legacy_storages(
    data: memoryview, at: int, keys: Pickled, declared: Mapping[str, _Storage]
) -> dict[str, _Array]:
    """Each storage, in the order of `keys`; the length of each stands before its values."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise PickleRefused("no list of storages")
    found: dict[str, _Array] = {}
    for key in keys:
        if key not in declared or key in found or at + 8 > len(data):
            raise PickleRefused("a storage that no tensor uses, or cut off")
        count = struct.unpack_from("<q", data, at)[0]
        found[key] = _values(data[at + 8 :], declared[key], count)
        at += 8 + found[key].nbytes
    return found


def _read_zip(content: bytes) -> Weights:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {info.filename: info for info in archive.infolist()}
        if any(info.compress_type != zipfile.ZIP_STORED for info in names.values()):
            raise PickleRefused("compressed")
        pickles = [name for name in names if name.endswith("/data.pkl")]
        if len(pickles) != 1 or sum(info.file_size for info in names.values()) > len(content):
            raise PickleRefused("not a checkpoint of PyTorch")
        folder = pickles[0].removesuffix("data.pkl")
        root, _, outside = read_pickle_and_outside(memoryview(archive.read(pickles[0])))
        tensors = dict(_named_tensors(root))
        storages = {}
        for key, declared in _storages_of(outside).items():
            if f"{folder}data/{key}" not in names:
                raise PickleRefused("a storage is missing")
            data = memoryview(archive.read(f"{folder}data/{key}"))
            storages[key] = _values(data, declared, declared.count)
    return _arrays(tensors, storages)


def _values(data: memoryview, declared: _Storage, count: int) -> _Array:
    """The first `count` values of `data`, if that is what was declared and is there."""
    dtype = np.dtype(declared.dtype)
    if count != declared.count or not 0 <= count * dtype.itemsize <= len(data):
        raise PickleRefused("a storage of another length, or cut off")
    return np.frombuffer(data[: count * dtype.itemsize], dtype)


def _named_tensors(root: Pickled) -> Iterator[tuple[str, Call]]:
    """Tensors of a module, or of a state_dict, by name; `module.` of wrappers is dropped.

    A pickle can hold the same module many times over, so the visits are counted.
    """
    if not _is_module(root):
        for name, tensor in _mapping(root).items():
            yield str(name).removeprefix("module."), _as_tensor(tensor)
        return
    left: list[tuple[Any, str, int]] = [(root, "", 0)]
    for _ in range(MAX_MODULES):
        if not left:
            return
        module, prefix, depth = left.pop()
        if depth > MAX_DEPTH:
            raise PickleRefused("nested too deeply")
        for name, tensor in _own_tensors(module):
            yield f"{prefix}{name}".removeprefix("module."), tensor
        children = _mapping(module.state["_modules"]).items()
        for name, child in children:
            if child is not None:
                left.append((_checked_module(child), f"{prefix}{name}.", depth + 1))
    raise PickleRefused("too many modules")


def _is_module(value: Pickled) -> bool:
    return isinstance(value, Call) and isinstance(value.state, dict) and "_modules" in value.state


def _checked_module(value: Pickled) -> Pickled:
    if not _is_module(value):
        raise PickleRefused("a module of another kind")
    return value


def _own_tensors(module: Call) -> Iterator[tuple[str, Call]]:
    for kind in ("_parameters", "_buffers"):
        for name, tensor in _mapping(module.state.get(kind, {})).items():
            if tensor is not None:
                yield name, _as_tensor(tensor)


def _mapping(value: Pickled) -> dict[Any, Any]:
    """A dict, or an OrderedDict as Python 3 or Python 2 pickle it."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Call) and value.what == GlobalName("collections OrderedDict"):
        pairs = value.arguments[0] if value.arguments else []
        if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
            raise PickleRefused("a mapping of another kind")
        return dict(pairs) | value.items
    raise PickleRefused("a mapping of another kind")


def _is_pair(value: Pickled) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str)


def _as_tensor(value: Pickled) -> Call:
    """The call that rebuilds the tensor, out of that of the parameter around it."""
    for _ in range(2):
        if not isinstance(value, Call) or not isinstance(value.what, GlobalName):
            break
        if value.what.path == "torch._utils _rebuild_tensor_v2" and len(value.arguments) >= 4:
            return value
        if value.what.path.startswith("torch._utils _rebuild_parameter") and value.arguments:
            value = value.arguments[0]
    raise PickleRefused("a tensor of another kind")


def _storages_of(outside: Iterable[Persistent]) -> dict[str, _Storage]:
    """Every storage by key: also of tensors that are mere attributes of a module."""
    storages: dict[str, _Storage] = {}
    for persistent in outside:
        if isinstance(persistent.id, tuple) and persistent.id[:1] == ("module",):
            continue  # a class, in the legacy format
        storage = _storage(persistent)
        if storages.setdefault(storage.key, storage) != storage:
            raise PickleRefused("two storages of one name")
    return storages


def _storage(value: Pickled) -> _Storage:
    """From ('storage', type, key, device, length) and, in the legacy format, a view: None."""
    fields = value.id if isinstance(value, Persistent) else None
    if not isinstance(fields, tuple) or len(fields) not in {5, 6} or fields[0] != "storage":
        raise PickleRefused("a storage of another kind")
    _, kind, key, _, count, *view = fields
    if not isinstance(kind, GlobalName) or kind.path not in DTYPES or view not in ([], [None]):
        raise PickleRefused("a storage of another kind")
    if not isinstance(key, str) or not isinstance(count, int) or count < 0:
        raise PickleRefused("a storage of another kind")
    return _Storage(key, DTYPES[kind.path], count)


def _arrays(tensors: Mapping[str, Call], storages: Mapping[str, _Array]) -> Weights:
    arrays = {}
    for name, tensor in tensors.items():
        storage, offset, shape, strides = tensor.arguments[:4]
        key = _storage(storage).key
        if key not in storages:
            raise PickleRefused("a storage is missing")
        arrays[name] = _view(storages[key], offset, shape, strides)
    return arrays


def _view(values: _Array, offset: Pickled, shape: Pickled, strides: Pickled) -> _Array:
    """The tensor in its storage, which must be contiguous and lie wholly inside it."""
    for numbers in ((offset,), shape, strides):
        if not isinstance(numbers, tuple) or len(numbers) > MAX_DIMENSIONS:
            raise PickleRefused("a tensor of odd shape")
        if not all(type(number) is int and 0 <= number < 2**40 for number in numbers):
            raise PickleRefused("a tensor of odd shape")
    count = math.prod(shape)
    if offset + count > len(values) or not _contiguous(shape, strides):
        raise PickleRefused("a tensor outside its storage")
    array = values[offset : offset + count].reshape(shape)
    array.setflags(write=False)
    return array


def _contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    if len(shape) != len(strides):
        return False
    expected = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size > 1 and stride != expected:
            return False
        expected *= size
    return True
