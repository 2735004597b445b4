"""A T5 and a Llama with random weights and a few words, as folders of transformers; and clips that differ."""

from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from motiongpt.backend.commands.cli import main
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT

CAPTIONS = (
    "a person waves the left hand",
    "kicks with the left foot",
    "someone bows to the left",
)
_SENTENCES = [
    *CAPTIONS, "right", "Generate motion with 40 frames: a person", "Generate text:", "Predict motion:",
    "Complete the masked motion:", "Below is an instruction that describes a task, paired with an input that provides",
    "further context. Write a response that appropriately completes the request. ### Instruction: ### Input:",
    "### Response: Generate a sequence of motion tokens matching the following human motion description given the",
    "initial last several key tokens.", "0 1 2 3 4 5 6 7 8 9 , <Motion Token> </Motion Token>",
]  # fmt: skip


def clip(number: int, frames: int = 30) -> Motion:
    """A motion of the arms and the spine that no other number has."""
    random = np.random.default_rng(number)
    time = np.arange(frames) / 20.0
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    for joint in ("left_shoulder", "right_shoulder", "left_elbow", "right_hip", "spine1", "head"):
        axis = rot.normalize(random.normal(size=3))
        angle = random.uniform(0.3, 1.2) * np.sin(random.uniform(2, 7) * time + random.uniform(0, 6))
        rotations[:, JOINT[joint]] = rot.from_axis_angle(axis, angle)
    path = np.linspace((0.0, 0.95, 0.0), (0.0, 0.95, random.uniform(0.0, 3.0)), frames)
    return Motion(rotations, path, 20.0, np.zeros((frames, 4)))


def make_dataset(folder: Path, clips: int = 2) -> Path:
    """A data set of clips with a caption each, made by the command."""
    folder.mkdir(parents=True)
    for i in range(clips):
        write_bvh(clip(i), folder / f"clip_{i}.bvh")
    rows = "\n".join(f"clip_{i}.bvh,{CAPTIONS[i % len(CAPTIONS)]}" for i in range(clips))
    (folder / "captions.csv").write_text(f"file,caption\n{rows}\n")
    out = folder / "dataset"
    assert main(["data", "import", str(folder), "--captions", str(folder / "captions.csv"), "-o", str(out)]) == 0
    return out


def make_tokenizer(dataset: Path, out: Path, steps: int = 1) -> Path:
    """A motion tokenizer of the published recipe, hardly trained: its codebook starts from latents of the clips."""
    small = ["--set", "width=16", "--set", "code_width=8", "--set", "depth=1", "--batch", "8", "--threads", "1"]
    command = ["train", "tokenizer", str(dataset), "-o", str(out), "--recipe", "published", "--steps", str(steps)]
    assert main([*command, *small]) == 0
    return out


def make_t5(folder: Path, gated: bool = True, dropout: float = 0.0) -> Path:
    """A T5 1.1, or with `gated=False` a T5 1.0, of two layers."""
    from transformers import T5Config, T5ForConditionalGeneration

    words = Tokenizer(models.Unigram())
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    words.train_from_iterator(
        _SENTENCES,
        trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    words.add_special_tokens([f"<extra_id_{i}>" for i in range(40)])
    folder.mkdir(parents=True)
    words.save(str(folder / "tokenizer.json"))
    config = T5Config(
        vocab_size=words.get_vocab_size(), d_model=64, d_kv=16, num_heads=4, d_ff=128, num_layers=2,
        dropout_rate=dropout,
        feed_forward_proj="gated-gelu" if gated else "relu", tie_word_embeddings=not gated, decoder_start_token_id=0,
    )  # fmt: skip
    return _save(T5ForConditionalGeneration, config, folder)


def make_llama(folder: Path, tied: bool = True, seed: int = 0) -> Path:
    """A Llama of two layers, with a byte-level vocabulary."""
    from transformers import LlamaConfig, LlamaForCausalLM

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    words.train_from_iterator(_SENTENCES, trainer)
    folder.mkdir(parents=True)
    words.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}')
    config = LlamaConfig(
        vocab_size=words.get_vocab_size(), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=tied, eos_token_id=0, bos_token_id=0,
        initializer_range=0.2,  # with frozen weights of the usual 0.02, no answer could ever be likely
    )  # fmt: skip
    return _save(LlamaForCausalLM, config, folder, seed)


def _save(kind: Any, config: Any, folder: Path, seed: int = 0) -> Path:
    import torch

    torch.manual_seed(seed)
    kind(config).save_pretrained(folder)
    return folder
