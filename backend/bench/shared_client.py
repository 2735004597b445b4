"""A client of a server that others run, as Blender is one: `python -m motiongpt.backend.bench.shared_client FOLDER`.

It has several requests under way at all times. Where the server is silent for too long, or another process has taken
its place, it sends what was not answered once more, and reports what fails again. It ends once the file ENOUGH is in
FOLDER and all is answered; FOLDER/notes has a line for all that happened.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

from ...retarget.motion import Motion
from ..process import protocol
from ..process.client import Client
from ..process.connection import read_key_file
from ..process.parent import watch
from ..tasks import Generate

KEYS, ENOUGH, NOTES = "keys.json", "enough", "notes"
WAITING = 3
"""Requests under way."""
SEEDS = 16
BEAT, SILENCE_LIMIT = 2.0, 15.0
"""Seconds between two questions, and without an answer to them: those of the extension."""
_ATTEMPTS = 2


def task(seed: int) -> Generate:
    """The request with one of SEEDS seeds."""
    return Generate("a person walks forward", 1.0, seed=seed % SEEDS)


def digest(motion: Motion) -> str:
    """Of all that moves in a motion."""
    arrays = (motion.rotations, motion.root_position, motion.contacts)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def noted(folder: Path, what: str) -> list[str]:
    """What a client has noted of one kind."""
    try:
        lines = (folder / NOTES).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    return [rest for kind, _, rest in (line.partition(" ") for line in lines) if kind == what and rest]


class _Asker:
    """open: for each request that has no answer yet, by its number, how often it was sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = open(folder / NOTES, "a", encoding="ascii", buffering=1)  # noqa: SIM115 - until the end
        self._handover = read_key_file(folder / KEYS)
        self._open: dict[int, int] = {}
        self._unsent: list[int] = []
        self._made = 0
        self._connect()

    def _connect(self) -> None:
        self._client = Client(self._handover)
        self._server: protocol.ServerInfo | None = None  # until it has answered
        self._heard = self._asked = time.monotonic()
        self._client.send(protocol.Hello("bench"))

    def run(self) -> None:
        """Ask until it is enough, or who started this is gone."""
        orphaned = watch(os.getppid())
        while (self._open or not self._enough()) and not orphaned():
            while len(self._open) < WAITING and not self._enough():
                self._note("sent", str(self._made))
                self._open[self._made] = 0
                self._unsent.append(self._made)
                self._made += 1
            while self._unsent and self._server is not None:
                self._send(self._unsent.pop(0))
            self._client.wait(0.05)
            for packet in self._client.poll():
                self._understand(packet)
            self._look()
        self._client.close()

    def _enough(self) -> bool:
        return (self._folder / ENOUGH).exists()

    def _send(self, number: int) -> None:
        self._open[number] += 1
        self._client.send(task(number), identifier=f"{number}.{self._open[number]}")

    def _look(self) -> None:
        """Ask how the server is, and give up one that says nothing."""
        now = time.monotonic()
        if self._server is None:  # it is being started
            return
        if now - self._heard > SILENCE_LIMIT:
            self._begin_anew()
        elif now - self._asked > BEAT:
            self._asked = now
            self._client.send(protocol.Status())

    def _understand(self, packet: protocol.Packet) -> None:
        """Note an answer."""
        self._heard = time.monotonic()
        number, mine, _ = packet.id.partition(".")
        match packet.message:
            case protocol.Result(server=protocol.ServerInfo() as server):
                before, self._server = self._server, server
                if server.replaces(before):
                    self._begin_anew()
            case protocol.Result() if mine:
                self._note("motion", f"{int(number) % SEEDS} {digest(packet.motions[0])}")
                self._end(int(number), "answer")
            case protocol.Error() if mine:
                self._note("error", packet.message.code)
                self._end(int(number), "failure")

    def _begin_anew(self) -> None:
        """Connect anew, since what the old connection has not sent yet must not be answered too; what has no answer is
        sent once more."""
        self._client.close()
        self._connect()
        self._unsent.clear()
        for number, sent in list(self._open.items()):
            if sent >= _ATTEMPTS:
                self._note("error", "no server")
                self._end(number, "failure")
            else:
                self._note("again", str(number))
                self._unsent.append(number)

    def _end(self, number: int, how: str) -> None:
        self._note(how, str(number))
        self._open.pop(number, None)

    def _note(self, what: str, value: str) -> None:
        self._notes.write(f"{what} {value}\n")


if __name__ == "__main__":
    _Asker(Path(sys.argv[1])).run()
