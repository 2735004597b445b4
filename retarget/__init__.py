"""Motion on any humanoid, in numpy: the canonical skeleton, `Motion`, rigs, and the solving between them."""

from .errors import MotionGPTError
from .motion import Motion, load_npz, save_npz
from .rig import Rig, RigMotion

__all__ = ["Motion", "MotionGPTError", "Rig", "RigMotion", "load_npz", "save_npz"]
