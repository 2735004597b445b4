"""What the add-on's source says to the user, as far as its text tells: for comparing it with the translations.

Every constant of two words or more counts, and those of one word that are drawn. Texts of classes, properties and enum
items are Blender's to tell, and are not read here.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .import_graph import ROOT

OTHER_LANGUAGE = ("addon/shell/", "addon/bench/", "addon/export/", "addon/translation/")
"""Not shown in Blender's window: the shell, and what another process without the extension says."""
ALSO_SHOWN = ("addon/export/presets.py", "backend/known/doubt.py", "backend/process/watching/words.py")
"""Modules of other rooms whose sentences the window shows."""
_WORDS = re.compile(r"[A-Za-z]{2,}\S* [A-Za-z]|[A-Za-z]\S* [a-z]{2,}")
_NOT_SHOWN = {
    # Names of Blender's keymaps and data, the sidebar's tab, what is sent to the model, commands, file contents.
    "3D View", "Object Transforms", "Object Mode", "Graph Editor", "MotionGPT Presets", "stands still",
    ".MotionGPT path", "done (\\d+)/(\\d+) (.*)", "the job failed", "a watcher of the job failed",
    "a person walks forward",
}  # fmt: skip
"""Constants of several words that are no texts for the user, or must stay English."""
_DRAWN = {"text", "heading", "placeholder"}
_DATA_NAMES = re.compile(r"MotionGPT: |Waypoint |.* (path|loop)$|Blender add-on |\.MotionGPT |\{\} bytes instead")
"""What f-strings may begin with besides texts of the interface: names of data and of undo steps."""


@dataclass
class Spoken:
    """texts: English texts, and where.  pasted: texts that are put together from pieces, which can't be translated."""

    texts: dict[str, str] = field(default_factory=dict)
    pasted: list[str] = field(default_factory=list)


def spoken() -> Spoken:
    """Everything that the add-on's source says."""
    out = Spoken()
    for path in sorted((ROOT / "addon").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(OTHER_LANGUAGE):
            read(path.read_text(encoding="utf-8"), name, out)
    for name in ALSO_SHOWN:
        read((ROOT / name).read_text(encoding="utf-8"), name, out)
    return out


def refusals() -> set[str]:
    """What errors of other rooms say word for word: a translation may have them."""
    found: set[str] = set()
    for room in ("backend", "retarget"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MotionGPTError":
                    found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def read(source: str, name: str, out: Spoken) -> None:
    """Add what one module says."""
    tree = ast.parse(source)
    silent = {id(node) for node in _silent(tree)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        where = f"{name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _WORDS.search(node.value) and node.value not in _NOT_SHOWN:
                out.texts.setdefault(node.value, where)
        elif isinstance(node, ast.Call):
            for text in _single_words(node):
                out.texts.setdefault(text, where)
        elif isinstance(node, ast.JoinedStr):
            written = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            if re.search(r"[A-Za-z]{2,}", written.replace("{}", "")) and _is_sentence(written):
                out.pasted.append(f"{where} {ast.unparse(node)}")


def _is_sentence(written: str) -> bool:
    wordy = re.search(r"[A-Za-z]{2,} |\{\} [A-Za-z]{2,}", written)
    return wordy is not None and not _DATA_NAMES.match(written)


def _single_words(call: ast.Call) -> Iterator[str]:
    """Constants that a call looks up or draws, however short."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    drawn = [keyword.value for keyword in call.keywords if keyword.arg in _DRAWN and name != "Pose"]
    given = call.args[:1] if name == "say" else call.args[:2] if name == "MotionGPTError" else []
    for value in (*drawn, *given):
        for constant in ast.walk(value):
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                text = constant.value
                if re.search("[A-Za-z]", text) and text not in _NOT_SHOWN and _is_shown(constant, value):
                    yield text


def _is_shown(constant: ast.Constant, value: ast.expr) -> bool:
    """Whether a constant is the value itself, or one of the two that a condition chooses from."""
    return constant is value or (isinstance(value, ast.IfExp) and constant in (value.body, value.orelse))


def _silent(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that say nothing: docstrings, parts of f-strings, what is logged, keys, types and comparisons."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from (part for part in ast.walk(node) if part is not node and not isinstance(part, ast.Call))
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func).startswith(("log.", "re.compile")):
                yield from ast.walk(node)
        elif isinstance(node, (ast.Subscript, ast.Compare)):
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Constant))
        elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            wanted = isinstance(node.annotation, ast.Call)  # a property's definition
            yield from () if wanted else ast.walk(node.annotation)


def fields_of(template: str) -> list[str]:
    """The named fields of a template, with their formats, sorted: what a translation must have, too.

    >>> fields_of("{seconds:.2f} s of {name}")
    ['name', 'seconds:.2f']
    """
    return sorted(re.findall(r"\{([a-z_]+(?::[^}]*)?)\}", template))
