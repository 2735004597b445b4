"""What one press asks of a shot: which blocks are made, from where they start, and where they lead."""

import json
import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import bpy

from ...backend import limits
from ...backend.limits import SEED_LIMIT
from ...retarget.errors import MotionGPTError
from ..action.bending import Span
from ..action.fcurves import action_curves, key_frames, read_points
from ..action.generated import is_generated, read_record
from ..character.character import Character
from ..character.typing import ArmatureObject, full
from ..jobs.context import MotionRequest, Target, check_armature, frames_before, scene_fps
from ..jobs.generate import wanted_length
from ..poses.keyed import KeyedPose, whole_pose
from ..review.state import review_of
from ..translation.saying import say
from .data import held, read_blocks, timing_of, unmade
from .markers import follow_markers
from .values import BlockValues, blocks_of_text, current_marks, has_several_actions, next_seed
from .wishes import ShotWishes, wishes_of

CONTEXT = 2.0
"""Seconds before and after the new frames that are sent along; joins look no further."""
_FEWEST = 2  # frames of a block
_NAME = 60  # characters: Blender cuts at 63 bytes, and more would only make lists unreadable


class Start(StrEnum):
    """Where the first frame comes from: nothing that is there; its own pose, which stays; the frames before it; or, of
    the first block that is made again, the place and the heading that it has."""

    ORIGIN = "ORIGIN"
    STANDS = "STANDS"
    MOTION = "MOTION"
    PLACE = "PLACE"


@dataclass(frozen=True, eq=False)
class ShotRequest(MotionRequest):
    """The span is what is made, and the frames before and after it that it goes on from and leads into, whose poses are
    kept.

    blocks: all of the shot, end to end from the frame `begins` on.  making: which of them are made.  marks: what each
    says afterwards of how it was made.  replaces: whether they take the place of the character's blocks.  after: how
    many frames after those that are made are read.  cut: whether later keys are deleted.  as_new: whether a copy of the
    action gets the keys.  blend: seconds of the joins; None for as long as they need.  hands, body: as those of
    `GenerateRequest`.  takes: how many versions.  wishes: what the settings of travel and pins ask for.
    """

    begins: int
    blocks: tuple[BlockValues, ...]
    making: range
    marks: tuple[str, ...]
    replaces: bool
    start: Start
    after: int
    cut: bool
    as_new: bool
    blend: float | None
    hands: str
    body: Character
    takes: int = 1
    wishes: ShotWishes = field(default_factory=ShotWishes)

    @property
    def prompt(self) -> str:
        """For the history: the text that the blocks are the actions of; "" for blocks that were there."""
        return ", then ".join(block.text for block in self.made) if self.replaces else ""

    @property
    def seed(self) -> int:
        """Of the first block that is made."""
        return self.made[0].seed

    @property
    def seconds(self) -> float:
        """How long the blocks are that are made."""
        return sum(block.frames for block in self.made) / self.target.fps

    @property
    def versions(self) -> tuple["ShotRequest", ...]:
        """A request for each take, whose blocks have the next seeds."""
        return tuple(self._version(number) for number in range(self.takes))

    def _version(self, number: int) -> "ShotRequest":
        blocks = tuple(
            replace(block, seed=(block.seed + number) % (SEED_LIMIT + 1)) if i in self.making else block
            for i, block in enumerate(self.blocks)
        )
        new = current_marks(self.begins, blocks)
        marks = tuple(new[i] if i in self.making else mark for i, mark in enumerate(self.marks))
        return replace(self, blocks=blocks, marks=marks, takes=1)

    @property
    def fresh(self) -> bool:
        """Whether the shot starts from the origin, in an action of its own."""
        return self.start is Start.ORIGIN

    @property
    def lead_in(self) -> int:
        """How many frames before those that are made are read."""
        return self.span.before + 1 if self.start is Start.MOTION else 0

    @property
    def first(self) -> int:
        """The first frame of the blocks that are made."""
        return self.span.start + (1 if self.start is Start.MOTION else 0)

    @property
    def last(self) -> int:
        """The last frame that is made."""
        return self.span.end - (1 if self.after else 0)

    @property
    def made(self) -> tuple[BlockValues, ...]:
        """The blocks that are made."""
        return self.blocks[self.making.start : self.making.stop]

    @property
    def name(self) -> str:
        """For the action: as many of the texts as there is room for."""
        texts = [limits.one_line(block.text.strip()) for block in self.made]
        fitting = [n for n in range(1, len(texts) + 1) if len(", ".join(texts[:n])) <= _NAME] or [1]
        return ", ".join(texts[: fitting[-1]])[:_NAME]

    @property
    def sent(self) -> list[KeyedPose]:
        """What is read: the frames before, the poses that are kept, the first frame's place, the frames after."""
        place = [whole_pose(self.first)] if self.start is Start.PLACE else []
        after = map(whole_pose, range(self.last + 2, self.last + 1 + self.after))
        return [*super().sent, *place, *after]

    @property
    def sent_frames(self) -> int:
        return self.span.frames + self.after

    @property
    def run(self) -> int:
        return self.lead_in


