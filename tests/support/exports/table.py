"""Exports as other programs read them: six characters, three clips, every format, in a table.

    python -m tests.support.exports.table -o docs/results/exports.md [characters ...]

`readers` says which programs are needed. Clips come from the starter model.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motiongpt.backend.engine import last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import default_model
from motiongpt.backend.output.blender import CharacterJob, CharacterOptions, export_to_character
from motiongpt.backend.output.results import grid, write_page
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.motion import Motion

from .readers import Seen, read, readers_of, validate

ROOT = Path(__file__).resolve().parents[3]
FPS = 30.0
PROMPTS = {
    "walk": "a person walks forward",
    "idle": "a person stands still",
    "kick": "a person kicks with the right leg",
}
FORMATS = {
    "FBX": (".fbx", CharacterOptions()),
    "FBX for Unreal": (".fbx", CharacterOptions(preset="unreal")),
    "GLB, root bone": (".glb", CharacterOptions(root="bone")),
}


@dataclass(frozen=True)
class Score:
    """apart: millimetres between a joint and its source, at worst.  rest: how far the rest poses of a character's files
    are apart, at worst, in units and radians."""

    program: str
    apart: float
    rest: float
    names: bool
    textures: bool | None
    errors: int


def make_motions() -> dict[str, Motion]:
    """Three seconds of each prompt."""
    engine = load_engine(default_model())
    tasks = {name: Generate(prompt, 3.0, seed=1) for name, prompt in PROMPTS.items()}
    return {name: last_result(engine.generate(task)).motions[0].resample(FPS) for name, task in tasks.items()}


def in_blender(task: str, path: Path) -> None:
    """Run a function of `blender`."""
    command = [os.environ.get("BPY_PYTHON", sys.executable), "-m", "tests.support.exports.blender", task, str(path)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def characters(folder: Path) -> dict[str, str]:
    """Name -> file of the six characters; those that are not at hand are left out."""
    in_blender("characters", folder)
    files = [*sorted((ROOT.parent / "shared" / "rigs").glob("*.glb")), *sorted(folder.glob("*.blend"))]
    return {"mannequin": "mannequin", **{file.stem: str(file) for file in files}}


def export(rig: str, motions: dict[str, Motion], folder: Path, ending: str, options: CharacterOptions) -> list[Path]:
    """One file of all clips, and for plain FBX one of each, too."""
    jobs = [CharacterJob(motion, folder / f"{name}{ending}", name) for name, motion in motions.items()]
    jobs = jobs if options == CharacterOptions() else []
    jobs += [CharacterJob(motion, folder / f"all{ending}", name) for name, motion in motions.items()]
    export_to_character(jobs, rig, FPS, options)
    return list(dict.fromkeys(job.output for job in jobs))


def source_joints(rig: str, motions: dict[str, Motion], folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Where the joints are in Blender: clip -> bone -> (T, 3)."""
    path = folder / "source.blend"
    export_to_character([CharacterJob(motion, path, name) for name, motion in motions.items()], rig, FPS)
    in_blender("joints", path)
    data = json.loads(Path(f"{path}.json").read_text())
    return {clip: {bone: np.array(at) for bone, at in bones.items()} for clip, bones in data.items()}


def plain(name: str) -> str:
    """A bone's name without the marks that some programs replace."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def apart(seen: dict[str, np.ndarray], source: dict[str, np.ndarray]) -> float:
    """Millimetres between each joint and its source, at worst, the start on the floor left out.

    A program may keep the file's own unit and axes: of those that files have, the nearest counts.
    """
    read_as = {plain(name): places for name, places in seen.items()}
    # Unreal's IK bones follow others in the file alone.
    pairs = [(read_as[plain(n)], at) for n, at in source.items() if plain(n) in read_as and not n.startswith("ik_")]
    pairs = [pair for pair in pairs if plain_root(pair, pairs)]
    if len(pairs) < 15 or any(len(a) != len(b) for a, b in pairs):
        return float("inf")
    places, goals = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    worst = []
    for as_read in (places, 0.01 * places, 0.01 * np.stack([places[..., 0], places[..., 2], -places[..., 1]], -1)):
        away = as_read - goals
        away = away - away.mean(axis=(0, 1)) * [1.0, 0.0, 1.0]
        worst.append(1000.0 * float(np.linalg.norm(away, axis=-1).max()))
    return min(worst)


def plain_root(pair: tuple[np.ndarray, np.ndarray], pairs: list) -> bool:
    """Whether it is a joint of the body: a root bone's track depends on what carries the travel."""
    return float(np.ptp(pair[1][:, 1])) > 1e-6 or float(pair[1][0, 1]) > 0.01


