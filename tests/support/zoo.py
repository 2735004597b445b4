"""The zoo: every rig family and every available character with eight motions, as one table.

python -m tests.support.zoo              the table, and with bpy the characters of ../shared/rigs and Rigify's
python -m tests.support.zoo --pictures docs/images  contact sheets of rendered meshes too
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motiongpt.backend.output.results import origin
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import read_bvh
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet import find_spans
from motiongpt.retarget.motion.skeleton import ARM, CONTACT_JOINTS, JOINT, LEG
from motiongpt.retarget.motion.sparse_curves import quaternion_error, sparse_curve
from motiongpt.retarget.rigs.calibration import Calibration, calibrate_from_rest, stands_at_rest
from motiongpt.retarget.rigs.mapping import Mapping, map_rig
from motiongpt.retarget.rigs.rig import Rig, RigMotion
from motiongpt.retarget.solving.fit import fit_to_rig, toe_height
from motiongpt.retarget.solving.root_motion import AUTO, carry
from motiongpt.retarget.solving.soles import find_soles, lowest_points
from motiongpt.retarget.solving.solve import to_bones, to_motion

from .zoo_rigs import FAMILIES, build_rig, renamed

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
MOTIONS = {
    "walk": "deepmimic/walk.bvh",
    "run": "deepmimic/run.bvh",
    "kick": "deepmimic/kick.bvh",
    "crawl": "deepmimic/crawl.bvh",
    "cartwheel": "deepmimic/cartwheel.bvh",
    "roll": "deepmimic/roll.bvh",
    "sit": "mesh2motion/meditate.bvh",
    "wave": "animated-drawings/wave_hello.bvh",
}
BVH_RIGS = {"cmu poser bvh": "cmu-poser/91_48.bvh", "mesh2motion bvh": "mesh2motion/bow.bvh"}
CHARACTERS = ("kaykit-knight.glb", "kenney-human.glb", "mesh2motion-human.glb")
LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
SIDES = ("left", "right")
SKIN = ("low_points", "low_bones", "thickness", "skin_points", "skin_bones")
"""What a rig knows of its mesh."""


@dataclass(frozen=True)
class Score:
    """One rig by one motion. Angles in degrees; lengths in centimetres of a character as tall as the source.

    stand: of the lowest sole over the floor when it is lowest.
    behind: bones that move some of the mesh and do not travel with the body.
    """

    limb_mean: float
    limb_worst: float
    reach: float
    slide: float
    sink: float
    stand: float
    behind: int
    back: float
    keys: float
    keys_error: float
    flip: float


def load_motions() -> dict[str, Motion]:
    """The eight clips, at most four seconds each."""
    motions = {name: read_motion(SHARED / "mocap" / path) for name, path in MOTIONS.items()}
    return {name: m.slice(0, min(len(m), round(4 * m.fps))) for name, m in motions.items()}


def load_rigs(with_bpy: bool = True) -> dict[str, Rig]:
    """Rig families, BVH skeletons with a real rest pose, and with bpy the families with meshes, the characters that are
    there, and Rigify's two."""
    rigs = {name: build_rig(family, seed=7)[0] for name, family in FAMILIES.items()}
    for name, path in BVH_RIGS.items():
        if not (SHARED / "mocap" / path).is_file():
            continue
        clip = read_bvh(SHARED / "mocap" / path)
        if stands_at_rest(clip.rig, map_rig(clip.rig)):
            rigs[name] = clip.rig
    if with_bpy:
        rigs.update(_characters())
    return rigs


def _characters() -> dict[str, Rig]:
    with tempfile.TemporaryDirectory() as folder:
        _in_blender("dump", folder)
        return {path.stem: _load_rig(path) for path in sorted(Path(folder).glob("*.npz"))}


def _load_rig(path: Path) -> Rig:
    with np.load(path) as d:
        names, parents = tuple(map(str, d["names"])), tuple(map(int, d["parents"]))
        skin = {key: d[key] for key in SKIN if key in d}
        return Rig(names, parents, d["rest"], d["heads"], d["tails"], up=2, levels=tuple(d["levels"]), **skin)