def gather_text(context: bpy.types.Context, to_make: bool = True) -> ShotRequest:
    """The actions of the prompt as blocks, in the length that the settings ask for. to_make: whether they are made now,
    and not just listed. Raises MotionGPTError."""
    scene, armature = full(context).scene, check_armature(context)
    settings, shot, fps = scene.motiongpt, armature.motiongpt_shot, scene_fps(scene)
    limits.check_prompt(settings.prompt)
    _, frames, first = wanted_length(scene)
    limits.check_seconds(frames / fps)
    blocks = blocks_of_text(settings.prompt.strip(), frames, fps, settings.seed)
    start = _start(armature, shot, first, several=len(blocks) > 1)
    kept, marks = ((), ()) if start is Start.ORIGIN else _kept(shot, fps, first)
    making = range(len(kept), len(kept) + len(blocks))
    request = _request(context, (*kept, *blocks), making, first, start, whole=to_make)
    return replace(request, replaces=True, marks=(*marks, *request.marks[len(kept) :]))


def wants_shot(context: bpy.types.Context) -> bool:
    """Whether the prompt of Text to Motion is made as a shot: it has several actions, or starts where something is."""
    armature, prompt = check_armature(context), full(context).scene.motiongpt.prompt
    own = armature.motiongpt_shot.start_from in (Start.STANDS, Start.MOTION)
    return bool(prompt.strip()) and (own or has_several_actions(prompt))


def gather_shot(context: bpy.types.Context) -> ShotRequest:
    """All blocks of the character. Raises MotionGPTError."""
    armature, blocks = _with_blocks(context)
    shot = armature.motiongpt_shot
    start = _start(armature, shot, shot.start, several=True)
    return _request(context, blocks, range(len(blocks)), shot.start, start)


def gather_blocks(context: bpy.types.Context, making: range) -> ShotRequest:
    """Some blocks of a shot that was made, again, with other seeds unless they have been changed since; everything
    around them stays. Raises MotionGPTError."""
    armature, blocks = _with_blocks(context)
    shot, fps = armature.motiongpt_shot, scene_fps(full(context).scene)
    if action_curves(armature) is None:
        raise MotionGPTError(
            say("Block {number} is not made yet.", number=making.start + 1), "Press Generate Shot first."
        )
    first = timing_of(shot, fps).span(making.start)[0]
    start = Start.MOTION if frames_before(armature, first, 1.0) else Start.PLACE
    if start is Start.PLACE and len(making) > 1:
        return gather_shot(context)
    if not any(unmade(shot)[i] for i in making):  # they are what they say: others are wanted
        blocks = tuple(
            replace(block, seed=next_seed(block.seed, 1)) if i in making else block for i, block in enumerate(blocks)
        )
    return replace(_request(context, blocks, making, first, start, whole=False), cut=False, as_new=False)


def gather_others(context: bpy.types.Context, take: Any) -> ShotRequest:
    """What a take of a shot that is shown was made of, with seeds that no take has had. Raises MotionGPTError."""
    armature, blocks = _with_blocks(context)
    timing = timing_of(armature.motiongpt_shot, scene_fps(full(context).scene))
    spans = [timing.span(i) for i in range(len(blocks))]
    inside = [i for i, (first, last) in enumerate(spans) if take.first <= first and last <= take.last]
    if not inside:
        raise MotionGPTError("The blocks of the take were moved.", "Press Generate Shot.")
    making = range(inside[0], inside[-1] + 1)
    request = gather_shot(context) if len(making) == len(blocks) else gather_blocks(context, making)
    used = [json.loads(one.blocks)["blocks"] for one in review_of(armature).takes if one.blocks]
    seeds = {i: max([blocks[i].seed, *(one[i]["seed"] for one in used if len(one) == len(blocks))]) for i in making}
    fresh = tuple(
        replace(block, seed=(seeds[i] + 1) % (SEED_LIMIT + 1)) if i in seeds else block
        for i, block in enumerate(blocks)
    )
    return replace(request, blocks=fresh, takes=max(2, request.takes))


def _with_blocks(context: bpy.types.Context) -> tuple[ArmatureObject, tuple[BlockValues, ...]]:
    armature, scene = check_armature(context), full(context).scene
    follow_markers(armature, scene)
    blocks = read_blocks(armature.motiongpt_shot)
    if not blocks and armature.motiongpt_shot.by_markers:
        raise MotionGPTError(
            "No marker of the scene is named with a text.",
            "Name one after what the character does, or switch From Markers off.",
        )
    if not blocks:
        raise MotionGPTError(
            say('"{armature}" has no blocks.', armature=armature.name),
            "Add one, or type several actions as the prompt.",
        )
    empty = next((i for i, block in enumerate(blocks) if not block.text.strip()), None)
    if empty is not None:
        raise MotionGPTError(
            say("Block {number} has no text.", number=empty + 1), "Type what the character does there, or remove it."
        )
    return armature, blocks


