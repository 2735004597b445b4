"""The words that captions are made of: who, what they do, and how.

An action has one line for each verb: `verb: tail; tail`, where an empty tail leaves the verb alone. Verbs stand in
their base form; `captions` inflects the first word and each word after "and" or "then". In actions that have a side,
{hand}, {arm} and {own} become "the left hand", "the left arm", "their left hand" and so on. "their" and "they" follow
the subject.

Left out on purpose are the words of `evaluation/unseen_prompts.csv` and all their kin, so that a model can be asked
for what it never read. An entry must fit its own style alone.
"""

from . import gestures

SUBJECTS = (
    "a person", "a person", "a person", "a person", "someone", "someone", "somebody", "the person", "a man", "a man",
    "a woman", "a woman", "the man", "the woman", "he", "she", "a figure", "the figure", "a character",
    "the character", "an actor", "the actor", "a guy", "the guy", "an adult", "a human", "a human figure",
    "an individual", "one person", "this person", "a performer", "the performer", "an avatar", "a mannequin",
    "a stranger", "a neighbor", "a villager", "a passenger", "a worker", "a teacher", "a cook", "a customer",
    "a housekeeper", "the subject", "a human being", "a shopkeeper",
)  # fmt: skip

_WALK = """
walk: ; ; forward; ahead; straight ahead; in a straight line; along; on; across the floor; over there; forward on foot
walk: a few meters; from one place to another; straight on; at a steady pace
go: forward on foot; ahead step by step; for a walk; along at a walking pace
step: forward; along; ahead
take: some steps forward; a walk; one step after another; several steps ahead
move: forward at a walk; along on foot; ahead step by step; forward on two legs
pace: ahead; forward; along
tread: forward; along; straight ahead
travel: on foot; forward on foot; along on foot
head: forward on foot; straight ahead at a walk
put: one foot in front of the other
make their way: forward; ahead on foot; across the floor
set out: on foot; at a walk
keep walking: ; forward; ahead
keep on walking
continue: forward on foot; straight ahead on foot
come: walking; walking along; forward on foot
approach: on foot; at a walk
pass by: on foot
cover: some ground on foot; a short distance on foot
journey: ahead on foot
progress: forward on foot
traverse: the ground on foot
ambulate: ; forward
mosey: along; ahead
pad: along on foot
start: to walk; to walk forward
use: both legs to walk forward
meander: along; ahead on foot
roam: ahead on foot
ramble: along on foot; ahead
tramp: along; ahead; across the floor
traipse: along; ahead
parade: ahead; along
perambulate: ; ahead
stump: along
dawdle: along
cruise: along on foot
do: some walking
go: on foot
"""

_WALK_BACK = """
walk: backward; backward; backwards; backwards; back; back while facing the front; back step by step
step: backward; backwards; back
go: backwards; backward; back step by step; back on foot
back away
back up
back off
move: back while facing the front; backward; backwards; back step by step; away backward
take: some steps back; several steps backward; one step back after another
pace: backward; backwards
tread: backward; backwards
travel: backward; backward on foot
head: backward; backwards
edge: back; backward; backwards
inch: back; backward
draw back
pull back
shift: backward
recede: step by step
backpedal: ; step by step; slowly
give ground and move: backward
give: ground step by step
make their way: backward; backwards
keep walking: backward
keep backing away
keep moving: back
retrace their steps: backward
put: one foot behind the other
leave: backward without looking away
backtrack: step by step
step away: backward
drop back: step by step
fall back: step by step
shrink back: step by step
scoot: backward
creep: backward
shuffle: backward
slip: backward on foot
"""

