"""Splitting bone names."""

from motiongpt.retarget.rigs.names import split_name


def test_names_are_taken_apart() -> None:
    assert split_name("mixamorig12:LeftUpLeg") == ("left", "upleg")
    assert split_name("J_Bip_C_Hips") == ("", "hips")
    assert split_name("lShldrBend") == ("left", "shldrbend")
    assert split_name("c_thigh_fk.r") == ("right", "thigh")
    assert split_name("Bip01 L Toe0") == ("left", "toe")
    assert split_name("f_avg_R_Shoulder") == ("right", "shoulder")
    assert split_name("CC_Base_L_Upperarm") == ("left", "upperarm")
    assert split_name("thigh.R.001") == ("right", "thigh")
