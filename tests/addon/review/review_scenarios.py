"""What `test_review.py` runs inside Blender: takes that are flipped, compared, accepted, rejected, saved and undone."""

import importlib
import sys
import tempfile
from pathlib import Path

import bpy
from support.in_blender.keyed import differ, key_turn, keyed, pose
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, settings

review = importlib.import_module(f"{MODULE}.addon.review.reviewing")


def person() -> bpy.types.Object:
    """The biped with an action of its own, "mine", and a NLA track."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 20
    armature = make_armature("Person", BIPED)
    pose(armature, 1, 0.3)
    pose(armature, 20, 0.7, move=0.2)
    armature.animation_data.action.name = "mine"
    scene.frame_set(1)
    return armature


def names() -> dict[str, list[str]]:
    """The names of all data blocks, and of the armature's NLA tracks."""
    found = {}
    for name in dir(bpy.data):
        block = getattr(bpy.data, name)
        if isinstance(block, bpy.types.bpy_prop_collection):
            found[name] = sorted(item.name for item in block)
    armature = bpy.data.objects["Person"]
    tracks = armature.animation_data.nla_tracks if armature.animation_data else ()
    return found | {"tracks": [track.name for track in tracks]}


def state(armature: bpy.types.Object) -> list[object]:
    """What the animator sees: the action, its keys, the bones, the scene's end."""
    data = armature.animation_data
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    bones = [[list(row) for row in bone.matrix_basis] for bone in armature.pose.bones]
    action = data.action if data else None
    return [
        action.name if action else None, sorted(map(list, keyed(armature).items())) if action else [], bones,
        bpy.context.scene.frame_end, [data.action_influence, data.action_blend_type] if data else None,
    ]  # fmt: skip


def three(prompt: str = "a person walks", takes: int = 3) -> str:
    settings().prompt, settings().seconds, settings().text_takes = prompt, 2.0, takes
    return attempt() or run_job().state


def flipped() -> object:
    """Three takes: what each shows, what the panel says, comparing, and the undo steps."""
    armature = person()
    bpy.ops.ed.undo_push(message="start")
    before, blocks = state(armature), names()
    seen: dict[str, object] = {"made": three(), "message": run_job().message}
    seen["while"] = [armature.animation_data.action.name, sorted(a.name for a in bpy.data.actions)]
    seen["tracks"] = len(armature.animation_data.nla_tracks)
    shown = [keyed(armature)]
    for step in (1, 1, 1, -1):
        bpy.ops.motiongpt.show_take(step=step)
        shown.append(keyed(armature))
    seen["shown"] = [[shown.index(keys) for keys in shown], len(shown[0])]
    bpy.ops.motiongpt.compare_take()
    seen["compared"] = [a == b for a, b in zip(state(armature), before, strict=True)]
    bpy.ops.motiongpt.compare_take()
    seen["back"] = keyed(armature) == shown[4]
    bpy.ops.motiongpt.pick_take(number=1)
    seen["picked"] = keyed(armature) == shown[0]
    seen["panel"] = drawn_takes()
    bpy.ops.ed.undo_push(message="flipped")
    armature.location.x = 1.5  # which no take animates
    bpy.ops.motiongpt.reject_takes()
    seen["rejected"] = [state(armature) == before, names() == blocks, drawn_takes()]
    seen["moved"] = armature.location.x
    bpy.ops.ed.undo_push(message="rejected")
    bpy.ops.ed.undo()
    armature = bpy.data.objects["Person"]
    seen["undone"] = [keyed(armature) == shown[0], len(armature.motiongpt_review.takes)]
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    armature = bpy.data.objects["Person"]
    seen["all undone"] = [state(armature) == before, names() == blocks, len(armature.motiongpt_review.takes)]
    return seen


def drawn_takes() -> str:
    """What the sub-panel of takes says; "" where it is not there."""
    panel = importlib.import_module(f"{MODULE}.addon.ui.takes.panel")
    if not panel.MOTIONGPT_PT_takes.poll(bpy.context):
        return ""
    return drawn(panel.MOTIONGPT_PT_takes)