def rest_spread(files: list[Seen]) -> float:
    """How far the files' rest poses are apart, at worst."""
    first = files[0].rest
    if any(seen.rest.keys() != first.keys() for seen in files):
        return float("inf")
    spread = 0.0
    for seen in files[1:]:
        for bone, at in seen.rest.items():
            turn = min(np.abs(at[3:] - first[bone][3:]).max(), np.abs(at[3:] + first[bone][3:]).max())
            spread = max(spread, float(np.abs(at[:3] - first[bone][:3]).max()), float(turn))
    return spread


def score(program: str, files: list[Path], source: dict[str, dict[str, np.ndarray]], textured: bool) -> Score:
    """What a program reads from the files of one character, each clip's and the one of all."""
    seen = read(program, files, FPS)
    wanted = [{file.stem} if file.stem != "all" else set(source) for file in files]
    names = all(set(s.clips) == clips for s, clips in zip(seen, wanted, strict=True))
    worst = max(
        (apart(joints, source[name]) for s in seen for name, joints in s.clips.items() if name in source),
        default=float("inf"),
    )
    textures = None if seen[0].textures is None else all(bool(s.textures) == textured for s in seen)
    errors = sum(len(s.errors) for s in seen)
    return Score(program, worst, rest_spread(seen), names, textures, errors)


def measure(
    rig: str, label: str, motions: dict[str, Motion], source: dict[str, dict[str, np.ndarray]], folder: Path
) -> tuple[list[Score], list[str], int]:
    """Scores by program, what could not be asked, and the size of the file of all clips, in bytes."""
    ending, options = FORMATS[label]
    files = export(rig, motions, folder, ending, options)
    scores, missing = [], []
    for program, lacking in readers_of(files[0]).items():
        if lacking:
            missing.append(f"{program}: {lacking}")
        else:
            scores.append(score(program, files, source, textured=rig != "mannequin"))
    if ending == ".glb" and not any("three" in line for line in missing):
        scores[0] = Score(**{**vars(scores[0]), "errors": sum(map(len, validate(files)))})
    return scores, missing, files[-1].stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("only", nargs="*")
    args = parser.parse_args()
    motions, rows, absent = make_motions(), [], set()
    with tempfile.TemporaryDirectory() as work:
        rigs = characters(Path(work))
        for name, rig in rigs.items():
            if args.only and name not in args.only:
                continue
            source = source_joints(rig, motions, Path(work))
            for number, label in enumerate(FORMATS):
                folder = Path(work) / f"{name}-{number}"
                folder.mkdir()
                scores, missing, size = measure(rig, label, motions, source, folder)
                absent |= set(missing)
                for found in scores:
                    row = [
                        name, label, found.program, f"{found.apart:.3f}",
                        f"{found.rest:.1e}" if label == "FBX" else "",
                        "yes" if found.names else "no", {None: "", True: "yes", False: "no"}[found.textures],
                        str(found.errors), f"{size / 1000:.0f}",
                    ]  # fmt: skip
                    print(" ".join(row), flush=True)
                    rows.append(row)
            if args.output:  # after each character, so that an interrupted run leaves what it has measured
                write(args.output, rows, absent)


def write(output: Path, rows: list[list[str]], absent: set[str]) -> None:
    """The page, from the table's rows."""
    head = ["character", "file", "program", "joints, mm", "rest poses", "clips", "textures", "errors", "kB"]
    told = (
        "A walk, an idle and a kick of three seconds, together in one file, and as plain FBX in a file each, too. "
        "Joints: how far the worst one of all frames is from where it is in Blender. Rest poses: how far those of "
        "the four files are apart, in the file's unit and as parts of a quaternion. Clips: each file has its clips "
        "by name and no other. Textures: the program finds those that the character has (the mannequin has none). "
        "Errors: of gltf-validator, in the GLB or in what fbx2gltf makes of the FBX. kB: of the file with all "
        "three clips."
    )
    lacking = f"Not asked: {'; '.join(sorted(absent))}." if absent else "Unity and Unreal were not at hand."
    write_page(output, "Exports in other programs", "", [told, grid(head, rows), lacking])
    text = output.read_text().replace("Measured by `motiongpt `", "Measured by `python -m tests.support.exports.table`")
    output.write_text(text)


if __name__ == "__main__":
    main()
