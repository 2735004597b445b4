#!/usr/bin/env python3
"""Build the Blender extension: one zip per platform, with everything that it needs at run time.

A zip has the repository's shape: the same `__init__.py` beside the same folders, which import each other by relative
names. The same files give the same bytes: time stamps are fixed, names sorted.

    python build_addon.py                                for this machine and with all models, into dist/
    python build_addon.py --platform all --models open   for all platforms, with one model
    python build_addon.py --models none                  without a model, to be chosen in the preferences
"""

import argparse
import importlib.util
import json
import platform as host
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WHEEL_CACHE = ROOT / "build" / "wheels"
MODELS = Path("backend") / "models"
MANIFEST = Path("addon") / "blender_manifest.toml"
MANUAL, IMAGES = Path("docs") / "manual", Path("docs") / "images"
VALIDATOR = "*/scripts/addons_core/bl_pkg/cli/blender_ext.py"  # below bpy's folder
FOLDERS = ("addon", "backend", "retarget")
# Not needed in Blender; models are added separately. Training is needed: a style is trained from there.
LEFT_OUT = tuple(f"backend/{room}" for room in ("bench", "evaluation/judge", "models"))
PYTHONS = ("3.11", "3.13")  # Blender 4.2 to 5.0, and 5.1 on

# The one place that names what is bundled. onnxruntime and tokenizers import without the packages that their metadata
# require (protobuf, flatbuffers, huggingface_hub ...), and numpy is Blender's own, so these five are nearly everything.
PINS = {
    "pyzmq": "27.3.0", "msgspec": "0.22.0", "platformdirs": "4.14.8", "onnxruntime": "1.31.1", "tokenizers": "0.23.3",
}  # fmt: skip

MARKDOWN = {"markdown": "3.11.3"}
"""What turns the manual's pages into HTML, here and not in Blender."""


@dataclass(frozen=True)
class Platform:
    """name: Blender's.  tags: pip's platform tags.  pins: Python -> what differs from PINS for it."""

    name: str
    tags: tuple[str, ...]
    pins: dict[str, dict[str, str]] = field(default_factory=dict)

    def pins_for(self, python: str) -> dict[str, str]:
        """Package -> version of everything bundled for that Python."""
        return PINS | self.pins.get(python, {})


PLATFORMS = {
    p.name: p
    for p in (
        Platform(
            "linux-x64",
            ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
            # Linux distributions build Blender without a bundled numpy. If there is one, Blender may import this one
            # instead: being the newest, it runs what was built for any numpy 2.
            {"3.13": {"numpy": "2.5.5"}},
        ),
        Platform("windows-x64", ("win_amd64",)),
        Platform("macos-arm64", ("macosx_14_0_arm64",)),
        # The last onnxruntime with wheels for Intel Macs.
        Platform("macos-x64", ("macosx_13_0_x86_64",), {p: {"onnxruntime": "1.23.2"} for p in PYTHONS}),
    )
}


class BuildError(Exception):
    """A problem that the person who builds can fix."""


def current_platform() -> str:
    """Blender's name for this machine's platform. Raises BuildError if there are no wheels for it."""
    system = {"linux": "linux", "windows": "windows", "darwin": "macos"}.get(host.system().lower(), "?")
    machine = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64"}.get(host.machine().lower(), "?")
    name = f"{system}-{machine}"
    if name not in PLATFORMS:
        raise BuildError(
            f"There are no wheels for {host.system()} {host.machine()}; choose one of {', '.join(PLATFORMS)}."
        )
    return name


def source_files() -> dict[str, bytes]:
    """Path in the zip -> content of the package, without `LEFT_OUT`, and of the licence.

    Raises BuildError if a file is missing.
    """
    found = [path for folder in FOLDERS for kind in ("*.py", "*.toml") for path in (ROOT / folder).rglob(kind)]
    paths = [path.relative_to(ROOT).as_posix() for path in found if path != ROOT / MANIFEST]
    left_out = tuple(f"{folder}/" for folder in LEFT_OUT)
    names = ["__init__.py", "__main__.py", "LICENSE", *(path for path in paths if not path.startswith(left_out))]
    return {name: _read(ROOT / name) for name in names}