def _in_blender(task: str, folder: str) -> None:
    command = [os.environ.get("BPY_PYTHON", sys.executable), "-m", "tests.support.zoo_blender", task, folder]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def score(rig: Rig, motion: Motion) -> Score:
    """Solve, and measure the result against the source."""
    mapping = map_rig(rig)
    cal = calibrate_from_rest(rig, mapping)
    solved = to_bones(motion, rig, mapping, cal)
    heads = solved.heads(rig, mapping.root_bone)
    heads = rot.rotate(cal.axes, heads) * cal.scale  # canonical axes and metres
    at = {joint: heads[:, rig.index[bone]] for joint, bone in mapping.bones.items()}
    source = {name: motion.joints[:, index] for name, index in JOINT.items()}
    exact = to_bones(motion, rig, mapping, cal, fit=False)
    pose = exact.global_rotations(rig), exact.heads(rig, mapping.root_bone)
    back = to_motion(rig, mapping, *pose, motion.fps, cal)
    joints = [JOINT[joint] for joint in mapping.bones]
    angles = _limb_angles(at, source)
    fitted = fit_to_rig(motion, rig, mapping, cal)
    slide, sink = _feet(fitted, motion)
    keys, keys_error = _keys(rig, mapping, solved)
    steps = np.degrees(rot.angle_between(solved.basis[1:], solved.basis[:-1])).max()
    own = np.degrees(rot.angle_between(motion.global_rotations[1:], motion.global_rotations[:-1])).max()
    return Score(
        limb_mean=float(angles.mean()),
        limb_worst=float(angles.max()),
        reach=_reach(at, source),
        slide=slide,
        sink=sink,
        stand=_stand(fitted, rig, mapping, cal),
        behind=_behind(rig, mapping, solved),
        back=float(np.degrees(rot.angle_between(back.global_rotations, motion.global_rotations))[:, joints].max()),
        keys=keys,
        keys_error=keys_error,
        flip=float(max(0.0, steps - own)),
    )


def _stand(fitted: Motion, rig: Rig, mapping: Mapping, cal: Calibration) -> float:
    """Centimetres of the lowest sole over the floor at its lowest; of the toe joints over their own rest, without."""
    soles = find_soles(rig, mapping, cal)
    if soles is None:
        return 100.0 * float(fitted.joints[:, CONTACT_JOINTS, 1].min())
    return 100.0 * (float(lowest_points(fitted, soles).min()) + toe_height(rig, mapping, cal, fitted.offsets))


def _up(rig: Rig) -> int:
    return 1 if rig.up is None else rig.up


def _behind(rig: Rig, mapping: Mapping, solved: RigMotion) -> int:
    heads = carry(solved, rig, mapping, AUTO).heads(rig, mapping.root_bone)
    went = np.linalg.norm(heads[-1] - heads[0], axis=-1)  # (N,)
    travel = went[rig.index[mapping.bones["pelvis"]]]
    if travel < float(np.ptp(rig.heads[:, _up(rig)])):
        return 0  # a motion on the spot tells nothing
    return sum(rig.moves_mesh(bone) and went[bone] < 0.3 * travel for bone in range(len(went)))


def _limb_angles(at: dict[str, np.ndarray], source: dict[str, np.ndarray]) -> np.ndarray:
    out = []
    for side in SIDES:
        for start, end in LIMBS:
            if f"{side}_{end}" in at:
                ours, theirs = (rot.normalize(p[f"{side}_{end}"] - p[f"{side}_{start}"]) for p in (at, source))
                out.append(np.degrees(np.arccos(np.clip(np.sum(ours * theirs, axis=-1), -1.0, 1.0))))
    return np.array(out)


def _reach(at: dict[str, np.ndarray], source: dict[str, np.ndarray]) -> float:
    """Per cent of a height of 1.7 m: wrists from the shoulder by arm's length, ankles from the hip by leg's length."""
    errors = []
    for side in SIDES:
        for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")):
            names = [f"{side}_{kind}" for kind in chain]
            if names[-1] in at:
                lengths = [_chain_length(points, names) for points in (at, source)]
                ours = (at[names[-1]] - at[names[0]]) * lengths[1] / lengths[0]
                errors.append(np.linalg.norm(ours - (source[names[-1]] - source[names[0]]), axis=-1).mean())
    return float(100.0 * np.mean(errors) / 1.7)


def _chain_length(points: dict[str, np.ndarray], names: list[str]) -> float:
    return sum(float(np.linalg.norm(points[b] - points[a], axis=-1).mean()) for a, b in itertools.pairwise(names))


