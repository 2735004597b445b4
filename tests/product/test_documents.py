"""Commands in the documents exist, and the quick ones are run, with an engine without a model."""

import argparse
import ast
import importlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support import fake_engine
from support.body_models import make_body
from support.documents import PAGES, Block, Command, blocks, commands
from support.import_graph import PACKAGE, ROOT

from motiongpt.backend import engines
from motiongpt.backend.commands import cli
from motiongpt.backend.output import blender
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.reading import write_motion

QUICK = {"continue", "convert", "describe", "generate", "inbetween", "render", "retarget"}
"""Commands that are run; for the others only the arguments are checked."""
MOTIONS, CHARACTERS = {".bvh", ".npz"}, {".fbx", ".glb", ".gltf", ".blend"}

every_page = pytest.mark.parametrize("page", PAGES)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def problem(command: Command) -> str | None:
    """What is wrong with a command line, or None."""
    check = {"motiongpt": wrong_motiongpt, "make": wrong_make, "pip": wrong_pip, "python": wrong_python}
    return check[command.program](command)


def wrong_motiongpt(command: Command) -> str | None:
    if command.whole:
        try:
            cli.make_parser().parse_args(command.words[1:])
        except MotionGPTError as error:
            return error.message
        except SystemExit:  # --help, --version
            return None
    return unknown_word(cli.make_parser(), command.words[1:])


def unknown_word(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> str | None:
    """The first subcommand or option in part of a command line that does not exist."""
    for word in words:
        subcommands = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if word.startswith("-") and word not in parser._option_string_actions:
            return f"{word} is no option of {parser.prog}"
        if subcommands and word in subcommands[0].choices:
            parser = subcommands[0].choices[word]
        elif subcommands and re.fullmatch(r"[a-z-]+", word):
            return f"{word} is no command of {parser.prog}"
    return None


def wrong_make(command: Command) -> str | None:
    """Only the first target: text may follow in the same line."""
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE)
    named = [word for word in command.words[1:] if "=" not in word][:1]
    return next((f"make has no target {name}" for name in named if name not in targets), None)


def wrong_pip(command: Command) -> str | None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:\.|motiongpt-blender)\[([\w,]+)\]", " ".join(command.words))
    return next((f"no extra {name}" for group in named for name in group.split(",") if name not in extras), None)


def wrong_python(command: Command) -> str | None:
    words = [word for word in command.words[1:] if "=" not in word]
    if words[:1] == ["-m"]:
        name = words[1]
        path = Path(*name.split(".")[name.startswith(f"{PACKAGE}.") :])
        places = [path.with_suffix(".py"), path / "__main__.py", "tests" / path.with_suffix(".py")]
        ours = name.split(".")[0] in {PACKAGE, "support", "tests"}
        return None if not ours or any((ROOT / place).is_file() for place in places) else f"no module {name}"
    if words and words[0].endswith(".py") and not (ROOT / words[0]).is_file():
        return f"no file {words[0]}"
    options = {word for word in words[1:] if word.startswith("--")}
    source = read(words[0]) if words and words[0].endswith(".py") else ""
    return next((f"{words[0]} has no option {option}" for option in options if f'"{option}"' not in source), None)


@every_page
def test_commands_exist(page: str) -> None:
    found = [(c.line, shlex.join(c.words), problem(c)) for c in commands(read(page)) if problem(c)]
    assert found == []


def test_pages_hold_commands() -> None:
    shown = [command for page in PAGES for command in commands(read(page))]
    assert {"generate", "convert", "inbetween", "train", "evaluate"} <= {c.words[1] for c in shown if c.whole}
    assert {command.program for command in shown} == {"motiongpt", "make", "pip", "python"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    motiongpt generate walk --second 4 -o a.bvh", "second"),
        ("```sh\nmotiongpt generte walk\n```", "generte"),
        ("```\nmotiongpt generate walk \\\n  --root knee -o a.fbx\n```", "knee"),
        ("as `motiongpt models lst` shows", "lst is no command of motiongpt models"),
        ("as `motiongpt evaluate model --seed` shows", "--seed is no option of motiongpt evaluate model"),
        ("    make everything     all of it", "everything"),
        ("    .venv/bin/pip install -e '.[tests]'", "tests"),
        ("    python build.py", "build.py"),
        ("    python build_addon.py --quick", "--quick"),
        ("    python -m motiongpt.backend.demo demo/", "motiongpt.backend.demo"),
    ],
)
def test_a_wrong_command_is_found(text: str, said: str) -> None:
    (command,) = commands(f"Text.\n\n{text}\n")
    assert command.line == 3
    found = problem(command)
    assert found is not None and said in found


def test_what_counts_as_a_block() -> None:
    page = "a\n\n    one\n    two\n\n- item\n\n    of it\n\n<!-- not run: no model -->\n\n```sh\nthree\n```\nb `c`\n"
    assert list(blocks(page)) == [Block(3, 4, "", "    one\n    two", True), Block(12, 14, "sh", "three", False)]
    assert [c.words[1] for c in commands("    make demo   # all\n\n`make test` and `make\nclean`, `make`")] == [
        "demo", "test", "clean",
    ]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, an engine without a model, and an exporter of characters without bpy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAKE_TASKS", "generate inbetween continue caption")
    monkeypatch.setattr(engines, "load_engine", lambda name, *_settings: fake_engine.make(name, "cpu"))

    def export(jobs: list[blender.CharacterJob], rig: object, **_options: object) -> list[dict[str, Any]]:
        for job in jobs:
            if job.output:
                job.output.touch()
        return [
            {"output": str(job.output), "frames": len(job.motion), "fps": job.motion.fps, "notes": []} for job in jobs
        ]

    monkeypatch.setattr(blender, "export_to_character", export)
    monkeypatch.setattr(blender, "check_bpy", lambda: None)
    return tmp_path


def lay_out(words: tuple[str, ...]) -> None:
    """The files that a command reads, unless one before it wrote them: motions of six seconds, characters, bodies."""
    outputs = {words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-o", "--output")}
    for word in set(words[1:]) - outputs:
        path = Path(word)
        if path.exists():
            continue
        if path.suffix in MOTIONS:
            *_, last = fake_engine.make("fake", "cpu").generate(Generate("a person walks", 6.0))
            write_motion(last.motions[0], path)
        elif path.suffix in CHARACTERS:
            path.touch()
    for i, word in enumerate(words):
        if word == "--body" and not Path(words[i + 1]).exists():
            make_body(Path(words[i + 1], "neutral", "model.npz"))
            make_body(Path(words[i + 1], "SMPLX_NEUTRAL.npz"), joints=55)


@every_page
def test_quick_commands_run(page: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other in one folder, as a reader types them."""
    for command in commands(read(page)):
        if command.run and command.program == "motiongpt" and command.words[1] in QUICK:
            lay_out(command.words)
            code = cli.main(command.words[1:])
            assert code == 0, (page, command.line, capsys.readouterr().err)


@every_page
def test_python_examples_import_what_exists(page: str) -> None:
    for block in blocks(read(page)):
        if block.language == "python":
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
                    module = importlib.import_module(node.module)
                    missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
                    assert missing == [], (page, block.line, node.module)