_TURN = """
turn: {side}; to the {side}; to the {side} while walking; {clock} while walking; the corner to the {side}
turn off: to the {side}; {side}
turn aside: to the {side}
walk and turn: {side}; to the {side}
walk forward and turn: {side}; to the {side}
walk ahead, then turn: to the {side}; {side}
walk straight, then turn: {side}
make: a turn to the {side} while walking; a {side} turn; a turn {side}; a ninety degree turn to the {side}
take: a turn to the {side}; a {side}; the next {side}; a {side} turn; a {side} at the corner
do: a {side} turn; a turn to the {side} on foot
perform: a {side} turn while walking
walk: around a corner to the {side}; a quarter turn to the {side}
walk and go: {side}
go: around the corner to the {side}; {side} at the corner
move: around a corner to the {side}
change: course to the {side}
change course and head: {side}
wheel: to the {side}; {side}; around to the {side}
steer: {side}; to the {side}
swing: around to the {side} while walking
head off: to the {side}
walk ahead and head off: to the {side}
hook: {side}; to the {side}
face {side} and walk on
face {side} and walk: ahead
branch off: to the {side}
cut: {side}; to the {side} while walking
peel off: to the {side}
hang: a {side}
switch: course to the {side}
revolve: to the {side} while walking
walk in a bend: to the {side}
divert: to the {side}
twist: around to the {side} while walking
"""

_VEER = """
walk forward, drifting: to the {side}
walk diagonally: to the {side}; forward and {side}
walk ahead and veer: {side}; to the {side}
walk: forward in a slight curve to the {side}; at an angle to the {side}; in an arc to the {side}; slightly {side}
walk: obliquely to the {side}; a little to the {side}; along a gentle curve to the {side}
go: forward and a little to the {side}; diagonally to the {side}; diagonally ahead and {side}
move: diagonally to the {side}; forward and gradually to the {side}; ahead at an angle to the {side}
step: diagonally to the {side}
veer: {side}; to the {side}; off to the {side}
drift: to the {side}; {side} while walking; over to the {side}
curve: gently to the {side}; to the {side} while walking; {side}
bear: {side}; to the {side} while walking
edge: over to the {side} while walking forward
angle off: to the {side}
follow: a gentle curve to the {side}; a slight arc to the {side}
tend: to the {side} while walking
head: diagonally to the {side}; forward and slightly {side}
travel: diagonally to the {side}
take: some steps diagonally to the {side}; a diagonal line to the {side}
keep: slightly {side} while walking forward
diverge: to the {side}
skew: to the {side}
slide: over to the {side} while walking
lean: to the {side} while walking
wend: gently to the {side}
"""

_RUN = """
run: ; ; forward; ahead; straight ahead; along; on; over there; across the floor; in a straight line; a short distance
jog: ; forward; ahead; along; straight ahead
trot: ; forward; along
lope: ; ahead; along
canter: ; ahead
charge: ahead; forward
bound: forward; ahead
tear: along; ahead
hustle: ahead; forward
scoot: ahead; along
go: for a run; for a jog; forward at a run
move: forward at a run; at a jog; quickly on foot
break: into a run; into a jog
set off: running; at a run
take off: running; at a run
start: to run
begin: to run; to jog
keep running: ; ahead
keep on running
keep jogging
come: running; jogging along
travel: forward at a run
head: forward at a run
make their way: forward at a run
run: with swinging arms; on quick feet
pick up the pace and run
scuttle: ahead; along
scramble: ahead on quick feet
hare: along
leg it
make: a run for it
make off: at a run
take: to their heels
surge: forward at a run
run: away; after somebody
"""

_DASH = """
dash: ; forward; ahead; along; straight ahead
run: at full speed; very fast; as fast as possible; at top speed; flat out; like the wind; quickly; hard; fast
race: ; ahead; forward; along; straight ahead
dart: ahead; forward
charge: ahead; forward at full speed; straight ahead
tear: ahead; along at full speed; forward
storm: ahead; forward
streak: ahead; forward
burst: forward; into a fast run
blast: ahead
rocket: forward; ahead
barrel: ahead; forward
pelt: along; ahead
zip: ahead; forward
fly: ahead on quick feet
make: a dash; a dash forward
break: into a dash; into a very fast run
go: all out in a run; at full speed on foot
run: for their life; with all their might; as quickly as they can
set off: at top speed
shoot: ahead; forward at full speed
spurt: ahead
scud: ahead
skedaddle
hightail it
careen: ahead on foot
"""

