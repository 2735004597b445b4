"""The backend as a real child process: start, use, crash, end with its parent, from a checkout and an extension."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import FAKE_PROCESS
from support.import_graph import ROOT

from motiongpt import build_addon
from motiongpt.backend.commands import cli
from motiongpt.backend.process import child, connection, protocol
from motiongpt.backend.process.child import BackendProcess, State
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError

WAIT = 30.0

Starter = Callable[..., BackendProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    started = []

    def begin(*arguments: str, python: str = sys.executable) -> BackendProcess:
        log_path = tmp_path / "log" / "backend.log"
        backend = child.start(log_path, arguments, python, [FAKE_PROCESS])
        started.append(backend)
        return backend

    yield begin
    for backend in started:
        backend.stop()
        backend.wait(WAIT)


def ready(backend: BackendProcess) -> Client:
    deadline = time.monotonic() + WAIT
    while (state := backend.poll()) is not State.READY:
        assert state is State.STARTING, backend.failure()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert backend.handover is not None
    return Client(backend.handover)


def has_ended(pid: int) -> bool:
    """Whether a process has ended; a zombie counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_start_generate_stop(start: Starter) -> None:
    backend = start("--model", "fake")
    client = ready(backend)
    packet = ask(client, Generate("walk", seconds=1.0, seed=3), timeout=WAIT)
    assert len(packet.motions[0]) == 20
    assert ask(client, protocol.Hello()).message.server.model == "fake"
    assert backend.handover.pid == backend.pid
    ask(client, protocol.Shutdown())
    assert backend.wait(WAIT) == 0
    assert backend.poll() is State.DEAD
    client.close()


