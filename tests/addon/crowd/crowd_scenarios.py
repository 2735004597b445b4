"""What `test_crowd.py` runs inside Blender: motions for several characters in one go."""

import importlib

import bpy
from support.in_blender.keyed import keyed, person
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, content, make_armature, run_job, session, settings

NAMES = ("Ann", "Bob", "Cleo")


def crowd():
    return bpy.context.scene.motiongpt_crowd


def people(names=NAMES) -> list:
    """Armatures, all selected."""
    person().name = names[0]
    made = [bpy.data.objects[names[0]], *(make_armature(name, BIPED) for name in names[1:])]
    for armature in made:
        armature.select_set(True)
    settings().prompt, settings().seconds, settings().seed = "walks", 2.0, 5
    bpy.ops.ed.undo_push(message="start")
    return made


def press(until=lambda job: False) -> str:
    try:
        bpy.ops.motiongpt.generate_crowd()
    except RuntimeError as error:
        return str(error).strip()
    run_job(until)
    return ""


def actions() -> dict:
    """Armature -> its action's name, prompt, seed and range."""
    out = {}
    for thing in bpy.data.objects:
        action = thing.animation_data.action if thing.animation_data else None
        if action is not None:
            out[thing.name] = [action.name, action["motiongpt_prompt"], action["motiongpt_seed"], *action.frame_range]
    return out


def selected() -> object:
    """One prompt, a seed each; each as Generate alone makes it; one undo takes all back."""
    people()
    before, stages = content(), []
    seen: dict[str, object] = {"error": press(lambda job: stages.append(job.stage))}
    job = session().job
    seen |= {"state": job.state, "message": job.message, "stages": list(dict.fromkeys(stages)), "actions": actions()}
    seen["history"] = [[e.name, e.seed, e.armature] for e in bpy.context.scene.motiongpt_history.entries]
    together = keyed(bpy.data.objects["Bob"])
    seen["differ"] = keyed(bpy.data.objects["Ann"]) != together
    bpy.ops.ed.undo()
    after = content()
    seen["undone"] = [after["actions"] == before["actions"], after["animated"]]
    bpy.ops.ed.redo()
    seen["redone"] = sorted(actions())
    bpy.ops.ed.undo()
    settings().armature, settings().seed = bpy.data.objects["Bob"], 6
    bpy.ops.motiongpt.generate()
    run_job()
    seen["as alone"] = keyed(bpy.data.objects["Bob"]) == together
    return seen


def own_prompts() -> object:
    """A list: prompts and seeds of their own, several actions in one of them; characters that fail alone."""
    made = people()
    panel = importlib.import_module(f"{MODULE}.addon.ui.crowd.panel").MOTIONGPT_PT_crowd
    seen: dict[str, object] = {"selected": drawn(panel)}
    crowd().mode = "LIST"
    seen["empty"] = press()
    bpy.ops.motiongpt.add_characters()
    seen["again"] = bpy.ops.motiongpt.add_characters.poll()
    seen["list"] = [[m.armature.name, m.prompt, m.seed] for m in crowd().members]
    seen["panel"] = drawn(panel)
    for member, prompt in zip(crowd().members, ("runs", "walks, then waves", "fail"), strict=True):
        member.prompt = prompt
    seen["error"] = press()
    seen["failed alone"] = [session().job.state, session().job.message, actions()]
    crowd().active = 2
    bpy.ops.motiongpt.remove_character()
    crowd().members[0].prompt = "fail"
    crowd().members[1].prompt = "fail"
    before = content()
    seen["all"] = [press(), session().job.state, session().job.message, content() == before]
    crowd().members[0].prompt = ""
    seen["no prompt"] = press()
    crowd().members[0].prompt = "runs"
    crowd().members[1].armature = made[0]
    seen["twice"] = press()
    return seen


def cancelled() -> object:
    """Cancelled while motions are made, and between two that are written; one deleted while they are made."""
    people()
    settings().prompt = "slow"
    before = content()
    seen: dict[str, object] = {"pressed": press(lambda job: job.fraction > 0.2)}
    bpy.ops.motiongpt.cancel()
    seen["early"] = [session().job.state, content() == before | {"backend": content()["backend"]}]
    settings().prompt = "walks"
    bpy.ops.ed.undo_push(message="again")
    press(lambda job: any(member.written for member in job.members))
    bpy.ops.motiongpt.cancel()
    seen["late"] = [session().job.state, session().job.message, sorted(actions())]
    bpy.ops.ed.undo()
    seen["undone"] = sorted(actions())
    settings().prompt = "slow"
    for name in NAMES:
        bpy.data.objects[name].select_set(True)
    press(lambda job: job.fraction > 0.2)
    bpy.data.objects.remove(bpy.data.objects["Bob"])
    job = run_job()
    seen["deleted"] = [job.state, job.message, sorted(actions())]
    return seen


def refused() -> object:
    """Nobody selected, and someone who is no biped: the sentence names who, and nothing is written."""
    made = people()
    for armature in made:
        armature.select_set(False)
    seen: dict[str, object] = {"nobody": press()}
    stick = make_armature("Stick", {"A": (None, (0.0, 0.0, 0.0)), "B": ("A", (0.0, 0.0, 1.0))})
    for armature in (made[0], stick):
        armature.select_set(True)
    before = content()
    seen["stick"] = [press(), content() == before]
    stick.select_set(False)
    settings().text_takes = 2
    settings().armature = made[0]
    bpy.ops.motiongpt.generate()
    run_job()
    seen["review"] = press()
    return seen
