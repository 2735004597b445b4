"""What `test_changes.py` runs inside Blender: travel out and back, loops, pins, on motion that is there."""

import importlib
import json

import bpy
import numpy as np
from mathutils import Matrix
from support.in_blender.keyed import curves_of, keyed, person
from support.in_blender.user import MODULE, attempt, run_job, session, settings


def paths():
    return bpy.context.scene.motiongpt_paths


def press(name: str, **values: object) -> str:
    """Press a button and run its job, if it starts one; returns the error that the user sees, or ""."""
    try:
        getattr(bpy.ops.motiongpt, name)(**values)
    except RuntimeError as error:
        return str(error).strip()
    job = run_job() if session().running else session().job
    return "" if job is None or job.state == "DONE" else job.message


def generated(prompt: str = "walks forward", seconds: float = 4.0, root: bool = False, sparse: bool = False):
    armature = person()
    if root:
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        bone = armature.data.edit_bones.new("root")
        bone.head, bone.tail = (0.0, 0.0, 0.0), (0.0, 0.3, 0.0)
        armature.data.edit_bones["Hips"].parent = bone
        bpy.ops.object.mode_set(mode="OBJECT")
    armature.motiongpt_rig.keys = "FEW" if sparse else "EVERY"
    bpy.context.scene.frame_set(1)
    settings().prompt, settings().seconds = prompt, seconds
    error = attempt()
    if error:
        raise RuntimeError(error)
    run_job()
    return armature


def bits(armature: bpy.types.Object) -> str:
    """Every key with its handles, as Blender holds them."""
    out = {}
    for (path, index), curve in curves_of(armature).items():
        out[f"{path} {index}"] = [[*p.co, *p.handle_left, *p.handle_right] for p in curve.keyframe_points]
    return json.dumps(out, sort_keys=True)


def world(armature: bpy.types.Object, bone: str, frames, end: str = "head") -> np.ndarray:
    out = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame))
        seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        out.append(list(seen.matrix_world @ getattr(seen.pose.bones[bone], end)))
    return np.array(out)


def in_place() -> object:
    """Out and back: bit for bit, with every key and with few, on the hips, a root bone and the object; and with an edit
    in between."""
    seen: dict[str, object] = {}
    for name, carrier, sparse in (
        ("hips", "HIPS", False),
        ("few keys", "HIPS", True),
        ("root", "AUTO", False),
        ("object", "OBJECT", False),
    ):
        armature = generated(root=name == "root", sparse=sparse) if carrier != "OBJECT" else None
        if armature is None:
            armature = person()
            armature.motiongpt_rig.root = "OBJECT"
            settings().prompt = "walks forward"
            bpy.context.scene.frame_set(1)
            attempt()
            run_job()
        last = int(armature.animation_data.action.frame_range[1])
        frames = range(1, last + 1)
        before, hips = bits(armature), world(armature, "Hips", frames)
        error = press("take_travel_out")
        still = world(armature, "Hips", frames)
        drift = np.linalg.norm((still - hips)[:, :2] - (still - hips)[0, :2], axis=1)
        seen[name] = {
            "error": error, "before": float(np.linalg.norm(hips[-1] - hips[0])),
            "after": float(np.ptp(still[:, :2], axis=0).max()), "height": float(np.abs(still[:, 2] - hips[:, 2]).max()),
            "smooth": float(np.abs(np.diff(drift, n=2)).max()), "twice": press("take_travel_out"),
        }  # fmt: skip
        if name == "hips":
            location = next(c for (p, i), c in curves_of(armature).items() if p.endswith("location") and i == 1)
            location.keyframe_points[5].co.y += 0.25
            press("put_travel_back")
            location = next(c for (p, i), c in curves_of(armature).items() if p.endswith("location") and i == 1)
            location.keyframe_points[5].co.y -= 0.25
            changed = json.loads(bits(armature)), json.loads(before)
            seen[name]["edited"] = max(
                abs(a - b)
                for k in changed[1]
                for p, q in zip(changed[0][k], changed[1][k], strict=True)
                for a, b in zip(p, q, strict=True)
            )
            continue
        seen[name]["back"] = [press("put_travel_back"), bits(armature) == before, press("put_travel_back")]
        seen[name]["properties"] = [k for k in list(armature.animation_data.action.keys()) if "travel" in k]
    standing = generated("a person stands still")
    standing.animation_data.action.fcurves if hasattr(standing.animation_data.action, "fcurves") else None
    for (path, _), curve in curves_of(standing).items():
        if path.endswith("location"):
            for point in curve.keyframe_points:
                point.co.y = 0.0
    seen["nowhere"] = press("take_travel_out")
    return seen


def turns(armature: bpy.types.Object, frame: float) -> np.ndarray:
    """(N, 3, 3) of all bones relative to the armature."""
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))
    seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([np.array(bone.matrix.to_3x3()) for bone in seen.pose.bones])


