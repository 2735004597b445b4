"""A motion as a small drawing."""

import xml.etree.ElementTree as ElementTree

from support.motions import standing, walking

from motiongpt.backend.output.figures import LEFT, RIGHT, strip
from motiongpt.retarget.motion.skeleton import JOINT_COUNT


def test_every_pose_has_all_bones_inside_the_drawing() -> None:
    for motion, poses in ((walking(), 6), (standing(2), 2), (standing(1), 1)):
        drawing = ElementTree.fromstring(strip(motion))
        _, _, width, height = map(float, drawing.attrib["viewBox"].split())
        bones = [part for part in drawing if part.tag.endswith("path")]
        assert len(bones) == poses * (JOINT_COUNT - 1)
        numbers = [tuple(map(float, part.attrib["d"][1:].replace("L", " ").split())) for part in bones]
        assert all(0 <= x <= width and 0 <= y <= height for a, b, c, d in numbers for x, y in ((a, b), (c, d)))
        colours = [part.attrib["stroke"] for part in bones]
        assert colours.count(LEFT) == colours.count(RIGHT) > 0
