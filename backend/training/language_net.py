"""The language model's network: a pretrained English encoder, and a T5-style encoder-decoder over motion tokens on top.

The words enter through all-MiniLM-L6-v2 (Wang et al. 2020; a BERT of 6 layers, kept as it was trained, so that words
which no caption holds keep their meaning). Layers of our own follow, then a decoder that writes motion tokens. As in
T5 (Raffel et al. 2020): pre-norm with RMS and no biases, gated feed-forward. Each decoder position also knows how
many tokens are left, so that a motion ends when it is asked to.

Vocabulary: word pieces first, then motion codes, then end-of-motion; the decoder's head covers the motion part.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WORDS = 30522
CODES = 512
END = CODES  # in the motion part
BEGIN = CODES + 1  # only ever an input
MAX_TOKENS = 64
UNKNOWN_LENGTH = MAX_TOKENS + 1  # index of "how many are left": 0 to 64, or not told
TEXT_WIDTH = 384


@dataclass(frozen=True)
class LanguageConfig:
    width: int = 384
    heads: int = 6
    feed_forward: int = 768
    encoder_layers: int = 2
    decoder_layers: int = 5
    dropout: float = 0.1


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, L, width) -> (B, heads, L, width / heads)."""
    out: Tensor = x.unflatten(-1, (heads, -1)).transpose(1, 2)
    return out


def join_heads(x: Tensor) -> Tensor:
    """Inverse of `split_heads`."""
    return x.transpose(1, 2).flatten(-2)


class PretrainedEncoder(nn.Module):
    """all-MiniLM-L6-v2 up to its last hidden states; names follow the published file."""

    def __init__(self, layers: int = 6, width: int = TEXT_WIDTH, heads: int = 12, feed_forward: int = 1536) -> None:
        super().__init__()
        self.heads = heads
        self.word = nn.Embedding(WORDS, width)
        self.position = nn.Embedding(512, width)
        self.kind = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(_BertLayer(width, heads, feed_forward) for _ in range(layers))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Hidden states (B, L, 384) of word pieces ids (B, L) where mask (B, L) is 1."""
        places = torch.arange(ids.shape[1], device=ids.device)
        x: Tensor = self.norm(self.word(ids) + self.position(places) + self.kind)
        bias = (1.0 - mask[:, None, None].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        return x

    @classmethod
    def from_file(cls, path: Path) -> "PretrainedEncoder":
        """Load the published `model.safetensors`; every tensor must fit."""
        model = cls()
        source = load_file(str(path))
        renamed = {
            "word.weight": source["embeddings.word_embeddings.weight"],
            "position.weight": source["embeddings.position_embeddings.weight"],
            "kind": source["embeddings.token_type_embeddings.weight"][0],
            "norm.weight": source["embeddings.LayerNorm.weight"],
            "norm.bias": source["embeddings.LayerNorm.bias"],
        }
        places = {
            "attention.self.query": "query",
            "attention.self.key": "key",
            "attention.self.value": "value",
            "attention.output.dense": "out",
            "attention.output.LayerNorm": "norm1",
            "intermediate.dense": "up",
            "output.dense": "down",
            "output.LayerNorm": "norm2",
        }
        for index in range(len(model.layers)):
            for theirs, ours in places.items():
                for part in ("weight", "bias"):
                    renamed[f"layers.{index}.{ours}.{part}"] = source[f"encoder.layer.{index}.{theirs}.{part}"]
        model.load_state_dict({k: v.float() for k, v in renamed.items()})
        return model.requires_grad_(False).eval()


class _BertLayer(nn.Module):
    def __init__(self, width: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.up, self.down = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = (split_heads(project(x), self.heads) for project in (self.query, self.key, self.value))
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        x = self.norm1(x + self.out(join_heads(attended)))
        out: Tensor = self.norm2(x + self.down(F.gelu(self.up(x))))
        return out


class _FeedForward(nn.Module):
    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.feed_forward, bias=False)
        self.up = nn.Linear(config.width, config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, config.width, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(self.dropout(F.gelu(self.gate(x)) * self.up(x)))
        return out


class _Attention(nn.Module):
    """Multi-head attention whose keys and values may come from a cache."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query, self.key, self.value, self.out = (
            nn.Linear(config.width, config.width, bias=False) for _ in range(4)
        )
        self.dropout = config.dropout

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, heads, L, head width) each."""
        return split_heads(self.key(x), self.heads), split_heads(self.value(x), self.heads)

    def forward(self, x: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, causal: bool = False) -> Tensor:
        q = split_heads(self.query(x), self.heads)
        drop = self.dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=causal, dropout_p=drop)
        out: Tensor = self.out(join_heads(attended))
        return out


class _EncoderLayer(nn.Module):
    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(config.width, eps=1e-6), nn.RMSNorm(config.width, eps=1e-6)
        self.attention, self.feed_forward = _Attention(config), _FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        h = self.norm1(x)
        x = x + self.dropout(self.attention(h, *self.attention.keys_values(h), bias=bias.to(h.dtype)))
        out: Tensor = x + self.dropout(self.feed_forward(self.norm2(x)))
        return out


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the text, feed-forward."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.RMSNorm(config.width, eps=1e-6) for _ in range(3))
        self.self_attention, self.cross_attention = _Attention(config), _Attention(config)
        self.feed_forward = _FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, cross: tuple[Tensor, Tensor], bias: Tensor, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (B, L, width); with `past` keys and values, L is 1 and the cache grows by it."""
        h = self.norm1(x)
        k, v = self.self_attention.keys_values(h)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        x = x + self.dropout(self.self_attention(h, k, v, causal=past is None))
        x = x + self.dropout(self.cross_attention(self.norm2(x), *cross, bias=bias.to(x.dtype)))
        return x + self.dropout(self.feed_forward(self.norm3(x))), (k, v)