def bundled_models() -> list[str]:
    """Names of the models in the repository."""
    return sorted(card.parent.name for card in (ROOT / MODELS).glob("*/model.json"))


def model_files(names: Sequence[str]) -> dict[str, bytes]:
    """Path in the zip -> content of these models, and of the folders of shared files that they need.

    Raises BuildError if one is missing.
    """
    folders: dict[str, None] = {}
    for name in names:
        card = ROOT / MODELS / name / "model.json"
        if not card.is_file():
            there = ", ".join(bundled_models()) or "none"
            raise BuildError(f"There is no model {name} in {MODELS.as_posix()}; there are: {there}.")
        folders |= dict.fromkeys((name, *json.loads(card.read_bytes()).get("shared", {})))
    paths = [path for name in folders for path in (ROOT / MODELS / name).rglob("*") if path.is_file()]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
nav {{ font-size: .85rem; border-bottom: 1px solid #ccc; padding-bottom: .8rem }} nav a {{ margin-right: .8rem }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #ccc; padding: .3rem .6rem; text-align: left }}
img {{ max-width: 100% }} pre {{ background: #f3f3f3; padding: .8rem; overflow: auto }} a {{ color: #b5400c }}
</style></head><body><nav>{links}</nav>
{body}
</body></html>
"""


def manual_pages(log: Callable[[str], None] = print) -> dict[str, bytes]:
    """Path in the zip -> content of the manual as HTML, with its pictures, to be read without a network."""
    folder = WHEEL_CACHE / "markdown"
    if not list(folder.glob(f"markdown-{MARKDOWN['markdown']}-*.whl")):
        log("downloading the converter of the manual")
        _download(PLATFORMS["linux-x64"], PYTHONS[0], MARKDOWN, folder)
    sys.path.insert(0, str(next(folder.glob(f"markdown-{MARKDOWN['markdown']}-*.whl"))))
    try:
        converter = importlib.import_module("markdown")
    finally:
        sys.path.pop(0)
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / MANUAL).glob("*.md"))}
    titles = {name: text.splitlines()[0].removeprefix("# ") for name, text in sources.items()}
    links = " ".join(f'<a href="{name}.html">{title}</a>' for name, title in titles.items())
    files: dict[str, bytes] = {}
    for name, text in sources.items():
        kinds = [f"markdown.extensions.{kind}" for kind in ("tables", "toc", "fenced_code")]
        body = converter.markdown(text, extensions=kinds)
        body = re.sub(
            r'<a href="\.\./(?!images/)[^"]*">(.*?)</a>', r"\1", body, flags=re.DOTALL
        )  # pages that stay behind
        body = re.sub(r'(<a href="[a-z-]+)\.md', r"\1.html", body)
        files[f"{MANUAL.as_posix()}/{name}.html"] = _PAGE.format(title=titles[name], links=links, body=body).encode()
        for image in re.findall(r'src="\.\./images/([^"]+)"', body):
            files[f"{IMAGES.as_posix()}/{image}"] = _read(ROOT / IMAGES / image)
    return files


def licences_of(files: dict[str, bytes]) -> list[str]:
    """SPDX names of the licences of models and shared files, from the cards among `files`."""
    cards = [json.loads(files[name]) for name in sorted(files) if name.endswith(("/model.json", "/shared.json"))]
    return list(dict.fromkeys(card["licence"].replace(" ", "-") for card in cards))


def wheels(target: Platform, log: Callable[[str], None] = print) -> dict[str, bytes]:
    """Path in the zip -> content of every wheel that `target` needs; they are downloaded once, into build/wheels."""
    found: dict[str, bytes] = {}
    for python in PYTHONS:
        folder = WHEEL_CACHE / f"{target.name}-{python}"
        pins = target.pins_for(python)
        if not all(list(folder.glob(f"{name}-{version}-*.whl")) for name, version in pins.items()):
            log(f"downloading wheels for {target.name}, Python {python}")
            _download(target, python, pins, folder)
        for name, version in pins.items():
            for wheel in folder.glob(f"{name}-{version}-*.whl"):
                found[f"wheels/{wheel.name}"] = wheel.read_bytes()
    return found


def _download(target: Platform, python: str, pins: dict[str, str], folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--dest", str(folder)]
    for tag in target.tags:
        command += ["--platform", tag]
    run = subprocess.run(command + [f"{n}=={v}" for n, v in pins.items()], capture_output=True, text=True, check=False)
    if run.returncode:
        raise BuildError(f"pip could not download the wheels for {target.name}:\n{run.stderr.strip()}")


def manifest(template: str, target: Platform, wheel_names: list[str], licences: Sequence[str] = ()) -> str:
    """The manifest for one platform: the template plus `platforms`, `wheels` and the models' licences."""
    lines = [f'platforms = ["{target.name}"]', "wheels = ["]
    lines += [f'  "./{name}",' for name in sorted(wheel_names)] + ["]", ""]
    at = template.index("\n[") + 1  # top-level keys must come before the first table
    text = template[:at] + "\n".join(lines) + "\n" + template[at:]
    own = 'license = ["SPDX:GPL-3.0-or-later"]'
    if own not in text:
        raise BuildError(f"{MANIFEST} must hold the line {own}")
    text = text.replace(own, own[:-1] + "".join(f', "SPDX:{licence}"' for licence in licences) + "]")
    tomllib.loads(text)
    return text


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write `files` (path in the zip -> content); the same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every machine that builds
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name])


def build(target: Platform, out: Path, models: Sequence[str] | None = None, log: Callable[[str], None] = print) -> Path:
    """Make the zip for one platform in folder `out` and return its path. Raises BuildError.

    models: names of those to include, all by default; a zip with fewer has them in its name.
    """
    every = bundled_models()
    chosen = every if models is None else list(models)
    files, trained, bundled = source_files() | manual_pages(log), model_files(chosen), wheels(target, log)
    files |= trained | bundled
    template = _read(ROOT / MANIFEST).decode()
    files["blender_manifest.toml"] = manifest(template, target, list(bundled), licences_of(trained)).encode()
    version = tomllib.loads(template)["version"]
    suffix = "" if chosen and set(chosen) == set(every) else f"-{'-'.join(chosen) or 'without-model'}"
    path = out / f"motiongpt-{version}-{target.name.replace('-', '_')}{suffix}.zip"
    write_zip(path, files)
    validate(path, log)
    for part, size in _sizes(trained).items():
        log(f"  {part}: {size / 1e6:.1f} MB")
    log(f"  wheels: {sum(map(len, bundled.values())) / 1e6:.1f} MB")
    log(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return path


def _sizes(trained: dict[str, bytes]) -> dict[str, int]:
    """Folder of a model or of shared files -> bytes."""
    sizes: Counter[str] = Counter()
    for name, content in trained.items():
        sizes["/".join(Path(name).parts[:3])] += len(content)
    return dict(sizes)


def validate(path: Path, log: Callable[[str], None] = print) -> None:
    """Have Blender's own tool check the zip, if a bpy wheel is installed. Raises BuildError for what it finds."""
    spec = importlib.util.find_spec("bpy")  # finds it without importing Blender
    tools = list(Path(spec.origin).parent.glob(VALIDATOR)) if spec and spec.origin else []
    if not tools:
        log("not validated: bpy is not installed here")
        return
    with tempfile.TemporaryDirectory() as cwd:
        command = [sys.executable, str(tools[0]), "validate", str(path.resolve())]
        run = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    if run.returncode:
        raise BuildError(f"Blender refuses {path.name}:\n{run.stdout.strip()}\n{run.stderr.strip()}")


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise BuildError(f"{path.relative_to(ROOT)} is missing.")
    return path.read_bytes()


def main(arguments: list[str] | None = None) -> int:
    """Returns the process' exit code."""
    parser = argparse.ArgumentParser(description="Build the Blender extension's zips.")
    parser.add_argument("--platform", default="current", choices=[*PLATFORMS, "all", "current"])
    parser.add_argument("--models", metavar="NAMES", help="models to include, as open,starter, or none (all)")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", help="folder for the zips (dist/)")
    args = parser.parse_args(arguments)
    try:
        models = None if args.models is None else [n for n in args.models.split(",") if n not in ("", "none")]
        chosen = {"all": list(PLATFORMS), "current": []}.get(args.platform, [args.platform]) or [current_platform()]
        for name in chosen:
            build(PLATFORMS[name], args.output, models)
    except (BuildError, OSError) as error:
        print(f"build_addon.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
