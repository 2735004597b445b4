"""The keys of a server that several people use: one file with the server's own keys and the public keys of its clients.

Each client has a key file of its own (`connection.Handover`), with a secret that the server does not keep. A client is
admitted as long as its name is in the server's file, which is read again when it changes: no restart is needed.
"""

import hashlib
import logging
import os
import secrets
from pathlib import Path

import msgspec
import zmq
from zmq.utils import z85

from ....retarget.errors import MotionGPTError

log = logging.getLogger(__name__)


class ServerKeys(msgspec.Struct, frozen=True):
    """Keys are Z85 text. clients: public keys by the names of those who have them."""

    server_key: str
    server_secret: str
    clients: dict[str, str] = msgspec.field(default_factory=dict)


class KeyFile:
    """A server's key file. Reading one raises MotionGPTError for what is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = _read(path)
        self._state = _state(path)
        self._admitted = _decoded(self.keys)

    @classmethod
    def create(cls, path: Path) -> "KeyFile":
        """A new file with new keys for a server, which only the user can read; an existing file is left as it is."""
        if not path.exists():
            key, secret = zmq.curve_keypair()
            _write(path, ServerKeys(key.decode(), secret.decode()))
        return cls(path)

    def server(self) -> tuple[bytes, bytes]:
        """The server's public and secret key."""
        return self.keys.server_key.encode(), self.keys.server_secret.encode()

    def add(self, name: str) -> tuple[str, str]:
        """Admit a client, in place of one of that name; returns its public and secret key. Raises MotionGPTError."""
        if not 1 <= len(name) <= 64 or not name.isprintable():
            raise MotionGPTError("A client needs a name.", "Give one of up to 64 characters.", "usage")
        key, secret = zmq.curve_keypair()
        self._change({**self.keys.clients, name: key.decode()})
        return key.decode(), secret.decode()

    def remove(self, name: str) -> None:
        """Admit a client no more: it can't connect again. Raises MotionGPTError for an unknown one."""
        if name not in self.keys.clients:
            known = ", ".join(self.keys.clients) or "none"
            raise MotionGPTError(f"{self.path} has no client of that name.", f"It has: {known}.", "usage")
        self._change({other: key for other, key in self.keys.clients.items() if other != name})

    def admits(self, key: bytes) -> bool:
        """Whether a client with this public key may connect, as the file is now."""
        if _state(self.path) != self._state:
            try:
                self.keys = _read(self.path)
            except MotionGPTError as error:
                log.error("The keys stay as they were: %s", error)
            self._state = _state(self.path)
            self._admitted = _decoded(self.keys)
        return key in self._admitted

    def _change(self, clients: dict[str, str]) -> None:
        self.keys = msgspec.structs.replace(self.keys, clients=clients)
        _write(self.path, self.keys)
        self._state, self._admitted = _state(self.path), _decoded(self.keys)


def fingerprint(server_key: str) -> str:
    """What people compare to be sure that a key file is for the server that they mean: the first half of the SHA-256 of
    the server's public key, in groups of four hexadecimal digits."""
    digest = hashlib.sha256(server_key.encode()).hexdigest()[:32].upper()
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


def write_private(path: Path, content: bytes) -> None:
    """Write a file so that no other user can read it, and no reader sees half of it. Raises MotionGPTError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise MotionGPTError(f"{path} could not be written ({why}).", "Choose another place.", "unwritable") from error


def _write(path: Path, keys: ServerKeys) -> None:
    write_private(path, msgspec.json.format(msgspec.json.encode(keys)) + b"\n")


def _read(path: Path) -> ServerKeys:
    try:
        keys = msgspec.json.decode(path.read_bytes(), type=ServerKeys)
        if len(z85.decode(keys.server_key)) != 32 or len(z85.decode(keys.server_secret)) != 32:
            raise ValueError("a key of another length")
        _decoded(keys)
    except FileNotFoundError:
        raise MotionGPTError(
            f"There is no key file {path}.", "Make one: motiongpt keys add NAME --keys FILE.", "usage"
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise MotionGPTError(
            f"{path} is not a server's key file ({error}).", "Name one that motiongpt keys add has made.", "usage"
        ) from error
    return keys


def _decoded(keys: ServerKeys) -> frozenset[bytes]:
    return frozenset(z85.decode(key) for key in keys.clients.values())


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino
