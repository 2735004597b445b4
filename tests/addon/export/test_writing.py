"""What files hold beside one clip: sets of clips, roots, textures; as programs other than Blender read them."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.exports.readers import read, readers_of
from support.exports.table import apart, source_joints
from support.motions import standing

from motiongpt.backend.commands import cli
from motiongpt.backend.output.blender import CharacterJob, CharacterOptions, export_to_character
from motiongpt.retarget.files.npz import save_npz
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot

SCENARIO = "import sys\nimport writing_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"


class Glb:
    """A GLB file: its JSON, and what its animations' curves hold."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        end = 20 + int.from_bytes(data[12:16], "little")
        self.json, self.binary = json.loads(data[20:end]), data[end + 8 :]
        self.nodes = {node["name"]: node for node in self.json["nodes"]}
        self.clips = {clip["name"]: self._curves(clip) for clip in self.json.get("animations", [])}

    def _curves(self, clip: dict) -> dict[tuple[str, str], np.ndarray]:
        return {
            (self.json["nodes"][c["target"]["node"]]["name"], c["target"]["path"]): self._floats(
                clip["samplers"][c["sampler"]]["output"]
            )
            for c in clip["channels"]
        }

    def _floats(self, number: int) -> np.ndarray:
        accessor = self.json["accessors"][number]
        view = self.json["bufferViews"][accessor["bufferView"]]
        width = {"VEC3": 3, "VEC4": 4, "SCALAR": 1}[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        values = np.frombuffer(self.binary, np.float32, accessor["count"] * width, start)
        return values.reshape(-1, width)


def turned(motion: Motion, angle: float, away: tuple[float, float, float]) -> Motion:
    """The motion somewhere else, facing another way."""
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), angle)
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    return Motion(rotations, rot.rotate(turn, motion.root_position) + away, motion.fps, contacts=motion.contacts)


def command(*arguments: object) -> int:
    return cli.main(["retarget", *map(str, arguments)])


@pytest.fixture
def moves(tmp_path, walk) -> dict[str, Path]:
    files = {"walk": tmp_path / "walk.npz", "aside.now": tmp_path / "aside.now.npz"}
    save_npz(walk, files["walk"])
    save_npz(turned(walk.slice(0, 30), 1.0, (0.5, 0.0, -2.0)), files["aside.now"])
    return files


def test_a_set_of_clips_in_one_glb(tmp_path, moves):
    path = tmp_path / "set.glb"
    assert command(*moves.values(), "--rig", "mannequin", "--root", "bone", "-o", path) == 0
    glb = Glb(path)
    assert set(glb.clips) == {"walk", "aside.now"}
    assert not any(name == "scale" for clip in glb.clips.values() for _, name in clip)
    assert all(node.get("scale", [1, 1, 1]) == pytest.approx([1, 1, 1], abs=1e-6) for node in glb.nodes.values())
    moving = {name for clip in glb.clips.values() for name, channel in clip if channel == "translation"}
    assert moving == {"root", "hips"}
    for clip in glb.clips.values():
        # A root that was added starts at the origin, unturned, whichever way the body faces.
        assert np.abs(clip["root", "translation"][0]).max() < 1e-6
        assert abs(clip["root", "rotation"][0][3]) == pytest.approx(1.0, abs=1e-6)
        assert np.ptp(clip["root", "translation"][:, 1]) < 1e-6  # on the floor
    assert np.linalg.norm(glb.clips["walk"]["root", "translation"][-1]) > 1.5


def test_the_rest_pose_is_the_characters_in_every_file(tmp_path, moves):
    for name in moves:
        assert command(moves[name], "--rig", "mannequin", "--root", "object", "-o", tmp_path / f"{name}.glb") == 0
    first, second = (Glb(tmp_path / f"{name}.glb").nodes for name in moves)
    for name, node in first.items():
        for part, none in (("translation", [0, 0, 0]), ("rotation", [0, 0, 0, 1]), ("scale", [1, 1, 1])):
            assert node.get(part, none) == pytest.approx(second[name].get(part, none), abs=1e-6), name


