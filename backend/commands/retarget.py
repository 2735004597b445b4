"""`motiongpt retarget`: a motion file on a character."""

from .convert import add_files, run
from .shared.declaring import Subparsers, add_command
from .shared.outputs import CHARACTER_FORMATS, add_character_arguments


def declare(subparsers: Subparsers) -> None:
    """Declare `retarget`."""
    parser = add_command(
        subparsers,
        "retarget",
        "put motion files onto a character",
        "motiongpt retarget walk.npz idle.npz --rig hero.fbx -o hero-moves.fbx",
        run,
    )
    add_files(parser, CHARACTER_FORMATS, several=True)
    parser.add_argument("--rig", required=True, metavar="CHARACTER", help="character file, or mannequin")
    add_character_arguments(parser)
    parser.set_defaults(up="z")