_BOW = """
bow: ; ; down; deeply; low; politely; formally; forward; to somebody; to the people; from the hips; with honor
take: a bow; a deep bow; a polite bow
make: a bow; a deep bow; a polite bow
give: a bow; a deep bow; a courteous bow
do: a bow; a formal bow
perform: a bow; a formal bow
bend: forward in a bow; the upper body forward; at the middle; from the hips; over politely; the body forward
bend over: at the hips; to honor somebody
lean forward and bow
lean over: in a bow
fold: forward at the hips; the upper body forward
hinge: forward at the hips
incline: the body; the upper body; the body forward courteously
tip: the upper body forward
lower: the upper body; the head and the upper body; the body in a bow
dip: the upper body; the head and the upper body
honor: somebody with a bow; the people with a bow
thank: somebody with a bow; the people with a bow
say: thanks with a bow; sorry with a bow
express: thanks with a bow
bring: the upper body forward and down
kowtow
salaam
duck: the upper body politely
bob: the upper body politely
curve: the spine forward politely
venerate: somebody with a bow
beg: pardon with a bow
acknowledge: the applause with a bow
drop: the upper body forward politely
double over: politely
"""

_KICK = """
kick: ; ; with one leg; hard several times; out; forward; the air; at a target; high; an opponent; fast and hard
kick: upward; again and again; with force; with one foot; straight ahead
do: high kicks; some kicks; a kick; a front kick
throw: a kick; kicks
deliver: a kick; a hard kick; several kicks
land: a kick; kicks
launch: a kick; kicks
perform: a kick; a high kick
practice: kicks; high kicks
fire off: kicks
unleash: a kick; a series of kicks
attack: with the legs; with a kick; with kicks
strike: with the foot; with one leg
strike out: with one leg; with a foot
lash out: with one foot; with a leg
swing: a leg up in a kick; one leg in a high kick
snap: a leg forward in a kick
battle: with kicks
drive: a foot forward in a kick
let fly: with a kick
"""

_PUNCH = """
punch: ; ; the air; hard; with the fist; forward; at a target; an opponent; again and again
throw: punches; a punch; jabs and hooks; some quick punches
box: ; in the air; an invisible opponent; with both fists
hit: with the fist; with both fists; the air with a fist
hit out: with the fists
jab: ; with the fist; at the air
strike: with the fist; with both fists
deliver: punches; a punch; hard punches
land: punches; a hard punch
spar: ; with the fists; with an unseen opponent
shadowbox
pound: the air with the fists
pummel: the air; an opponent
swing: the fists; a fist
battle: with bare fists
swing out: like a boxer
batter: the air with the fists
attack: with the fists; with punches
drive: a fist forward
lash out: with the fists; with a punch
launch: a punch; punches
practice: punches; boxing; jabs
do: some boxing; boxing moves
sock: an opponent
knock: an opponent out with the fists
clout: an opponent
thump: an opponent with a fist
wallop: an opponent
smack: an opponent with the fists
"""

_SLASH = """
slash: with a sword; with a blade; the air with a sword; at an enemy with a sword; with a katana
swing: a sword; a sword with both hands; a blade; a katana; a long sword; a sword down
cut: with a long sword; with a sword; the air with a blade; through the air with a sword
chop: with a sword; down with a blade
slice: with a sword; the air with a blade; through the air with a katana
strike: with a sword; with a blade; an enemy with a sword
wield: a sword; a long blade; a katana
brandish: a sword; a blade
sweep: a sword through the air
battle: with a sword; with a katana; like a swordsman
fence: with a sword
duel: with a sword
cleave: the air with a sword
attack: with a sword; an enemy with a katana
practice: sword strokes; with a sword; sword cuts
do: a slash with a sword
make: a sword cut; a slash; slashes with a blade
deliver: a slash; a sword stroke
perform: a sword stroke
lash out: with a sword
bring: a sword down
handle: a sword with both hands
hew: with a sword
lunge: with a sword
carve: the air with a blade
whirl: a sword
stab: with a sword
"""

