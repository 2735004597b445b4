"""What `test_travel.py` runs inside Blender: paths read from the scene, and motion generated along them."""

import importlib
import math

import bpy
import numpy as np
from mathutils import Vector
from support.in_blender.keyed import person
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, settings


def paths():
    return bpy.context.scene.motiongpt_paths


def curve(kind: str, points: list[tuple[float, float]], cyclic: bool = False, bevel: float = 0.0) -> bpy.types.Object:
    """A curve object that is moved and turned, with its points at these places (x, y) of the world."""
    data = bpy.data.curves.new("Way", "CURVE")
    data.dimensions = "3D"
    data.bevel_depth = bevel
    spline = data.splines.new(kind)
    thing = bpy.data.objects.new("Way", data)
    thing.location, thing.rotation_euler.z, thing.scale = (0.5, -1.0, 0.2), 0.3, (2.0, 2.0, 2.0)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.update()
    local = [thing.matrix_world.inverted() @ Vector((x, y, 0.0)) for x, y in points]
    if kind == "BEZIER":
        spline.bezier_points.add(len(points) - 1)
        for point, at in zip(spline.bezier_points, local, strict=True):
            point.co = at
            point.handle_left_type = point.handle_right_type = "AUTO"
    else:
        spline.points.add(len(points) - 1)
        for point, at in zip(spline.points, local, strict=True):
            point.co = (*at, 1.0)
        if kind == "NURBS":
            spline.use_endpoint_u, spline.order_u = True, 3
    spline.use_cyclic_u = cyclic
    return thing


ZIG = [(0.0, 0.0), (0.0, -2.0), (1.5, -3.0), (1.5, -5.0)]


def routes() -> object:
    """The ends and lengths of curves of every kind; what is in the file afterwards; refusals."""
    routes = importlib.import_module(f"{MODULE}.addon.travel.routes")
    seen: dict[str, object] = {}
    for kind in ("BEZIER", "NURBS", "POLY"):
        thing = curve(kind, ZIG, bevel=0.1)
        names = (
            sorted(o.name for o in bpy.data.objects),
            len(bpy.data.curves),
            len(bpy.data.meshes),
            len(bpy.data.scenes),
        )
        route = routes.curve_route(thing, 1, 60)
        after = (
            sorted(o.name for o in bpy.data.objects),
            len(bpy.data.curves),
            len(bpy.data.meshes),
            len(bpy.data.scenes),
        )
        seen[kind] = [route.places[[0, -1], :2].tolist(), route.length, names == after, route.frames is None]
    square = curve("POLY", [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)], cyclic=True)
    route = routes.curve_route(square, 1, 60)
    seen["cyclic"] = [route.places[[0, -1], :2].tolist(), route.length]
    data = square.data
    data.use_path, data.path_duration = True, 100
    for frame, value in ((11, 0.0), (31, 50.0), (41, 50.0), (61, 100.0)):
        data.eval_time = value
        data.keyframe_insert("eval_time", frame=frame)
    route = routes.curve_route(square, 1, 80)
    seen["eval time"] = [float(np.interp(s, np.linspace(0, 1, len(route.frames)), route.frames)) for s in (0.0, 1.0)]
    half = np.argmin(np.linalg.norm(route.places[:, :2] - (2.0, 2.0), axis=1))
    seen["half way"] = float(route.frames[half])
    empty = curve("POLY", [(0.0, 0.0)])
    for name, thing in (("one point", empty), ("no curve", bpy.data.objects.new("Cube", None))):
        try:
            routes.curve_route(thing, 1, 60)
        except Exception as error:
            seen[name] = str(error)
    return seen


