"""The backend's server: one thread reads and writes the sockets, another (`worker`) runs the engine."""

import logging
import queue
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import msgspec
import zmq

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..engine import MOST_TOGETHER, Engine
from ..limits import one_line
from ..tasks import Task
from ..version import __version__
from . import protocol
from .access.keys import KeyFile
from .connection import LOOPBACK, Listener, receive, remove_handover, write_handover
from .fair_queue import FairQueue
from .log import about
from .watching.figures import Ledger
from .watching.prometheus import Exporter, exposition
from .worker import CANCELLED, Job, Worker, Workers, cancelled, internal_error

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""Seconds between checks that the parent process still runs."""
STOP_SECONDS = 2.0
"""Seconds that the worker may take to finish its token."""
_WAKE_ENDPOINT = "inproc://outcomes"


class Server:
    """Serves until a shutdown message, `stop()`, or the parent's end.

    load: loads an engine from a model's name or folder; called on the worker thread.
    models: names of the installed models, for the handshake.
    parent_gone: true once the process that started this one has ended.
    metrics_port: where figures are served for Prometheus, on this machine alone; 0 is any port, None none.
    workers: makes what answers the jobs, instead of a thread with the engine that `load` loads; it is given what to
    call after every outcome, on one thread at a time.
    keys: the server's own keys and its clients'; others share it then, so that none may end it, or name a folder of
    this machine as a model. Without them, new keys are made for one client.
    port: to listen on; 0 is any.
    """

    def __init__(
        self,
        load: Callable[[str], Engine],
        model: str,
        device: str = "auto",
        models: Sequence[str] = (),
        parent_gone: Callable[[], bool] = lambda: False,
        host: str = LOOPBACK,
        metrics_port: int | None = None,
        workers: Callable[[Callable[[], None]], Workers] | None = None,
        keys: KeyFile | None = None,
        port: int = 0,
    ) -> None:
        self._ledger = Ledger()
        self._instance = uuid4().hex
        self._model = model
        self._metrics_port = metrics_port
        self._exporter: Exporter | None = None
        self._queued = 0
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._listener = Listener(self._context, host, port, keys)
        self._shared = keys is not None
        self._waker = self._context.socket(zmq.PULL)
        self._waker.bind(_WAKE_ENDPOINT)
        self._poke: zmq.Socket[bytes] | None = None
        self._worker = workers(self._wake) if workers else Worker(load, model, device, self._wake)
        self._models = tuple(models)
        self._parent_gone = parent_gone
        self._waiting = FairQueue()
        self._groups: list[list[Job]] = []  # that the worker has
        self._stopping = False
        self.handover = self._listener.handover

    def run(self, handover_path: Path | None = None) -> bool:
        """Serve until stopped. Returns False if the worker did not end: the process must then exit without it."""
        try:
            if self._metrics_port is not None:
                self._exporter = Exporter(self._metrics_port, self._exposition)
                log.info("Figures are on http://%s:%d/metrics", LOOPBACK, self._exporter.port)
            if handover_path is not None:
                write_handover(self.handover, handover_path)
        except MotionGPTError:
            self._end_exporter()
            self._listener.close()
            self._waker.close(0)
            self._context.term()
            raise
        log.info("Serving on %s, version %s", self.handover.endpoint, __version__)
        self._worker.start()
        try:
            self._loop()
        finally:
            if handover_path is not None:
                remove_handover(self.handover, handover_path)
            self._end_exporter()
            ended = self._end_worker()
            self._listener.close()
            self._waker.close(0)
            if ended:
                self._context.term()
        return ended

    @property
    def _running(self) -> list[Job]:
        return [job for group in self._groups for job in group]

    def stop(self) -> None:
        """Stop `run` from another thread."""
        self._stopping = True

    def _loop(self) -> None:
        poller = zmq.Poller()
        for socket in (self._listener.router, self._listener.zap, self._waker):
            poller.register(socket, zmq.POLLIN)
        next_check = time.monotonic()
        while not self._stopping:
            ready = dict(poller.poll(int(POLL_SECONDS * 1000)))
            if self._listener.zap in ready:
                self._listener.admit()
            if self._listener.router in ready:
                self._read()
            if self._waker in ready:
                self._waker.recv()
            self._deliver()
            self._start_next()  # places may have come
            self._queued = self._worker.waiting = len(self._waiting)
            if time.monotonic() >= next_check:
                next_check = time.monotonic() + POLL_SECONDS
                if self._parent_gone():
                    log.info("The process that started this one has ended")
                    return

    def _wake(self) -> None:
        # Runs on the worker thread, which owns this socket: ZeroMQ sockets belong to one thread.
        if self._poke is None:
            self._poke = self._context.socket(zmq.PUSH)
            self._poke.linger = 0
            self._poke.connect(_WAKE_ENDPOINT)
        self._poke.send(b"")

    def _end_worker(self) -> bool:
        for job in (*self._running, *self._waiting):
            job.cancelled.set()
        self._worker.jobs.put(None)
        self._worker.join(STOP_SECONDS)
        if self._worker.is_alive():
            log.warning("The engine did not stop in time")
            return False
        if self._poke is not None:
            self._poke.close(0)
        return True

    def _read(self) -> None:
        """Answer one message, whatever it contains."""
        peer, *frames = receive(self._listener.router)
        try:
            packet = protocol.decode(frames)
            self._handle(peer, packet)
        except MotionGPTError as error:
            self._refuse(peer, protocol.peek_id(frames), protocol.Error.of(error))
        except Exception as error:
            log.exception("A message could not be handled")
            self._refuse(peer, protocol.peek_id(frames), internal_error(error))

    def _refuse(self, peer: bytes, identifier: str, error: protocol.Error) -> None:
        with about(identifier):
            log.info("Refused (%s)", one_line(error.code))
        self._ledger.refused(error.code)
        self._send(peer, identifier, error)

    def _handle(self, peer: bytes, packet: protocol.Packet) -> None:
        message = packet.message
        if not packet.id:
            raise MotionGPTError("A request has no id.", "", "protocol")
        match message:
            case protocol.Hello():
                log.info("Hello from %s", one_line(message.client) or "a client")
                self._send(peer, packet.id, protocol.Result(server=self._info()))
            case protocol.Status():
                self._send(peer, packet.id, protocol.Result(server=self._info()))
            case protocol.Cancel():
                self._cancel(peer, packet.id, message.target)
            case protocol.Shutdown():
                if self._shared:
                    raise MotionGPTError("Others use this server: no client can end it.", "", "not_allowed")
                self._send(peer, packet.id, protocol.Accepted())
                self._stopping = True
            case Task():
                self._enqueue(Job(peer, packet.id, message, packet.motions))
            case _:
                raise MotionGPTError("A reply was sent as a request.", "", "protocol")

    def _enqueue(self, job: Job) -> None:
        """Queue a job, or raise MotionGPTError before any work is done."""
        job.task.check()
        job.task.check_motions(job.motions)
        if self._shared and job.task.model and job.task.model not in self._models:
            raise MotionGPTError(
                f"The server has no model {one_line(job.task.model)}.", "Clear Model in the preferences.", "no_model"
            )
        if self._find(job.peer, job.id) is not None:
            raise MotionGPTError(f"A request {job.id} is already running or waiting.", "", "protocol")
        position = self._waiting.put(job) + len(self._running)
        with about(job.id):
            log.info("Accepted %s, behind %d", job.task.name(), position)
        self._send(job.peer, job.id, protocol.Accepted(position))
        self._start_next()

    def _start_next(self) -> None:
        """Give the worker the next jobs, each with those that can be answered in one batch with it."""
        batches = self._worker.batches
        while len(self._groups) < self._worker.places and (job := self._waiting.get()) is not None:
            group = [job, *(self._waiting.take(batches, MOST_TOGETHER - 1) if batches(job) else ())]
            for one in group:
                self._ledger.started(one.arrived, len(group) - 1)
            self._groups.append(group)
            self._worker.jobs.put(tuple(group))

    def _cancel(self, peer: bytes, identifier: str, target: str) -> None:
        job = self._find(peer, target)
        if job is None:
            raise MotionGPTError(f"No request {target} is running or waiting.", "", "unknown_request")
        self._send(peer, identifier, protocol.Accepted())
        self._drop(job)

    def _drop(self, job: Job) -> None:
        """Cancel a job: a running one answers within a token, a waiting one is answered now."""
        job.cancelled.set()
        if self._waiting.remove(job):
            self._ledger.ended(job.arrived, CANCELLED)
            self._send(job.peer, job.id, protocol.Error.of(cancelled()))

    def _deliver(self) -> None:
        """Send the worker's outcomes, and start the next job when one is done."""
        while True:
            try:
                outcome = self._worker.outcomes.get_nowait()
            except queue.Empty:
                return
            self._send_frames(outcome.job.peer, outcome.frames)
            if outcome.last:
                self._ledger.ended(outcome.job.arrived, outcome.error, outcome.job.task.model or self._model)
                for group in self._groups:
                    if outcome.job in group:
                        group.remove(outcome.job)
                self._groups = [group for group in self._groups if group]
                self._start_next()

    def _find(self, peer: bytes, identifier: str) -> Job | None:
        return next((job for job in (*self._running, *self._waiting) if (job.peer, job.id) == (peer, identifier)), None)

    def _info(self) -> protocol.ServerInfo:
        return msgspec.structs.replace(
            self._worker.info,
            models=self._models,
            running=bool(self._running),
            waiting=len(self._waiting),
            figures=self._ledger.figures(),
            instance=self._instance,
        )

    def _exposition(self) -> str:
        """Figures as Prometheus reads them; on a thread of the exporter."""
        info = self._worker.info
        return exposition(self._ledger.figures(), self._queued, bool(self._running), info.model, info.device)

    def _end_exporter(self) -> None:
        if self._exporter is not None:
            self._exporter.close()

    def _send(self, peer: bytes, identifier: str, message: protocol.Reply, motions: Sequence[Motion] = ()) -> None:
        self._send_frames(peer, protocol.encode(identifier, message, motions))

    def _send_frames(self, peer: bytes, frames: list[bytes]) -> None:
        try:
            self._listener.router.send_multipart([peer, *frames], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            # The client is gone: its requests are cancelled.
            log.info("A client can't be reached (%s)", error)
            for job in [job for job in (*self._running, *self._waiting) if job.peer == peer]:
                job.cancelled.set()
                if self._waiting.remove(job):
                    self._ledger.ended(job.arrived, CANCELLED)
