"""Output files of commands: places, formats and characters, checked before anything is written."""

import argparse
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ....retarget.files.amass import ENDINGS, ending_kind
from ....retarget.files.body_models import body_path
from ....retarget.files.reading import write_motion
from ....retarget.motion import Motion
from ....retarget.solving.hand_shapes import RELAXED, SHAPES
from ....retarget.solving.root_motion import AUTO, DESTINATIONS, IN_PLACE
from ...output import blender
from ...output.clips import clip_name
from ...output.drafts import draft_of, exists

MOTION_FORMATS = (".npz", ".bvh", *ENDINGS)
PICTURE_FORMATS = (".png",)
CHARACTER_FORMATS = blender.SUFFIXES
ALL_FORMATS = MOTION_FORMATS + PICTURE_FORMATS + CHARACTER_FORMATS
RIG_FORMATS = (*blender.READ_SUFFIXES, ".bvh")


def check_output(path: Path, formats: Iterable[str], copies: int = 1, body: Path | None = None) -> list[Path]:
    """The files to write: `path`, or for several copies its name with -1, -2 ... added.

    body: folder of body files, for the formats that need one. Raises MotionGPTError for an ending that is not among
    `formats`, or a place that can't be written.
    """
    formats = tuple(formats)
    if path.suffix.lower() not in formats:
        wrong = f"ends in {path.suffix}, which can't be written here" if path.suffix else "has no file ending"
        raise MotionGPTError(f"{path.name} {wrong}.", f"Use {' '.join(formats)}.")
    paths = _copies(path, copies)
    if ending_kind(path):
        body_path(body)
    _check_folder(path.absolute().parent)
    for target in paths:
        if target.is_dir():
            raise MotionGPTError(f"{target} is a folder.", "Give a file name.", "unwritable")
        if target.exists() and not os.access(target, os.W_OK):
            raise MotionGPTError(f"{target} is write-protected.", "Choose another name.", "unwritable")
    return paths


def add_output(
    parser: argparse.ArgumentParser,
    metavar: str,
    what: str,
    required: bool = True,
    there: str = "replaced",
    dest: str = "output",
) -> None:
    """--output and --no-clobber. what: its help.  there: what happens to what is there already.  dest: where it is
    kept; `check_no_clobber` looks at "output"."""
    parser.add_argument(
        "-o", "--output", type=Path, required=required, metavar=metavar, help=f"{what}; what is there is {there}",
        dest=dest,
    )  # fmt: skip
    _add_no_clobber(parser)


def _add_no_clobber(parser: argparse.ArgumentParser) -> None:
    if "--no-clobber" not in parser.format_usage():
        parser.add_argument("--no-clobber", action="store_true", help="never replace a file: fail if it exists")


def check_no_clobber(args: argparse.Namespace) -> None:
    """Raises MotionGPTError ("exists") if --no-clobber is given and an output exists; a folder may exist if empty."""
    if not getattr(args, "no_clobber", False):
        return
    output = getattr(args, "output", None)
    copies = 1 if getattr(args, "one_file", False) else getattr(args, "variations", 1)
    paths = [getattr(args, "page", None), *(_copies(output, copies) if output is not None else ())]
    for path in paths:
        if path is None or not os.path.lexists(path):
            continue
        if not path.is_dir() or any(path.iterdir()):
            raise exists(path)


def _copies(path: Path, copies: int) -> list[Path]:
    return [path] if copies == 1 else [_numbered(path, i) for i in range(1, copies + 1)]


def add_page_option(parser: argparse.ArgumentParser) -> None:
    """--page, which is checked before anything is measured, and --no-clobber."""

    def page(text: str) -> Path:
        return check_output(Path(text), (".md",))[0]

    parser.add_argument(
        "--page", type=page, metavar="FILE", help="also write the result to this Markdown file; replaces what is there"
    )
    _add_no_clobber(parser)


def _numbered(path: Path, number: int) -> Path:
    """`path` with a number before its ending, which may have two parts (walk-1.amass.npz)."""
    ending = next((e for e in ENDINGS if path.name.lower().endswith(e)), path.suffix)
    return path.with_name(f"{path.name[: -len(ending)]}-{number}{path.name[-len(ending) :]}")


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise MotionGPTError(f"There is no folder {folder}.", "Make it first, or choose another.", "unwritable")
    try:
        # Trying is the only test that holds for read-only disks, network drives and the administrator alike.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise MotionGPTError(
            f"The folder {folder} can't be written ({why}).", "Choose another folder.", "unwritable"
        ) from None


def check_rig(rig: str) -> None:
    """Raises MotionGPTError unless `rig` is "mannequin" or a character file that exists, and bpy can be loaded."""
    path = Path(rig)
    if rig != blender.MANNEQUIN:
        if path.suffix.lower() not in RIG_FORMATS:
            raise MotionGPTError(f"{rig} is not a character file.", f"Use {' '.join(RIG_FORMATS)}, or mannequin.")
        if not path.is_file():
            raise MotionGPTError(f"There is no file {rig}.", "Check the path.")
    blender.check_bpy()


