"""The table of jobs: how it may be saved, and what is wrong in which cell."""

from pathlib import Path

import pytest
from support.motions import standing

from motiongpt.backend.commands.batch.jobs import read_jobs
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import save_npz


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "walks").mkdir()
    for name in ("a", "b"):
        save_npz(standing(30), tmp_path / "walks" / f"{name}.npz")
    (tmp_path / "hero.txt").write_text("no character")
    return tmp_path


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "jobs.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_as_spreadsheets_save_them(folder: Path, encoding: str, separator: str) -> None:
    rows = (("Task", "prompt", "seconds", "seed"), ("", "a café dance", "1.5", "7"), ("", "", "", ""))
    (job,) = read_jobs(table(folder, "\r\n".join(separator.join(row) for row in rows), encoding))
    assert (job.prompt, job.seconds, job.seed, job.line) == ("a café dance", 1.5, 7, 2)
    assert job.output == "café_dance_7.npz"


def test_a_folder_is_a_job_for_each_of_its_motions(folder: Path) -> None:
    jobs = read_jobs(table(folder, "task,motion,output\ncaption,walks,\nexport,walks,new-*.bvh\n"))
    assert [job.output for job in jobs] == ["a.txt", "b.txt", "new-a.bvh", "new-b.bvh"]


def test_jobs_have_other_keys_where_anything_differs(folder: Path) -> None:
    text = "task,prompt,motion,seed,output\n,walks,,1,a.npz\n,walks,,2,b.npz\nexport,,walks/a.npz,,c.bvh\n"
    walks, _, export = jobs = read_jobs(table(folder, text))
    assert len({job.key("model") for job in jobs}) == 3
    assert walks.key("model") != walks.key("other") and export.key("model") == export.key("other")
    before = export.key("")
    save_npz(standing(31), folder / "walks" / "a.npz")
    assert export.key("") != before
    assert read_jobs(table(folder, text.replace("\n,walks,,1", "\n,stands,,0,x.npz\n,walks,,1")))[1].key("model") == (
        walks.key("model")
    )  # on another line


@pytest.mark.parametrize(
    ("head", "row", "says"),
    [
        ("task,prompt", "dance,x", "line 2, column task"),
        ("task,prompt", "generate,", "line 2, column prompt"),
        ("prompt,seconds", "walks,soon", 'line 2, column seconds: "soon" is not a number'),
        ("prompt,seconds", "walks,-1", "line 2, column seconds"),
        ("prompt,seed", "walks,1.5", "line 2, column seed"),
        ("prompt,seed", "walks,-1", "line 2, column seed"),
        ("prompt,fps", "walks,1e-9", "line 2, column fps"),
        ("prompt,fps", "walks,nan", "line 2, column fps"),
        ("prompt,motion", "walks,walks/a.npz", "line 2, column motion: generate does not use it"),
        ("task,motion", "describe,nowhere.npz", "line 2, column motion"),
        ("task,motion", "describe,hero.txt", "line 2, column motion"),
        ("task,motion,poses", "inbetween,walks/a.npz,", "line 2, column poses"),
        ("task,motion,poses", "inbetween,walks/a.npz,first", "line 2, column poses"),
        ("task,motion", "retarget,walks/a.npz", "line 2, column character"),
        ("task,motion,character", "retarget,walks/a.npz,hero.txt", "line 2, column character"),
        ("prompt,output", "walks,../x.npz", "line 2, column output"),
        ("prompt,output", "walks,x.mp3", "line 2, column output"),
        ("task,motion,output", "export,walks,x.bvh", "line 2, column output"),
        ("prompt,preset,output", "walks,maya,x.fbx", "line 2, column preset"),
        ("prompt,preset,output", "walks,unreal,x.npz", "line 2, column preset"),
        ("promt", "walks", "column promt"),
        ("prompt,output", "walks,x.npz\nruns,X.NPZ", "lines 2 and 3, column output"),
        ("prompt", "", "has no jobs"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(folder: Path, head: str, row: str, says: str) -> None:
    with pytest.raises(MotionGPTError) as caught:
        read_jobs(table(folder, f"{head}\n{row}\n"))
    assert says in caught.value.message and caught.value.cure


def test_columns_in_other_words_and_names_without_an_ending(folder: Path) -> None:
    said = "text,seconds,seed,name\na person walks,2,1,walk\na person runs,1,2,run.bvh\nwalks,,,\n"
    walk, run, unnamed = read_jobs(table(folder, said))
    assert (walk.prompt, walk.seconds, walk.seed, walk.output) == ("a person walks", 2.0, 1, "walk.npz")
    assert (run.output, unnamed.output) == ("run.bvh", "walks_0.npz")
    (caught,) = read_jobs(table(folder, "task,motion,name\ndescribe,walks/a.npz,caption\n"))
    assert caught.output == "caption.txt"
    with pytest.raises(MotionGPTError, match="both prompt and text"):
        read_jobs(table(folder, "prompt,text\nwalks,runs\n"))
