"""`make demo`: three prompts, from text to an animated character: `python -m motiongpt.backend.commands.demo FOLDER`.

Writes NAME.fbx and NAME.blend for each prompt, and sheet.png with rendered frames of all prompts.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..engine import last_result
from ..engines import load_engine
from ..model_folder import default_model
from ..output.blender import MANNEQUIN, CharacterJob, check_bpy, export_to_character
from ..output.pictures import join_pictures
from ..tasks import Generate
from .shared.asking import at_rate

PROMPTS = {
    "walk": "a person walks forward",
    "wave": "a person waves the right hand",
    "bow": "a person bows",
}
SECONDS, FPS, SEED = 4.0, 30.0, 1
PICTURES = 8


def make_demo(folder: Path, say: Callable[[str], None] = print) -> list[Path]:
    """Generate all prompts onto the mannequin, and write the files; returns their paths.

    Raises MotionGPTError where the model, bpy or the folder can't be used.
    """
    check_bpy()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MotionGPTError(
            f"{folder} can't be made ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error
    motions = _generate(say)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="motiongpt-demo-") as drafts:
        jobs = [
            job
            for name, motion in motions.items()
            for job in (
                CharacterJob(motion, folder / f"{name}.fbx"),
                CharacterJob(motion, folder / f"{name}.blend", pictures=Path(drafts) / name, picture_count=PICTURES),
            )
        ]
        reports = export_to_character(jobs, MANNEQUIN)
        rows = [report["pictures"] for report in reports if "pictures" in report]
        sheet = folder / "sheet.png"
        titles = [f'"{PROMPTS[name]}", {motion.duration:.1f} s' for name, motion in motions.items()]
        join_pictures(rows, titles, sheet)
    say(f"{len(reports)} character files and {len(rows)} rows of pictures in {time.perf_counter() - started:.1f} s")
    return [*(Path(report["output"]) for report in reports), sheet]


def _generate(say: Callable[[str], None]) -> dict[str, Motion]:
    started = time.perf_counter()
    engine = load_engine(default_model())
    say(f"model {engine.name} on {engine.device}, loaded in {time.perf_counter() - started:.1f} s")
    motions = {}
    for name, prompt in PROMPTS.items():
        started = time.perf_counter()
        motion = last_result(engine.generate(Generate(prompt, SECONDS, seed=SEED))).motions[0]
        motions[name] = at_rate(motion, FPS, SECONDS)
        say(f'"{prompt}": {motion.duration:.1f} s of motion in {time.perf_counter() - started:.2f} s')
    return motions


def main() -> int:
    """Exit code 0, or 2 with one sentence on stderr."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: python -m motiongpt.backend.commands.demo FOLDER", file=sys.stderr)
        return 2
    try:
        paths = make_demo(Path(sys.argv[1]))
    except MotionGPTError as error:
        print(f"motiongpt: {error}", file=sys.stderr)
        return 2
    for path in paths:
        print(f"{path}  {path.stat().st_size / 1024:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
