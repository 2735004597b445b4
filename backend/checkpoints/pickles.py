"""A pickle read as data: an interpreter of its own that builds plain containers and tensor references, and calls
nothing.

Python's pickle is a program whose instructions import and call; this reader knows the instructions, not the calls.
What a checkpoint holds besides tensors and containers (settings objects of a training framework, for example)
becomes an `Inert` record. A pickle that names something of the standard library, or calls a function that is no
known way of storing data, could only have been made to run code: it is refused.
"""

import io
import pickletools
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from ...retarget.errors import MotionGPTError

MAX_BYTES = 64 * 1024 * 1024
MAX_INSTRUCTIONS = 5_000_000


@dataclass(frozen=True)
class Global:
    """A name that the pickle mentions, never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Inert:
    """An object that was not made: only what it would have been."""

    kind: Global


@dataclass(frozen=True)
class Storage:
    """A torch storage by its place in the file. dtype: torch's class name without "Storage" ("Float", "BFloat16")."""

    dtype: str
    key: str
    elements: int


@dataclass(frozen=True)
class TensorReference:
    """A view of a storage, in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


_MARK = object()
_PLAIN_BUILTINS = frozenset(
    [
        "dict",
        "list",
        "set",
        "frozenset",
        "tuple",
        "object",
        "int",
        "float",
        "complex",
        "bool",
        "str",
        "bytes",
        "bytearray",
        "slice",
        "range",
    ]
)
_STORAGE_MODULES = ("torch", "torch.storage")
_DATA_LIBRARIES = ("omegaconf", "yacs", "easydict", "pytorch_lightning", "lightning", "lightning_fabric")
"""Settings objects of training frameworks, found in published checkpoints."""
_DATA_FUNCTIONS = frozenset(
    {
        "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.deque",
        "argparse.Namespace", "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath",
        "datetime.datetime", "datetime.timedelta", "typing.Any", "typing.Union", "typing.Optional", "_codecs.encode",
        "copyreg._reconstructor", "copy_reg._reconstructor", "torch.device", "torch.Size", "torch.dtype",
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
        "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar", "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct",
    }
)  # fmt: skip


def read_pickle(data: bytes) -> Any:
    """What a pickle holds, as dicts, lists, tuples, sets, strings, numbers, `TensorReference`s, `Global`s and `Inert`s.

    Raises MotionGPTError for a pickle that is damaged, too large, or would run code.
    """
    if len(data) > MAX_BYTES:
        raise damaged(f"its index has {len(data)} bytes")
    try:
        return _Reader().run(data)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(f"its index can't be read: {error}") from error


def damaged(why: str) -> MotionGPTError:
    """The error for a file that can't be what it says."""
    return MotionGPTError(f"The checkpoint is damaged ({why}).", "Download it again.", "bad_checkpoint")


def refused(what: object) -> MotionGPTError:
    """The error for a file that would run code when unpickled."""
    return MotionGPTError(
        f"The checkpoint would run code when it is loaded ({what}), which no weights need.",
        "Don't use this file; get it from its authors.",
        "bad_checkpoint",
    )


def _check_global(item: Global) -> Global:
    root = item.module.split(".")[0]
    if item.module in ("builtins", "__builtin__"):
        if item.name not in _PLAIN_BUILTINS:
            raise refused(item)
    elif root in sys.stdlib_module_names and str(item) not in _DATA_FUNCTIONS:
        raise refused(item)
    return item


def _check_call(function: object) -> Global:
    """What a call instruction names, if that is a known way of storing data."""
    if not isinstance(function, Global):
        raise refused("a call of a computed object")
    builtin = function.module in ("builtins", "__builtin__")  # checked when it was named
    known = builtin or str(function) in _DATA_FUNCTIONS or function.module.split(".")[0] in _DATA_LIBRARIES
    if not known:
        raise refused(function)
    return function


class _Reader:
    """The stack machine of the pickle format (PEP 307, 3154), one instruction a method of the table below."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            if count > MAX_INSTRUCTIONS:
                raise damaged("its index does not end")
            if opcode.name == "STOP":
                return self.stack.pop()
            self.step(opcode.name, argument)
        raise damaged("its index ends too early")

    def step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _HANDLERS:
            _HANDLERS[name](self, argument)
        else:
            raise refused(f"instruction {name}")

    def since_mark(self) -> list[Any]:
        """Everything above the topmost mark; it and the mark are taken off."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("no mark")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def put(self, argument: int) -> None:
        self.memo[argument] = self.stack[-1]

    def pairs(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update((k, v) for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, Hashable))

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(item for item in items if isinstance(item, Hashable))

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        if len(items) != count or _MARK in items:
            raise ValueError("a tuple of too few")
        self.stack[-count:] = [items]

    def reduce(self) -> None:
        arguments = self.stack.pop()
        function = _check_call(self.stack.pop())
        self.stack.append(_call(function, arguments if isinstance(arguments, tuple) else ()))

    def new_object(self, arguments: int) -> None:
        del self.stack[-arguments:]
        self.instance(self.stack.pop())

    def instance(self, kind: object) -> None:
        if not isinstance(kind, Global):
            raise refused("an object of a computed class")
        self.stack.append(Inert(kind))

    def old_instance(self, argument: str) -> None:
        self.since_mark()
        self.instance(_split_global(argument))

    def stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_check_global(Global(str(module), str(name))))