def waypoints() -> object:
    """The order and frames of waypoints with a custom frame, with keys, and without either."""
    routes = importlib.import_module(f"{MODULE}.addon.travel.routes")
    holder = bpy.data.collections.new("Waypoints")
    bpy.context.scene.collection.children.link(holder)

    def read() -> object:
        bpy.context.view_layer.update()
        try:
            route = routes.waypoint_route(holder, 1)
        except Exception as error:
            return str(error)
        frames = None if route.frames is None else route.frames.round(2).tolist()
        return [route.places[:, :2].round(3).tolist(), frames]

    seen: dict[str, object] = {"none": read()}
    for number in (10, 9, 1):
        empty = bpy.data.objects.new(f"Point {number}", None)
        empty.location = (0.0, -float(number), 0.0)
        holder.objects.link(empty)
    seen["by name"] = read()
    bpy.data.objects["Point 10"]["frame"] = 61
    seen["one frame"] = read()
    bpy.data.objects["Point 1"]["frame"] = 1
    bpy.data.objects["Point 9"]["frame"] = 21
    seen["frames"] = read()
    bpy.data.objects["Point 9"]["frame"] = 90
    seen["by frame"] = read()
    for number in (1, 9, 10):
        del bpy.data.objects[f"Point {number}"]["frame"]
    bpy.data.objects["Point 10"]["frame"] = 5
    bpy.data.objects["Point 1"]["frame"] = 9
    seen["back"] = read()
    for number in (1, 10):
        del bpy.data.objects[f"Point {number}"]["frame"]
    for name in ("Point 9", "Point 10"):
        holder.objects.unlink(bpy.data.objects[name])
    moving = bpy.data.objects["Point 1"]
    for frame, y in ((1, 0.0), (31, -3.0), (61, -4.0)):
        moving.location.y = y
        moving.keyframe_insert("location", frame=frame)
    seen["keys"] = read()
    return seen


def hips(armature: bpy.types.Object, frames) -> np.ndarray:
    """(F, 2) where the hips are over the floor, in the world."""
    out = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame))
        seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        out.append(list(seen.matrix_world @ seen.pose.bones["Hips"].head)[:2])
    return np.array(out)


def last(armature: bpy.types.Object) -> int:
    return int(armature.animation_data.action.frame_range[1])


def follow() -> object:
    """A walk along a Bezier curve, by a small character that stands elsewhere, turned: how far it is beside it."""
    armature = person()
    armature.location, armature.rotation_euler.z, armature.scale = (3.0, 1.0, 0.0), 1.0, (0.6, 0.6, 0.6)
    bpy.context.view_layer.update()
    way = curve("BEZIER", ZIG)
    paths().travel.route, paths().travel.curve = "CURVE", way
    settings().prompt = "walks"
    seen: dict[str, object] = {"error": attempt(), "state": run_job().state}
    end = last(armature)
    ground = hips(armature, range(1, end + 1))
    routes = importlib.import_module(f"{MODULE}.addon.travel.routes")
    line = routes.curve_route(way, 1, 2).places[:, :2]
    beside = [float(np.linalg.norm(line - at, axis=1).min()) for at in ground]
    seen |= {"ends": [float(np.linalg.norm(ground[i] - line[i])) for i in (0, -1)], "beside": float(np.mean(beside))}
    seen["seconds"] = end / 30.0
    holder = bpy.data.collections.new("Waypoints")
    for number, (frame, x, y) in enumerate(((1, 0.0, 0.0), (40, 0.0, -1.0), (90, 1.0, -2.0))):
        empty = bpy.data.objects.new(f"Point {number}", None)
        empty.location, empty["frame"] = (x, y, 0.0), frame
        holder.objects.link(empty)
    bpy.context.scene.collection.children.link(holder)
    bpy.context.view_layer.update()
    bpy.context.scene.frame_set(1)
    paths().travel.route, paths().travel.waypoints = "WAYPOINTS", holder
    seen["timed"] = [attempt(), run_job().state, last(armature)]
    at = hips(armature, (1, 40, 90))
    seen["there"] = np.linalg.norm(at - [(0.0, 0.0), (0.0, -1.0), (1.0, -2.0)], axis=1).tolist()
    paths().travel.curve = None
    paths().travel.route = "CURVE"
    seen["no curve"] = attempt()
    return seen


