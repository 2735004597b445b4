"""The product's import graph, read from source text: no module runs, so neither bpy nor torch is needed.

A module's name is its path below the root: `backend/process/protocol.py` is "backend.process.protocol", a folder's
`__init__.py` has the folder's name, and the root's own is "".
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "motiongpt"
ROOMS = ("addon", "backend", "retarget")


@dataclass(frozen=True)
class Import:
    """One module that an import statement reaches: with `from a import b`, "a" and, where it is a module, "a.b"."""

    name: str
    own: bool
    """Whether it is a module of the product; others are named by their top level ("numpy")."""
    early: bool
    """Whether it is reached when the file itself is imported: not in a function, not under TYPE_CHECKING."""


@dataclass(frozen=True)
class Module:
    """A source file with what it imports."""

    name: str
    path: str
    source: str
    imports: frozenset[Import]

    @property
    def folder(self) -> str:
        """The folder it lies in, with dots."""
        return ".".join(Path(self.path).parts[:-1])

    def others(self) -> set[str]:
        """The top level of every module outside the product."""
        return {i.name for i in self.imports if not i.own}


class ImportGraph:
    """Modules by name, and what their imports imply."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        """sources: path from the root -> text."""
        self._names = frozenset(map(_name_of, sources))
        self.modules = {_name_of(path): self.read(path, source) for path, source in sources.items()}

    def read(self, path: str, source: str) -> Module:
        """A module as if it were at `path` next to those of the graph."""
        return Module(_name_of(path), path, source, frozenset(_imports(path, source, self._names)))

    @cached_property
    def folder_edges(self) -> dict[str, dict[str, list[str]]]:
        """Folder -> folder that it imports from -> the imports, as "a.b -> c.d"; entry points (`__main__`) left out."""
        edges: dict[str, dict[str, list[str]]] = {module.folder: {} for module in self.modules.values()}
        for module in self.modules.values():
            for reached in module.imports:
                if reached.own and not module.path.endswith("__main__.py"):
                    target = self._folder_of(reached.name)
                    if target != module.folder:
                        edges[module.folder].setdefault(target, []).append(f"{module.name} -> {reached.name}")
        return edges

    def _folder_of(self, name: str) -> str:
        return self.modules[name].folder if name in self.modules else name

    def cycles(self) -> list[list[str]]:
        """The groups of folders that import each other, in one step or in several."""
        reach = {folder: self._reachable(folder) for folder in self.folder_edges}
        groups = {frozenset(b for b in reach[a] if a in reach[b]) for a in reach}
        return sorted(sorted(group) for group in groups if group)

    def _reachable(self, folder: str) -> set[str]:
        seen: set[str] = set()
        waiting = [folder]
        while waiting:
            new = set(self.folder_edges.get(waiting.pop(), {})) - seen
            seen |= new
            waiting += new
        return seen

    def loaded_by(self, name: str) -> set[str]:
        """The top level of every module outside the product that importing `name` brings in."""
        seen: set[str] = set()
        outside: set[str] = set()
        waiting = [*_with_parents(name)]
        while waiting:
            here = waiting.pop()
            if here in seen or here not in self.modules:
                continue
            seen.add(here)
            for reached in self.modules[here].imports:
                if reached.early and reached.own:
                    waiting += _with_parents(reached.name)
                elif reached.early:
                    outside.add(reached.name)
        return outside


@cache
def product_graph() -> ImportGraph:
    """The graph of the product as it lies in this checkout."""
    return ImportGraph(read_sources(*ROOMS, "__init__.py", "__main__.py"))


def read_sources(*places: str) -> dict[str, str]:
    """Path from the root -> text, of Python files and of those in folders."""
    files = [path for place in places for path in _python_files(ROOT / place)]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(files)}


def _python_files(place: Path) -> Iterable[Path]:
    return [place] if place.suffix == ".py" else place.rglob("*.py")


def _name_of(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _with_parents(name: str) -> list[str]:
    """Importing a.b.c runs a, a.b and a.b.c, and the root before them."""
    parts = name.split(".")
    return ["", *(".".join(parts[:i]) for i in range(1, len(parts) + 1))]


def _imports(path: str, source: str, names: frozenset[str]) -> Iterator[Import]:
    package = list(Path(path).parts[:-1])
    for node, early in _import_statements(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name.split(".")[0], False, early) for alias in node.names)
        elif not node.level:
            assert node.module
            yield Import(node.module.split(".")[0], False, early)
        else:
            if node.level > len(package) + 1:
                raise ValueError(f"{path}:{node.lineno}: the import leaves the package")
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                reached = ".".join([*base, alias.name])
                yield Import(reached if reached in names else ".".join(base), True, early)


def _import_statements(tree: ast.AST, early: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, early
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        yield from _import_statements(node, early and not later)
