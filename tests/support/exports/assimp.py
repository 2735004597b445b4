"""FBX as Debian's assimp reads it."""

import subprocess
from functools import cache, cached_property
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from motiongpt.retarget.motion import rotations as rot


class Assimp:
    """What assimp reads: nodes by name with parent and matrices in the world, the animations, the meshes' extent."""

    def __init__(self, path: Path) -> None:
        dump = path.with_suffix(".assxml")
        run = ["assimp", "dump", str(path), str(dump)]
        assert "Wrote output dump" in subprocess.run(run, capture_output=True, text=True, check=True).stdout
        scene = ElementTree.parse(dump).getroot().find("Scene")
        self.parents: dict[str, str] = {}
        self.local: dict[str, np.ndarray] = {}
        self._walk(scene.find("Node"), "")
        self.animations = scene.findall(".//Animation")
        self.path = path

    @cached_property
    def corners(self) -> np.ndarray:
        """(2, 3) the lowest and the highest point of all meshes."""
        info = subprocess.run(["assimp", "info", str(self.path)], capture_output=True, text=True, check=True).stdout
        lines = [line for line in info.splitlines() if line.startswith(("Minimum point", "Maximum point"))]
        return np.array([line.split("(")[1].rstrip(")").split() for line in lines], dtype=float)

    @property
    def low(self) -> np.ndarray:
        return self.corners[0]

    @property
    def high(self) -> np.ndarray:
        return self.corners[1]

    def _walk(self, node: ElementTree.Element, parent: str) -> None:
        name = node.get("name")
        self.parents[name] = parent
        self.local[name] = np.array(node.find("Matrix4").text.split(), dtype=float).reshape(4, 4)
        for child in node.findall("NodeList/Node"):
            self._walk(child, name)

    def seconds(self, number: int = 0) -> float:
        animation = self.animations[number]
        return float(animation.get("duration")) / float(animation.get("tick_cnt"))

    @cache  # noqa: B019
    def channel(self, node: str, number: int = 0) -> list[np.ndarray] | None:
        """Positions (T, 3), quaternions (T, 4) xyzw and scales (T, 3) of an animated node; T differs between them."""
        found = self.animations[number].find(f".//NodeAnim[@node='{node}']")
        if found is None:
            return None
        keys = ("PositionKeyList/PositionKey", "RotationKeyList/RotationKey", "ScalingKeyList/ScalingKey")
        return [np.array([key.text.split() for key in found.findall(path)], dtype=float) for path in keys]

    @cache  # noqa: B019
    def place(self, node: str, frame: int, number: int = 0) -> np.ndarray:
        """(4, 4) of a node in the world in one frame of an animation."""
        local = self.local[node]
        keys = self.channel(node, number)
        if keys is not None:
            position, turn, scale = (key[min(frame, len(key) - 1)] for key in keys)
            local = np.eye(4)
            local[:3, :3] = rot.to_matrix(turn[[3, 0, 1, 2]]) * scale
            local[:3, 3] = position
        parent = self.parents[node]
        return self.place(parent, frame, number) @ local if parent else local
