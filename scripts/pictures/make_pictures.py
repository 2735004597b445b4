"""Make the documents' pictures: a windowed Blender operates the installed extension, and what it shows is cut to size.

    .venv/bin/python scripts/pictures/make_pictures.py --character hero.glb -o docs/images

Needs an X screen of 1400 × 1000 that shows nothing else (Xvfb, without a window manager), ImageMagick's `import`, which
takes the pictures of the screen, and xdotool. The character of the documents is Mesh2Motion's human (CC0). `--only`
makes the pictures of one kind: `panel`, from `in_blender.py`, or `film`, from the film of the tests.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from motiongpt import build_addon

ROOT = Path(__file__).resolve().parent.parent.parent
WINDOW = (1100, 660)
FILM_WIDTH = 900
TILE, CAPTION = (300, 216), "#1c1e22"
KINDS = ("panel", "film")
FILM = ("blocks", "generated", "takes", "path", "loop", "exported", "brought", "known", "ways")
FILMED = {
    "blocks": ("dragging", "strip"),
    "shot": ("shot", "sidebar"),
    "live-figure": ("live", "viewport"),
    "takes": ("flipped", "window"),
    "path": ("path", "viewport"),
    "loop": ("loop", "sidebar"),
    "retarget": ("retarget", "sidebar"),
    "known": ("known", "sidebar"),
    "doubt": ("doubt", "sidebar"),
    "pie": ("pie", "left"),
    "directing": ("directing", "left"),
}
"""Picture of the documents -> what the film calls it, and the part of the screen that is shown."""

RECORDED = {"panel": "shots.json", "film": f"{FILM[0]}.json"}
"""Kind of pictures -> the file that says what was taken."""

Shot = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--character", type=Path, required=True, help="glTF file (.glb) of the character")
    parser.add_argument("--blender", default="blender", help="command that starts a windowed Blender")
    parser.add_argument("--shots", type=Path, help="folder to keep the screenshots in; if it has some, they are used")
    parser.add_argument("--only", choices=KINDS, help="the pictures of one kind alone")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shots = arguments.shots or Path(folder) / "shots"
        wanted = [arguments.only] if arguments.only else KINDS
        missing = [kind for kind in wanted if not (shots / RECORDED[kind]).is_file()]
        if missing:
            record(shlex.split(arguments.blender), arguments.character, shots, Path(folder), missing)
        arguments.output.mkdir(parents=True, exist_ok=True)
        if "panel" in wanted:
            assemble(shots, arguments.output)
        if "film" in wanted:
            assemble_film(shots, arguments.output)
    for file in sorted(arguments.output.iterdir()):
        print(f"{file.stat().st_size / 1000:8.0f} kB  {file.name}")


def record(blender: list[str], character: Path, shots: Path, folder: Path, kinds: Sequence[str]) -> None:
    """Install the extension into an empty Blender and let scripts take the screenshots.

    Everything that Blender reads is in the temporary folder: a sandboxed Blender may see nothing else.
    """
    shots.mkdir(parents=True, exist_ok=True)
    archive = build_addon.build(build_addon.PLATFORMS[build_addon.current_platform()], folder)
    for name in ("scripts", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    hero = shutil.copy(character, folder / "hero.glb")
    environment = os.environ | {"BLENDER_USER_RESOURCES": str(folder / "blender")}
    (folder / "blender").mkdir()
    scripts: dict[str, list[Any]] = {
        "panel": ["--enable-event-simulate", "--window-geometry", 0, 0, *WINDOW,
                  "--python", folder / "scripts" / "pictures" / "in_blender.py", "--", hero, shots],
        "film": ["--python", folder / "tests" / "product" / "windowed" / "film.py", "--", hero, shots, *FILM],
    }  # fmt: skip
    install: list[Any] = ["--command", "extension", "install-file", "-r", "user_default", "--enable", archive]
    for command in [install, *(scripts[kind] for kind in kinds)]:
        subprocess.run([*blender, *map(str, command)], cwd=tempfile.gettempdir(), env=environment, check=True)


def assemble(folder: Path, output: Path) -> None:
    """Make the documents' pictures from the screenshots."""
    seen = json.loads((folder / "shots.json").read_text(encoding="utf-8"))
    if "error" in seen:
        raise SystemExit(seen["error"])
    films: dict[str, list[Shot]] = {}
    for shot in seen["shots"]:
        shot["picture"] = Image.open(folder / shot["file"]).convert("RGB")
        films.setdefault(shot["name"], []).append(shot)
    save_film(output / "generate.webp", [film_picture(s) for s in films["generate"]], films["generate"])
    save_film(output / "inbetween.webp", [film_picture(s) for s in films["inbetween"]], films["inbetween"])
    save_gallery(output / "gallery.webp", [shots for name, shots in films.items() if name.startswith("gallery")])
    numbered(films["panel"][0]).save(output / "panel.png", optimize=True)
    moments(films["generate"]).save(output / "motion.jpg", quality=88)
    for name, box in (("character", sidebar_box), ("poses", areas_box), ("between", areas_box)):
        shot = films[name][0]
        save_png(output / f"{name}.png", shot["picture"].crop(box(shot)))
    shot = films["install"][0]
    save_png(output / "install.png", shot["picture"].crop(box_of(shot, *max(shot["areas"], key=lambda a: a[1]))))


