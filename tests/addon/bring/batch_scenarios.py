"""What `test_batch.py` runs inside Blender: tables and folders done in the background. FOLDER is empty at first."""

import importlib
import os
import time
from pathlib import Path

import bpy
from support.in_blender.keyed import person
from support.in_blender.panel import drawn
from support.in_blender.user import MODULE


def bring():
    return bpy.context.scene.motiongpt_bring


def ui():
    return importlib.import_module(f"{MODULE}.addon.ui.bring.batch")


def press() -> str:
    try:
        bpy.ops.motiongpt.run_batch()
    except RuntimeError as error:
        return str(error).strip()
    return ""


def wait(until=lambda batch: False, limit: float = 120.0):
    """Call the timer's function by hand, as background has no event loop."""
    end = time.monotonic() + limit
    while ui().look() is not None and not until(ui().current()):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)
    return ui().current()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def table() -> object:
    """A table in the words of animators: done, done again, stopped, gone on with, one row wrong."""
    folder = Path(os.environ["FOLDER"])
    (folder / "jobs.csv").write_text("text,seconds,seed,name\na person walks,2,1,walk\na person runs,1,2,run.bvh\n")
    bring().table = str(folder / "jobs.csv")
    seen: dict[str, object] = {"greyed": bpy.ops.motiongpt.run_batch.poll(), "empty": drawn(ui().MOTIONGPT_PT_batch)}
    bring().folder = str(folder / "clips")
    seen["pressed"] = press()
    seen["running"] = [bpy.ops.motiongpt.run_batch.poll(), bpy.ops.motiongpt.stop_batch.poll()]
    said: list[str] = []
    batch = wait(lambda batch: said.append(drawn(ui().MOTIONGPT_PT_batch)))
    seen["drawn"] = any("motiongpt.stop_batch" in each for each in said)
    seen["first"] = [batch.failed, batch.message, files(folder / "clips"), [batch.done, batch.total]]
    seen["after"] = drawn(ui().MOTIONGPT_PT_batch)
    press()
    seen["again"] = wait().message
    (folder / "jobs.csv").write_text(
        "text,seconds,seed,name\na person walks,2,1,walk\n" + "".join(f"slow,4,{i},slow{i}\n" for i in range(9))
    )
    press()
    wait(lambda batch: batch.done >= 2)
    bpy.ops.motiongpt.stop_batch()
    batch = wait()
    seen["stopped"] = [batch.failed, batch.message, batch.done < batch.total]
    (folder / "jobs.csv").write_text("text,seconds,seed,name\na person walks,long,1,walk\n")
    press()
    batch = wait()
    seen["wrong"] = [batch.failed, batch.message]
    bring().table = str(folder / "none.csv")
    seen["missing"] = press()
    return seen


def folder() -> object:
    """A folder of motion files onto this file's character; before it is saved, and a folder without motion."""
    place = Path(os.environ["FOLDER"])
    person()
    bring().table, bring().folder = str(place / "motions"), str(place / "out")
    seen: dict[str, object] = {"unsaved": press()}
    bpy.ops.wm.save_as_mainfile(filepath=str(place / "hero.blend"))
    seen["pressed"] = press()
    batch = wait()
    seen["done"] = [batch.failed, batch.message, files(place / "out")]
    (place / "empty").mkdir()
    bring().table = str(place / "empty")
    seen["empty"] = press()
    return seen
