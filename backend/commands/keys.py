"""`motiongpt keys`: who may connect to a server that several people use."""

import argparse
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .shared.declaring import CommandParser, Subparsers, add_command, add_group
from .shared.outputs import add_output, check_output
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `keys`."""
    group = add_group(subparsers, "keys", "who may connect to a server that several people use")
    add = add_command(
        group,
        "add",
        "make a client's key file, and admit it to the server",
        "motiongpt keys add anna --keys server-keys.json --address 10.0.0.5:5570 -o anna.json",
        _add,
    )
    _common(add)
    add.add_argument("name", help="whose key file it is")
    add.add_argument("--address", required=True, metavar="HOST:PORT", help="where clients reach the server")
    add_output(add, "FILE", "the client's key file, JSON; it has a secret: give it to nobody else")
    remove = add_command(
        group, "remove", "admit a client no more", "motiongpt keys remove anna --keys server-keys.json", _remove
    )
    _common(remove)
    remove.add_argument("name", help="whose key file it is")
    show = add_command(
        group, "list", "clients, and the server's fingerprint", "motiongpt keys list --keys server-keys.json", _list
    )
    _common(show)


def _common(parser: CommandParser) -> None:
    parser.add_argument(
        "--keys", type=Path, required=True, metavar="FILE", help="the server's key file; `add` makes one"
    )


def _add(args: argparse.Namespace) -> Report:
    from ..process import protocol
    from ..process.access.keys import KeyFile, fingerprint
    from ..process.connection import Handover, write_handover

    check_output(args.output, (".json",))
    host, _, port = args.address.rpartition(":")
    if not host or not host.isprintable() or "/" in host or not (port.isdecimal() and 0 < int(port) < 65536):
        raise MotionGPTError(f"{args.address} is no address.", "Give HOST:PORT, such as 10.0.0.5:5570.", "usage")
    file = KeyFile.create(args.keys)
    key, secret = file.add(args.name)
    handover = Handover(f"tcp://{host}:{port}", file.keys.server_key, key, secret, protocol.VERSION, 0)
    write_handover(handover, args.output)
    shown = fingerprint(file.keys.server_key)
    lines = (f"{args.output}: the key file of {args.name}", f"Fingerprint: {shown}")
    return Report({"file": str(args.output), "client": args.name, "fingerprint": shown}, lines)


def _remove(args: argparse.Namespace) -> Report:
    from ..process.access.keys import KeyFile

    KeyFile(args.keys).remove(args.name)
    return Report({"removed": args.name}, (f"{args.name} can't connect any more; who is connected now stays so.",))


def _list(args: argparse.Namespace) -> Report:
    from ..process.access.keys import KeyFile, fingerprint

    file = KeyFile(args.keys)
    shown, names = fingerprint(file.keys.server_key), sorted(file.keys.clients)
    return Report({"fingerprint": shown, "clients": names}, (f"Fingerprint: {shown}", *names))