def accepted() -> object:
    """The second of three takes is accepted; the same as a press for one take would have written, but for the seed."""
    armature = person()
    three()
    bpy.ops.motiongpt.show_take(step=1)
    wanted = keyed(armature)
    seen: dict[str, object] = {"accepted": list(bpy.ops.motiongpt.accept_take())}
    action = armature.animation_data.action
    seen["action"] = [action.name, keyed(armature) == wanted, sorted(a.name for a in bpy.data.actions)]
    seen["stash"] = [[t.name, t.mute, t.strips[0].action.name] for t in armature.animation_data.nla_tracks]
    seen["origin"] = {name: value for name, value in action.items() if not name.startswith("motiongpt_generated")}
    seen["open"] = len(armature.motiongpt_review.takes)
    seen["left"] = [armature.motiongpt_review.preview, armature.motiongpt_review.pose]
    generated = importlib.import_module(f"{MODULE}.addon.poses.keyed")
    character = importlib.import_module(f"{MODULE}.addon.character.character")
    seen["own"] = sorted(generated.user_frames(armature, character.Character.read(armature)))
    return seen


ROUNDS = (("a person walks", 2), ("a person walks, then waves", 2), ("a person runs", 8))
"""Prompts and takes; the second becomes a shot."""


def hundred() -> object:
    """A hundred presses and rejections, of two takes, of two shots or of eight takes, flipped and compared; then the
    same on an armature without animation."""
    armature = person()
    before, blocks = state(armature), names()
    differ, takes = {}, 0
    for number in range(100):
        prompt, count = ROUNDS[0 if number % 5 else 1 + number % 2]
        made = three(prompt, count)
        takes += len(armature.motiongpt_review.takes)
        bpy.ops.motiongpt.show_take(step=1)
        if number % 2:
            bpy.ops.motiongpt.compare_take()
        bpy.ops.motiongpt.reject_takes()
        if made != "DONE" or names() != blocks or state(armature) != before:
            differ[number] = [made, {k: [blocks[k], v] for k, v in names().items() if v != blocks[k]}]
    seen: dict[str, object] = {"takes": takes, "differ": differ}
    armature.animation_data_clear()
    for bone in armature.pose.bones:
        bone.matrix_basis.identity()
    before, blocks = state(armature), names()
    three()
    bpy.ops.motiongpt.reject_takes()
    seen["bare"] = [state(armature) == before, names() == blocks, armature.animation_data is None]
    return seen


