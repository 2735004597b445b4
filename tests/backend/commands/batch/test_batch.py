"""A batch: every job once, files whole, across kills, dying workers and full disks."""

import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import FAKE_PROCESS, Capture, run_json

from motiongpt.backend.commands import cli
from motiongpt.backend.commands.batch.journal import FOLDER, Journal
from motiongpt.backend.process.launch import LAUNCHER

REPORT = {"report.csv", "report.html"}


@pytest.fixture(autouse=True)
def fake_workers(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)


def write(rows: list[str], head: str = "prompt,seconds,seed,output") -> Path:
    path = Path("jobs.csv")
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def names(folder: str = "clips") -> set[str]:
    return {path.name for path in Path(folder).iterdir()} - {FOLDER}


def test_every_task_writes_its_file_and_a_second_run_does_nothing(capsys: Capture) -> None:
    write(["a person walks,2,1,walk.npz", "a person runs,1,2,run.bvh"])
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips", "--jobs", "2")
    assert code == 0 and (data["done"], data["kept"], data["failed"]) == (2, 0, 0)
    assert names() == {"walk.npz", "run.bvh"} | REPORT
    before = {path.name: path.stat().st_mtime_ns for path in Path("clips").glob("[wr]*.*") if path.name not in REPORT}
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips", "--no-clobber")
    assert code == 0 and (data["done"], data["kept"]) == (0, 2)
    assert before == {name: (Path("clips") / name).stat().st_mtime_ns for name in before}
    write(["export,clips/walk.npz,10,slow.npz"], "task,motion,fps,output")
    assert cli.main(["batch", "jobs.csv", "-o", "more"]) == 0
    assert names("more") == {"slow.npz"} | REPORT


def test_progress_is_a_line_for_each_file(capsys: Capture) -> None:
    write(["a person walks,2,1,walk.npz", "a person runs,1,2,run.bvh"])
    assert cli.main(["batch", "jobs.csv", "-o", "clips", "--progress"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert {line.split()[1] for line in lines} == {"1/2", "2/2"}
    assert {line.split()[2] for line in lines} == {"walk.npz", "run.bvh"}
    assert cli.main(["batch", "jobs.csv", "-o", "clips", "--progress"]) == 0
    assert capsys.readouterr().err == ""  # all are kept


def test_the_report_has_a_picture_and_a_line_for_every_job(capsys: Capture) -> None:
    write(["a person walks,2,1,walk.npz", "fail,1,2,fail.npz", "crash <b>,1,3,unknown.npz"])
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips")
    assert code == 2 and (data["done"], data["failed"]) == (2, 1)
    assert data["failures"] == [{"line": 3, "message": "The engine refuses.", "cure": "Ask for something else."}]
    page = Path("clips/report.html").read_text("utf-8")
    assert page.count("<svg") == 2 and "crash &lt;b&gt;" in page
    rows = list(csv.DictReader(Path("clips/report.csv").read_text("utf-8-sig").splitlines()))
    assert [row["state"] for row in rows] == ["done", "failed", "done"]
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips")  # what failed is tried again
    assert (data["kept"], data["failed"]) == (2, 1)


def test_files_of_others_are_not_replaced_with_no_clobber(capsys: Capture) -> None:
    Path("clips").mkdir()
    Path("clips/walk.npz").write_text("mine")
    write(["a person runs,1,1,run.npz", "a person walks,2,1,walk.npz"])
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips", "--no-clobber")
    assert code == 2 and data["error"]["kind"] == "exists" and "Line 3" in data["error"]["message"]
    assert names() == {"walk.npz"} and Path("clips/walk.npz").read_text() == "mine"
    assert cli.main(["batch", "jobs.csv", "-o", "clips"]) == 0
    Path("clips/run.npz").write_text("edited since")
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips")
    assert data["changed"] == 1 and Path("clips/run.npz").read_text() == "edited since"


def test_wrong_input_is_said_before_anything_is_done(capsys: Capture) -> None:
    write(["a person walks,2,1,walk.npz", "a person walks,soon,1,x.npz"])
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips")
    assert code == 2 and "line 3, column seconds" in data["error"]["message"] and not Path("clips").exists()
    write(["a person walks,2,1,walk.npz"])
    assert run_json(capsys, "batch", "jobs.csv", "-o", "clips", "--jobs", "0")[0] == 2
    assert run_json(capsys, "batch", "jobs.csv", "-o", "jobs.csv")[1]["error"]["kind"] == "unwritable"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", str(LAUNCHER), "motiongpt", "batch", "jobs.csv", "-o", "clips", *arguments]


def processes(word: str) -> list[int]:
    """Processes of this test, by a word of their command line or environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if (folder / "cwd").resolve() == Path.cwd() and word in (folder / "cmdline").read_text():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def digests() -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in Path("clips").iterdir() if p.is_file()}


def killed_batch(count: int, kills: int, prompt: str) -> tuple[dict[str, str], int]:
    """Run a batch and kill it at random moments, then let it end. Returns the files and how often jobs were done."""
    write([f"{prompt},1,{seed},clip-{seed}.npz" for seed in range(count)])
    random_moment = random.Random(1)
    for kill in range(kills):
        process = subprocess.Popen(command("--jobs", "2"), cwd=Path.cwd(), start_new_session=True)
        limit = time.monotonic() + 60.0
        wanted = (kill + 1) * count // (kills + 2)
        while len(list(Path("clips").glob("clip-*.npz"))) < wanted and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(random_moment.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        names_now = {path.name for path in Path("clips").iterdir()}
        assert names_now - {FOLDER} <= {f"clip-{seed}.npz" for seed in range(count)}
    assert subprocess.run(command("--json"), cwd=Path.cwd(), check=False).returncode == 0
    lines = (Path("clips") / FOLDER / "journal.jsonl").read_text("utf-8").splitlines()
    return digests(), len(lines)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc")
@pytest.mark.parametrize(("count", "kills"), [(24, 2), pytest.param(200, 5, marks=pytest.mark.long)])
def test_a_killed_batch_ends_with_all_files_and_no_other(count: int, kills: int) -> None:
    found, done = killed_batch(count, kills, "a person walks")
    assert set(found) == {f"clip-{seed}.npz" for seed in range(count)} | REPORT
    assert done == count  # none twice
    assert {path.name for path in (Path("clips") / FOLDER).iterdir()} == {"journal.jsonl", "lock"}
    subprocess.run([a if a != "clips" else "again" for a in command()], cwd=Path.cwd(), check=True)
    again = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in Path("again").glob("clip-*")}
    assert again == {name: digest for name, digest in found.items() if name not in REPORT}
    deadline = time.monotonic() + 20.0
    while processes("batch.worker") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes("batch.worker") == []


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc")
def test_a_worker_that_dies_is_replaced_and_its_job_done_once() -> None:
    write([f"slow,2,{seed},clip-{seed}.npz" for seed in range(3)])
    process = subprocess.Popen(command("--json"), cwd=Path.cwd(), stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60.0
    while not (workers := processes("batch.worker")) and time.monotonic() < deadline:
        time.sleep(0.02)
    while not list(Path("clips").glob("clip-0.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(workers[0], signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert '"done": 3' in out and process.returncode == 0


def test_two_batches_in_one_folder_are_refused(capsys: Capture) -> None:
    write(["a person walks,1,1,walk.npz"])
    Path("clips").mkdir()
    first = Journal(Path("clips"))
    code, data = run_json(capsys, "batch", "jobs.csv", "-o", "clips")
    first.close()
    assert code == 2 and data["error"]["kind"] == "busy"
    assert cli.main(["batch", "jobs.csv", "-o", "clips"]) == 0