def angles(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two poses, the mean over bones."""
    cos = (np.trace(np.swapaxes(a, 1, 2) @ b, axis1=1, axis2=2) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cos, -1.0, 1.0))).mean())


def loop() -> object:
    """Made from an action afterwards, and at generation: the seam, cycles on, the range, the old action."""
    seen: dict[str, object] = {}
    for name in ("afterwards", "generated", "few keys"):
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
        bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 250
        paths().loop = name != "afterwards"
        armature = generated("walks forward", 5.0, sparse=name == "few keys")
        armature["kept"] = 1.0
        before = bits(armature)
        finger = None
        if name == "afterwards":
            source = armature.animation_data.action.name
            seen["source"] = [
                angles(turns(armature, 1), turns(armature, armature.animation_data.action.frame_range[1]))
            ]
            seen["error"] = press("make_loop")
            seen["message"] = session().job.message
            track = armature.animation_data.nla_tracks[0]
            seen["stashed"] = [
                track.mute,
                track.strips[0].action.name == source,
                bits_of(bpy.data.actions[source]) == before,
            ]
        del finger
        action, scene = armature.animation_data.action, bpy.context.scene
        first, last = (int(frame) for frame in action.frame_range)
        count = last - first
        hips = world(armature, "Hips", (first, last, last + 5 * count, first + 3, last + 3))
        modes = {m.mode_after for c in curves_of(armature).values() for m in c.modifiers if m.type == "CYCLES"}
        steps = [angles(turns(armature, f), turns(armature, f + 1)) for f in range(last - 3, last + 3)]
        seen[name] = {
            "count": count, "range": [scene.frame_start - first, scene.frame_end - first], "modes": sorted(modes),
            "closes": angles(turns(armature, first), turns(armature, last)),
            "later": angles(turns(armature, first + 3), turns(armature, first + 3 + 4 * count)),
            "steps": steps, "travel": float(np.linalg.norm(hips[1] - hips[0])),
            "goes on": float(np.linalg.norm(hips[2] - hips[0])) / max(float(np.linalg.norm(hips[1] - hips[0])), 1e-9),
            "height": float(abs(hips[2, 2] - hips[0, 2])), "cyclic": [action.use_cyclic, action.use_frame_range],
            "seam": float(np.linalg.norm((hips[4] - hips[3]) - (hips[1] - hips[0]))),
        }  # fmt: skip
        if name == "generated":
            before = bits(armature)
            seen["in place"] = press("take_travel_out")
            still = world(armature, "Hips", (first, last, last + 3 * count))
            seen["stays"] = float(np.abs(still - still[0]).max())
            seen["back"] = [press("put_travel_back"), bits(armature) == before]
    scene.frame_start, scene.frame_end = 400, 500
    seen["nothing there"] = press("make_loop")
    return seen


def bits_of(action: bpy.types.Action) -> str:
    holder = bpy.data.objects.new("Holder", None)
    holder.animation_data_create().action = action
    if hasattr(action, "slots"):
        holder.animation_data.action_slot = action.slots[0]
    found = bits(holder)
    bpy.data.objects.remove(holder)
    return found


def export() -> object:
    """A loop written as FBX and GLB: frames and the difference of the first pose to the last one of each file."""
    import os
    import tempfile

    child = importlib.import_module(f"{MODULE}.addon.export.child")
    presets = importlib.import_module(f"{MODULE}.addon.export.presets")
    paths().loop = True
    armature = generated("walks forward", 5.0)
    first, last = (int(frame) for frame in armature.animation_data.action.frame_range)
    seen: dict[str, object] = {"count": last - first}
    folder = tempfile.mkdtemp()
    clips = [(armature.animation_data.action, "loop")]
    from pathlib import Path

    for suffix in (".fbx", ".glb"):
        path = os.path.join(folder, "loop" + suffix)
        child.save(Path(path), armature, clips, presets.Options(presets.PLAIN))
        before = set(bpy.data.objects)
        actions = set(bpy.data.actions)
        if suffix == ".fbx":
            bpy.ops.import_scene.fbx(filepath=path, anim_offset=0.0)
        else:
            bpy.ops.import_scene.gltf(filepath=path)
        new = next(o for o in set(bpy.data.objects) - before if o.type == "ARMATURE")
        action = new.animation_data.action or next(iter(set(bpy.data.actions) - actions))
        a, b = (round(float(frame)) for frame in action.frame_range)
        seen[suffix] = [b - a + 1, angles(turns(new, a), turns(new, b)), angles(turns(new, b - 1), turns(new, b))]
    return seen


def pins() -> object:
    """Afterwards, to a place and to an object that moves and turns: how far the held joint is off, and what else has
    changed; then at generation, out of reach, and refusals."""
    armature = generated("walks forward", 4.0)
    scene = bpy.context.scene
    last = int(armature.animation_data.action.frame_range[1])
    seen: dict[str, object] = {"no pins": press("pin")}
    wrist = world(armature, "LeftHand", (40,))[0]
    cup = bpy.data.objects.new("Cup", None)
    scene.collection.objects.link(cup)
    chest = world(armature, "LeftArm", range(1, last + 1))
    for frame in range(1, last + 1):
        cup.location = chest[frame - 1] + np.array([0.1, -0.3, 0.02 * np.sin(frame / 9.0)])
        cup.rotation_euler.z = 0.01 * frame
        cup.keyframe_insert("location", frame=frame)
        cup.keyframe_insert("rotation_euler", frame=frame)
    scene.frame_set(30)
    bpy.ops.motiongpt.add_pin()
    pin = paths().pins[0]
    pin.limb, pin.target, pin.first, pin.last, pin.blend, pin.joint = "LEFT_HAND", cup, 30, 60, 8, True
    before, feet = keyed(armature), world(armature, "LeftFoot", range(1, last + 1))
    seen["error"] = press("pin")
    seen["message"] = session().job.message
    after = keyed(armature)
    held = world(armature, "LeftHand", range(30, 61))
    at = np.array([list(m.translation) for m in (matrix(cup, frame) for frame in range(30, 61))])
    seen["off"] = float(np.linalg.norm(held - at, axis=1).max())
    seen["between"] = float(max(
        np.linalg.norm(world(armature, "LeftHand", (f,))[0] - at[i]) for i, f in enumerate(range(30, 61))
    ))  # fmt: skip
    changed = {key for key, value in after.items() if before.get(key) != value}
    seen["changed"] = sorted({path.split('"')[1] for path, _, _ in changed})
    seen["frames"] = [min(f for _, _, f in changed), max(f for _, _, f in changed)]
    seen["lost"] = [list(key) for key in before if key not in after]
    seen["feet"] = float(np.abs(world(armature, "LeftFoot", range(1, last + 1)) - feet).max())
    speed = np.linalg.norm(np.diff(world(armature, "LeftHand", range(1, last + 1)), axis=0), axis=1) * 30.0
    seen["fastest"] = float(speed.max())
    bpy.ops.ed.undo_push(message="x")

    pin.limb, pin.mode, pin.target, pin.turned = "RIGHT_FOOT", "HOLD", None, True
    way = world(armature, "RightFoot", range(1, last + 1))
    first = 10 + int(np.argmin([np.ptp(way[i : i + 6], axis=0).max() for i in range(9, last - 20)]))
    pin.first, pin.last = first, first + 5
    seen["hold"] = press("pin")
    stands = world(armature, "RightFoot", range(first, first + 6))
    seen["stood"] = float(np.abs(way[first - 1 : first + 5] - way[first - 1]).max())
    seen["stands"] = float(np.abs(stands - stands[0]).max())

    pin.limb, pin.mode, pin.turned, pin.place = "RIGHT_HAND", "ON", False, tuple(wrist + np.array([0.0, 0.0, 5.0]))
    press("pin")
    seen["reach"] = session().job.message
    pin.first, pin.last = 500, 600
    seen["outside"] = press("pin")
    pin.first, pin.last = 50, 40
    seen["backwards"] = press("pin")

    scene.frame_set(1)
    pin.limb, pin.target, pin.first, pin.last = "LEFT_HAND", cup, 30, 60
    settings().seed = 0
    armature.animation_data_clear()
    attempt()
    run_job()
    held = world(armature, "LeftHand", range(30, 61))
    seen["generated"] = float(np.linalg.norm(held - at, axis=1).max())
    seen["generated message"] = session().job.message
    return seen


def matrix(thing: bpy.types.Object, frame: int) -> Matrix:
    bpy.context.scene.frame_set(frame)
    return thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.copy()


def rigify() -> object:
    """On a control rig, by its FK and by its IK controls: the feet are taken along, the hand is held."""
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE" and "torso" in o.pose.bones)
    settings().armature, settings().prompt, settings().seconds = armature, "walks forward", 3.0
    bpy.context.scene.render.fps = 30
    bpy.ops.motiongpt.add_pin()
    pin = paths().pins[0]
    pin.limb, pin.first, pin.last, pin.joint = "LEFT_HAND", 30, 36, True
    paths().pin_new = False
    seen: dict[str, object] = {}
    for controls in ("FK", "IK"):
        armature.motiongpt_rig.controls = controls
        bpy.context.scene.frame_set(1)
        attempt()
        run_job()
        before = bits(armature)
        press("take_travel_out")
        ways = [world(armature, bone, range(1, 90, 8))[:, :2] for bone in ("DEF-spine", "DEF-foot.L")]
        press("put_travel_back")
        shoulder, wrist = (world(armature, f"DEF-{name}.L", (30,))[0] for name in ("upper_arm", "hand"))
        pin.place = shoulder + 0.6 * (wrist - shoulder) + [0.05, -0.1, 0.05]
        same = bits(armature) == before
        error = press("pin")
        off = world(armature, "DEF-hand.L", range(30, 37)) - np.array(pin.place)
        ranges = [float(np.ptp(way, axis=0).max()) for way in ways]
        seen[controls] = [same, error, *ranges, float(np.linalg.norm(off, axis=1).max())]
    return seen