def numbers() -> object:
    """Distances in the panel and in words, in the scene's units, on characters of two sizes; speed, turn, facing."""
    seen: dict[str, object] = {}
    for size in (1.0, 0.5):
        armature = make_armature(f"Person {size}", BIPED)
        armature.scale = (size,) * 3
        bpy.context.view_layer.update()
        settings().armature = armature
        bpy.context.scene.render.fps = 30
        for name, prompt, values in (
            ("panel", "walks", {"use_distance": True, "distance": 2.0}),
            ("words", "walks 1.5 metres", {}),
            ("speed", "walks", {"use_speed": True, "speed": 0.8}),
        ):
            bpy.context.scene.frame_set(1)
            for key in ("use_distance", "use_speed", "use_turn"):
                setattr(paths().travel, key, False)
            for key, value in values.items():
                setattr(paths().travel, key, value)
            settings().prompt, settings().seconds = prompt, 3.0
            attempt()
            run_job()
            ends = hips(armature, (1, last(armature)))
            seen[f"{name} {size:g}"] = [float(np.linalg.norm(ends[1] - ends[0])), last(armature)]
    for key in ("use_distance", "use_speed"):
        setattr(paths().travel, key, False)
    bpy.context.scene.frame_set(1)
    settings().armature = armature = bpy.data.objects["Person 1.0"]
    paths().travel.use_turn, paths().travel.turn = True, math.radians(90.0)
    settings().prompt = "walks"
    attempt()
    run_job()
    seen["turn"] = heading(armature, last(armature)) - heading(armature, 1)
    paths().travel.use_turn = False
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    for frame, x in ((1, 3.0), (90, 4.0)):
        target.location = (x, -1.0, 1.0)
        target.keyframe_insert("location", frame=frame)
    bpy.context.scene.frame_set(1)
    paths().travel.facing, paths().travel.target = "ALONG", target
    attempt()
    run_job()
    off = []
    for frame in range(6, last(armature) - 5, 4):
        at = hips(armature, [frame])[0]
        away = np.array(target.matrix_world.translation[:2]) - at
        wanted = math.degrees(math.atan2(away[0], -away[1]))  # to the left of -Y, the way a character at rest faces
        off.append(abs((heading(armature, frame) - wanted + 180.0) % 360.0 - 180.0))
    seen["facing"] = [float(np.mean(off)), float(np.max(off))]
    paths().travel.target = None
    seen["no target"] = attempt()
    return seen


def walked(armature: bpy.types.Object, number: int) -> float:
    """How far the hips get in a block, counted from 0."""
    ends = np.cumsum([armature.motiongpt_shot.start, *(block.frames for block in armature.motiongpt_shot.blocks)])
    at = hips(armature, (ends[number], ends[number + 1] - 1))
    return float(np.linalg.norm(at[1] - at[0]))


def shot_numbers() -> object:
    """Distances of blocks, in words and as numbers, made at once, going on, and made again, by a small character."""
    armature = person()
    armature.scale = (0.5,) * 3
    bpy.context.view_layer.update()
    seen: dict[str, object] = {}
    for frame in (1, 181):
        bpy.context.scene.frame_set(frame)
        settings().prompt, settings().seconds = "walks 1.5 metres, then waves", 6.0
        seen[f"made on {frame}"] = [attempt(), run_job().state]
    seen["words"] = [walked(armature, number) for number in (0, 2)]
    block = armature.motiongpt_shot.blocks[3]  # which leads to nothing
    armature.motiongpt_shot.active, block.text, block.distance = 3, "walks", 1.0
    bpy.ops.motiongpt.regenerate_block()
    seen["again"] = [run_job().state, walked(armature, 3)]
    return seen


