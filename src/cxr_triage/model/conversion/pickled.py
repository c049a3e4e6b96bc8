"""Reads a pickle as data: what it names is never imported, what it calls is never run.

A small machine for the opcodes that `torch.save` writes (pickle protocol 2). A name such
as `torch._utils _rebuild_tensor_v2` becomes a `GlobalName`, a call a `Call` that remembers its
arguments, an object in a storage a `Persistent`. Python's own unpickler takes no part.

Every opcode adds at most one object, memo indexes grow by one and each length is compared
with the bytes that are there, so memory stays below a small multiple of the pickle's size.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Pickled: TypeAlias = Any
"""Numbers, text, lists, tuples, dicts, None, and the three classes below."""

MAX_OPCODES: Final = 200_000
MAX_LONG_BYTES: Final = 16
PACKAGES: Final = frozenset(
    {"torch", "torchvision", "torchxrayvision", "collections", "numpy", "_codecs", "argparse"}
)
"""What checkpoints name. Any other name is refused, though it would not be run either."""

BUILTINS: Final = frozenset(
    f"{module} {name}"
    for module in ("builtins", "__builtin__")
    for name in ("set", "frozenset", "list", "tuple", "dict", "bytearray", "complex", "slice")
)


class PickleRefused(ValueError):
    """Broken, cut off, or holding what no checkpoint needs; says which."""


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A class or function that the pickle names: `module name`. Inert."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """An object that lies outside the pickle, by its identifier."""

    id: Any


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """A call or an instance that the pickle asks for; nothing is called or made.

    items: what was set on it like on a mapping. elements: what was appended to it.
    """

    what: Any
    arguments: Any
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)


class _Mark:
    pass


_MARK: Final = _Mark()


class _Machine:
    def __init__(self, data: memoryview, start: int) -> None:
        self.data = data
        self.at = start
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.outside: list[Persistent] = []
        self.done = False

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        end = self.at + size
        if size < 0 or end > len(self.data):
            raise PickleRefused("cut off")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, form: str) -> Pickled:
        """The next number, as `struct` writes it."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        """The text up to the next newline (of at most 256 bytes)."""
        end = bytes(self.data[self.at : self.at + 256]).find(b"\n")
        if end < 0:
            raise PickleRefused("a name without end")
        text = bytes(self.take(end + 1))[:-1]
        return text.decode("utf-8")

    def pop(self) -> Pickled:
        """The top of the stack, which may not be a mark."""
        value = self.stack.pop()
        if value is _MARK:
            raise PickleRefused("a mark where a value belongs")
        return value

    def top(self) -> Pickled:
        """The top of the stack, left there."""
        value = self.stack[-1]
        if value is _MARK:
            raise PickleRefused("a mark where a value belongs")
        return value

    def since_mark(self) -> list[Any]:
        """Everything above the last mark, taken off with it."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                values = self.stack[index + 1 :]
                del self.stack[index:]
                return values
        raise PickleRefused("no mark")


def read_pickle(data: memoryview, start: int = 0) -> tuple[Pickled, int]:
    """The value of the pickle at `start`, and where the bytes after it begin.

    Raises PickleRefused.
    """
    value, end, _ = read_pickle_and_outside(data, start)
    return value, end


def read_pickle_and_outside(
    data: memoryview, start: int = 0
) -> tuple[Pickled, int, list[Persistent]]:
    """As `read_pickle`, and everything that the pickle says lies outside it."""
    machine = _Machine(data, start)
    try:
        for _ in range(MAX_OPCODES):
            code = machine.take(1)[0]
            if code not in _OPCODES:
                raise PickleRefused(f"opcode 0x{code:02x}")
            _OPCODES[code](machine)
            if machine.done:
                return _only_value(machine), machine.at, machine.outside
    except (LookupError, TypeError, UnicodeDecodeError) as problem:
        raise PickleRefused(type(problem).__name__) from None
    raise PickleRefused("too many opcodes")


def _only_value(machine: _Machine) -> Pickled:
    value = machine.pop()
    if machine.stack:
        raise PickleRefused("values are left over")
    return value


def _protocol(machine: _Machine) -> None:
    if machine.take(1)[0] not in {2, 3}:
        raise PickleRefused("another pickle protocol")


def _stop(machine: _Machine) -> None:
    machine.done = True


