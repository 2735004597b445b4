"""More families: names in other languages and of fewer tools, bodies put together in other ways, and what they wear."""

from .zoo_family import Family, limbs

_L_R, _WORDS = ("L", "R"), ("Left", "Right")

MORE = (
    Family(
        "mmd", "腰", ("上半身", "上半身2"), ("首",), "頭", ("左", "右"),
        limbs("{s}足", "{s}ひざ", "{s}足首", "{s}つま先", "{s}肩", "{s}腕", "{s}ひじ", "{s}手首"),
        above=("全ての親", "センター", "グルーブ"), extra=("左足ＩＫ", "右足ＩＫ", "左つま先ＩＫ", "右つま先ＩＫ"),
        twists={"shoulder": ("{s}腕捩1", "{s}腕捩2"), "elbow": ("{s}手捩1",)}, inline={"elbow": "{s}手捩"},
        legs_from="下半身", fingers="{s}{f}指{n}", arms_down=40.0, wears=("hair",),
    ),
    Family(
        "mmd, older", "センター", ("上半身",), ("首",), "頭", ("左", "右"),
        limbs("{s}足", "{s}ひざ", "{s}足首", "{s}つま先", "{s}肩", "{s}腕", "{s}ひじ", "{s}手首"),
        legs_from="下半身", arms_down=40.0, wears=("skirt",),
    ),
    Family(
        "vrchat", "Hips", ("Spine", "Chest"), ("Neck",), "Head", _WORDS,
        limbs("{s} leg", "{s} knee", "{s} ankle", "{s} toe", "{s} shoulder", "{s} arm", "{s} elbow", "{s} wrist"),
        fingers="{f}Finger{n}_{s}", height=1.3, wears=("tail",),
    ),
    Family(
        "xnalara", "root hips", ("spine lower", "spine middle", "spine upper"), ("head neck lower",), "head neck upper",
        ("left", "right"),
        limbs("leg {s} thigh", "leg {s} knee", "leg {s} ankle", "leg {s} toes", "arm {s} shoulder 1",
              "arm {s} shoulder 2", "arm {s} elbow", "arm {s} wrist"),
        above=("root ground",), fingers="arm {s} finger {f} {n}", arms_down=30.0,
    ),
    Family(
        "german", "Hüfte", ("Wirbelsäule", "Brust"), ("Hals",), "Kopf", _L_R,
        limbs("Oberschenkel.{s}", "Unterschenkel.{s}", "Fuß.{s}", "Zehen.{s}", "Schlüsselbein.{s}", "Oberarm.{s}",
              "Unterarm.{s}", "Hand.{s}"), arms_down=60.0,
    ),
    Family(
        "german, winged", "Becken", ("Ruecken", "Brust"), ("Hals",), "Kopf", _L_R,
        limbs("{s}_Bein", "{s}_Knie", "{s}_Fuss", "{s}_Zeh", "{s}_Schluessel", "{s}_Oberarm", "{s}_Unterarm",
              "{s}_Hand"), wears=("wings",),
    ),
    Family(
        "french", "Bassin", ("Colonne1", "Colonne2"), ("Cou",), "Tête", ("G", "D"),
        limbs("Cuisse.{s}", "Mollet.{s}", "Pied.{s}", "Orteils.{s}", "Clavicule.{s}", "Bras.{s}", "AvantBras.{s}",
              "Main.{s}"), arms_down=45.0,
    ),
    Family(
        "spanish", "Pelvis", ("Columna", "Pecho"), ("Cuello",), "Cabeza", ("Izq", "Der"),
        limbs("Muslo_{s}", "Pierna_{s}", "Pie_{s}", "Dedos_{s}", "Clavícula_{s}", "Brazo_{s}", "Antebrazo_{s}",
              "Mano_{s}"), arms_down=45.0,
    ),
    Family(
        "italian", "Bacino", ("Schiena", "Petto"), ("Collo",), "Testa", ("Sinistra", "Destra"),
        limbs("Coscia{s}", "Gamba{s}", "Piede{s}", "Dita{s}", "Spalla{s}", "Braccio{s}", "Avambraccio{s}", "Mano{s}"),
    ),
    Family(
        "portuguese", "Quadril", ("Coluna", "Peito"), ("Pescoço",), "Cabeça", ("E", "D"),
        limbs("Coxa.{s}", "Canela.{s}", "Pé.{s}", "Ponta.{s}", "Clavícula.{s}", "Braço.{s}", "Antebraço.{s}",
              "Mão.{s}"), arms_down=70.0,
    ),
    Family(
        "russian", "Таз", ("Позвоночник", "Грудь"), ("Шея",), "Голова", ("Левое", "Правое"),
        limbs("{s}_бедро", "{s}_голень", "{s}_стопа", "{s}_носок", "{s}_ключица", "{s}_плечо", "{s}_предплечье",
              "{s}_кисть"), arms_down=45.0,
    ),
    Family(
        "chinese", "骨盆", ("脊椎1", "脊椎2"), ("脖子",), "头", ("左", "右"),
        limbs("{s}大腿", "{s}小腿", "{s}脚", "{s}脚趾", "{s}锁骨", "{s}上臂", "{s}前臂", "{s}手"), arms_down=45.0,
        wears=("cape",),
    ),
    Family(
        "korean", "골반", ("척추1", "척추2"), ("목",), "머리", ("왼쪽", "오른쪽"),
        limbs("{s} 허벅지", "{s} 종아리", "{s} 발", "{s} 발가락", "{s} 쇄골", "{s} 위팔", "{s} 아래팔", "{s} 손"),
    ),
    Family(
        "valve", "ValveBiped.Bip01_Pelvis", tuple(f"ValveBiped.Bip01_Spine{n}" for n in ("", "1", "2", "4")),
        ("ValveBiped.Bip01_Neck1",), "ValveBiped.Bip01_Head1", _L_R,
        limbs(*(f"ValveBiped.Bip01_{{s}}_{n}" for n in (
            "Thigh", "Calf", "Foot", "Toe0", "Clavicle", "UpperArm", "Forearm", "Hand"))), arms_down=50.0,
    ),
    Family(
        "second life", "mPelvis", ("mTorso", "mChest"), ("mNeck",), "mHead", _WORDS,
        limbs(*(f"m{n}{{s}}" for n in (
            "Hip", "Knee", "Ankle", "Foot", "Collar", "Shoulder", "Elbow", "Wrist"))),
    ),
    Family(
        "makehuman", "root", tuple(f"spine0{n}" for n in (5, 4, 3, 2, 1)), ("neck01", "neck02"), "head", _L_R,
        limbs("upperleg01.{s}", "lowerleg01.{s}", "foot.{s}", "toe1-1.{s}", "clavicle.{s}", "upperarm01.{s}",
              "lowerarm01.{s}", "wrist.{s}"), arms_down=45.0,
        inline={"hip": "upperleg02.{s}", "knee": "lowerleg02.{s}", "shoulder": "upperarm02.{s}",
                "elbow": "lowerarm02.{s}"},
    ),
    Family(
        "advanced skeleton", "Root_M", ("Spine1_M", "Chest_M"), ("Neck_M",), "Head_M", _L_R,
        limbs("Hip_{s}", "Knee_{s}", "Ankle_{s}", "Toes_{s}", "Scapula_{s}", "Shoulder_{s}", "Elbow_{s}", "Wrist_{s}"),
    ),
    Family(
        "roblox", "LowerTorso", ("UpperTorso",), (), "Head", _WORDS,
        limbs("{s}UpperLeg", "{s}LowerLeg", "{s}Foot", "", "", "{s}UpperArm", "{s}LowerArm", "{s}Hand"),
        above=("Root",), arms_down=85.0, limb_scale=0.8,
    ),
    Family(
        "biped, triangle pelvis", "Bip01 Pelvis", ("Bip01 Spine1", "Bip01 Spine2"), ("Bip01 Neck",), "Bip01 Head", _L_R,
        limbs(*(f"Bip01 {{s}} {n}" for n in (
            "Thigh", "Calf", "Foot", "Toe0", "Clavicle", "UpperArm", "Forearm", "Hand"))),
        carried=("Bip01 Spine",), holding=("Bip01",), arms_down=60.0, clavicles_from_neck=True,
    ),
    Family(
        "body above hips", "Hips", ("Spine", "Chest"), ("Neck",), "Head", _L_R,
        limbs("Thigh.{s}", "Calf.{s}", "Foot.{s}", "Toes.{s}", "Collar.{s}", "UpperArm.{s}", "Forearm.{s}", "Hand.{s}"),
        above=("root",), holding=("Body", "Belt"), arms_down=45.0, height=2.2, wears=("skirt", "cape", "hair"),
    ),
    Family(
        "one arm raised", "Hips", ("Spine", "Chest"), ("Neck",), "Head", _WORDS,
        limbs("{s}Thigh", "{s}Shin", "{s}Foot", "{s}Toe", "{s}Collar", "{s}UpperArm", "{s}Forearm", "{s}Hand"),
        fingers="{s}{f}{n}", arms_down=50.0, raised=120.0, wears=("tail", "wings"),
    ),
)  # fmt: skip