def shot_way() -> object:
    """A shot along a curve, by a small character that stands elsewhere, turned; then one that faces an object at its
    end; what a shot can't do."""
    armature = person()
    armature.location, armature.rotation_euler.z, armature.scale = (3.0, 1.0, 0.0), 1.0, (0.6, 0.6, 0.6)
    bpy.context.view_layer.update()
    way, travel = curve("BEZIER", ZIG), paths().travel
    travel.route, travel.curve = "CURVE", way
    settings().prompt, settings().seconds = "walks, then waves with the right hand", 9.0
    seen: dict[str, object] = {"made": [attempt(), run_job().state]}
    ground = hips(armature, range(1, last(armature) + 1))
    line = importlib.import_module(f"{MODULE}.addon.travel.routes").curve_route(way, 1, 2).places[:, :2]
    seen["ends"] = [float(np.linalg.norm(ground[i] - line[i])) for i in (0, -1)]
    seen["beside"] = float(np.mean([np.linalg.norm(line - at, axis=1).min() for at in ground]))
    armature.motiongpt_shot.active = 1
    bpy.ops.motiongpt.regenerate_block()
    seen["again"] = run_job().state
    armature.motiongpt_shot.start_from = "STANDS"
    seen["stands"] = attempt()
    armature.motiongpt_shot.start_from, travel.route = "AUTO", "NONE"
    paths().loop = True
    seen["loop"] = attempt()
    paths().loop = False
    armature.location, armature.rotation_euler.z, armature.scale = (0.0,) * 3, 0.0, (1.0,) * 3
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    target.location = (-3.0, 1.0, 1.0)
    bpy.context.view_layer.update()
    bpy.context.scene.frame_set(1)
    travel.facing, travel.target = "END", target
    seen["faces"] = [attempt(), run_job().state]
    away = np.array(target.location[:2]) - hips(armature, [last(armature)])[0]
    wanted = math.degrees(math.atan2(away[0], -away[1]))
    seen["off"] = abs((heading(armature, last(armature) - 2) - wanted + 180.0) % 360.0 - 180.0)
    return seen


def shot_pins() -> object:
    """A hand that is pinned while a shot is made, and while one block of it is made again."""
    armature, scene = person(), bpy.context.scene
    settings().prompt, settings().seconds = "stands still, then nods", 5.0
    bpy.ops.motiongpt.add_pin()
    pin = paths().pins[0]
    place = (0.35, -0.25, 1.3)
    pin.limb, pin.mode, pin.target, pin.place = "LEFT_HAND", "ON", None, place
    pin.first, pin.last, pin.blend, pin.joint = 60, 110, 8, True
    scene.frame_set(1)
    seen: dict[str, object] = {"made": [attempt(), run_job().state, run_job().message]}

    def off() -> float:
        far = []
        for frame in range(pin.first, pin.last + 1, 5):
            scene.frame_set(frame)
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            far.append((posed.matrix_world @ posed.pose.bones["LeftHand"].head - Vector(place)).length)
        return max(far)

    seen["off"] = off()
    armature.motiongpt_shot.active = 1
    first = armature.motiongpt_shot.blocks[0].frames + 1
    pin.first, pin.last = first + 10, first + 40
    bpy.ops.motiongpt.regenerate_block()
    seen["again"] = [run_job().state, off()]
    return seen


def heading(armature: bpy.types.Object, frame: int) -> float:
    """Degrees by which the hips have turned to the left since rest, the mean over five frames."""
    out = []
    rest = armature.data.bones["Hips"].matrix_local.to_3x3()
    for near in range(frame - 2, frame + 3):
        bpy.context.scene.frame_set(near)
        seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        turn = seen.pose.bones["Hips"].matrix.to_3x3() @ rest.inverted()
        ahead = turn @ Vector((0.0, -1.0, 0.0))
        out.append(math.degrees(math.atan2(ahead.x, -ahead.y)))
    return float(np.degrees(np.unwrap(np.radians(out))).mean())
