"""What `test_blocks.py` runs inside Blender: the list's buttons, what the strip shows, the panels."""

import importlib
import math
import tempfile
from pathlib import Path

import bpy
from support.in_blender.keyed import person, press
from support.in_blender.panel import RecordingLayout
from support.in_blender.user import MODULE, make_armature, run_job, session, settings


def module(name: str):
    return importlib.import_module(f"{MODULE}.addon.{name}")


def shot():
    return bpy.data.objects["Person"].motiongpt_shot


def listed() -> list:
    return [[b.text, b.frames] for b in shot().blocks]


def refused(operator: str, **choices: object) -> str:
    """Press a button; the error that the user sees, or ""."""
    try:
        getattr(bpy.ops.motiongpt, operator)(**choices)
    except RuntimeError as error:
        return str(error).strip()
    return ""


def buttons() -> object:
    """Blocks added, typed, sorted, split, removed, each undone and done again."""
    person()
    scene = bpy.context.scene
    scene.frame_set(21)
    bpy.ops.ed.undo_push(message="start")
    seen: dict[str, object] = {"poll": bpy.ops.motiongpt.remove_block.poll(), "steps": []}

    def step(operator: str, **choices: object) -> None:
        error = refused(operator, **choices)
        before = [listed(), shot().active, shot().start]
        if not error:
            bpy.ops.ed.undo_push(message=operator)  # as Blender does after an operator of the interface
        seen["steps"].append([operator, *before, error])

    step("add_block", text="walks")
    step("add_block", text="waves")
    step("add_block")
    step("block_text", block=2, text=" bows ")
    step("move_block", ahead=-1)
    step("move_block", ahead=-5)
    scene.frame_set(40)
    step("split_block")
    scene.frame_set(37)
    step("split_block")
    scene.frame_set(5)
    step("split_block")
    step("remove_block")
    step("block_text", block=9, text="x")
    final = listed()
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    seen["undone"] = listed()
    bpy.ops.ed.redo()
    seen["redone"] = listed() == seen["steps"][-4][1]
    return seen | {"final": final}


def saved() -> object:
    """Every field of a block, saved and loaded, and copied with the character."""
    person()
    values = module("shot.values").BlockValues
    fields = {"distance": 2.5, "speed": 1.2, "turn": -90.0, "in_place": True, "facing": [1.0, 2.0]}
    blocks = (values("walks", 48, 7, fields), values("waves", 36, 2**31 - 1))
    module("shot.data").write_blocks(shot(), blocks, ("12345678",))
    shot().start, shot().start_from, shot().after, shot().blend = -12, "STANDS", "CUT", 0.5
    copy = bpy.data.objects["Person"].copy()
    copy.name = "Copy"
    bpy.context.scene.collection.objects.link(copy)
    path = str(Path(tempfile.mkdtemp()) / "blocks.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    data = module("shot.data")
    out = {}
    for name in ("Person", "Copy"):
        own = bpy.data.objects[name].motiongpt_shot
        read = data.read_blocks(own)
        out[name] = [[b.text, b.frames, b.seed, b.fields] for b in read]
        out[name] += [[own.start, own.start_from, own.after, round(own.blend, 3), own.blocks[0].made]]
    own.blocks[0].turn = math.radians(45.0)
    return out | {"turned": data.read_blocks(own)[0].fields["turn"]}


def shown() -> object:
    """What the strip shows: nothing, the blocks, those of a prompt while they are made, the one that is made again."""
    drawing = module("ui.blocks.drawing")
    person()

    def now() -> object:
        found = drawing.shown_blocks(bpy.context)
        return found and [list(found.texts), list(found.timing.edges), list(found.unmade), found.active, found.making]

    seen: dict[str, object] = {"nothing": now()}
    settings().prompt, settings().seconds = "walks, then slow", 4.0
    bpy.ops.motiongpt.add_block(text="waves")
    seen["one"] = now()
    bpy.ops.motiongpt.generate()
    seen["pressed"] = now()
    run_job(until=lambda job: job.block == 1)
    seen["second"] = now()
    seen["still"] = listed()
    run_job()
    seen["made"] = now()
    shot().active = 1
    bpy.ops.motiongpt.regenerate_block()
    seen["again"] = now()
    run_job()
    shot().on_timeline = False
    seen["hidden"] = now()
    shot().on_timeline = True
    make_armature("Other", {"Hips": (None, (0.0, 0.0, 1.0))})
    seen["other"] = now()
    return seen


def drawn(panel: type) -> str:
    said: list[str] = []

    class Drawn:
        layout = RecordingLayout(said)

    panel.draw(Drawn(), bpy.context)
    return " ".join(filter(None, said))


def panels() -> object:
    """The panel with and without blocks, while a job runs, and in other tasks."""
    panel = module("ui.blocks.panel")
    seen: dict[str, object] = {"no armature": panel.MOTIONGPT_PT_shot.poll(bpy.context)}
    person()
    seen["empty"] = [panel.MOTIONGPT_PT_shot.poll(bpy.context), drawn(panel.MOTIONGPT_PT_shot)]
    seen["refused"] = press("regenerate_block")["error"]
    settings().prompt, settings().seconds = "walks, then waves", 4.0
    bpy.ops.motiongpt.blocks_from_prompt()
    seen["listed"] = [listed(), shot().active, drawn(panel.MOTIONGPT_PT_shot_in_dope_sheet)]
    line: list[str] = []
    panel.MOTIONGPT_UL_blocks.draw_item(
        None, bpy.context, RecordingLayout(line), shot(), shot().blocks[1], 0, shot(), ""
    )
    seen["line"] = line
    shot().start_from = "ORIGIN"
    seen["origin"] = drawn(panel.MOTIONGPT_PT_shot)
    settings().prompt = "slow"
    bpy.ops.motiongpt.generate_shot()
    session().tick()
    seen["running"] = drawn(panel.MOTIONGPT_PT_shot)
    run_job()
    menu = module("ui.blocks.operators").MOTIONGPT_MT_block
    seen["menu"] = drawn(menu)
    bpy.context.scene.render.fps_base = 1e-4
    seen["rate"] = drawn(panel.MOTIONGPT_PT_shot)
    bpy.context.scene.render.fps_base = 1.0
    settings().task = "caption"
    seen["other task"] = panel.MOTIONGPT_PT_shot.poll(bpy.context)
    return seen