def _call(function: Global, arguments: tuple[Any, ...]) -> Any:
    """The data that a known call stands for."""
    match str(function):
        case "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor":
            return _tensor(*arguments[:4])
        case "torch._utils._rebuild_parameter":
            return arguments[0]
        case "collections.OrderedDict" | "builtins.dict" | "__builtin__.dict":
            pairs = arguments[0] if arguments else ()
            return {k: v for k, v in pairs if isinstance(k, Hashable)} if isinstance(pairs, list) else {}
        case "collections.defaultdict":
            return {}
        case _:
            return Inert(function)


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any) -> TensorReference:
    def whole(values: Any) -> bool:
        return isinstance(values, tuple) and all(type(v) is int and v >= 0 for v in values)

    if not isinstance(storage, Storage) or not whole((offset,)) or not whole(shape) or not whole(stride):
        raise ValueError("a tensor of strange parts")
    if len(shape) != len(stride) or len(shape) > 8:
        raise ValueError("a tensor of strange shape")
    return TensorReference(storage, offset, shape, stride)


def _storage(identifier: Any) -> Storage:
    """torch's persistent id: ("storage", class, key, location, elements)."""
    if not (isinstance(identifier, tuple) and len(identifier) == 5 and identifier[0] == "storage"):
        raise ValueError("a strange storage")
    kind, key, elements = identifier[1], identifier[2], identifier[4]
    if not (isinstance(kind, Global) and kind.module in _STORAGE_MODULES and kind.name.endswith("Storage")):
        raise ValueError("a strange storage")
    if not (isinstance(key, str) and type(elements) is int and elements >= 0):
        raise ValueError("a strange storage")
    return Storage(kind.name.removesuffix("Storage"), key, elements)


_LITERALS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
    ]
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
    "MARK": lambda: _MARK,
}


def _split_global(argument: str) -> Global:
    module, _, name = argument.partition(" ")
    return _check_global(Global(module, name))


def _dict(items: list[Any]) -> dict[Any, Any]:
    return {k: v for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, Hashable)}


_HANDLERS: dict[str, Callable[[_Reader, Any], None]] = {
    "PROTO": lambda r, a: None,
    "FRAME": lambda r, a: None,
    "POP": lambda r, a: r.stack.pop(),
    "POP_MARK": lambda r, a: r.since_mark().clear(),
    "DUP": lambda r, a: r.stack.append(r.stack[-1]),
    "PUT": lambda r, a: r.put(a),
    "BINPUT": lambda r, a: r.put(a),
    "LONG_BINPUT": lambda r, a: r.put(a),
    "MEMOIZE": lambda r, a: r.put(len(r.memo)),
    "GET": lambda r, a: r.stack.append(r.memo[a]),
    "BINGET": lambda r, a: r.stack.append(r.memo[a]),
    "LONG_BINGET": lambda r, a: r.stack.append(r.memo[a]),
    "TUPLE": lambda r, a: r.stack.append(tuple(r.since_mark())),
    "TUPLE1": lambda r, a: r.tuple_of(1),
    "TUPLE2": lambda r, a: r.tuple_of(2),
    "TUPLE3": lambda r, a: r.tuple_of(3),
    "LIST": lambda r, a: r.stack.append(r.since_mark()),
    "DICT": lambda r, a: r.stack.append(_dict(r.since_mark())),
    "FROZENSET": lambda r, a: r.stack.append(frozenset(i for i in r.since_mark() if isinstance(i, Hashable))),
    "APPEND": lambda r, a: r.extend([r.stack.pop()]),
    "APPENDS": lambda r, a: r.extend(r.since_mark()),
    "ADDITEMS": lambda r, a: r.extend(r.since_mark()),
    "SETITEM": lambda r, a: r.pairs([r.stack.pop(), r.stack.pop()][::-1]),
    "SETITEMS": lambda r, a: r.pairs(r.since_mark()),
    "GLOBAL": lambda r, a: r.stack.append(_split_global(a)),
    "STACK_GLOBAL": lambda r, a: r.stack_global(),
    "REDUCE": lambda r, a: r.reduce(),
    "NEWOBJ": lambda r, a: r.new_object(1),
    "NEWOBJ_EX": lambda r, a: r.new_object(2),
    "OBJ": lambda r, a: r.instance(r.since_mark()[0]),
    "INST": lambda r, a: r.old_instance(a),
    # The state of an object that was not made goes nowhere.
    "BUILD": lambda r, a: r.stack.pop(),
    "BINPERSID": lambda r, a: r.stack.append(_storage(r.stack.pop())),
}
