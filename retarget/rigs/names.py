"""Bone names in common rigs: splitting a name into side and part, and the names that each joint's bone goes by.

English names are those of engines and tools (Mixamo, Unreal, Unity, Daz, XNALara's `arm left shoulder 2`, VRChat's
`Left leg`); Japanese ones are MikuMikuDance's, with those of its twist and deforming bones.
"""

import re
import unicodedata

_ACCENTS = re.compile(r"[\u0300-\u036f]")  # accents, but not the voicing marks of kana


def _plain(name: str) -> str:
    """Without accents, ligatures and full-width letters: "Schlüssel" is "Schlussel", "ＩＫ" is "IK"."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name)))
    return unicodedata.normalize("NFC", bare).replace("ß", "ss")


def _names(*lines: str) -> tuple[str, ...]:
    return tuple(_plain(name) for line in lines for name in line.split())


# Joint, without its side -> names of its bone, without side, prefix, separators and digits; the first one present wins.
LIMB_NAMES = {
    "hip": _names(
        "thighbend thighstretch thigh upleg upperleg legupper legthigh hip femur thightwist",
        "足d 太もも 太腿 もも 大腿 허벅지",
        "oberschenkel cuisse muslo coscia coxa бедро верхняянога",
        # The whole leg, or in some rigs its upper half: last, because in others it is the lower one.
        "leg 足 腿 脚 腳 다리 bein hufte huefte hanche jambe cadera pierna anca gamba quadril perna нога",
    ),
    "knee": _names(
        "calf shin legstretch lowerleg leglower loleg leg legknee knee tibia",
        "ひざd ひざ ヒザ 膝 膝盖 膝蓋 すね 脛 小腿 下腿 종아리 정강이 무릎",
        "unterschenkel wade schienbein knie mollet jambe tibia genou pantorrilla espinilla pierna rodilla",
        "polpaccio stinco gamba ginocchio panturrilha canela perna joelho голень колено",
    ),
    "ankle": _names(
        "ankle foot legankle legfoot 足首d 足首 くるぶし 踝 脚踝 脚腕 脚 腳 足 발목 발",
        "fuss fussgelenk knochel knoechel cheville pied tobillo pie caviglia piede tornozelo pe",
        "стопа ступня лодыжка щиколотка",
    ),
    "foot": _names(
        "toebase toe toes ball legtoes legtoe foot 足先ex つま先 爪先 つまさき 足指 脚趾 腳趾 脚尖 발가락 발끝",
        "zeh zehe zehen fussballen ballen fussspitze orteil orteils pointe pointepied",
        "dedos dedo punta dedospie dedopie dita ditapiede punta dedospe ponta biqueira",
        "носок пальцыноги пальцы палецноги",
    ),
    "shoulder": _names(
        "shldrbend armstretch upperarm armupper arm uparm shldr armshoulder",
        "上腕 二の腕 腕 上臂 大臂 胳膊 위팔 상완 팔",
        "oberarm bras brassuperieur hautbras brazo brazosuperior braccio bracciosuperiore braco bracosuperior",
        "плечо верхняярука humerus 手臂 рука",
        "shoulder 肩 肩膀 어깨 schulter epaule hombro spalla ombro",
    ),
    "elbow": _names(
        "forearmbend forearmstretch forearm lowerarm armlower loarm armelbow elbow",
        "ひじ ヒジ 肘 前腕 手肘 前臂 小臂 下臂 아래팔 전완 팔뚝 팔꿈치",
        "unterarm ellbogen ellenbogen avantbras coude antebrazo codo avambraccio gomito antebraco cotovelo",
        "предплечье локоть",
    ),
    "wrist": _names(
        "wrist hand armwrist armhand 手首 手腕 手掌 手 손목 손",
        "handgelenk poignet main muneca mano polso pulso punho mao кисть запястье",
    ),
    "collar": _names(
        "clavicle collar collarbone scapula shoulder armshoulder 鎖骨 肩 锁骨 肩膀 쇄골 어깨",
        "schlusselbein schluesselbein schlussel schluessel schulter clavicule epaule clavicula hombro",
        "clavicola spalla ombro ключица надплечье плечо",
    ),
}
LOWER_OF_TWO = frozenset({"armshoulder"})
"""Names that collar and upper arm share, told apart by a number only: the lower one is the upper arm."""
DEFORMING = frozenset(_names("足d ひざd 足首d 足先ex"))
"""MikuMikuDance's bones for the mesh beside those for the animator, in characters whose mesh hangs from them."""
NECK_NAMES = frozenset(
    _names("neck necktwist necklower headnecklower 首 颈 頸 脖子 목 hals cou cuello collo pescoco шея")
)
HEAD_NAMES = (*_names("head headneckupper 頭 头 머리 kopf tete cabeza testa cabeca голова"), *sorted(NECK_NAMES))
TWIST = re.compile(r"twist|roll|捩|ねじ|ひねり", re.IGNORECASE)
_NO_LIMB = frozenset(_names(
    "hair bang bangs braid ponytail wing wings tail skirt dress cape cloak coat ribbon feather ear ears breast weapon",
    "sword shield haar haare flugel fluegel schwanz rock umhang cheveux meche aile queue jupe pelo cabello cola falda",
    "capelli coda gonna mantello cabelo asa ala cauda saia волосы крыло хвост юбка плащ",
))  # fmt: skip
_NO_LIMB_SIGNS = re.compile("髪|羽|翼|尾|スカート|しっぽ|リボン|胸|マント|头发|裙|披风|머리카락|날개|꼬리|치마")

