"""Programs that open exported files, and what each of them sees.

They are found where they are installed: `assimp` on the path (Debian: assimp-utils); Godot 4 on the path or in
MOTIONGPT_GODOT; three, gltf-validator and fbx2gltf in the node_modules that MOTIONGPT_NODE_MODULES names
(npm install three gltf-validator fbx2gltf).
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .assimp import Assimp

HERE = Path(__file__).parent


@dataclass
class Seen:
    """What a program reads. clips: name -> joint -> (T, 3) places in metres, Y up.  seconds: name -> length.
    rest: joint -> place and turn beside its parent, (7,).  errors: of the file's format."""

    clips: dict[str, dict[str, np.ndarray]]
    seconds: dict[str, float]
    rest: dict[str, np.ndarray]
    textures: int | None = None
    errors: list[str] = field(default_factory=list)


def node_modules() -> Path | None:
    """Where npm has put the packages."""
    named = os.environ.get("MOTIONGPT_NODE_MODULES")
    folder = Path(named) if named else None
    return folder if folder and (folder / "three").is_dir() and shutil.which("node") else None


def godot() -> str | None:
    """Godot 4."""
    return os.environ.get("MOTIONGPT_GODOT") or shutil.which("godot") or shutil.which("godot4")


def readers_of(path: Path) -> dict[str, str | None]:
    """Programs that read a file of this kind -> why one can't be asked here, or None."""
    node = None if node_modules() else "no node, or MOTIONGPT_NODE_MODULES names no folder with three"
    engine = None if godot() else "Godot 4 is not installed"
    if path.suffix == ".glb":
        return {"three.js": node, "Godot": engine}
    assimp = None if shutil.which("assimp") else "assimp is not installed"
    return {"three.js": node, "Godot": engine, "fbx2gltf": node, "assimp": assimp}


def read(program: str, paths: Sequence[Path], fps: float) -> list[Seen]:
    """Open files in a program of `readers_of`."""
    return {"three.js": _three, "Godot": _godot, "fbx2gltf": _fbx2gltf, "assimp": _assimp}[program](paths, fps)


def _node(script: str, *arguments: object) -> list:
    modules = node_modules()
    with tempfile.TemporaryDirectory() as folder:  # node looks for packages beside the script
        shutil.copy(HERE / script, folder)
        (Path(folder) / "node_modules").symlink_to(modules.resolve())
        command = ["node", str(Path(folder) / script), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def validate(paths: Sequence[Path]) -> list[list[str]]:
    """Errors of gltf-validator, for each file."""
    return _node("validate.mjs", *paths)


def _seen(data: dict) -> Seen:
    clips = {
        name: {joint: np.array(places) for joint, places in clip["joints"].items()}
        for name, clip in data["clips"].items()
    }
    seconds = {name: clip["seconds"] for name, clip in data["clips"].items()}
    return Seen(clips, seconds, {name: np.array(at) for name, at in data["rest"].items()}, data["textures"])


def _three(paths: Sequence[Path], fps: float) -> list[Seen]:
    return [_seen(data) for data in _node("three.mjs", fps, *paths)]


def _godot(paths: Sequence[Path], fps: float) -> list[Seen]:
    with tempfile.TemporaryDirectory() as folder:
        files = [shutil.copy(path, folder) for path in paths]
        command = [godot(), "--headless", "--path", folder, "--script", str(HERE / "read.gd"), "--", str(fps), *files]
        environment = os.environ | {"HOME": folder, "XDG_DATA_HOME": folder}
        subprocess.run(command, capture_output=True, check=True, timeout=300, env=environment)
        return [_seen(json.loads(Path(f"{file}.json").read_text())) for file in files]


def _fbx2gltf(paths: Sequence[Path], fps: float) -> list[Seen]:
    assert fps in (24, 30, 60), "fbx2gltf bakes at these rates alone"
    program = node_modules() / "fbx2gltf" / "bin" / os.uname().sysname / "FBX2glTF"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(shutil.copy(program, folder))
        program.chmod(0o755)  # npm may leave it without
        outputs = [Path(folder) / f"{number}.glb" for number in range(len(paths))]
        for path, output in zip(paths, outputs, strict=True):
            command = [program, "--binary", "--anim-framerate", f"bake{fps:g}", "-i", path, "-o", output]
            subprocess.run(command, capture_output=True, check=True, timeout=300)
        seen = _three(outputs, fps)
        for one, errors in zip(seen, validate(outputs), strict=True):
            one.errors = errors
    return seen


def _assimp(paths: Sequence[Path], fps: float) -> list[Seen]:
    with tempfile.TemporaryDirectory() as folder:
        return [_scene(Assimp(Path(shutil.copy(path, folder))), fps) for path in paths]


def _scene(scene: Assimp, fps: float) -> Seen:
    bones = [name for name, parent in scene.parents.items() if parent]
    clips, seconds = {}, {}
    for number, animation in enumerate(scene.animations):
        length = scene.seconds(number)
        frames = range(round(length * fps) + 1)
        clips[animation.get("name")] = {
            bone: np.array([scene.place(bone, frame, number)[:3, 3] for frame in frames]) for bone in bones
        }
        seconds[animation.get("name")] = length
    rest = {bone: np.concatenate([scene.local[bone][:3, 3], scene.local[bone][:3, :3].ravel()]) for bone in bones}
    return Seen(clips, seconds, rest)
