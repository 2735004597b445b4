"""Draw the folders of the source and which of them import which, as an SVG file.

    python scripts/draw_rooms.py docs/images/rooms.svg

An arrow that follows from others is left out: what a room can reach by a chain of arrows, it may import directly too.
"""

import ast
import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZONES = {"addon": "#e87d0d", "backend": "#3f7fbf", "retarget": "#4f9a5b"}
BOX, BEND, GAP, LEVEL = (104, 30), 4, 16, 74
Edges = dict[str, set[str]]


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module's path: the first two folders."""
    return "/".join(parts[:2])


def imports(root: Path) -> Edges:
    """Room -> the rooms that its modules import, also inside functions."""
    edges: Edges = {}
    for zone in ZONES:
        for file in (root / zone).rglob("*.py"):
            package = file.relative_to(root).parts[:-1]
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level:
                    base = package[: len(package) - node.level + 1] + tuple((node.module or "").split("."))
                    for name in node.names:
                        target = folder(root, (*base, name.name))
                        edges.setdefault(room_of(package), set()).add(room_of(target))
    for room, targets in edges.items():
        targets -= {room, ""}
    return edges


def folder(root: Path, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The longest part of a dotted name that is a folder."""
    parts = tuple(part for part in parts if part)
    while parts and not root.joinpath(*parts).is_dir():
        parts = parts[:-1]
    return parts


def reachable(edges: Edges, start: str) -> set[str]:
    """Every room that can be reached from this one by at least one arrow."""
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        room = waiting.pop()
        if room not in found:
            found.add(room)
            waiting += edges.get(room, ())
    return found


def reduced(edges: Edges) -> Edges:
    """Without the arrows that a chain of others implies."""
    return {
        room: {t for t in targets if not any(t in reachable(edges, other) for other in targets - {t})}
        for room, targets in edges.items()
    }


def levels(edges: Edges) -> dict[str, int]:
    """Room -> how many arrows the longest chain from a room that nothing imports has."""
    rooms = set(edges) | {t for targets in edges.values() for t in targets}
    level = dict.fromkeys(rooms, 0)
    for _ in rooms:
        for room, targets in edges.items():
            for target in targets:
                level[target] = max(level[target], level[room] + 1)
    return level


def chains(edges: Edges, level: dict[str, int]) -> list[list[str]]:
    """Each arrow as the nodes on it, level by level: its room, bends called "room>target>level", its target."""
    return [
        [room, *(f"{room}>{target}>{depth}" for depth in range(level[room] + 1, level[target])), target]
        for room, targets in sorted(edges.items())
        for target in sorted(targets)
    ]


def places(level: dict[str, int], arrows: list[list[str]]) -> dict[str, tuple[float, float]]:
    """Room or bend -> its middle: by level downwards, and within a level under the nodes that lead to it."""
    depths = level | {bend: int(bend.rpartition(">")[2]) for arrow in arrows for bend in arrow[1:-1]}
    steps = [step for arrow in arrows for step in pairwise(arrow)]
    place: dict[str, tuple[float, float]] = {}

    def wanted(node: str) -> tuple[float, str]:
        above = [place[start][0] for start, end in steps if end == node]
        return (sum(above) / len(above) if above else 400.0 * list(ZONES).index(zone_of(node)), node)

    for depth in range(max(depths.values()) + 1):
        nodes = sorted((node for node in depths if depths[node] == depth), key=wanted)
        widths = [BEND if ">" in node else BOX[0] for node in nodes]
        x = -(sum(widths) + GAP * (len(widths) - 1)) / 2
        for node, width in zip(nodes, widths, strict=True):
            place[node] = (x + width / 2, depth * LEVEL)
            x += width + GAP
    return place


def zone_of(room: str) -> str:
    return room.split("/")[0].split(">")[0]


def svg(edges: Edges) -> str:
    """The picture."""
    level = levels(edges)
    arrows = chains(edges, level)
    place = places(level, arrows)
    left = min(x for x, _ in place.values()) - BOX[0] / 2 - 10
    right = max(x for x, _ in place.values()) + BOX[0] / 2 + 10
    height = max(y for _, y in place.values()) + BOX[1] + 20
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} {-BOX[1] / 2 - 10:.0f} {right - left:.0f} '
        f'{height:.0f}" font-family="sans-serif" font-size="12" text-anchor="middle">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#888"/></marker></defs>',
        f'<rect x="{left:.0f}" y="{-BOX[1] / 2 - 10:.0f}" width="100%" height="100%" fill="#fff"/>',
    ]
    for arrow in arrows:
        lines.append(
            f'<path d="{curve([place[node] for node in arrow])}" fill="none" stroke="{ZONES[zone_of(arrow[0])]}" '
            'stroke-opacity=".6" stroke-width="1.3" marker-end="url(#tip)"/>'
        )
    for room in sorted(level):
        (x, y), (zone, _, name) = place[room], room.partition("/")
        lines.append(
            f'<rect x="{x - BOX[0] / 2:.0f}" y="{y - BOX[1] / 2:.0f}" width="{BOX[0]}" height="{BOX[1]}" rx="5" '
            f'fill="{ZONES[zone]}"/><text x="{x:.0f}" y="{y + 4:.0f}" fill="#fff">{name or zone + "/*.py"}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


def curve(points: list[tuple[float, float]]) -> str:
    """A path from the lower edge of the first box to the upper edge of the last, upright where it passes a level."""
    half = BOX[1] / 2
    x, y = points[0]
    path = f"M{x:.0f} {y + half:.0f}"
    for i, (u, v) in enumerate(points[1:], 1):
        y, v = points[i - 1][1] + half, v - half
        path += f"C{x:.0f} {y + 28:.0f} {u:.0f} {v - 28:.0f} {u:.0f} {v:.0f}"
        if i < len(points) - 1:
            path += f"V{v + BOX[1]:.0f}"
        x = u
    return path


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(reduced(imports(ROOT))), encoding="utf-8")
