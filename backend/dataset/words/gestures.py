"""The words for what arms, hands and the voice do, written as `thesaurus` says."""

BYE = """
wave: goodbye with the {side} hand at the chest; with the {side} hand in front of the chest; their {side} hand low
wave: the {side} hand near the chest; goodbye softly with the {side} hand; lightly with the {side} hand
wave: bye with a bent {side} arm; modestly with the {side} hand; with only the {side} hand at the chest
give: a small wave with the {side} hand; a little wave of the {side} hand; a modest wave with their {side} hand
say: bye with a small wave of the {side} hand; goodbye with a little wave of the {side} hand
say: farewell with a small wave of the {side} hand; so long with a small wave of their {side} hand
bid: farewell with a small wave of the {side} hand; goodbye with the {side} hand at the chest
make: a small goodbye gesture with the {side} hand; a little wave with the {side} hand at the chest
move: the {side} hand from side to side in front of the chest
part: with a small wave of the {side} hand
take leave: with a little wave of the {side} hand
shake: the {side} hand in a small wave
send somebody off: with a small wave of the {side} hand
lift the {side} hand to the chest and wave
"""

BYEBYE = """
wave: goodbye; goodbye with both hands; bye bye; farewell with both arms; farewell; bye with both arms
wave: somebody off; somebody off with both hands; goodbye with both arms over the head; to say goodbye
say goodbye and wave
say: goodbye with both hands; bye bye with both arms; farewell with both arms; goodbye by waving both arms
bid: farewell with both hands; somebody goodbye with both arms; goodbye
swing: both arms over the head to say goodbye; both hands in farewell
take leave: waving both hands
send somebody off: waving both arms; with waves of both hands
move: both hands in a big goodbye
part: waving both arms
shake: both hands in a goodbye wave
gesture: goodbye with both arms
"""

CALL = """
lean forward and shout: with the hands at the mouth; for somebody; loudly
bend forward and yell: ; for somebody; with both hands at the mouth
lean forward and cry out: loudly
call: somebody over; for somebody; loudly; out loud; to someone in the distance; somebody from far away
call out: to someone far away; loudly; to somebody; with the hands around the mouth
call out to someone far away and beckon
shout: ; for somebody; out loud; to someone in the distance; through the hands; at somebody far off
yell: ; for somebody; out loud; across a long distance; to someone far away
exclaim: something out loud; something to someone far off
roar: for somebody; out loud
cry out: to somebody; for someone
summon: somebody; somebody with a shout; someone from far away
beckon: somebody over; to someone with a shout
cup the hands around the mouth and shout
cup the hands around the mouth and call
use: the hands as a megaphone and shout
raise: their voice to call somebody
try: to get heard with a shout
let out: a loud shout; a yell
whoop: for somebody
howl: to someone far away
bawl: out loud
shriek: out loud; for somebody
hoot: to someone far away
announce: something loudly to someone far away
warn: somebody with a shout
address: someone far away in a loud voice
speak: very loudly through the hands
shout out: a name; a warning
"""

GUIDE = """
show: the way with one hand; the way; someone where to go; somebody in with one arm; the way with a flat hand
hold out: a hand to guide somebody; an arm to show the way
guide: someone with a gesture of the hand; somebody; someone in with one hand; somebody along with one arm
point: the way; the way with one hand; the way ahead with an arm
gesture: ahead with one arm; for somebody to enter; to one side with a flat hand
invite: somebody to come in with one arm; someone to go first; somebody in
conduct: somebody in with one hand; someone along with one arm
escort: somebody in with one arm
lead: the way with one hand
make clear: with one hand where to go
extend: an arm to show the way; a hand to guide somebody
motion: somebody forward with a flat hand; somebody to come in
receive: somebody with one arm held out
offer: the way with a flat hand; somebody the way in
make known: the way with a flat hand
bid: somebody enter with one arm
let somebody in: with a gesture of the arm
steer: somebody in with a gesture of the hand
sweep: an arm aside to let somebody in
act: as a guide with one arm
demonstrate: the way with a flat hand
explain: the way with one arm
admit: somebody with a gesture of the arm
suggest: the way with a flat hand
instruct: somebody where to go with one hand
"""

