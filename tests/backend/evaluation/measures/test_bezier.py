"""Blender's Bézier curves, beside Blender itself."""

from collections.abc import Callable
from typing import Any

import numpy as np

from motiongpt.backend.evaluation.measures.bezier import auto_clamped

_IN_BLENDER = """
import sys, json
import bpy
curves = json.loads(sys.argv[1])
out = []
for times, values in curves:
    action = bpy.data.actions.new("a")
    if hasattr(action, "slots"):
        slot = action.slots.new("OBJECT", "o")
        strip = action.layers.new("l").strips.new(type="KEYFRAME")
        curve = strip.channelbag(slot, ensure=True).fcurves.new("location", index=0)
    else:
        curve = action.fcurves.new("location", index=0)
    curve.auto_smoothing = "NONE"
    for time, value in zip(times, values):
        key = curve.keyframe_points.insert(time, value)
        key.interpolation = "BEZIER"
        key.handle_left_type = key.handle_right_type = "AUTO_CLAMPED"
    curve.update()
    out.append([curve.evaluate(t) for t in range(int(times[0]), int(times[-1]) + 1)])
emit(out)
"""


def test_bezier_is_what_blender_draws(run_bpy: Callable[..., Any]) -> None:
    import json

    rng = np.random.default_rng(0)
    curves = []
    for trial in range(24):
        count = int(rng.integers(2, 7))
        times = np.cumsum(rng.integers(1, 14, count)).tolist()
        values = rng.normal(size=count)
        curves.append((times, (np.cumsum(np.abs(values)) if trial % 2 else values).tolist()))
    drawn = run_bpy(_IN_BLENDER, json.dumps(curves))
    for (times, values), expected in zip(curves, drawn, strict=True):
        at = np.arange(times[0], times[-1] + 1.0)
        ours = auto_clamped(np.array(times, float), np.array(values)[:, None], at)[:, 0]
        np.testing.assert_allclose(ours, expected, atol=1e-5)
