"""Whether a button of these panels works now."""

import bpy

from ....retarget.errors import MotionGPTError
from ...jobs import session
from ...jobs.context import check_animated, check_armature
from ...translation.saying import told


def polled(operator: type[bpy.types.Operator], context: bpy.types.Context, animated: bool = False) -> bool:
    """Whether there is a character, and no job; says why not. animated: whether it needs an action, too."""
    try:
        session.check_idle()
        armature = check_armature(context)
        if animated:
            check_animated(armature)
    except MotionGPTError as error:
        operator.poll_message_set(told(error))
        return False
    return True