def test_the_body_starts_at_the_origin_where_asked(tmp_path, moves):
    path = tmp_path / "start.glb"
    assert command(moves["aside.now"], "--rig", "mannequin", "--start-at-origin", "-o", path) == 0
    hips = Glb(path).clips["aside.now"]["hips", "translation"]
    assert np.linalg.norm(hips[0] @ np.diag([1, 0, 1])) < 0.05
    assert hips[-1][2] > 0.3 and abs(hips[-1][0]) < 0.1  # it walks ahead, +Z


def test_without_meshes_and_with_a_name(tmp_path, moves):
    path = tmp_path / "alone.glb"
    assert command(moves["walk"], "--rig", "mannequin", "--no-mesh", "--name", "Walk A", "-o", path) == 0
    glb = Glb(path)
    assert "meshes" not in glb.json and set(glb.clips) == {"Walk A"} and "hips" in glb.nodes


def test_actions_of_the_character_are_kept(tmp_path, moves, walk):
    first, second = tmp_path / "first.glb", tmp_path / "second.fbx"
    assert command(moves["walk"], "--rig", "mannequin", "-o", first) == 0
    assert command(moves["aside.now"], "--rig", first, "--keep-actions", "-o", second) == 0
    third = tmp_path / "third.glb"
    assert command(moves["walk"], "--rig", second, "--keep-actions", "--name", "again", "-o", third) == 0
    glb = Glb(third)
    assert set(glb.clips) == {"again", "aside.now", "walk"}
    for curve, values in glb.clips["walk"].items():
        again = glb.clips["again"][curve]
        assert len(again) == len(values) and np.abs(again - values).max() < 2e-3, curve


def test_all_clips_of_a_set_are_in_the_blend(run_bpy, tmp_path, moves):
    path = tmp_path / "set.blend"
    assert command(*moves.values(), "--rig", "mannequin", "-o", path) == 0
    assert run_bpy(SCENARIO, "actions", path) == {"actions": ["aside.now", "walk"], "played": "walk"}


def test_textures_behind_other_nodes(run_bpy, tmp_path):
    """A mix, a group, a shader of another kind, an image never saved, one of a TGA file; and one that is missing."""
    seen = run_bpy(SCENARIO, "textures", tmp_path)
    assert seen["unchanged"]
    assert seen["lost"] == ["missing.png"]
    images = seen["images"]
    assert sorted(images) == sorted(["mixed.png", "grouped.png", "emitted.png", "painted.png", "old.png"])
    for name, colour in images.items():
        assert colour == pytest.approx(seen["colours"][name], abs=0.02), name
    written = (tmp_path / "textures.fbx").read_bytes()
    assert str(tmp_path).encode() not in written and b".fbm" not in written


def test_ik_bones_and_nested_props_follow(run_bpy, tmp_path):
    """Unreal's IK bones are where the feet and hands are; a prop below an empty on a bone is on that bone."""
    seen = run_bpy(SCENARIO, "ik_bones", tmp_path / "ik.fbx")
    assert seen["worst"] < 1e-4 and seen["moved"] > 0.1
    assert seen["prop"] == "hand_r"


def test_unitys_required_bones(run_bpy):
    assert run_bpy(SCENARIO, "unity") == [[], ["Head", "LeftHand"]]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".fbx", ".glb"])
@pytest.mark.parametrize("program", ["three.js", "Godot", "fbx2gltf", "assimp"])
def test_other_programs_read_the_same(tmp_path, walk, ending, program):
    """Both clips of a file by name, every joint within a tenth of a millimetre of a file that another program reads."""
    path = tmp_path / f"set{ending}"
    reason = readers_of(path).get(program, "it reads no such files")
    if reason:
        pytest.skip(f"{program}: {reason}")
    jobs = [CharacterJob(walk, path, "walk"), CharacterJob(standing(), path, "stand")]
    export_to_character(jobs, "mannequin", 30.0, CharacterOptions(root="bone"))
    source = source_joints("mannequin", {"walk": walk, "stand": standing()}, tmp_path)
    seen = read(program, [path], 30.0)[0]
    assert set(seen.clips) == {"walk", "stand"} and not seen.errors
    assert seen.seconds["walk"] == pytest.approx(119 / 30.0, abs=1e-3)
    for name, joints in seen.clips.items():
        assert apart(joints, source[name]) < 0.1, name