def test_the_same_seed_gives_the_same_motion_after_a_restart(start: Starter) -> None:
    frames = []
    for _ in range(2):
        client = ready(start())
        packet = ask(client, Generate("walk", seed=5), timeout=WAIT)
        frames.append(protocol.encode("x", protocol.Result(), packet.motions))
        client.close()
    assert frames[0] == frames[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows guards files by their folder's rights, not by modes")
def test_only_the_user_can_read_the_keys(start: Starter, tmp_path: Path) -> None:
    backend = start()
    ready(backend).close()
    handover = backend._folder / "handover.json"
    assert stat.S_IMODE(handover.stat().st_mode) == 0o600
    assert stat.S_IMODE(handover.parent.stat().st_mode) == 0o700
    loose = tmp_path / "handover.json"
    loose.write_text("{}")
    loose.chmod(0o666)
    connection.write_handover(backend.handover, loose)
    assert stat.S_IMODE(loose.stat().st_mode) == 0o600
    assert connection.read_handover(loose) == backend.handover


def test_no_call_blocks_the_caller(start: Starter) -> None:
    longest: dict[str, float] = {}

    def timed(name: str, call: Callable[[], object]) -> object:
        began = time.perf_counter()
        value = call()
        longest[name] = max(longest.get(name, 0.0), time.perf_counter() - began)
        return value

    backend = timed("start", start)
    while timed("poll", backend.poll) is not State.READY:
        time.sleep(0.01)
    client = timed("connect", lambda: Client(backend.handover))
    identifier = timed("send", lambda: client.send(Generate("slow", seconds=4.0)))
    done = False
    deadline = time.monotonic() + WAIT
    while not done and time.monotonic() < deadline:
        packets = timed("receive", client.poll)
        done = any(p.id == identifier and isinstance(p.message, protocol.Result) for p in packets)
        time.sleep(0.01)
    assert done
    timed("close", client.close)
    timed("stop", backend.stop)
    # Four times the 50 ms for which Blender may be blocked: other load on the machine must not fail this.
    assert {name: seconds for name, seconds in longest.items() if seconds > 0.2} == {}


def test_a_backend_that_dies_says_why(start: Starter) -> None:
    backend = start("--device", "abacus")
    assert backend.wait(WAIT) == 2
    assert backend.poll() is State.DEAD
    error = backend.failure()
    assert "code 2" in error.message and "abacus" in error.message
    assert str(backend.log_path) in error.cure
    assert not backend._folder.exists()


def test_a_killed_backend_is_seen_dead(start: Starter) -> None:
    backend = start()
    ready(backend).close()
    os.kill(backend.pid, signal.SIGKILL)
    backend.wait(WAIT)
    assert backend.poll() is State.DEAD
    assert "signal 9" in backend.failure().message


def test_a_python_that_does_not_exist_is_reported(start: Starter) -> None:
    with pytest.raises(MotionGPTError) as caught:
        start(python="/nowhere/python")
    assert caught.value.kind == "backend_died"


PARENT = """
import sys, time
from pathlib import Path
from motiongpt.backend.process import child
folder = Path(sys.argv[1])
backend = child.start(folder / "log.txt", ["--model", "fake"], import_paths=[sys.argv[2]])
while backend.poll() is not child.State.READY:
    time.sleep(0.02)
print(backend.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs kill -9")
@pytest.mark.parametrize("busy", [False, True])
def test_the_backend_ends_when_its_parent_is_killed(tmp_path: Path, busy: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), FAKE_PROCESS],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    client = None
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if busy:
            handover = connection.read_handover(next(tmp_path.glob("motiongpt-*/handover.json")))
            assert handover is not None
            client = Client(handover)
            client.send(Generate("slow", seconds=10.0))
            assert client.wait(WAIT)
        assert not has_ended(pid)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    deadline = time.monotonic() + 8.0
    while not has_ended(pid):
        assert time.monotonic() < deadline, (tmp_path / "log.txt").read_text()
        time.sleep(0.05)
    assert not list(tmp_path.glob("motiongpt-*/handover.json"))
    if client is not None:
        client.close()


def unpack_extension(folder: Path) -> Path:
    """The files of the built extension."""
    for name, content in build_addon.source_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.mark.parametrize("name", ["motiongpt", "some-checkout"])
def test_the_launcher_works_whatever_the_folder_is_called(
    name: str, tmp_path: Path, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpack_extension(tmp_path / "user_default" / name)
    monkeypatch.setattr(child, "LAUNCHER", folder / "backend" / "process" / "launch.py")
    client = ready(start("--model", "fake"))
    assert len(ask(client, Generate("walk"), timeout=WAIT).motions[0]) == 80
    client.close()


def test_the_launched_code_is_the_copy_and_imports_nothing_of_the_addon(tmp_path: Path) -> None:
    folder = unpack_extension(tmp_path / "copy")
    script = f"""
import runpy, sys
for absent in ("bpy", "matplotlib", "rich", "torch"):  # an extension brings none of these
    sys.modules[absent] = None
runpy.run_path({str(folder / "backend" / "process" / "launch.py")!r})["load_package"]()
from motiongpt.backend.commands import cli
assert cli.main(["models", "list"]) == 0
from motiongpt.backend.process import server
ours = [m for name, m in sys.modules.items() if name.split(".")[0] == "motiongpt" and m.__spec__.origin]
outside = [m for m in ours if not m.__spec__.origin.startswith({str(folder)!r})]
assert len(ours) > 5 and not outside, outside
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dependencies_are_found_without_importing_them() -> None:
    script = """
import sys
from motiongpt.backend.process.child import DEPENDENCIES, dependency_paths
paths = dependency_paths()
heavy = {"onnxruntime", "tokenizers"} & set(sys.modules)
assert not heavy, heavy
sys.path[:] = [p for p in sys.path if "site-packages" not in p] + paths
for name in DEPENDENCIES:
    __import__(name)
assert dependency_paths(["no_such_package_anywhere"]) == []
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    assert child.read_tail(path) == ""
    path.write_bytes("ä".encode() * 50_000 + b"\nlast line\n")
    tail = child.read_tail(path, 100)
    assert tail.endswith("ä\nlast line") and len(tail) <= 100


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_what_only_informs_is_not_the_reason_for_an_end(start: Starter) -> None:
    backend = start()
    ready(backend).close()
    os.kill(backend.pid, signal.SIGKILL)
    backend.wait(WAIT)
    assert backend.failure().message == "The backend ended by signal 9."


@pytest.mark.skipif(os.name == "nt", reason="needs SIGSTOP")
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_stopped_backend_is_ended_with_its_files(start: Starter, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.3)
    backend = start()
    ready(backend).close()
    os.kill(backend.pid, signal.SIGSTOP)
    getattr(backend, how)()
    assert backend.wait(WAIT) == -signal.SIGKILL
    assert not backend._folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGHUP")
def test_a_terminal_that_closes_leaves_no_key_file(start: Starter) -> None:
    backend = start()
    ready(backend).close()
    os.kill(backend.pid, signal.SIGHUP)
    assert backend.wait(WAIT) == 0
    assert not (backend._folder / "handover.json").exists()


@pytest.mark.parametrize("pid", ["0", "-1", "99999999999", "2147483646"])
def test_a_parent_that_is_no_process_is_refused_in_words(
    pid: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["serve", "--handover", str(tmp_path / "keys.json"), f"--parent-pid={pid}"])
    assert code == 2 and f"There is no process {pid}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_bad_host_ends_serve_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["serve", "--handover", str(tmp_path / "keys.json"), "--host", "nowhere.invalid"])
    assert code == 2 and "can't listen on nowhere.invalid" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def without_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, dir: object = None, **__: object) -> str:
        if dir is None:
            raise FileNotFoundError(2, "No usable temporary directory found")
        return made(dir=dir)

    made = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)


def test_without_a_temporary_folder_the_logs_folder_is_used(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    without_temporary_folder(monkeypatch)
    backend = start()
    ready(backend).close()
    assert backend._folder.parent == backend.log_path.parent
    assert stat.S_IMODE(backend._folder.stat().st_mode) == 0o700


def test_without_any_folder_it_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_temporary_folder(monkeypatch)
    (tmp_path / "file").write_text("")
    with pytest.raises(MotionGPTError, match="no place for the backend's temporary files"):
        child.start(tmp_path / "file" / "log.txt")


def test_with_a_read_only_home_it_runs_without_a_log_there(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder can be made in a file, whoever asks")
    backend = child.start(tmp_path / "home" / "log.txt", import_paths=[FAKE_PROCESS])
    client = ready(backend)
    assert ask(client, Generate("walk"), timeout=WAIT).motions
    client.close()
    os.kill(backend.pid, signal.SIGKILL)
    backend.wait(WAIT)
    assert backend.poll() is State.DEAD and "ended by signal 9" in backend.failure().message
    assert backend.failure().cure == ""  # its log is gone with it


def test_the_log_is_kept_apart_for_each_start(start: Starter) -> None:
    for _ in range(2):
        backend = start()
        ready(backend).close()
        backend.stop()
        backend.wait(WAIT)
    names = sorted(path.name for path in backend.log_path.parent.iterdir())
    assert names == ["backend.log", "backend.log.1", "backend.log.printed"]


def test_no_variable_puts_another_engine_into_the_product() -> None:
    """Tests replace the engine from outside (`support.fake_process`): nothing of that kind is shipped."""
    for name, content in build_addon.source_files().items():
        if name.endswith(".py"):
            text = content.decode()
            assert "TEST_ENGINE" not in text and "fake_engine" not in text, name


def test_a_start_clears_up_after_those_that_were_killed(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, other, own = (
        tmp_path / name for name in (f"motiongpt-{dead.pid}-x", f"motiongpt-{os.getpid()}-x", "motiongpt-99999999999-x")
    )
    unrelated = tmp_path / "motiongpt-render"
    for folder in (left, other, own, unrelated):
        folder.mkdir()
    start()
    assert not left.exists() and not own.exists() and other.exists() and unrelated.exists()
