"""The backend as the add-on sees it: started when first needed, asked without waiting, stopped with the add-on.

Nothing of the backend is imported before `start`: zmq and msgspec take a while to load, which Blender's own start
should not pay for, and where the bundled packages don't fit this Blender, the panel can still say so.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..translation.saying import say, told
from .heartbeat import SILENCE_LIMIT, Heartbeat, Patience

if TYPE_CHECKING:
    from ...backend.process.child import BackendProcess
    from ...backend.process.client import Client
    from ...backend.process.protocol import Packet, ServerInfo
    from ...backend.tasks import AnyTask

log = logging.getLogger(__name__)

START_LIMIT = 120.0  # seconds after which a backend that is not up counts as failed; a cold disk can be slow
LOAD_LIMIT = 900.0  # seconds for loading a model; a large one on a slow disk takes minutes
ANSWER_LIMIT = 300.0  # seconds without progress after which a request counts as stuck
STUCK = "backend_stuck"
"""Kind of the error for a backend that no longer answers; it was ended, and the request may be sent to another."""
ASK_INTERVAL = 0.2  # seconds between two status requests while the model loads


@dataclass(frozen=True)
class Startup:
    """How to start the backend. arguments: for its command line, besides those that `process.start` gives.

    python: an interpreter with its own packages; if empty, Blender's, with the extension's packages.
    server: the key file of a server to use instead; nothing is started then.
    """

    log_path: Path
    arguments: tuple[str, ...] = ()
    python: str = ""
    server: Path | None = None


@dataclass(frozen=True, eq=False)
class Working:
    """Progress of a request. stage: what the engine is doing, for the user.  fraction: 0 to 1 of the request.
    motion: the first variation so far, if it came along."""

    stage: str
    fraction: float
    motion: Motion | None = None


@dataclass(frozen=True, eq=False)
class Finished:
    """A request is done. motions: one per variation.  texts: descriptions of a motion, the best first."""

    motions: tuple[Motion, ...]
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """One sentence for the panel."""

    text: str
    failed: bool = False


class Service:
    """At most one backend process and the connection to it.

    `start` may run in any thread, everything else on the main thread; the lock covers what both touch.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: BackendProcess | None = None
        self._client: Client | None = None
        self._info: ServerInfo | None = None
        self._startup: Startup | None = None
        self._asked = 0.0
        self._heartbeat: Heartbeat | None = None
        self._starting, self._loading, self._progress = Patience(), Patience(), Patience()
        self._replies: dict[str, list[Packet]] = {}
        self._failure = ""
        self._closed = False

    def start(self, startup: Startup) -> None:
        """Start the process unless one is running that was started in the same way. Raises MotionGPTError."""
        with self._lock:
            if self._closed or (self._alive() and self._startup == startup):
                return
            self._end()
            process = _backend_process()
            self._failure = ""
            self._startup = startup
            self._starting.start(time.monotonic())
            if startup.server is not None:
                self._process = process.Elsewhere(startup.server, startup.log_path)
                return
            # The extension's packages are made for Blender's Python: another has to have its own.
            paths = [] if startup.python else process.dependency_paths()
            python = startup.python or sys.executable
            self._process = process.start(startup.log_path, startup.arguments, python, paths)
            atexit.register(self._kill)

    def ready(self) -> bool:
        """Whether requests can be sent. Raises MotionGPTError where the backend or its model failed."""
        with self._lock:
            process = self._living()
            if self._client is None:
                if process.handover is None:
                    if self._starting.look(time.monotonic()) > START_LIMIT:
                        raise self._late("The backend has not started within {seconds:.0f} seconds.", START_LIMIT)
                    return False
                from ...backend import version
                from ...backend.process import client, protocol

                self._client = client.Client(process.handover)
                self._client.send(protocol.Hello(f"Blender add-on {version.__version__}"))
                self._asked = time.monotonic()
                self._heartbeat = Heartbeat(self._asked)
                self._loading.start(self._asked)
            self._receive()
            if self._info is None:
                return False
            if self._info.state == "loading" and self._loading.look(time.monotonic()) > LOAD_LIMIT:
                raise self._late("The backend has not loaded its model within {seconds:.0f} seconds.", LOAD_LIMIT)
            if self._info.state == "failed":
                raise self._fail(MotionGPTError(self._info.message, self._info.cure, "no_model"))
            if self._info.state == "loading" and time.monotonic() - self._asked > ASK_INTERVAL:
                from ...backend.process import protocol

                self._asked = time.monotonic()
                self._client.send(protocol.Status())
            return self._info.state == "ready"

    @property
    def info(self) -> ServerInfo | None:
        """The backend's last report about itself; None while no model is loaded."""
        info = self._info
        return info if info is not None and info.state == "ready" else None

    def ask(self, task: AnyTask, motions: Sequence[Motion] = ()) -> str:
        """Send a request with the motions that belong to it; returns its id. Raises MotionGPTError."""
        with self._lock:
            self._living()
            if self._client is None:
                raise MotionGPTError("The backend is not ready.", "Press the button again.", "backend_died")
            identifier = self._client.send(task, motions)
            self._replies[identifier] = []
            self._progress.start(time.monotonic())
            return identifier

    def poll(self, identifier: str) -> list[Working | Finished]:
        """The events of a request since the last call; Finished is the last one.

        Raises MotionGPTError where the request, or the backend, has failed; of the kind STUCK where it has stopped
        answering, or working.
        """
        from ...backend.process import protocol

        events: list[Working | Finished] = []
        with self._lock:
            self._receive()
            waiting = self._replies.get(identifier, [])
            self._replies[identifier] = []
            for packet in waiting:
                self._progress.start(time.monotonic())
                match packet.message:
                    case protocol.Progress(stage=stage, fraction=fraction):
                        events.append(Working(stage.label, fraction, next(iter(packet.motions), None)))
                    case protocol.Result(texts=texts):
                        events.append(Finished(packet.motions, texts))
                        self._forget(identifier)
                    case protocol.Error() as error:
                        self._forget(identifier)
                        raise _named(error.exception(), identifier)
            if not events:
                self._living()
                if self._progress.look(time.monotonic()) > ANSWER_LIMIT:
                    raise self._stuck(
                        say("The backend has not got on with a request for {seconds:.0f} seconds", seconds=ANSWER_LIMIT)
                    )
        return events

    def cancel(self, identifier: str) -> None:
        """Cancel a request; does nothing if the backend is gone."""
        from ...backend.process import protocol

        with self._lock:
            self._forget(identifier)
            if self._client is not None and self._alive():
                self._client.send(protocol.Cancel(identifier))

    def watch(self) -> None:
        """See whether the backend still runs and answers, and end one that does not; called all the time, also without
        a request. `status` says what was found. Returns at once."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._process is not None:
                self._living()
                self._receive()
        except MotionGPTError as error:
            log.error("%s", error)
        finally:
            self._lock.release()

    def stop(self) -> None:
        """End the process; this service will not start another."""
        self._closed = True
        with self._lock:
            self._end()
        atexit.unregister(self._kill)

    def _kill(self) -> None:
        """End the process at once: the interpreter is ending."""
        self._closed = True
        with self._lock:
            self._end(at_once=True)

    def status(self) -> Status:
        """The state of the backend, for the panel. Returns at once, even while `start` runs in its thread."""
        if not self._lock.acquire(blocking=False):
            return Status(say("The model is starting."))
        try:
            if self._process is not None and not self._alive():
                self._fail(self._process.failure())
            if self._failure:
                return Status(self._failure, failed=True)
            if self._process is None:
                return Status(say("The model starts on first use."))
            if self._info is None or self._info.state != "ready":
                return Status(say("The model is starting."))
            return Status(say("Ready: {model} on {device}.", model=self._info.model, device=self._info.device))
        finally:
            self._lock.release()

    def report(self) -> list[str]:
        """The state of the backend and, where one runs, its figures, for the preferences."""
        lines, info = [self.status().text], self.info
        if info is not None:
            from ...backend.process.watching.words import lines_of

            lines += lines_of(info.figures, info.waiting, say, info.precision)
        return lines

    def pid(self) -> int:
        """Process id of the backend, 0 where none runs."""
        process = self._process
        return process.pid if process is not None and self._alive() else 0

    def _alive(self) -> bool:
        if self._process is None:
            return False
        state = self._process.poll()
        return state is not type(state).DEAD

    def _living(self) -> BackendProcess:
        if self._process is None:
            raise MotionGPTError(self._failure or "The backend was stopped.", "Press the button again.", "backend_died")
        if not self._alive():
            raise self._fail(self._process.failure())
        return self._process

    def _fail(self, error: MotionGPTError, at_once: bool = False) -> MotionGPTError:
        """Remember for the panel why there is no backend, so that the next Generate starts another."""
        self._end(at_once)
        self._failure = told(error)
        return error

    def _stuck(self, what: str) -> MotionGPTError:
        """End a backend that nothing can be expected of."""
        if self._startup is not None and self._startup.server is not None:
            cure = "See whether the server runs, and whether this machine reaches it."
            return self._fail(MotionGPTError(f"{what}.", cure, STUCK), at_once=True)
        cure = "Press the button again: another backend starts."
        return self._fail(MotionGPTError(say("{what}, and was ended.", what=what), cure, STUCK), at_once=True)

    def _late(self, what: str, limit: float) -> MotionGPTError:
        """End a backend that has not done what it should have within the limit. what: a sentence with that limit."""
        cure = say("See {path}.", path=self._startup.log_path) if self._startup else ""
        message = say(what, seconds=limit)
        return self._fail(MotionGPTError(message, cure, "backend_died"), at_once=True)

    def _receive(self) -> None:
        """Store what has come: the server's status, and replies to requests that are still wanted. Raises
        MotionGPTError where nothing has come for too long."""
        if self._client is None or self._heartbeat is None:
            return
        for packet in self._client.poll():
            self._heartbeat.heard()
            server = getattr(packet.message, "server", None)
            if server is not None:
                before, self._info = self._info, server
                if self._replies and server.replaces(before):
                    raise self._stuck(say("The server was started anew, and does not know the request"))
            elif packet.id in self._replies:
                self._replies[packet.id].append(packet)
        now = time.monotonic()
        if self._heartbeat.stuck(now):
            raise self._stuck(say("The backend has not answered for {seconds:.0f} seconds", seconds=SILENCE_LIMIT))
        if self._heartbeat.due(now):
            from ...backend.process import protocol

            self._client.send(protocol.Status())

    def _forget(self, identifier: str) -> None:
        self._replies.pop(identifier, None)
        self._progress.stop()

    def _end(self, at_once: bool = False) -> None:
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            if at_once:
                self._process.kill()
            else:
                self._process.stop()
        self._client = self._process = self._info = self._heartbeat = None
        self._replies.clear()


def _named(error: MotionGPTError, identifier: str) -> MotionGPTError:
    """An error that names its request, as the backend's log does."""
    return MotionGPTError(
        say("{message} (Request {request}.)", message=say(error.message), request=identifier[:8]),
        error.cure,
        error.kind,
    )


def _backend_process() -> ModuleType:
    """The module that starts processes, once all that it and the connection need is imported. Raises MotionGPTError."""
    try:
        # All of it is imported here, in the thread, so that the main thread need not wait for it.
        from ...backend.process import child, client, protocol  # noqa: F401
    except ImportError as error:
        raise MotionGPTError(
            say("A package that the extension brings can't be loaded ({error}).", error=error),
            "Install the zip for this system, in Blender 4.2 to 5.2.",
            "internal",
        ) from error
    return child
