"""`motiongpt convert`: a motion file in another format."""

from ...retarget.solving.root_motion import AUTO
from .shared import converting
from .shared.declaring import Subparsers, add_command
from .shared.outputs import ALL_FORMATS


def declare(subparsers: Subparsers) -> None:
    """Declare `convert`."""
    parser = add_command(
        subparsers,
        "convert",
        "turn a motion file into another format",
        "motiongpt convert walk.npz -o walk.bvh",
        converting.run,
    )
    converting.add_files(parser, ALL_FORMATS)
    parser.set_defaults(rig=None, root=AUTO, in_place=False, controls="fk", preset=None)
    parser.add_argument(
        "--up", default="z", choices=("y", "z"), help="axis that points up in an AMASS or SMPL-X file that comes in (z)"
    )