_PREFIX = re.compile(
    r"^(.*:|mixamorig\d*_?|cc_base_|def-|joint_|j_bip_|[fm]_avg_|bip\d*[ _.]|valvebiped[._]?bip\d*[ _]|c_|b_|bn_)",
    re.IGNORECASE,
)
_SIDES = {
    "left": _names(
        "l left lt links linke linker gauche izquierda izquierdo izq sinistra sinistro sx esquerda esquerdo esq",
        "левый левая левое лев л 左 왼쪽 왼 좌",
    ),
    "right": _names(
        "r right rt rechts rechte rechter droite droit derecha derecho der destra destro dx direita direito",
        "правый правая правое прав п 右 오른쪽 오른 우",
    ),
}
_SIDE_WORDS = {word: side for side, words in _SIDES.items() for word in words}
# Letters that are sides in one language only (gauche, droite; izquierda, derecha; sinistra, destra; esquerda): they
# count where the rest of the name is a limb's in that language.
_SIDE_LETTERS = {"g": "left", "i": "left", "s": "left", "e": "left", "d": "right"}
_ROMANCE = frozenset(_names(
    "cuisse jambe mollet genou cheville pied orteil orteils pointe bras avantbras coude main poignet clavicule epaule",
    "muslo pierna pantorrilla espinilla rodilla tobillo pie dedos dedo punta brazo antebrazo codo muneca mano",
    "clavicula hombro coscia gamba polpaccio stinco ginocchio caviglia piede dita braccio avambraccio gomito polso",
    "clavicola spalla coxa perna panturrilha canela joelho tornozelo pe ponta braco antebraco cotovelo pulso punho",
    "mao ombro hanche cadera anca quadril",
))  # fmt: skip
_LONG_SIDES = sorted((w for w in _SIDE_WORDS if len(w) > 3 or not re.match("[a-zа-я]", w)), key=len, reverse=True)
_GLUED = re.compile(rf"^(?:({'|'.join(_LONG_SIDES)})(.+)|(.+?)({'|'.join(_LONG_SIDES)}))$")
_MIDDLE_WORDS = {"c", "x", "m", "fk", "jnt", "bind", "jt", "bone", "de", "da", "do", "del", "della", "la", "du"}


def is_no_limb(name: str) -> bool:
    """Whether a bone is called hair, wing, tail, skirt or the like.

    >>> is_no_limb("Flügel_L_01"), is_no_limb("左髪2"), is_no_limb("ForeArm.L")
    (True, True, False)
    """
    return not _NO_LIMB.isdisjoint(_words(name)) or _NO_LIMB_SIGNS.search(name) is not None


def _words(name: str) -> list[str]:
    """The words of a name in small letters, without prefixes and digits."""
    core = _plain(name)
    while (shorter := _PREFIX.sub("", core)) != core and shorter:
        core = shorter
    core = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])|(?<=[A-ZА-Я])(?=[A-ZА-Я][a-zа-я])", " ", core)
    return [w for w in re.split(r"[\W\d_]+", core.lower()) if w]


def split_name(name: str) -> tuple[str, str]:
    """A bone's name as (side, part); the side is "" for bones on the midline.

    >>> split_name("mixamorig:LeftUpLeg"), split_name("thigh.R.001"), split_name("Bip01 Spine2")
    (('left', 'upleg'), ('right', 'thigh'), ('', 'spine'))
    >>> split_name("左ひざ"), split_name("L_Schlüssel"), split_name("Cuisse.G")
    (('left', 'ひざ'), ('left', 'schlussel'), ('left', 'cuisse'))
    """
    words = _words(name)
    sides = [_SIDE_WORDS[w] for w in words if w in _SIDE_WORDS]
    part = "".join(w for w in words if w not in _SIDE_WORDS and w not in _MIDDLE_WORDS)
    if sides:
        return sides[0], part
    if glued := _GLUED.match(part):  # "leftarm", "左足"
        return _SIDE_WORDS[glued[1] or glued[4]], glued[2] or glued[3]
    letters = [w for w in words if w in _SIDE_LETTERS]
    rest = "".join(w for w in words if w not in _SIDE_LETTERS and w not in _MIDDLE_WORDS)
    return (_SIDE_LETTERS[letters[0]], rest) if letters and rest in _ROMANCE else ("", part)