def add_character_arguments(parser: argparse.ArgumentParser) -> None:
    """What `character_options` and `write_motions` read."""
    parser.add_argument(
        "--root",
        choices=DESTINATIONS,
        default=AUTO,
        help="what gets the root motion: hips, root bone or object (auto: the root bone where there is one)",
    )
    parser.add_argument("--in-place", action="store_true", help="leave out the travel")
    parser.add_argument(
        "--limbs",
        "--controls",
        dest="limbs",
        choices=("fk", "ik"),
        default="fk",
        help="Rigify's limb controls to key (fk)",
    )
    parser.add_argument(
        "--hands", choices=SHAPES, default=RELAXED, help="the shape of hands that have fingers (relaxed)"
    )
    parser.add_argument(
        "--mute-overrides",
        action="store_true",
        help="switch off the constraints and drivers of the character that override its keys",
    )
    parser.add_argument("--preset", choices=blender.PRESETS, help="write .fbx for this program")
    parser.add_argument("--add-root", action="store_true", help="give a rig without a root bone one (.fbx .glb)")
    parser.add_argument(
        "--no-mesh", action="store_false", dest="mesh", help="write the skeleton and its animation alone (.fbx .glb)"
    )
    parser.add_argument(
        "--keep-actions", action="store_true", help="also write the actions that the character file holds"
    )
    parser.add_argument(
        "--start-at-origin", action="store_true", help="begin above the origin, facing forward, in every format"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="CLIP",
        help="name of the clip; once for each of several (from the prompt and the seed, or the file's name)",
    )


NO_CHARACTER: dict[str, Any] = {
    "rig": None, "root": AUTO, "in_place": False, "limbs": "fk", "hands": RELAXED, "mute_overrides": False,
    "preset": None, "add_root": False, "mesh": True, "keep_actions": False, "start_at_origin": False, "name": [],
}  # fmt: skip
"""The arguments of a command that writes no other character than the mannequin."""


def character_options(args: argparse.Namespace) -> blender.CharacterOptions:
    """The options of `add_character_arguments`. Raises MotionGPTError if the output can't hold them."""
    if args.in_place and args.root != AUTO:
        raise MotionGPTError("--in-place leaves no travel for --root.", "Give one of them.", "usage")
    options = blender.CharacterOptions(
        root=IN_PLACE if args.in_place else args.root,
        ik=args.limbs == "ik",
        hands=args.hands,
        mute=args.mute_overrides,
        preset=args.preset,
        mesh=args.mesh,
        add_root=args.add_root,
        keep_actions=args.keep_actions,
    )
    suffix = args.output.suffix.lower()
    if options.preset and suffix != ".fbx":
        raise MotionGPTError(f"--preset {options.preset} is about FBX files.", "Give an output that ends in .fbx.")
    if suffix not in CHARACTER_FORMATS and (options != blender.CharacterOptions() or args.name):
        wrong = ", ".join(_given(args))
        raise MotionGPTError(f"{suffix} holds no character for {wrong}.", f"Use {' '.join(CHARACTER_FORMATS)}.")
    if suffix == ".blend" and not (options.mesh and not options.add_root):
        raise MotionGPTError(
            "--no-mesh and --add-root change the character, which .blend keeps as it is.", "Use .fbx or .glb."
        )
    return options


def _given(args: argparse.Namespace) -> list[str]:
    """The options about characters that differ from their defaults."""
    flags = {"mesh": "--no-mesh"}
    return [
        flags.get(name, f"--{name.replace('_', '-')}")
        for name, default in NO_CHARACTER.items()
        if name not in ("rig", "start_at_origin") and getattr(args, name) != default
    ]


def check_export(
    args: argparse.Namespace, formats: Iterable[str], copies: int = 1, body: Path | None = None
) -> list[Path]:
    """`check_output`, and check the character: it needs a format that can hold one."""
    output, rig = args.output, args.rig
    paths = check_output(output, formats, copies, body)
    if output.suffix.lower() in CHARACTER_FORMATS:
        check_rig(rig or blender.MANNEQUIN)
    elif rig is not None:
        raise MotionGPTError(
            f"{output.suffix} can't hold a character.", f"Use {' '.join(CHARACTER_FORMATS)}, or leave out --rig."
        )
    return paths


def write_motions(
    motions: Sequence[Motion],
    paths: Sequence[Path],
    rig: str | None = None,
    body: Path | None = None,
    options: blender.CharacterOptions | None = None,
    names: Sequence[str] | None = None,
    replace: bool = True,
) -> tuple[str, ...]:
    """Write each motion to its file, in the format of the file's ending, at its own frame rate.

    paths: the same one for several motions makes them clips of one character file.  rig: the character for .fbx .glb
    .blend; None is the mannequin.  body: folder of body files, for .amass.npz and .smplx.npz.  names: of the clips.
    replace: files that exist already. Each file is written as a whole or not at all. Returns what the user should know
    about the files.
    """
    if paths[0].suffix.lower() in CHARACTER_FORMATS:
        with ExitStack() as drafts:
            # Blender replaces a file itself, when its own is complete.
            places = {p: p if replace else drafts.enter_context(draft_of(p, False)) for p in dict.fromkeys(paths)}
            called = names or [clip_name(motion, path.stem) for motion, path in zip(motions, paths, strict=True)]
            jobs = [blender.CharacterJob(m, places[p], name) for m, p, name in zip(motions, paths, called, strict=True)]
            reports = blender.export_to_character(jobs, rig or blender.MANNEQUIN, options=options)
        return tuple(dict.fromkeys(note for report in reports for note in report.get("notes", ())))
    for motion, path in zip(motions, paths, strict=True):
        with draft_of(path, replace) as draft:
            if path.suffix.lower() in PICTURE_FORMATS:
                from ...output.pictures import render_sheet

                render_sheet([motion], [motion_title(motion, "")], draft)
            else:
                write_motion(motion, draft, body)
    return ()


def motion_title(motion: Motion, otherwise: str) -> str:
    """The text that a motion was generated from, or `otherwise`."""
    return str(motion.meta.get("text") or otherwise)
