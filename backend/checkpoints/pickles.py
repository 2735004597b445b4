"""A pickle read as data: an interpreter that builds plain containers and tensor references, and calls nothing.

A pickle is a program whose instructions import and call; this reader follows the instructions and makes no calls.
Whatever else a checkpoint holds (a training framework's settings objects, for example) becomes an `Inert` record. A
pickle that names other parts of the standard library, or calls a function that is not a known way of storing data,
would run code when loaded: it is refused.
"""

import io
import pickletools
import struct
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from ...retarget.errors import MotionGPTError
from .tensors import MAX_AXES, MAX_COUNT

MAX_BYTES = 64 * 1024 * 1024
MAX_INSTRUCTIONS = 5_000_000
_FAULTS = (
    ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError,
    struct.error,
)  # fmt: skip


@dataclass(frozen=True)
class Global:
    """A name that the pickle refers to. It is never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Inert:
    """Stands for an object that was not created; only its class is recorded."""

    kind: Global


@dataclass(frozen=True)
class Storage:
    """A torch storage and the key of its record. dtype: torch's class name without "Storage" ("Float", "BFloat16")."""

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
_CONTAINERS = (dict, list, set, frozenset, tuple)
_VALUES = (object, int, float, complex, bool, str, bytes, bytearray, slice, range)
_PLAIN_BUILTINS = frozenset(kind.__name__ for kind in _CONTAINERS + _VALUES)
_STORAGE_MODULES = ("torch", "torch.storage")
_DATA_LIBRARIES = ("omegaconf", "yacs", "easydict", "pytorch_lightning", "lightning", "lightning_fabric")
"""Their settings objects are found in published checkpoints."""
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
    except _FAULTS as error:
        raise damaged(f"its index can't be read: {str(error)[:200]}") from error


def damaged(why: str) -> MotionGPTError:
    """The error for a file that contradicts itself."""
    return MotionGPTError(f"The checkpoint is damaged ({why}).", "Download it again.", "bad_checkpoint")


def refused(what: object) -> MotionGPTError:
    """The error for a file that would run code when unpickled."""
    return MotionGPTError(
        f"The checkpoint would run code when loaded ({what}), which weights never need to.",
        "Don't use this file; get the original from its authors.",
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
    """The function that a call instruction names. Raises MotionGPTError unless it is a known way of storing data."""
    if not isinstance(function, Global):
        raise refused("a call to a computed object")
    builtin = function.module in ("builtins", "__builtin__")  # checked by _check_global
    known = builtin or str(function) in _DATA_FUNCTIONS or function.module.split(".")[0] in _DATA_LIBRARIES
    if not known:
        raise refused(function)
    return function


class _Reader:
    """The stack machine of the pickle format (PEP 307 and 3154). `_HANDLERS` maps its instructions to methods."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            if count > MAX_INSTRUCTIONS:
                raise damaged("its index is too long")
            if opcode.name == "STOP":
                return self.stack.pop()
            self.step(opcode.name, argument)
        raise damaged("its index is truncated")

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
        """Pop everything down to the topmost mark, and the mark."""
        mark = len(self.stack) - 1
        while self.stack[mark] is not _MARK:
            mark -= 1
            if mark < 0:
                raise ValueError("no mark")
        items = self.stack[mark + 1 :]
        del self.stack[mark:]
        return items

    def put(self, argument: int) -> None:
        self.memo[argument] = self.stack[-1]

    def pairs(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(_dict(items))

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(item for item in items if isinstance(item, Hashable))

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        if len(items) != count or _MARK in items:
            raise ValueError("a tuple with too few items")
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
            raise refused("an instance of a computed class")
        self.stack.append(Inert(kind))

    def old_instance(self, argument: str) -> None:
        self.since_mark()
        self.instance(_split_global(argument))

    def stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_check_global(Global(str(module), str(name))))


def _call(function: Global, arguments: tuple[Any, ...]) -> Any:
    """The data that a known call would build."""
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
    def are_counts(values: Any) -> bool:
        return isinstance(values, tuple) and all(type(v) is int and 0 <= v <= MAX_COUNT for v in values)

    if not (isinstance(storage, Storage) and all(map(are_counts, ((offset,), shape, stride)))):
        raise ValueError("a malformed tensor")
    if len(shape) != len(stride) or len(shape) > MAX_AXES:
        raise ValueError("a malformed tensor shape")
    return TensorReference(storage, offset, shape, stride)


def _storage(identifier: Any) -> Storage:
    """torch's persistent id: ("storage", class, key, location, elements)."""
    if not (isinstance(identifier, tuple) and len(identifier) == 5 and identifier[0] == "storage"):
        raise ValueError("a malformed storage")
    kind, key, elements = identifier[1], identifier[2], identifier[4]
    if not (isinstance(kind, Global) and kind.module in _STORAGE_MODULES and kind.name.endswith("Storage")):
        raise ValueError("a malformed storage")
    if not (isinstance(key, str) and type(elements) is int and 0 <= elements <= MAX_COUNT):
        raise ValueError("a malformed storage")
    return Storage(kind.name.removesuffix("Storage"), key, elements)


_INTEGERS = frozenset({"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"})
_STRINGS = frozenset(
    {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
)
_BYTES = frozenset({"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"})
_LITERALS = _INTEGERS | _STRINGS | _BYTES | {"FLOAT", "BINFLOAT"}
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
    # The state of an object that was not created is dropped.
    "BUILD": lambda r, a: r.stack.pop(),
    "BINPERSID": lambda r, a: r.stack.append(_storage(r.stack.pop())),
}