_DANCE = """
dance: ; ; ; to music; around; on the spot; freely; to some music; on a stage; for a while; to the music
do: a dance; a little dance; a dance routine
perform: a dance; a short dance; a dance number; a dance routine
show off: a dance; a little dance
put on: a dance
break: into a dance
start: to dance
keep dancing
keep on dancing
groove: ; to music; to the music
bop: to music; along to the music
jive: to music
move: to music; to the music
sway: to music
sway and dance
bounce: to the music
jig: to music; around to the music
try: out a dance; a dance
practice: a dance; a dance routine
enjoy: a dance
entertain: somebody with a dance
shake: the body to music
swing: the hips to the music
step: to music in a dance
cavort: to music
waltz
tango
breakdance
rave: to music
do: the twist; the robot; a few dance steps
gyrate: to music
"""

_BOW_LITTLE = """
bow: a little; slightly; only a bit; lightly; just a little; the head
make: a small bow; a slight bow; a quick little bow
give: a slight bow; a small bow; a short bow
take: a small bow; a little bow
nod: with a slight bow
nod and bow: a little
bend: forward a little; slightly at the hips
incline: the upper body a little
tip: the upper body forward a bit
dip: the upper body slightly
"""

_RUN_LITTLE = """
jog: slowly; along; at an easy pace; lightly; a little
run: slowly; at an easy pace; a little; lightly; at half speed; at a gentle pace
trot: along; slowly; at an easy pace
go: for a slow run; at a slow jog; for an easy jog
move: at a slow run; at a slow jog
lope: along slowly; at an easy pace
run: not very fast; not too quickly
do: a slow jog
"""

_HAND = {"left": "the left hand", "right": "the right hand", "both": "both hands"}


def _of_side(lines: str, side: str) -> str:
    """The lines with their {side}, {clock}, {hand}, {arm} and {own} filled in."""
    hand = _HAND[side]
    return lines.format(
        side=side,
        clock={"left": "counterclockwise", "right": "clockwise"}.get(side, ""),
        hand=hand,
        arm=hand.replace("hand", "arm"),
        own="their hands" if side == "both" else hand.replace("the", "their"),
    )


def _of_sides(lines: str, name: str) -> dict[str, str]:
    """An action of the hands for each side: "wave" makes "wave-left-hand" and so on."""
    return {f"{name}-{side}-{'hands' if side == 'both' else 'hand'}": _of_side(lines, side) for side in _HAND}


ACTIONS: dict[str, str] = {
    "walk": _WALK,
    "walk-back": _WALK_BACK,
    "walk-left": _of_side(_VEER, "left"),
    "walk-right": _of_side(_VEER, "right"),
    "walk-turn-left": _of_side(_TURN, "left"),
    "walk-turn-right": _of_side(_TURN, "right"),
    "run": _RUN,
    "dash": _DASH,
    "bow": _BOW,
    "bye": _of_side(gestures.BYE, "right"),
    "bye-left": _of_side(gestures.BYE, "left"),
    "byebye": gestures.BYEBYE,
    "call": gestures.CALL,
    "guide": gestures.GUIDE,
    "respond": _of_side(gestures.RESPOND, "left"),
    "respond-right": _of_side(gestures.RESPOND, "right"),
    "kick": _KICK,
    "punch": _PUNCH,
    "slash": _SLASH,
    "dance-short": _DANCE,
    **_of_sides(gestures.RAISE, "raise-up"),
    **_of_sides(gestures.WAVE, "wave"),
}
LITTLE: dict[str, str] = {
    **_of_sides(gestures.RAISE_LITTLE, "raise-up"),
    **_of_sides(gestures.WAVE_LITTLE, "wave"),
    "bow": _BOW_LITTLE,
    "run": _RUN_LITTLE,
}
"""What is said where the clip does it only a little."""
