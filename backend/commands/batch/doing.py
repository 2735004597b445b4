"""Jobs done by an engine: what is written for each, and what is to be said about it."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ... import limits
from ...engine import Engine, Progress, Result, last_result
from ...output.blender import CharacterOptions
from ...output.drafts import draft_of
from ...output.figures import strip
from ...shots.spans import at_rate
from ..shared import asking
from ..shared.inputs import read_input
from ..shared.outputs import write_motions
from .jobs import GENERATE, Job


class Done(msgspec.Struct, frozen=True):
    """What became of a job. text: its caption, or what its motion is made from.  picture: its poses, as SVG.  error,
    cure: why there is no file; "" if there is one."""

    text: str = ""
    frames: int = 0
    fps: float = 0.0
    unsure: bool = False
    picture: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""
    cure: str = ""

    @classmethod
    def failed(cls, error: Exception) -> "Done":
        """A job without a file. Bugs are named by their exception."""
        if isinstance(error, MotionGPTError):
            return cls(error=error.message, cure=error.cure)
        return cls(error=f"{type(error).__name__}: {error}"[:300], cure="Report it.")


def do_jobs(
    engine: Callable[[], Engine], jobs: Sequence[Job], place: Callable[[Job], Path]
) -> Iterator[tuple[int, Done]]:
    """Do the jobs, texts together in one batch; yields each job's number when its file is complete.

    engine: loads the model, for jobs that need one.  place: where the file of a job is written.
    """
    requests = {number: job.request() for number, job in enumerate(jobs)}
    together = [n for n, request in requests.items() if request is not None and engine().batches(request)]
    if len(together) > 1:
        tasks = [request for n in together if (request := requests[n]) is not None]
        for index, event in engine().answer_batch(tasks):
            if not isinstance(event, Progress):
                number = together[index]
                yield number, _finished(jobs[number], event, None, place)
    else:
        together = []
    for number, job in enumerate(jobs):
        if number not in together:
            yield number, _done(engine, job, place)


def _done(engine: Callable[[], Engine], job: Job, place: Callable[[Job], Path]) -> Done:
    request, motion = job.request(), None
    try:
        if job.motion:
            motion = read_input(Path(job.motion), fps=job.fps)
            if request is not None:
                limits.check_motion(motion)
        if request is None:
            assert motion is not None
            result = Result((motion,))
        else:
            result = last_result(request.answer(engine(), [] if motion is None else [motion]))
    except Exception as error:  # noqa: BLE001 - of one job among others, which go on
        return Done.failed(error)
    return _finished(job, result, motion, place)


def _finished(job: Job, result: Result | Exception, source: Motion | None, place: Callable[[Job], Path]) -> Done:
    """Write the file of a job."""
    try:
        if isinstance(result, Exception):
            raise result
        path = place(job)
        if not result.motions:
            return _captioned(result.texts, source, path)
        return _written(job, _at_rate(job, result.motions[0]), path)
    except Exception as error:  # noqa: BLE001 - of one job among others, which go on
        return Done.failed(error)


def _captioned(texts: Sequence[str], source: Motion | None, path: Path) -> Done:
    text = texts[0] if texts else ""
    with draft_of(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    assert source is not None
    return Done(text, len(source), source.fps, picture=strip(source))


def _written(job: Job, motion: Motion, path: Path) -> Done:
    named = motion if job.request() is not None else dataclasses.replace(motion, meta={})
    options = CharacterOptions(preset=job.preset or None)
    notes = write_motions([named], [path], job.character or None, None, options, [Path(job.output).stem[:60]])
    return Done(
        str(motion.meta.get("text") or job.prompt),
        len(motion),
        motion.fps,
        bool(motion.meta.get("unsure")),
        strip(motion),
        notes,
    )


def _at_rate(job: Job, motion: Motion) -> Motion:
    """A motion as it is written: at the job's rate."""
    if job.fps is None or motion.fps == job.fps:
        return motion
    limits.check_resampling([motion], job.fps)
    if "blocks" in motion.meta:
        return at_rate(motion, job.fps)
    if job.task == GENERATE:
        return asking.at_rate(motion, job.fps, job.seconds or 4.0)
    return motion.resample(job.fps)