RESPOND = """
answer: a call by raising the {side} hand high; with the {side} arm raised high; a call with the {side} hand up
raise: the {side} hand high to answer; the {side} arm in answer to a call; their {side} hand in reply
respond: with the {side} arm up; by raising their {side} hand; to a call with the {side} arm raised
reply: by lifting the {side} hand high; with the {side} hand up; to a call by raising the {side} arm
react: to a call by lifting the {side} hand
acknowledge: a call with the {side} hand up; a call by raising their {side} arm
throw up: the {side} hand in answer
put: the {side} hand up in response; their {side} arm up to answer
lift: the {side} arm high in reply; the {side} hand in response to a call
say: yes with the {side} hand up
report: with the {side} hand up
show: readiness by raising the {side} hand
confirm: with the {side} hand raised
"""

RAISE = """
raise: {hand}; {hand}; {arm}; {own} up high; {hand} above the head; {own}; {arm} overhead; {hand} high into the air
lift: {hand}; {arm} up; {own}; {arm} above the head; {hand} high; {hand} over the head
put: {hand} up; {own} up; {arm} up; {hand} in the air
hold: {hand} up in the air; {arm} up; {own} up high; {hand} high above the head
hold up: {hand}; {arm}; {own}
reach up: with {hand}; with {arm}; as high as they can with {hand}
reach: up high with {hand}; up over the head with {hand}
throw: {hand} up; {arm} up into the air
fling: {arm} up
extend: {arm} upward; {arm} up over the head; {hand} upward
bring: {hand} up over the head; {arm} up
push: {hand} up into the air
point: {arm} straight up; {hand} upward
swing: {arm} up over the head
move: {hand} up high; {arm} up
send: {hand} up into the air
keep: {hand} raised; {arm} up
straighten: {arm} overhead
pull: {arm} up beside the head
show: {hand} high above the head
take: {hand} up over the head
get: {hand} up
uplift: {hand}
heave: {hand} up
shoot: {hand} up
poke: {hand} up into the air
jerk: {hand} up
draw: {arm} up
carry: {hand} up over the head
place: {hand} high above the head
let: {hand} rise; {arm} rise high
hold aloft: {hand}
vote: with {hand} up
swear: an oath with {hand} up
reach: for the top shelf with {hand}; for something high up with {hand}
"""

RAISE_LITTLE = """
raise: {hand} a little; {hand} to the shoulder; {hand} slightly; {own} only a bit; {hand} halfway; {arm} to chest height
lift: {hand} halfway; {hand} a little; {own} to the shoulder; {arm} slightly; {hand} to the height of the chin
hold up: {hand} beside the face; {hand} at shoulder height; {hand} loosely
hold: {hand} up beside the face; {hand} up at shoulder height
put: {hand} up halfway; {hand} up a little
bring: {hand} up to the shoulder; {own} up a bit
move: {hand} up a little
get: {hand} up only halfway
"""

WAVE = """
wave: {hand}; {hand}; with {hand}; {arm}; {own}; with {arm}; {hand} high in the air; at somebody with {hand}
wave: to the people with {hand}; {hand} over the head; hello using {hand}; {arm} back and forth; using {hand}
lift {hand} and wave
raise {arm} and wave
put {hand} up and wave
hold {hand} up and wave
reach up and wave: with {hand}
swing: {hand} from side to side over the head; {arm} back and forth over the head; {arm} in a big wave
keep waving: {hand} in the air; {hand}; with {own}
give: a wave with {hand}; a big wave with {hand}; somebody a wave of {hand}
make: a waving motion with {hand}; waves with {hand}
move: {hand} from side to side above the head; {arm} to and fro in a wave
shake: {hand} in a big wave; {hand} from side to side in the air
sway: {arm} from side to side overhead
sweep: {hand} from side to side over the head
rock: {hand} from side to side above the head
flick: {hand} from side to side in the air
say: hello by waving {hand}
catch: somebody's eye by waving {hand}
start: to wave with {hand}; to wave {hand}
brandish: {hand} in a big wave
wiggle: {hand} in the air
swish: {hand} from side to side over the head
oscillate: {hand} overhead
attract: somebody's eye by waving {hand}
alert: somebody with a wave of {hand}
flourish: {hand} in the air
whip: {hand} from side to side in the air
jiggle: {hand} in the air
"""

WAVE_LITTLE = """
wave: {hand} a little; {hand} at the height of the shoulder; slowly with {hand}; {hand} slightly; {own} only a bit
wave: lightly with {hand}; {hand} beside the face; {hand} at shoulder height; just a little with {own}
give a small wave: with {hand}
give a little wave: with {hand}
give: a slight wave of {hand}; a modest wave with {hand}
make: a small waving motion with {hand}
move: {hand} a little from side to side
shake: {hand} a little in a small wave
lift {hand} halfway and wave
"""
