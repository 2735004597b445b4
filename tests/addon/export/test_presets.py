"""FBX for game engines, read back by a reader that is not Blender's: Debian's assimp."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.exports.assimp import Assimp
from support.motions import standing

from motiongpt.backend.commands import cli
from motiongpt.retarget.files.npz import save_npz
from motiongpt.retarget.motion import Motion

SCENARIO = "import sys\nimport export_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"


@pytest.fixture(autouse=True)
def assimp() -> None:
    if shutil.which("assimp") is None:
        pytest.skip("assimp is not installed (Debian: assimp-utils)")


def export(folder: Path, motion: Motion, rig: str, preset: str, *arguments: str) -> Path:
    source, output = folder / "walk.npz", folder / f"{preset}.fbx"
    save_npz(motion, source)
    assert cli.main(["retarget", str(source), "--rig", rig, "--preset", preset, "-o", str(output), *arguments]) == 0
    return output


HEADERS = {
    "unreal": {"UpAxis": 2, "UpAxisSign": 1, "FrontAxis": 1, "FrontAxisSign": -1, "UnitScaleFactor": 1.0},
    "unity": {"UpAxis": 1, "UpAxisSign": 1, "FrontAxis": 2, "FrontAxisSign": 1, "UnitScaleFactor": 100.0},
}  # fmt: skip
HEADERS["godot"] = HEADERS["unity"]


@pytest.mark.parametrize("preset", HEADERS)
def test_the_mannequin_in_every_engines_axes(run_bpy, tmp_path, walk, preset):
    path = export(tmp_path, walk, "mannequin", preset)
    seen = Assimp(path)
    node = "Armature" if preset == "unreal" else "Mannequin"
    top = "root" if preset == "unreal" else node
    assert seen.parents[node] == "RootNode" and seen.parents["hips"] == top
    bones = {name for name, parent in seen.parents.items() if parent not in ("", "RootNode")}
    assert len(bones) == (23 if preset == "unreal" else 22) and not any(
        "end" in name.lower() for name in bones
    )  # no leaf bones
    for name in (top, node, "Mannequin mesh"):
        assert np.abs(seen.local[name] - np.eye(4)).max() < 1e-5  # no rotated or scaled nodes
    unit, up, forward = (100.0, 2, (1, -1.0)) if preset == "unreal" else (1.0, 1, (2, 1.0))
    assert (seen.high - seen.low)[up] == pytest.approx(1.751 * unit, rel=0.01)
    assert seen.low[up] == pytest.approx(0.0, abs=0.01 * unit)
    assert [a.get("name") for a in seen.animations] == ["walk"]
    assert seen.seconds() == pytest.approx(79 / 20, abs=1e-3)
    travel = seen.place("hips", 79)[:3, 3] - seen.place("hips", 0)[:3, 3]
    assert travel[forward[0]] * forward[1] > 1.5 * unit
    carried = seen.channel("root")[0] if preset == "unreal" else seen.channel("hips")[0]
    assert np.ptp(carried[:, forward[0]]) > 1.5 * unit
    assert run_bpy(SCENARIO, "header", path) == pytest.approx(HEADERS[preset])


def test_a_root_bone_carries_the_knight(tmp_path, walk, shared_dir):
    """A glTF character with a root bone and things in its hands: everything is exported, at its size."""
    seen = Assimp(export(tmp_path, walk, str(shared_dir / "rigs" / "kaykit-knight.glb"), "unreal"))
    assert seen.parents["root"] == "Armature" and seen.parents["Armature"] == "RootNode"
    assert np.abs(seen.local["Armature"] - np.eye(4)).max() < 1e-4
    assert np.ptp(seen.channel("root")[0][:, 1]) > 50.0 and np.ptp(seen.channel("root")[0][:, 2]) < 0.1
    assert 150.0 < (seen.high - seen.low)[2] < 350.0
    assert not [name for name in seen.parents if "Icosphere" in name]


def test_rigifys_deforming_bones_hang_together(run_bpy, tmp_path):
    """Its constraints are baked: in the file every bone is where it is in Blender, under the expected parent."""
    path = tmp_path / "rigify.fbx"
    places = run_bpy(SCENARIO, "rigify_fbx", path)
    seen = Assimp(path)
    for name, parent in (
        ("DEF-thigh.L", "DEF-spine"), ("DEF-shin.L", "DEF-thigh.L.001"), ("DEF-foot.L", "DEF-shin.L.001"),
        ("DEF-shoulder.R", "DEF-spine.003"), ("DEF-upper_arm.R", "DEF-shoulder.R"), ("DEF-spine", "root"),
        ("root", "Armature"),
    ):  # fmt: skip
        assert seen.parents[name] == parent, name
    assert not [name for name in seen.parents if name.startswith(("MCH-", "ORG-", "WGT-", "VIS_"))]
    for key, goal in places.items():
        name, frame = key.rsplit(" ", 1)
        assert np.abs(seen.place(name, int(frame))[:3, 3] - goal).max() < 0.05, key  # centimetres


@pytest.mark.parametrize("preset", ["unreal", "unity"])
def test_the_sidebars_export_leaves_the_scene_alone(run_bpy, tmp_path, preset):
    path = tmp_path / "round.fbx"
    result = run_bpy(SCENARIO, "by_operator", path, preset)
    assert result["same"], (result["before"], result["after"])
    assert not result["poll"]
    seen = Assimp(path)
    assert [a.get("name") for a in seen.animations] == ["goes round"]
    assert seen.seconds() == pytest.approx(39 / 20, abs=1e-3)
    assert seen.parents["hips"] == ("root" if preset == "unreal" else "Armature")
    start = seen.place("hips", 0)[:3, 3]
    assert np.linalg.norm(start) < (150.0 if preset == "unreal" else 1.5)  # its place in the scene is left out


def test_presets_are_for_fbx_alone(tmp_path, capsys):
    source = tmp_path / "still.npz"
    save_npz(standing(), source)
    for arguments in (
        ["retarget", str(source), "--rig", "mannequin", "--preset", "unity", "-o", str(tmp_path / "x.glb")],
        ["generate", "walk", "--root", "object", "-o", str(tmp_path / "x.npz")],
        ["generate", "walk", "--one-file", "--takes", "2", "-o", str(tmp_path / "x.npz")],
        ["retarget", str(source), "--rig", "mannequin", "--root", "bone", "-o", str(tmp_path / "x.blend")],
        ["retarget", str(source), "--rig", "mannequin", "--add-root", "-o", str(tmp_path / "x.blend")],
        ["retarget", str(source), "--rig", "mannequin", "--name", "", "-o", str(tmp_path / "x.fbx")],
        [
            "retarget",
            str(source),
            str(source),
            "--rig",
            "mannequin",
            *["--name", "a"] * 3,
            "-o",
            str(tmp_path / "x.fbx"),
        ],
        ["retarget", str(source), "--rig", "mannequin", "--controls", "ik", "-o", str(tmp_path / "x.fbx")],
        ["retarget", str(source), "--rig", "mannequin", "--in-place", "--root", "hips", "-o", str(tmp_path / "x.fbx")],
    ):
        assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    for sentence in (
        "about FBX files",
        "holds no character for --root",
        "one motion alone",
        "no root bone",
        "as it is",
        "the name of a clip",
        "3 names for 2 clips",
        "no IK controls",
        "leaves no travel",
    ):
        assert sentence in said
    assert [p.name for p in tmp_path.iterdir()] == ["still.npz"]