class MotionLanguageModel(nn.Module):
    """Text to motion tokens. Give it the pretrained encoder's states; that encoder is no part of the trained
    weights."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.config = config
        self.from_text = nn.Linear(TEXT_WIDTH, config.width)
        self.no_text = nn.Parameter(torch.randn(config.width) * 0.02)
        self.encoder = nn.ModuleList(_EncoderLayer(config) for _ in range(config.encoder_layers))
        self.encoder_norm = nn.RMSNorm(config.width, eps=1e-6)
        self.token = nn.Embedding(CODES + 2, config.width)
        self.position = nn.Embedding(MAX_TOKENS + 1, config.width)
        self.remaining = nn.Embedding(MAX_TOKENS + 2, config.width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.decoder_norm = nn.RMSNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, CODES + 1, bias=False)
        self.dropout = nn.Dropout(config.dropout)
        for embedding in (self.token, self.position, self.remaining):
            nn.init.normal_(embedding.weight, std=0.02)

    def encode(self, states: Tensor, mask: Tensor, keep: Tensor | None = None) -> Tensor:
        """Memory (B, L, width) of text states (B, L, 384). keep (B,): where 0, the text is hidden from the model."""
        x = self.from_text(states)
        if keep is not None:
            x = torch.where(keep[:, None, None] > 0, x, self.no_text.to(x.dtype))
        bias = text_bias(mask)
        x = self.dropout(x)
        for layer in self.encoder:
            x = layer(x, bias)
        out: Tensor = self.encoder_norm(x)
        return out

    def cross(self, memory: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of every decoder layer's attention to the text."""
        layers = [layer for layer in self.decoder if isinstance(layer, DecoderLayer)]
        return [layer.cross_attention.keys_values(memory) for layer in layers]

    def embed(self, tokens: Tensor, positions: Tensor, remaining: Tensor) -> Tensor:
        """Decoder inputs (B, L, width) of tokens, their positions and how many are left after them, (B, L) each."""
        out: Tensor = self.token(tokens) + self.position(positions) + self.remaining(remaining)
        return out

    def forward(self, states: Tensor, mask: Tensor, keep: Tensor, tokens: Tensor, remaining: Tensor) -> Tensor:
        """Logits (B, L, 513) for what follows each of tokens (B, L), which begin with BEGIN."""
        memory = self.encode(states, mask, keep)
        bias = text_bias(mask)
        positions = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
        x = self.dropout(self.embed(tokens, positions, remaining))
        for layer, cross in zip(self.decoder, self.cross(memory), strict=True):
            x, _ = layer(x, cross, bias)
        out: Tensor = self.head(self.decoder_norm(x))
        return out


def text_bias(mask: Tensor) -> Tensor:
    """Additive attention bias (B, 1, 1, L) that hides padding."""
    return (1.0 - mask[:, None, None].float()) * -1e4