def saved() -> object:
    """Saved during a review, opened again: all takes are there, and what was before; a backend is not needed."""
    armature = person()
    before = state(armature)
    plain = Path(tempfile.mkdtemp()) / "plain.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(plain))
    three(takes=3)
    shown = []
    for _ in range(3):
        shown.append(keyed(armature))
        bpy.ops.motiongpt.show_take()
    bpy.ops.motiongpt.compare_take()  # the previewing action has no other user now
    path = plain.with_name("review.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    seen: dict[str, object] = {"bytes": path.stat().st_size - plain.stat().st_size}
    seen["text"] = [len(take.curves) for take in armature.motiongpt_review.takes]
    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = bpy.data.objects["Person"]
    seen["before"] = [a == b for a, b in zip(state(armature), before, strict=True)]
    bpy.ops.motiongpt.compare_take()
    again = []
    for _ in range(3):
        again.append(keyed(armature))
        bpy.ops.motiongpt.show_take()
    seen["takes"] = again == shown
    bpy.ops.motiongpt.reject_takes()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = bpy.data.objects["Person"]
    seen["rejected"] = [state(armature) == before, sorted(a.name for a in bpy.data.actions)]
    return seen


def edited() -> object:
    """Keys that the animator changes in a take stay in it; a take that is damaged is one clear sentence."""
    armature = person()
    three()
    bpy.context.scene.frame_set(10)
    key_turn(armature, "LeftArm", 10, (0.5, 0.5, 0.5, 0.5))
    mine = keyed(armature)
    bpy.ops.motiongpt.show_take()
    other = keyed(armature)
    bpy.ops.motiongpt.show_take(step=-1)
    seen: dict[str, object] = {"kept": [keyed(armature) == mine, other != mine, "Changed by you." in drawn_takes()]}
    armature.motiongpt_review.takes[1].curves = "bm9uc2Vuc2U="
    try:
        bpy.ops.motiongpt.show_take()
    except RuntimeError as error:
        seen["damaged"] = [str(error), keyed(armature) == mine]
    seen["accepted"] = list(bpy.ops.motiongpt.accept_take())
    seen["action"] = differ(mine, keyed(armature))
    generated = importlib.import_module(f"{MODULE}.addon.poses.keyed")
    character = importlib.import_module(f"{MODULE}.addon.character.character")
    seen["own"] = sorted(generated.user_frames(armature, character.Character.read(armature)))
    return seen


def more() -> object:
    """Others, more like this one, another prompt, and what is refused."""
    armature = person()
    three()
    takes = armature.motiongpt_review.takes
    seen: dict[str, object] = {"others": list(bpy.ops.motiongpt.more_takes()), "then": run_job().state}
    seen["seeds"] = [take.seed for take in takes]
    seen["like"] = [list(bpy.ops.motiongpt.like_take()), run_job().state, len(takes), takes[-1].seed]
    seen["joined"] = [three("a person runs", takes=1), len(takes), takes[-1].text, armature.animation_data.action.name]
    settings().text_takes = 8
    for _ in range(4):
        seen["full"] = attempt() or run_job().state
    seen["count"] = [len(takes), run_job().message]
    return seen


def overridden() -> object:
    """A character that is linked and overridden: its takes are saved and come back."""
    folder = Path(tempfile.mkdtemp())
    person()
    library = folder / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (source, target):
        target.objects = source.objects
    linked = target.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    armature = linked.override_create(remap_local_usages=True)
    armature.override_library.is_system_override = False
    bpy.context.view_layer.objects.active = armature
    seen: dict[str, object] = {"made": [three(takes=2), run_job().message]}
    shown = keyed(armature)
    path = folder / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o.library is None)
    own = importlib.import_module(f"{MODULE}.addon.review.state").review_of(armature)
    seen["opened"] = [len(own.takes), keyed(armature) == shown, own.before.name]
    bpy.ops.motiongpt.show_take()
    seen["other"] = keyed(armature) != shown
    bpy.ops.motiongpt.reject_takes()
    return seen | {"rejected": armature.animation_data.action.name, "left": [a.name for a in bpy.data.actions]}


def controls() -> object:
    """Rigify's controls, in-betweened in few keys: takes of a control rig with switches, rejected and accepted."""
    sys.path.append(str(Path(__file__).parents[1] / "poses"))
    rig = importlib.import_module("poses_scenarios").load("rigify")
    rig.name = "Person"
    bpy.context.view_layer.objects.active = rig
    switches = {b.name: {k: v for k, v in b.items() if isinstance(v, float)} for b in rig.pose.bones}
    before, blocks = [[list(r) for r in b.matrix_basis] for b in rig.pose.bones], names()
    seen: dict[str, object] = {"made": three()}
    bpy.context.scene.frame_set(20)
    bpy.ops.motiongpt.reject_takes()
    now = {b.name: {k: v for k, v in b.items() if isinstance(v, float)} for b in rig.pose.bones}
    seen["rejected"] = [[[list(r) for r in b.matrix_basis] for b in rig.pose.bones] == before, now == switches]
    seen["names"] = names() == blocks
    seen["again"] = three()
    bpy.ops.motiongpt.show_take()
    return seen | {"accepted": list(bpy.ops.motiongpt.accept_take())}
