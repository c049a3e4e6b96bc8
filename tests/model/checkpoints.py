"""Checkpoints of torchxrayvision's DenseNet-121 without torch: weights, and the file's bytes.

`legacy_checkpoint` writes what `torch.save(module, file,
_use_new_zipfile_serialization=False)` writes; test_checkpoint_parity.py holds it to that.
"""

import struct
from collections.abc import Iterator

import numpy as np

BLOCKS = (6, 12, 24, 16)
GROWTH, NARROW = 32, 128
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def _norm(name: str, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (channels,)
    yield f"{name}.num_batches_tracked", ()


def shapes(outputs: int = 18) -> dict[str, tuple[int, ...]]:
    """Every name of the state_dict and its shape, in order."""
    found: list[tuple[str, tuple[int, ...]]] = [("features.conv0.weight", (64, 1, 7, 7))]
    found += _norm("features.norm0", 64)
    channels = 64
    for block, layers in enumerate(BLOCKS, start=1):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            found += _norm(f"{name}.norm1", channels)
            found.append((f"{name}.conv1.weight", (NARROW, channels, 1, 1)))
            found += _norm(f"{name}.norm2", NARROW)
            found.append((f"{name}.conv2.weight", (GROWTH, NARROW, 3, 3)))
            channels += GROWTH
        if block < len(BLOCKS):
            name = f"features.transition{block}"
            found += _norm(f"{name}.norm", channels)
            channels //= 2
            found.append((f"{name}.conv.weight", (channels, channels * 2, 1, 1)))
    found += _norm("features.norm5", channels)
    found += [("classifier.weight", (outputs, channels)), ("classifier.bias", (outputs,))]
    return dict(found)


def realistic_weights(outputs: int = 18, seed: int = 5) -> dict[str, np.ndarray]:
    """Random weights whose activations stay near 1 and whose logits have several units.

    RandomState's stream is frozen, so these numbers are the same everywhere.
    """
    random = np.random.RandomState(seed)
    weights = {}
    for name, shape in shapes(outputs).items():
        part = name.rsplit(".", 1)[1]
        if part == "num_batches_tracked":
            weights[name] = np.array(100, np.int64)
            continue
        value = random.standard_normal(shape)
        if name == "classifier.weight":
            value *= 0.15
        elif len(shape) == 4:
            value *= np.sqrt(2 / np.prod(shape[1:]))
        elif part == "running_var":
            value = np.exp(value * 0.2) * (4e5 if "norm0" in name else 1)
        elif part == "weight":
            value = 1 + value * 0.1
        elif part != "bias" or "classifier" not in name:
            value *= 0.1
        weights[name] = value.astype(np.float32)
    return weights


def long(value: int) -> bytes:
    content = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def text(value: str) -> bytes:
    content = value.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def group(*values: bytes) -> bytes:
    return b"(" + b"".join(values) + b"t"


def mapping(items: dict[str, bytes], *, ordered: bool = False) -> bytes:
    start = named("collections", "OrderedDict") + b")R" if ordered else b"}"
    inside = b"".join(text(key) + value for key, value in items.items())
    return start + (b"(" + inside + b"u" if items else b"")


def pickled(value: bytes) -> bytes:
    return b"\x80\x02" + value + b"."


def frame(root: bytes, storages: dict[str, np.ndarray]) -> bytes:
    """A legacy file around the pickle of an object and its storages."""
    sizes = mapping({"short": integer(2), "int": integer(4), "long": integer(4)})
    system = mapping(
        {"protocol_version": integer(PROTOCOL), "little_endian": b"\x88", "type_sizes": sizes}
    )
    keys = sorted(storages)
    head = [long(MAGIC), integer(PROTOCOL), system, root]
    head.append(b"](" + b"".join(map(text, keys)) + b"e")
    values = [struct.pack("<q", storages[key].size) + storages[key].tobytes() for key in keys]
    return b"".join([*map(pickled, head), *values])


def tensor(key: str, array: np.ndarray, *, parameter: bool) -> bytes:
    kind = "LongStorage" if array.dtype == np.int64 else "FloatStorage"
    storage = group(
        text("storage"), named("torch", kind), text(key), text("cpu"), integer(array.size), b"N"
    )
    strides = [stride // array.itemsize for stride in array.strides]
    built = named("torch._utils", "_rebuild_tensor_v2") + group(
        storage + b"Q",
        integer(0),
        group(*map(integer, array.shape)),
        group(*map(integer, strides)),
        b"\x88" if parameter else b"\x89",
        mapping({}, ordered=True),
    )
    built += b"R"
    if not parameter:
        return built
    outer = group(built, b"\x88", mapping({}, ordered=True))
    return named("torch._utils", "_rebuild_parameter") + outer + b"R"


CLASSES = {
    "conv": ("torch.nn.modules.conv", "Conv2d"),
    "norm": ("torch.nn.modules.batchnorm", "BatchNorm2d"),
    "clas": ("torch.nn.modules.linear", "Linear"),
    "feat": ("torch.nn.modules.container", "Sequential"),
    "bloc": ("torchxrayvision.models", "_DenseBlock"),
    "laye": ("torchxrayvision.models", "_DenseLayer"),
    "tran": ("torchxrayvision.models", "_Transition"),
}


def _kind(name: str) -> tuple[str, str]:
    last = name.rsplit(".", 1)[-1]
    return CLASSES.get(last.replace("dense", "")[:4], ("torchxrayvision.models", "DenseNet"))


def _module(name: str, tree: dict, storages: dict[str, np.ndarray]) -> bytes:
    parameters, buffers, children = {}, {}, {}
    for key, value in tree.items():
        path = f"{name}.{key}".lstrip(".")
        if isinstance(value, dict):
            children[key] = _module(path, value, storages)
            continue
        storage = str(94_000_000 + len(storages))
        storages[storage] = value.reshape(-1)
        is_parameter = key in {"weight", "bias"}
        target = parameters if is_parameter else buffers
        target[key] = tensor(storage, value, parameter=is_parameter)
    state = {"training": b"\x89"}
    for key, items in (("_parameters", parameters), ("_buffers", buffers)):
        state[key] = mapping(items, ordered=True)
    for key in ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks"):
        state[key] = mapping({}, ordered=True)
    state["_modules"] = mapping(children, ordered=True)
    module, kind = _kind(name)
    source = group(text("module"), named(module, kind), text(f"{kind}.py"), text("class: ..."))
    return source + b"Q)\x81" + mapping(state) + b"b"


def legacy_checkpoint(weights: dict[str, np.ndarray]) -> bytes:
    """The file of a whole pickled DenseNet with these weights."""
    tree: dict = {}
    for name, array in weights.items():
        *folders, last = name.split(".")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = array
    storages: dict[str, np.ndarray] = {}
    root = _module("", tree, storages)
    return frame(root, storages)
