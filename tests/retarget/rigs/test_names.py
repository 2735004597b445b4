"""Splitting bone names."""

import pytest

from motiongpt.retarget.rigs.names import LIMB_NAMES, is_no_limb, split_name


def test_names_are_taken_apart() -> None:
    assert split_name("mixamorig12:LeftUpLeg") == ("left", "upleg")
    assert split_name("J_Bip_C_Hips") == ("", "hips")
    assert split_name("lShldrBend") == ("left", "shldrbend")
    assert split_name("c_thigh_fk.r") == ("right", "thigh")
    assert split_name("Bip01 L Toe0") == ("left", "toe")
    assert split_name("f_avg_R_Shoulder") == ("right", "shoulder")
    assert split_name("CC_Base_L_Upperarm") == ("left", "upperarm")
    assert split_name("thigh.R.001") == ("right", "thigh")


@pytest.mark.parametrize(
    ("name", "side", "kind"),
    [
        ("左足", "left", "hip"), ("右ひざ", "right", "knee"), ("左足首", "left", "ankle"),
        ("右つま先", "right", "foot"),
        ("左足先EX", "left", "foot"), ("ひざ.L", "left", "knee"), ("右手首", "right", "wrist"),
        ("ひじ_R", "right", "elbow"),
        ("Left leg", "left", "hip"), ("Right knee", "right", "knee"), ("leg left thigh", "left", "hip"),
        ("arm right shoulder 2", "right", "shoulder"), ("Oberschenkel_links", "left", "hip"),
        ("UnterarmRechts", "right", "elbow"), ("Fuß.L", "left", "ankle"), ("Ellenbogen.R", "right", "elbow"),
        ("Cuisse.G", "left", "hip"), ("Avant-bras droit", "right", "elbow"), ("Epaule_Gauche", "left", "collar"),
        ("MusloIzquierdo", "left", "hip"), ("Muñeca_Der", "right", "wrist"), ("Rodilla.D", "right", "knee"),
        ("Coscia_Sx", "left", "hip"), ("GinocchioDestro", "right", "knee"), ("Pé.E", "left", "ankle"),
        ("Mão direita", "right", "wrist"), ("Левое бедро", "left", "hip"), ("Голень.R", "right", "knee"),
        ("ПравоеПредплечье", "right", "elbow"), ("кисть_л", "left", "wrist"), ("左大腿", "left", "hip"),
        ("小腿_右", "right", "knee"), ("前臂.L", "left", "elbow"), ("왼쪽 허벅지", "left", "hip"),
        ("오른팔", "right", "shoulder"),
        ("ＬｅｆｔＦｏｏｔ", "left", "ankle"), ("足首Ｄ.L", "left", "ankle"), ("bip_upperArm_R", "right", "shoulder"),
    ],
)  # fmt: skip
def test_names_of_many_languages_are_limbs(name: str, side: str, kind: str) -> None:
    assert split_name(name)[0] == side
    assert split_name(name)[1] in LIMB_NAMES[kind]


@pytest.mark.parametrize(
    "name", ["左足ＩＫ", "つま先ＩＫ.L", "左足IK親", "leg_pole.L", "左肩P", "腕捩1.R", "Eye.D", "Spine.S", "Hand.D"]
)
def test_helpers_are_no_limbs(name: str) -> None:
    side, part = split_name(name)
    assert not side or not any(part in names for names in LIMB_NAMES.values())


def test_hair_and_clothes_are_no_limbs() -> None:
    assert all(map(is_no_limb, ("Hair_L_02", "WingLeft", "スカート_1_L", "Flügel.R", "左髪3", "날개.L", "skirt.003")))
    assert not any(map(is_no_limb, ("ForeArm", "Bearing", "Thigh.L", "左腕", "Tailbone", "Unterarm")))
