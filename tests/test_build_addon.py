"""The zips: what lies inside, the same bytes twice, and Blender's own verdict."""

import ast
import tomllib
import zipfile
from pathlib import Path

import pytest

from motiongpt import build_addon
from motiongpt.backend.process.child import DEPENDENCIES


def test_the_zip_has_the_shape_of_the_repository() -> None:
    files = build_addon.source_files()
    assert {"__init__.py", "__main__.py", "addon/registration.py", "retarget/motion/motion.py"} <= set(files)
    for name, content in files.items():
        assert content == (build_addon.ROOT / name).read_bytes(), name


def test_every_relative_import_finds_its_file() -> None:
    """What is left out of the zip must not be needed by what is in it, except inside functions."""
    sources = {name: content for name, content in build_addon.source_files().items() if name.endswith(".py")}
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in sources}
    for name, content in sources.items():
        package = name.removesuffix(".py").split("/")[:-1]
        for node in ast.parse(content).body:
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                base = package[: len(package) - node.level + 1]
                assert "/".join([*base, *node.module.split(".")]) in modules, f"{name} imports {node.module}"


def test_what_the_backend_imports_is_bundled() -> None:
    """Without platformdirs, an installed extension would know no folder of the user's models, and train no style."""
    imported = {"pyzmq" if name == "zmq" else name for name in DEPENDENCIES} - {"numpy"}  # Blender's own
    for target in build_addon.PLATFORMS.values():
        for python in build_addon.PYTHONS:
            assert imported <= set(target.pins_for(python))


def test_manifest_names_wheels_and_model_licence() -> None:
    template = (build_addon.ROOT / "addon" / "blender_manifest.toml").read_text()
    target = build_addon.PLATFORMS["linux-x64"]
    plain = tomllib.loads(build_addon.manifest(template, target, ["wheels/b.whl", "wheels/a.whl"]))
    assert plain["wheels"] == ["./wheels/a.whl", "./wheels/b.whl"]
    assert plain["platforms"] == ["linux-x64"]
    assert plain["license"] == ["SPDX:GPL-3.0-or-later"]
    assert "files" in plain["permissions"] and "network" not in plain["permissions"]
    cards = {"m/open/model.json": b'{"licence": "CC BY-SA 4.0"}', "m/text/shared.json": b'{"licence": "Apache-2.0"}'}
    licences = build_addon.licences_of(cards | {"m/open/step.onnx": b"", "m/text/words.onnx": b""})
    model = tomllib.loads(build_addon.manifest(template, target, [], licences))
    assert model["license"] == ["SPDX:GPL-3.0-or-later", "SPDX:CC-BY-SA-4.0", "SPDX:Apache-2.0"]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two models that share a folder, one of them another folder as well."""
    folder = tmp_path / build_addon.MODELS
    for name, shared in (("open", '{"text": {}, "common": {}}'), ("starter", '{"text": {}}')):
        (folder / name).mkdir(parents=True)
        (folder / name / "model.json").write_text(f'{{"licence": "MIT", "shared": {shared}}}')
    for name in ("text", "common"):
        (folder / name).mkdir()
        (folder / name / "shared.json").write_text('{"licence": "MIT"}')
    monkeypatch.setattr(build_addon, "ROOT", tmp_path)
    return folder


def test_models_are_chosen_with_what_they_share(models: Path) -> None:
    assert build_addon.bundled_models() == ["open", "starter"]
    folders = {
        names: {Path(name).parent.name for name in build_addon.model_files(names)}
        for names in ((), ("open",), ("starter",), ("open", "starter"))
    }
    assert folders[()] == set()
    assert folders["open",] == {"open", "text", "common"}
    assert folders["starter",] == {"starter", "text"}
    assert folders["open", "starter"] == {"open", "starter", "text", "common"}
    with pytest.raises(build_addon.BuildError, match=r"no model other .* open, starter"):
        build_addon.model_files(["other"])


def test_same_files_same_bytes(tmp_path: Path) -> None:
    files = {"b.py": b"b" * 1000, "a/c.py": b"c", "wheels/x.whl": b"PK"}
    build_addon.write_zip(tmp_path / "1.zip", files)
    build_addon.write_zip(tmp_path / "2.zip", dict(reversed(files.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == sorted(files)


def test_every_module_of_the_addon_and_the_licence_are_inside() -> None:
    files = build_addon.source_files()
    modules = (build_addon.ROOT / "addon").rglob("*.py")
    expected = {p.relative_to(build_addon.ROOT).as_posix() for p in modules} | {"LICENSE"}
    assert expected <= set(files)
    left_out = tuple(f"{folder}/" for folder in build_addon.LEFT_OUT)
    assert not [name for name in files if "__pycache__" in name or name.startswith(left_out)]


def test_blender_refuses_a_broken_manifest(tmp_path: Path) -> None:
    pytest.importorskip("importlib.util").find_spec("bpy") or pytest.skip("bpy is not installed")
    build_addon.write_zip(tmp_path / "bad.zip", {"blender_manifest.toml": b'id = "motiongpt"\n', "__init__.py": b""})
    with pytest.raises(build_addon.BuildError, match="refuses"):
        build_addon.validate(tmp_path / "bad.zip")
