#!/usr/bin/env python3
"""Train on a large GPU for a few minutes, from a pack, and export: larger networks, larger batches, bfloat16.

    motiongpt data pack dataset/ -o pack/                           here
    python scripts/train_on_gpu.py pack/ out/ --minutes 10          there: out/model, with all it needs
    (make PACK=pack OUT=out gpu)

A pack of motion gives a tokenizer, its refined decoder and a language model; a pack of tokens (`data pack
--tokenizer`) gives a language model for the tokenizer in it. The time is shared out among them, with what it takes to
prepare and to export. Needs PyTorch with CUDA, onnxscript and the packages that `motiongpt` imports, but no network:
where the pretrained encoder's package is missing, the bundled models' text side reads the captions. When this is run
again, what is finished stays, and what was interrupted goes on. `out/model` refers to `out/text`; picker and transition
model are trained on a processor, see docs/training.md.
"""

import argparse
import importlib.util
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CARD = ROOT / "scripts" / "starter" / "open.json"

SETTINGS = {
    "tokenizer": "--steps 1000000 --batch 512 --set width=512 --set code_width=256 --set depth=3 --set points=1.5 "
    "--set quantizer=parts --set levels=9 --set rate=0.0006",
    "decoder": "--steps 1000000 --batch 512 --set rate=0.0004",
    "language-model": "--steps 1000000 --batch 512 --set width=384 --set heads=6 --set feed_forward=768 "
    "--set encoder_layers=3 --set decoder_layers=6 --set rate=0.001 --set wordings=48 --set text_noise=0.7 "
    "--set falls=0 --set detail=0.4",
}
"""Options of each training; the time ends them, not the steps."""

TINY = {
    "tokenizer": "--steps 4 --batch 8 --set width=32 --set code_width=16",
    "decoder": "--steps 2 --batch 8",
    "language-model": "--steps 4 --batch 4 --set width=48 --set heads=2 --set feed_forward=48 --set encoder_layers=1 "
    "--set decoder_layers=1 --set wordings=4",
}
"""The same for --tiny, for a model that has learned nothing."""

SHARES = {"tokenizer": 0.45, "decoder": 0.15}
"""Of the time that is left, for each training but the last, which gets the rest."""
EXPORT_SHARE = 0.1
"""Of all the time, kept for the export."""


def environment(out: Path) -> dict[str, str]:
    """Where `motiongpt` can be imported: as it is installed, or from this checkout."""
    if importlib.util.find_spec("motiongpt") is not None:
        return dict(os.environ)
    source = out / "source"
    source.mkdir(parents=True, exist_ok=True)
    if not (source / "motiongpt").exists():
        (source / "motiongpt").symlink_to(ROOT)
    sys.path.insert(0, str(source))
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")])}


class Run:
    """Trainings in a folder until a time is over."""

    def __init__(self, out: Path, minutes: float, options: dict[str, str], device: str, where: dict[str, str]) -> None:
        self._out, self._options, self._device, self._where = out, options, device, where
        self._end = time.monotonic() + 60.0 * minutes * (1.0 - EXPORT_SHARE)

    def train(self, name: str, *arguments: object) -> Path:
        """Run a training for its share of the time that is left; returns its folder."""
        folder = self._out / name
        if (folder / "model.pt").is_file():
            print(f"{name}: done", flush=True)
            return folder
        left = max(0.05, (self._end - time.monotonic()) / 60.0) * SHARES.get(name, 1.0)
        stage = "tokenizer" if name == "decoder" else name
        limits = ("--minutes", f"{left:.3f}", "--device", self._device)
        self.call("train", stage, *arguments, "-o", folder, *limits, *self._options[name].split())
        return folder

    def call(self, *arguments: object) -> None:
        """Run a command of `motiongpt`. Raises subprocess.CalledProcessError if it fails."""
        words = [str(a) for a in arguments]
        print(f"motiongpt {shlex.join(words)}", flush=True)
        subprocess.run([sys.executable, "-m", "motiongpt", *words], env=self._where, check=True)


def run(pack: Path, out: Path, card: Path, trainings: Run) -> None:
    """All trainings, and the export. Raises subprocess.CalledProcessError where one fails."""
    from motiongpt.backend.dataset.importing.packed import is_packed, unpack_dataset

    if is_packed(pack):
        dataset = out / "dataset"
        if not (dataset / "clips.json").is_file():
            print(f"unpacking {pack}", flush=True)
            unpack_dataset(pack, dataset)
        tokenizer = trainings.train("tokenizer", dataset)
        decoder = trainings.train("decoder", dataset, "--refine", tokenizer)
        language = trainings.train("language-model", dataset, "--tokenizer", tokenizer)
    else:
        dataset, decoder = pack, pack / "tokenizer"
        language = trainings.train("language-model", pack)
    trained = ("--tokenizer", decoder, "--language", language, "--sets", dataset)
    trainings.call("train", "export", *trained, "--card", card, "--share", out / "text", "-o", out / "model")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, metavar="PACK", help="folder of `motiongpt data pack`")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for all output")
    parser.add_argument("--minutes", type=float, default=10.0, help="time for all of it (10)")
    parser.add_argument("--card", type=Path, default=CARD, help="name and description (scripts/starter/open.json)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (auto)")
    parser.add_argument("--tiny", action="store_true", help="try the whole chain with tiny settings")
    args = parser.parse_args()
    if not (args.pack / "clips.json").is_file():
        parser.error(f"{args.pack} holds no pack; make one with: motiongpt data pack")
    if not 0.0 < args.minutes < float("inf"):
        parser.error("give a number of minutes above 0")
    where = environment(args.out)
    trainings = Run(args.out, args.minutes, TINY if args.tiny else SETTINGS, args.device, where)
    began = time.monotonic()
    try:
        run(args.pack, args.out, args.card, trainings)
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(f"{args.out / 'model'}: ready after {(time.monotonic() - began) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