def _push(make: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    def opcode(machine: _Machine) -> None:
        machine.stack.append(make(machine))

    return opcode


def _text(machine: _Machine) -> str:
    return str(machine.take(machine.number("<I")), "utf-8", "surrogatepass")


def _long(machine: _Machine) -> int:
    size = machine.take(1)[0]
    if size > MAX_LONG_BYTES:
        raise PickleRefused("a number of too many digits")
    return int.from_bytes(machine.take(size), "little", signed=True)


def _name(machine: _Machine) -> GlobalName:
    module, name = machine.line(), machine.line()
    path = f"{module} {name}"
    if path not in BUILTINS and module.split(".")[0] not in PACKAGES:
        raise PickleRefused(f"it names {module[:40]}.{name[:40]}")
    return GlobalName(path)


def _tuple(count: int) -> Callable[[_Machine], tuple[Any, ...]]:
    def make(machine: _Machine) -> tuple[Any, ...]:
        values = [machine.pop() for _ in range(count)]
        return tuple(reversed(values))

    return make


def _call(machine: _Machine) -> Call:
    arguments, what = machine.pop(), machine.pop()
    if not isinstance(what, GlobalName | Persistent) or not isinstance(arguments, tuple):
        raise PickleRefused("a call of what is no name")
    return Call(what, arguments)


def _persistent(machine: _Machine) -> Persistent:
    machine.outside.append(Persistent(machine.pop()))
    return machine.outside[-1]


def _build(machine: _Machine) -> None:
    state, target = machine.pop(), machine.top()
    if not isinstance(target, Call):
        raise PickleRefused("a state for what is no object")
    target.state = state


def _remember(form: str) -> Callable[[_Machine], None]:
    def opcode(machine: _Machine) -> None:
        index = machine.number(form)
        if index > len(machine.memo) + 1:
            raise PickleRefused("a memo index out of order")
        machine.memo[index] = machine.top()

    return opcode


def _recall(form: str) -> Callable[[_Machine], Any]:
    return lambda machine: machine.memo[machine.number(form)]


def _set_items(machine: _Machine, values: list[Any]) -> None:
    target = machine.top()
    items = target.items if isinstance(target, Call) else target
    if not isinstance(items, dict) or len(values) % 2:
        raise PickleRefused("items for what is no mapping")
    for key, value in zip(values[::2], values[1::2], strict=True):
        if not isinstance(key, str | int | float):
            raise PickleRefused("a key that is neither text nor number")
        items[key] = value


def _append(machine: _Machine, values: list[Any]) -> None:
    target = machine.top()
    elements = target.elements if isinstance(target, Call) else target
    if not isinstance(elements, list):
        raise PickleRefused("elements for what is no list")
    elements.extend(values)


def _set_one(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    _set_items(machine, [key, value])


def _append_one(machine: _Machine) -> None:
    value = machine.pop()
    _append(machine, [value])


_OPCODES: Final[dict[int, Callable[[_Machine], None]]] = {
    ord("\x80"): _protocol,
    ord("."): _stop,
    ord("("): _push(lambda _: _MARK),
    ord("N"): _push(lambda _: None),
    ord("\x88"): _push(lambda _: True),
    ord("\x89"): _push(lambda _: False),
    ord("J"): _push(lambda machine: machine.number("<i")),
    ord("K"): _push(lambda machine: machine.number("<B")),
    ord("M"): _push(lambda machine: machine.number("<H")),
    ord("\x8a"): _push(_long),
    ord("G"): _push(lambda machine: machine.number(">d")),
    ord("X"): _push(_text),
    ord("]"): _push(lambda _: []),
    ord("}"): _push(lambda _: {}),
    ord(")"): _push(lambda _: ()),
    ord("t"): _push(lambda machine: tuple(machine.since_mark())),
    ord("\x85"): _push(_tuple(1)),
    ord("\x86"): _push(_tuple(2)),
    ord("\x87"): _push(_tuple(3)),
    ord("c"): _push(_name),
    ord("R"): _push(_call),
    ord("\x81"): _push(_call),
    ord("b"): _build,
    ord("Q"): _push(_persistent),
    ord("q"): _remember("<B"),
    ord("r"): _remember("<I"),
    ord("h"): _push(_recall("<B")),
    ord("j"): _push(_recall("<I")),
    ord("s"): _set_one,
    ord("u"): lambda machine: _set_items(machine, machine.since_mark()),
    ord("a"): _append_one,
    ord("e"): lambda machine: _append(machine, machine.since_mark()),
}
"""Protocol 2 as `torch.save` writes it. EXT, INST, OBJ, DUP, POP and the rest are refused."""