def _start(armature: ArmatureObject, shot: Any, first: int, several: bool) -> Start:
    """Where the first frame comes from, as the settings say. Raises MotionGPTError where nothing is there."""
    moves = frames_before(armature, first, 1.0) > 0
    if shot.start_from == "AUTO":
        return Start.MOTION if several and moves else Start.ORIGIN
    if shot.start_from == Start.MOTION and not moves:
        raise MotionGPTError(
            say('"{armature}" has no keys before frame {first}.', armature=armature.name, first=first),
            "Choose another Start, or a later first frame.",
        )
    return Start(shot.start_from)


def _kept(shot: Any, fps: float, first: int) -> tuple[tuple[BlockValues, ...], tuple[str, ...]]:
    """The blocks that new ones are put after, which is what lies before a frame of a shot that reaches it, and their
    marks."""
    edges, blocks = timing_of(shot, fps).edges, read_blocks(shot)
    elsewhere = not held(shot) and any(block.made for block in shot.blocks)
    if not blocks or elsewhere or not edges[0] < first <= edges[-1]:
        return (), ()
    kept, marks, fresh = list[BlockValues](), list[str](), current_marks(shot.start, blocks)
    for i, block in enumerate(blocks):
        if edges[i] < first:
            kept.append(replace(block, frames=min(block.frames, first - edges[i])))
            marks.append(kept[-1].made_at(edges[i]) if shot.blocks[i].made == fresh[i] else shot.blocks[i].made)
    return tuple(kept), tuple(marks)


def _request(
    context: bpy.types.Context, blocks: tuple[BlockValues, ...], making: range, first: int, start: Start,
    whole: bool = True,
) -> ShotRequest:  # fmt: skip
    """A request for some blocks, the first of which begins on a frame. whole: as in `wishes_of`."""
    scene, armature = full(context).scene, check_armature(context)
    shot, fps = armature.motiongpt_shot, scene_fps(scene)
    body = Character.read(armature)  # raises for anything but a biped
    made = blocks[making.start : making.stop]
    last = first + sum(block.frames for block in made) - 1
    limits.check_blocks(len(blocks), None)
    limits.check_made((last + 1 - first) / fps, fps, scene.motiongpt.text_takes)
    for i, block in zip(making, made, strict=True):
        if block.frames < _FEWEST:
            raise MotionGPTError(
                say("Block {number} has fewer than {fewest} frames.", number=i + 1, fewest=_FEWEST), "Make it longer."
            )
        block.asked(block.frames / fps)
    if start is not Start.ORIGIN:
        _check_carrier(armature)
    begins = first - sum(block.frames for block in blocks[: making.start])
    later = 0 if start is Start.ORIGIN else _frames_after(armature, last)
    after = min(later, math.ceil(CONTEXT * fps)) if shot.after == "LEAD" or making.stop < len(blocks) else 0
    before = frames_before(armature, first, CONTEXT * fps) if start is Start.MOTION else 0
    begin = first - 1 if before else first
    kept = [*([begin] if start in (Start.MOTION, Start.STANDS) else []), *([last + 1] if after else [])]
    return ShotRequest(
        target=Target.gather(context),
        span=Span(begin, last + (1 if after else 0), max(0, before - 1)),
        poses=tuple(map(whole_pose, kept)),
        begins=begins,
        blocks=blocks,
        making=making,
        marks=_marks(shot, blocks, begins, making),
        replaces=False,
        start=start,
        after=after,
        cut=bool(later) and not after,
        as_new=scene.motiongpt.destination == "NEW",
        blend=round(float(shot.blend), 4) or None,
        hands=scene.motiongpt.hands.lower().replace("_", "-"),
        body=body,
        takes=scene.motiongpt.text_takes,
        wishes=wishes_of(
            scene, armature, body, made, first, first - before if before else first, last + (1 if after else 0), whole,
            fresh=start is Start.ORIGIN,
        ),
    )  # fmt: skip


def _marks(shot: Any, blocks: tuple[BlockValues, ...], begins: int, making: range) -> tuple[str, ...]:
    old, new = [block.made for block in shot.blocks], current_marks(begins, blocks)
    return tuple(new[i] if i in making else old[i] if i < len(old) else "" for i in range(len(blocks)))


def _frames_after(armature: ArmatureObject, last: int) -> int:
    """Frames from a frame to the armature's last key."""
    curves = action_curves(armature)
    times = [key_frames(curve) for curve in (curves.fcurves if curves else ())]
    return max(0, math.floor(max((float(t[-1]) for t in times if len(t)), default=last) - last))


def _check_carrier(armature: ArmatureObject) -> None:
    """Raises MotionGPTError where the object itself carries the travel, which is not part of its bones' motion."""
    curves = action_curves(armature)
    record = read_record(curves.action if curves else None)
    own = [c for c in (curves.fcurves if curves else ()) if c.data_path == "location"]
    if any(bool(is_generated(curve, read_points(curve), record).any()) for curve in own):
        raise MotionGPTError(
            say(
                'The object "{armature}" carries the travel, so its bones don\'t say where it stands.',
                armature=armature.name,
            ),
            "Choose Hips or Root Bone under Root Motion, and generate the motion again.",
        )