def assemble_film(folder: Path, output: Path) -> None:
    """The pictures of the manual that are cut from the film of the tests."""
    recorded = json.loads((folder / RECORDED["film"]).read_text(encoding="utf-8"))
    by_name = {shot["name"]: shot for shot in recorded["shots"]}
    for name, (taken, part) in FILMED.items():
        shot = by_name[taken]
        picture = Image.open(folder / shot["file"]).convert("RGB").crop(film_box(shot, part))
        if picture.width > FILM_WIDTH:
            picture = picture.resize(
                (FILM_WIDTH, round(picture.height * FILM_WIDTH / picture.width)), Image.Resampling.LANCZOS
            )
        picture.save(output / f"{name}.webp", quality=80, method=6)


def film_box(shot: Shot, part: str) -> tuple[int, int, int, int]:
    """A part of the screen: a region, the viewport with its sidebar, or the left of the Dope Sheet."""
    left, top, right, bottom = shot["viewport"]
    if part == "window":
        return left + (right - left) // 4, top + 55, right, bottom
    if part == "viewport":
        return left + (right - left) // 6, top + 55, shot["sidebar"][0], bottom
    if part == "left":
        return left, top + 55, left + 640, bottom
    if part == "strip":
        left, top, right, bottom = shot["sheet"]
        return left, top - 27, left + FILM_WIDTH, bottom  # with its header, in which a drag is described
    left, top, right, bottom = shot["sidebar"]
    return left, top, right, bottom


def on_picture(shot: Shot, x: float, y: float) -> tuple[int, int]:
    """From the window's coordinates (Y up) to the screenshot's (Y down)."""
    return round(x + shot["window"][0]), round(shot["picture"].height - shot["window"][1] - y)


def box_of(shot: Shot, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    return (*on_picture(shot, x, y + height), *on_picture(shot, x + width, y))


def areas_box(shot: Shot) -> tuple[int, int, int, int]:
    """The part of the screen that the viewport and the editor below it cover."""
    boxes = np.array([box_of(shot, *area) for area in shot["areas"]])
    return (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())


def sidebar_box(shot: Shot) -> tuple[int, int, int, int]:
    return box_of(shot, *shot["sidebar"])


def film_picture(shot: Shot) -> Image.Image:
    """The areas, with the pointer, which screenshots lack."""
    picture = shot["picture"].copy()
    x, y = on_picture(shot, *shot["pointer"])
    arrow = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]
    ImageDraw.Draw(picture).polygon([(x + i, y + j) for i, j in arrow], fill="white", outline="black")
    picture = picture.crop(areas_box(shot))
    return picture.resize((FILM_WIDTH, round(picture.height * FILM_WIDTH / picture.width)), Image.Resampling.LANCZOS)


def save_film(path: Path, pictures: list[Image.Image], shots: list[Shot]) -> None:
    """An animated WebP that repeats."""
    durations = [round(shot["seconds"] * 1000) for shot in shots]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=75, method=4)


def save_gallery(path: Path, films: list[list[Shot]]) -> None:
    """The films side by side, three a row, each under its prompt."""
    font = ImageFont.load_default(size=15)
    width, height = TILE
    step = height + 26  # a line of text below each
    pictures = []
    for moment in zip(*films, strict=True):
        sheet = Image.new("RGB", (3 * width, -(-len(films) // 3) * step), CAPTION)
        for i, shot in enumerate(moment):
            left, top, right, bottom = box_of(shot, *max(shot["areas"], key=lambda a: a[3]))
            half = (bottom - top) * width / height / 2
            middle = (left + right) / 2
            tile = shot["picture"].crop((round(middle - half), top, round(middle + half), bottom)).resize(TILE)
            x, y = i % 3 * width, i // 3 * step
            sheet.paste(tile, (x, y))
            ImageDraw.Draw(sheet).text((x + width / 2, y + step - 8), shot["caption"], "white", font, anchor="ms")
        pictures.append(sheet)
    save_film(path, pictures, films[0])


def numbered(shot: Shot) -> Image.Image:
    """The sidebar with the numbers of the steps in the documents."""
    picture = shot["picture"].copy()
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=20)
    left, top, right, bottom = sidebar_box(shot)
    for number, row in enumerate(("armature", "prompt", "seconds", "button"), 1):
        x, y = left - 22, on_picture(shot, *shot["rows"][row])[1]
        draw.circle((x, y), 15, fill="#e87d0d")
        draw.text((x, y), str(number), "white", font, anchor="mm")
    below = on_picture(shot, *shot["rows"]["button"])[1] + 45  # the button and some of what it says
    return picture.crop((left - 44, top, right, min(below, bottom)))


def moments(shots: list[Shot], count: int = 5) -> Image.Image:
    """One picture with the character at several moments of the motion; the viewport does not move in it."""
    motion = shots[-72:]  # where it has left its place
    left, top, right, bottom = box_of(motion[0], *max(motion[0]["areas"], key=lambda a: a[3]))
    box = (left + 30, top, min(right, sidebar_box(motion[0])[0]), bottom)
    frames = [motion[i]["picture"].crop(box) for i in np.linspace(0, len(motion) - 1, count).round().astype(int)]
    shades = np.min([np.asarray(frame) for frame in frames], axis=0)  # (H, W, 3) all shadows
    result = Image.fromarray(shades)
    for frame in frames:
        colours = np.asarray(frame).astype(int)
        coloured = Image.fromarray(((np.ptp(colours, axis=2) > 30) * 255).astype(np.uint8))
        figure = coloured.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.MinFilter(9))
        result.paste(frame, mask=figure)
    return result


def save_png(path: Path, picture: Image.Image) -> None:
    picture.quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