def _feet(fitted: Motion, motion: Motion) -> tuple[float, float]:
    """(centimetres that a foot in contact moves more than the source's in its worst step, and sinks at most)."""
    points, source = (m.joints[:, CONTACT_JOINTS] for m in (fitted, motion))
    slides = [0.0]
    for span in find_spans(motion.contacts, source, motion.fps):
        paths = [p[span.start : span.stop, span.point] for p in (points, source)]
        moved = [np.linalg.norm(path - path[0], axis=-1).max() for path in paths]
        slides.append(float(moved[0] - moved[1]))
    floor = min(0.0, float(source[..., 1].min()))
    return 100.0 * max(slides), 100.0 * max(0.0, floor - float(points[..., 1].min()))


def _keys(rig: Rig, mapping: Mapping, solved: object) -> tuple[float, float]:
    """(share of frames that are keys at one degree, and degrees that the curves are off by at most)."""
    keys, worst, frames = 0, 0.0, len(solved.basis)
    for name in mapping.driven:
        values = solved.basis[:, rig.index[name]]
        curve = sparse_curve(values, 1.0, quaternion_error)
        keys += len(curve.frames)
        worst = max(worst, float(quaternion_error(values, curve.evaluate(frames)).max()))
    return keys / (len(mapping.driven) * frames), worst


def unmapped(rig: Rig) -> str:
    """The joints that should have a bone and have none, or "none"; collars, toes and necks are optional."""
    mapping = map_rig(rig)
    wanted = ["pelvis", "head", *(f"{s}_{kind}" for s in SIDES for limb in (LEG, ARM[:3]) for kind in limb)]
    return ", ".join(joint for joint in wanted if joint not in mapping.bones) or "none"


def maps_without_names(rig: Rig) -> bool:
    """Whether the rig gets the same limbs with every bone called Bone.NNN."""
    nameless, names = renamed(rig)
    try:
        found = map_rig(nameless)
    except MotionGPTError:
        return False
    return all(found.bones.get(joint) == names[bone] for joint, bone in map_rig(rig).bones.items())


def table(rigs: dict[str, Rig], motions: dict[str, Motion]) -> tuple[str, dict[str, list[Score]]]:
    """A Markdown table with a line a rig, over all motions, and the scores."""
    lines = [
        "| rig | bones | found by | as `Bone.NNN` | unmapped | limbs, mean ° | worst ° | reach, % | slide, cm "
        "| sink, cm | sole, cm | behind | there and back, ° | keys, % | off by, ° | flip, ° |",
        "|" + 16 * "---|",
    ]
    scores = {}
    for name, rig in rigs.items():
        rows = scores[name] = [score(rig, motion) for motion in motions.values()]
        nameless = "yes" if maps_without_names(rig) else "no"
        mean, worst = (lambda key, rows=rows: float(np.mean([getattr(r, key) for r in rows]))), (
            lambda key, rows=rows: max(getattr(r, key) for r in rows))  # fmt: skip
        lines.append(
            f"| {name} | {len(rig.names)} | {map_rig(rig).found_by} | {nameless} | {unmapped(rig)} "
            f"| {mean('limb_mean'):.2f} | {worst('limb_worst'):.1f} | {mean('reach'):.2f} | {worst('slide'):.2f} "
            f"| {worst('sink'):.2f} | {mean('stand'):.1f} | {worst('behind')} | {worst('back'):.3f} "
            f"| {100 * mean('keys'):.0f} | {worst('keys_error'):.2f} | {worst('flip'):.0f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines), scores


def page(text: str) -> str:
    """The table as a page of the documents."""
    made = origin()
    where = f"{made['date']}, {made['machine']}, commit {made['commit'] or 'unknown'}"
    explained = "[Retargeting](../retargeting.md#measured) says what the columns mean."
    return (
        f"# Motion on rigs\n\nMeasured by `python -m tests.support.zoo`: {where}.\n\n"
        f"Eight recorded clips on every rig. {explained}\n\n{text}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-bpy", action="store_true", help="only what needs no Blender")
    parser.add_argument("--pictures", type=Path, help="folder for contact sheets of rendered meshes")
    parser.add_argument("-o", "--output", type=Path, help="page for the table, such as docs/results/rigs.md")
    args = parser.parse_args()
    if not (SHARED / "mocap").is_dir():
        sys.exit(f"skipped: the recorded clips are not at {SHARED / 'mocap'}")
    text, scores = table(load_rigs(not args.no_bpy), load_motions())
    if args.output:
        args.output.write_text(page(text), encoding="utf-8")
    if args.pictures:
        _in_blender("pictures", str(args.pictures.absolute()))
    print(json.dumps({"rigs": len(scores), "motions": len(MOTIONS)}))


if __name__ == "__main__":
    main()
