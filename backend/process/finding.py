"""The backends of this user that run on this machine."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ...retarget.errors import MotionGPTError
from . import protocol
from .child import HANDOVER, PREFIX
from .client import Client, ask
from .connection import Handover, read_handover
from .parent import exists

_PATIENCE = 5.0  # seconds for an answer


def handovers(more: Iterable[Path] = ()) -> Iterator[tuple[Path, Handover]]:
    """Key files of processes that run: those of Blenders, and `more` of other servers. Files of others are not read."""
    ours = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{HANDOVER}"))
    for path in (*more, *ours):
        try:
            handover = read_handover(path)
        except (OSError, msgspec.MsgspecError):
            continue
        if handover is not None and exists(handover.pid):
            yield path, handover


def status(handover: Handover) -> protocol.ServerInfo:
    """What a backend says about itself. Raises MotionGPTError where it does not answer."""
    client = Client(handover)
    try:
        info = getattr(ask(client, protocol.Status(), timeout=_PATIENCE).message, "server", None)
    finally:
        client.close()
    if not isinstance(info, protocol.ServerInfo):
        raise MotionGPTError("The backend says nothing about itself.", "See its log.", "protocol")
    return info
