"""The add-on's end of the connection. Only `Client.wait` and `ask` block; they are for use outside Blender."""

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

import zmq

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from . import protocol
from .connection import Handover, connect, receive


class Client:
    """Sends requests and collects replies without blocking. Use it on one thread only."""

    def __init__(self, handover: Handover) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = connect(self._context, handover)

    def send(self, message: protocol.Request, motions: Sequence[Motion] = (), identifier: str = "") -> str:
        """Send a request and return its id. Raises MotionGPTError if it exceeds the limits or can't be sent."""
        identifier = identifier or uuid4().hex
        frames = protocol.encode(identifier, message, motions)
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            raise MotionGPTError("The backend does not accept messages.", "Restart the backend.", "protocol") from None
        return identifier

    def poll(self, most: int = 64) -> list[protocol.Packet]:
        """Replies that have arrived, oldest first; an unreadable one becomes an `Error` with the id of its request.

        most: how many to decode; the rest is left for the next call.
        """
        packets: list[protocol.Packet] = []
        while len(packets) < most:
            try:
                frames = receive(self._socket)
            except zmq.Again:
                break
            try:
                packets.append(protocol.decode(frames))
            except MotionGPTError as error:
                packets.append(protocol.Packet(protocol.peek_id(frames), protocol.Error.of(error)))
        return packets

    def wait(self, seconds: float) -> bool:
        """Block until there is a reply to poll, or the time is up; returns which. Not for Blender's main thread."""
        return bool(self._socket.poll(int(seconds * 1000), zmq.POLLIN))

    @property
    def socket(self) -> "zmq.Socket[bytes]":
        """To wait for many clients at once with a `zmq.Poller`."""
        return self._socket

    def close(self) -> None:
        """Close at once; messages that were not sent yet are dropped."""
        self._socket.close(0)
        self._context.term()


def ask(
    client: Client,
    message: protocol.Request,
    motions: Sequence[Motion] = (),
    timeout: float = 60.0,
    on_progress: Callable[[protocol.Packet], None] = lambda packet: None,
) -> protocol.Packet:
    """Send a request and wait for its last reply; replies to other requests that come before it are dropped.

    Raises MotionGPTError for an error reply, and after `timeout` seconds without any reply.
    """
    identifier = client.send(message, motions)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        client.wait(max(0.0, deadline - time.monotonic()))
        for packet in client.poll(most=1):  # what comes after the answer is left for later
            if packet.id != identifier:
                continue
            deadline = time.monotonic() + timeout
            match packet.message:
                case protocol.Error() as error:
                    raise error.exception()
                case protocol.Result():
                    return packet
                case protocol.Accepted() if isinstance(message, protocol.Cancel | protocol.Shutdown):
                    return packet
                case _:
                    on_progress(packet)
    raise MotionGPTError(f"The backend has not answered for {timeout:g} seconds.", "See its log.", "protocol")
