"""Draw the folders of the source and which of them import which, as an SVG file.

    python scripts/draw_rooms.py docs/images/rooms.svg

An arrow that follows from others is left out: what a room can reach by a chain of arrows, it may import directly too.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZONES = {"addon": "#e87d0d", "backend": "#3f7fbf", "retarget": "#4f9a5b"}
BOX, GAP, LEVEL = (104, 30), 16, 74
Edges = dict[str, set[str]]


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module's path: the first two folders."""
    return "/".join(parts[:2])


def imports(root: Path) -> Edges:
    """Room -> the rooms that its modules import, wherever in them the import stands."""
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


def places(edges: Edges) -> dict[str, tuple[float, float]]:
    """Room -> the middle of its box: by level downwards, and in each level below the rooms that import it."""
    level = levels(edges)
    place: dict[str, tuple[float, float]] = {}
    for depth in range(max(level.values()) + 1):
        rooms = [room for room in level if level[room] == depth]
        above = {r: [place[s][0] for s, targets in edges.items() if r in targets and s in place] for r in rooms}
        rooms.sort(
            key=lambda r: (sum(above[r]) / len(above[r]) if above[r] else list(ZONES).index(zone_of(r)) * 400, r)
        )
        width = len(rooms) * BOX[0] + (len(rooms) - 1) * GAP
        for i, room in enumerate(rooms):
            place[room] = (i * (BOX[0] + GAP) - width / 2 + BOX[0] / 2, depth * LEVEL)
    return place


def zone_of(room: str) -> str:
    return room.split("/")[0]


def svg(edges: Edges) -> str:
    """The picture."""
    place = places(edges)
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
    for room, target in sorted((r, t) for r, targets in edges.items() for t in targets):
        (x, y), (u, v) = place[room], place[target]
        y, v = y + BOX[1] / 2, v - BOX[1] / 2
        lines.append(
            f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {y + 30:.0f} {u:.0f} {v - 30:.0f} {u:.0f} {v:.0f}" fill="none" '
            f'stroke="{ZONES[zone_of(room)]}" stroke-opacity=".6" stroke-width="1.3" marker-end="url(#tip)"/>'
        )
    for room, (x, y) in sorted(place.items()):
        zone, _, name = room.partition("/")
        lines.append(
            f'<rect x="{x - BOX[0] / 2:.0f}" y="{y - BOX[1] / 2:.0f}" width="{BOX[0]}" height="{BOX[1]}" rx="5" '
            f'fill="{ZONES[zone]}"/><text x="{x:.0f}" y="{y + 4:.0f}" fill="#fff">{name or zone + "/*.py"}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(reduced(imports(ROOT))), encoding="utf-8")
