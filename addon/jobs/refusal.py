"""Why a job can't be started now."""

from typing import Any

import bpy

from ...retarget.errors import MotionGPTError
from . import session
from .job import Job


def check_idle() -> None:
    """Raises MotionGPTError while a job runs."""
    if session.current().running:
        raise MotionGPTError("A motion is being generated.", "Wait for it, or cancel it.")


def refused(job: type[Job[Any]], context: bpy.types.Context) -> str:
    """Why a button that starts such a job is greyed; "" if it is not."""
    try:
        check_idle()
        job.check(context, session.current().service)
    except MotionGPTError as error:
        return str(error)
    return ""
