"""The tests mirror the source: a module's test is at the module's path.

The tests of `a/b/module.py` are in `tests/a/b/test_module.py`; those of a room whose modules only work together, in
`tests/a/b/test_b.py`. What is tested elsewhere is listed here, with the test that covers it. What `test_x.py` runs
inside Blender is in `x_scenarios.py` next to it.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from support.import_graph import PACKAGE, ROOMS, ImportGraph, product_graph, read_sources

GRAPH = product_graph()
TESTS = read_sources("tests")

ELSEWHERE: dict[str, str] = {
    "backend/bench/models.py": "tests/backend/commands/test_bench.py",
    "backend/bench/retargeting.py": "tests/backend/commands/test_bench.py",
    "backend/commands/diagnostics.py": "tests/backend/process/test_finding.py",
    "backend/commands/evaluate/inbetween.py": "tests/backend/training/transition/test_transition.py",
    "backend/commands/evaluate/prompts.py": "tests/product/test_make_starter.py",
    "backend/commands/retarget.py": "tests/addon/export/test_presets.py",
    "backend/commands/serve.py": "tests/backend/process/test_process.py",
    "backend/commands/shared": "tests/backend/commands/test_cli.py",
    "backend/commands/status.py": "tests/backend/process/test_finding.py",
    "backend/commands/tasks": "tests/backend/importers/test_importers.py",
    "backend/dataset": "tests/backend/dataset/test_clips.py",
    "backend/dataset/kinematics.py": "tests/backend/dataset/test_composites.py",
    "backend/engine.py": "tests/backend/engines/test_engines.py",
    "backend/engines": "tests/backend/engines/test_engines.py",
    "backend/evaluation/prompts.py": "tests/backend/engines/starter/test_starter.py",
    "backend/evaluation/report/report.py": "tests/backend/commands/evaluate/test_model.py",
    "backend/evaluation/shots.py": "tests/backend/commands/evaluate/test_shots.py",
    "backend/evaluation/texts.py": "tests/backend/commands/evaluate/test_model.py",
    "backend/output/blender.py": "tests/addon/export/test_export.py",
    "backend/tasks.py": "tests/backend/process/test_protocol.py",
    "backend/training/language": "tests/backend/training/test_training.py",
    "backend/version.py": "tests/product/test_contents.py",
    "retarget/files/body_models.py": "tests/retarget/files/test_amass.py",
    "retarget/rigs": "tests/retarget/rigs/test_mapping.py",
    "retarget/rigs/calibration.py": "tests/retarget/solving/test_soles.py",
    "retarget/solving/ik_controls.py": "tests/addon/character/test_character.py",
    "retarget/typing.py": "tests/retarget/files/test_reading.py",
}
"""Module, or folder with everything in it -> the test file that covers it."""


def places(path: str) -> list[str]:
    """Where the tests of a module may be: in its own file, or in that of its folder."""
    module = PurePosixPath("tests", path)
    return [str(module.with_name(f"test_{name}.py")) for name in (module.stem, module.parent.name)]


def listed(path: str) -> str | None:
    """The entry of `ELSEWHERE` for a module, or for a folder that contains it."""
    around = [path, *map(str, PurePosixPath(path).parents)]
    return next((place for place in around if place in ELSEWHERE), None)


def untested(paths: list[str], tests: dict[str, str]) -> list[str]:
    """Modules without a test file of their own or of their folder."""
    return [path for path in paths if not any(place in tests for place in places(path))]


MODULES = [m.path for m in GRAPH.modules.values() if "/" in m.path and PurePosixPath(m.path).name[:2] != "__"]
UNTESTED = untested(MODULES, TESTS)


def test_every_module_has_a_test_at_its_path_or_is_listed() -> None:
    assert [path for path in UNTESTED if not listed(path)] == []


def test_the_list_holds_nothing_else() -> None:
    """An entry must be removed once the module is gone or has its own test file."""
    assert set(ELSEWHERE) - {listed(path) for path in UNTESTED} == set()


@pytest.mark.parametrize("path", [path for path in UNTESTED if listed(path)])
def test_what_is_tested_elsewhere_is_reached_from_there(path: str) -> None:
    test = ELSEWHERE[listed(path) or ""]
    assert path in reached(test), f"{test} imports {path} neither itself nor through another module"


def reached(test: str) -> set[str]:
    """The modules that a test imports or makes others import: by itself, its fixtures, helpers and scenarios."""
    place = PurePosixPath(test)
    scenarios = str(place.with_name(f"{place.stem.removeprefix('test_')}_scenarios.py"))
    around = [str(folder / "conftest.py") for folder in place.parents]
    waiting = [name for file in (test, scenarios, *around) for name in product_imports(TESTS.get(file, ""))]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in GRAPH.modules and name not in seen:
            seen.add(name)
            waiting += [i.name for i in GRAPH.modules[name].imports if i.own]
    return {GRAPH.modules[name].path for name in seen}


def product_imports(source: str) -> Iterator[str]:
    """The modules of the product that a test imports, by the graph's names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            base = node.module.partition(".")[2]
            if base:  # the root, which everything is part of, is no information
                yield base
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        (["tests/addon/ui/test_panel.py"], []),
        (["tests/addon/ui/test_ui.py"], []),
        (["tests/addon/test_panel.py", "tests/addon/ui/test_menu.py"], ["addon/ui/panel.py"]),
    ],
)
def test_a_module_without_tests_is_found(tests: list[str], found: list[str]) -> None:
    assert untested(["addon/ui/panel.py"], dict.fromkeys(tests, "")) == found


def foreign(path: str, modules: list[str]) -> bool:
    """Whether a test file's path matches no module and no room of the source."""
    place = PurePosixPath(path).relative_to("tests")
    name = place.name.removeprefix("test_")
    rooms = {str(folder) for module in modules for folder in PurePosixPath(module).parents}
    return str(place.with_name(name)) not in modules and not (
        str(place.parent) in rooms and name == f"{place.parent.name}.py"
    )


def test_every_test_lies_at_the_path_of_what_it_tests() -> None:
    names = [name for name in TESTS if name.startswith(tuple(f"tests/{room}/" for room in ROOMS))]
    assert [n for n in names if PurePosixPath(n).name.startswith("test_") and foreign(n, MODULES)] == []


def test_scenarios_lie_beside_their_test() -> None:
    scripts = [PurePosixPath(name) for name in TESTS if name.endswith("_scenarios.py")]
    tests = [script.with_name(f"test_{script.stem.removesuffix('_scenarios')}.py") for script in scripts]
    assert scripts and [str(test) for test in tests if str(test) not in TESTS] == []


def test_a_test_of_nothing_is_found() -> None:
    modules = ["addon/ui/panel.py"]
    assert not foreign("tests/addon/ui/test_panel.py", modules) and not foreign("tests/addon/ui/test_ui.py", modules)
    assert not foreign("tests/addon/test_addon.py", modules)
    assert foreign("tests/addon/test_panel.py", modules) and foreign("tests/addon/ui/test_sidebar.py", modules)


def lends(source: str) -> list[str]:
    """The test modules that a file imports from."""
    names = [reached.name for reached in ImportGraph({"a.py": source}).modules["a"].imports]
    return [name for name in names if name.startswith("test_")]


def test_no_test_imports_a_test() -> None:
    assert {path: lends(source) for path, source in TESTS.items() if lends(source)} == {}


def test_a_test_that_lends_is_found() -> None:
    assert lends("import pytest\nfrom test_feet import stepping") == ["test_feet"]
