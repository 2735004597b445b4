"""The connection between the two processes: loopback TCP encrypted with CURVE, with new keys for each start.

The keys are handed over in a JSON file that only the user can read. Without them, nobody can impersonate either side:
the client knows the server's public key, and the server admits only the client key that it handed over.
"""

import os
import re
from pathlib import Path

import msgspec
import zmq
from zmq.utils import z85

from ...retarget.errors import MotionGPTError
from .. import limits
from . import protocol
from .access.keys import KeyFile, write_private

LOOPBACK = "127.0.0.1"
ZAP_ENDPOINT = "inproc://zeromq.zap.01"
"""Where libzmq asks whether a client may connect (ZeroMQ RFC 27)."""
_ENDPOINT = re.compile(r"tcp://[^\s/]+:[0-9]{1,5}")
_FRAME_LIMIT = limits.MAX_ARRAY_BYTES + 1024  # room for CURVE's overhead


class Handover(msgspec.Struct, frozen=True):
    """What a client needs to connect. Keys are Z85 text; protocol and pid are the server's."""

    endpoint: str
    server_key: str
    client_key: str
    client_secret: str
    protocol: tuple[int, int]
    pid: int


class Listener:
    """The server's sockets: `router` for messages, `zap` for libzmq's questions about who may connect (`admit`).

    port: 0 is any.  keys: the server's, and those of more clients than the one in `handover`.
    Creating one raises MotionGPTError for a host or port on which this machine can't listen.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        host: str = LOOPBACK,
        port: int = 0,
        keys: KeyFile | None = None,
    ) -> None:
        server_key, server_secret = keys.server() if keys else zmq.curve_keypair()
        client_key, client_secret = zmq.curve_keypair()
        self._handed_over, self._keys = z85.decode(client_key), keys
        # This must be bound before the router is: without it libzmq admits every key.
        self.zap = context.socket(zmq.REP)
        self.zap.linger = 0
        self.zap.bind(ZAP_ENDPOINT)
        self.router = context.socket(zmq.ROUTER)
        self.router.curve_server = True
        self.router.curve_secretkey = server_secret
        self.router.curve_publickey = server_key
        self.router.zap_domain = b"motiongpt"
        self.router.maxmsgsize = _FRAME_LIMIT
        # A result must never be dropped because a busy Blender reads late; `server` sends few messages a second.
        self.router.sndhwm = 0
        # Sending to a client that is gone raises; `server` then cancels its requests.
        self.router.router_mandatory = True
        self.router.linger = 200
        address = self._bind(host, port)
        self.handover = Handover(
            endpoint=address,
            server_key=server_key.decode(),
            client_key=client_key.decode(),
            client_secret=client_secret.decode(),
            protocol=protocol.VERSION,
            pid=os.getpid(),
        )

    def _bind(self, host: str, port: int) -> str:
        """Listen; returns the address. port: 0 is one that the system picks."""
        if ":" in host:  # an IPv6 address
            self.router.ipv6 = True
            host = f"[{host.strip('[]')}]"
        try:
            if not host.isprintable() or "/" in host or "*" in host or not host.strip():
                raise ValueError(host)
            if not port:
                port = self.router.bind_to_random_port(f"tcp://{host}")
            else:
                self.router.bind(f"tcp://{host}:{port}")
            return f"tcp://{host}:{port}"
        except (zmq.ZMQError, zmq.ZMQBindError, ValueError) as error:
            self.close()
            place = limits.one_line(host) or "an empty host"
            raise MotionGPTError(
                f"This machine can't listen on {place}{f', port {port}' if port else ''}.",
                f"Give an address of this machine, such as {LOOPBACK}{', and a free port' if port else ''}.",
            ) from error

    def admit(self) -> None:
        """Answer one question of libzmq: 200 for the key that was handed over and those in the key file, 400 for
        any other."""
        frames = self.zap.recv_multipart()
        version, request = frames[0], frames[1]
        known = len(frames) == 7 and frames[5] == b"CURVE" and self._admits(frames[6])
        status = [b"200", b"OK"] if known else [b"400", b"Unknown key"]
        self.zap.send_multipart([version, request, *status, b"", b""])

    def _admits(self, key: bytes) -> bool:
        return key == self._handed_over or (self._keys is not None and self._keys.admits(key))

    def close(self) -> None:
        """Close both sockets; messages sent last get 200 ms to leave."""
        self.router.close()
        self.zap.close()


def connect(context: "zmq.Context[zmq.Socket[bytes]]", handover: Handover) -> "zmq.Socket[bytes]":
    """A DEALER socket that connects in the background; returns at once, and messages sent meanwhile are queued."""
    socket = context.socket(zmq.DEALER)
    socket.curve_serverkey = handover.server_key.encode()
    socket.curve_publickey = handover.client_key.encode()
    socket.curve_secretkey = handover.client_secret.encode()
    socket.maxmsgsize = _FRAME_LIMIT
    socket.rcvhwm = 0
    socket.linger = 0
    socket.connect(handover.endpoint)
    return socket


def receive(socket: "zmq.Socket[bytes]") -> list[bytes]:
    """The frames of one waiting message; of one with too many, just enough for `protocol.decode` to refuse it."""
    frames = [socket.recv(zmq.NOBLOCK)]
    while socket.getsockopt(zmq.RCVMORE):
        frame = socket.recv(zmq.NOBLOCK)
        if len(frames) <= protocol.MAX_PARTS + 1:
            frames.append(frame)
    return frames


def write_handover(handover: Handover, path: Path) -> None:
    """Write the file so that no other user can read it, and no reader sees half of it. Raises MotionGPTError."""
    write_private(path, msgspec.json.encode(handover))


def remove_handover(handover: Handover, path: Path) -> None:
    """Delete the file if it is still this server's: another may have written its own there since."""
    try:
        if read_handover(path) == handover:
            path.unlink(missing_ok=True)
    except (OSError, msgspec.DecodeError):
        return


def read_handover(path: Path) -> Handover | None:
    """The server's handover, or None until it has written one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Handover)
    except FileNotFoundError:
        return None


def read_key_file(path: Path) -> Handover:
    """A client's key file, from whoever runs the server. Raises MotionGPTError for what is none."""
    try:
        handover = msgspec.json.decode(path.read_bytes(), type=Handover)
        keys = (handover.server_key, handover.client_key, handover.client_secret)
        if any(len(z85.decode(key)) != 32 for key in keys) or not _ENDPOINT.fullmatch(handover.endpoint):
            raise ValueError("keys or an address of another kind")
    except (OSError, ValueError, KeyError) as error:
        why = error.strerror if isinstance(error, OSError) else limits.one_line(str(error))
        raise MotionGPTError(
            f"{path} is not a key file for a server ({why}).",
            "Choose the one that you got from whoever runs the server, or leave it empty.",
            "usage",
        ) from error
    return handover
