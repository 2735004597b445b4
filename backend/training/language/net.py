"""The language model's network: a pretrained English encoder, and a T5-style encoder-decoder over words and motion.

Text enters through the pretrained encoder of `text_encoder`: each word's state, and the mean that the encoder was
trained to compare sentences by. Encoder and decoder layers of this network follow. As in T5 (Raffel et al. 2020):
pre-norm with RMS and no biases, gated feed-forward. Each decoder position also knows how many tokens are left, so that
a motion ends on time.

**Memory**, what the decoder attends to: the task, the sentence's mean, its words, and, if part of the motion is given,
one *slot* for each of its tokens: known motion, a single pose, or nothing.

**Vocabulary** of the decoder: see `engines.starter.vocabulary`. The code of each further level is chosen after those of
the same token before it, from the same hidden state, by a small network of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...engines.starter.vocabulary import ABSENT, CODES, FIRST_WORD, LEVELS, MAX_TOKENS, MOTION, TASKS
from ...text_encoder.net import TEXT_WIDTH, attend, attention_bias, join_heads, split_heads


@dataclass(frozen=True)
class LanguageConfig:
    """words: how many word pieces the decoder can write.  levels: codes of a motion token.  text_noise: in training,
    standard deviation of the noise on the pretrained encoder's states, relative to theirs, so that words in no caption
    act like similar ones that are.  falls: in training, the power of a further level's number by which its loss is
    divided: 1 where each level adds less than the one before, 0 where all matter alike, as for parts of the body.
    """

    width: int = 256
    heads: int = 4
    feed_forward: int = 512
    encoder_layers: int = 2
    decoder_layers: int = 4
    dropout: float = 0.1
    words: int = 0
    levels: int = LEVELS
    text_noise: float = 0.5
    falls: float = 1.0


class _Norm(nn.RMSNorm):
    """RMS normalisation, exported in the form that ONNX Runtime fuses into one node."""

    def forward(self, x: Tensor) -> Tensor:
        if not torch.compiler.is_exporting():
            normed, kind = super().forward(x), x.device.type
            # Each of the products that follow would convert it for itself.
            return normed.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else normed
        return x / torch.sqrt(x.pow(2.0).mean(-1, keepdim=True) + float(self.eps or 0.0)) * self.weight


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
        attended = attend(q, k, v, bias, causal, drop)
        out: Tensor = self.out(join_heads(attended))
        return out


class _EncoderLayer(nn.Module):
    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.norm1, self.norm2 = _Norm(config.width, eps=1e-6), _Norm(config.width, eps=1e-6)
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
        self.norm1, self.norm2, self.norm3 = (_Norm(config.width, eps=1e-6) for _ in range(3))
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
    """Text and motion to motion tokens or text. It takes the pretrained encoder's states; that encoder is not part of
    the trained weights."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.config = config
        self.from_text = nn.Linear(TEXT_WIDTH, config.width)
        self.from_sentence = nn.Linear(TEXT_WIDTH, config.width)
        self.no_text = nn.Parameter(torch.randn(config.width) * 0.02)
        self.task = nn.Embedding(len(TASKS), config.width)
        self.slot = nn.Embedding(4, config.width)
        self.encoder = nn.ModuleList(_EncoderLayer(config) for _ in range(config.encoder_layers))
        self.encoder_norm = _Norm(config.width, eps=1e-6)
        self.token = nn.Embedding(FIRST_WORD + config.words, config.width)
        further = range(config.levels - 1)
        self.detail = nn.ModuleList(nn.Embedding(CODES + 1, config.width) for _ in further)
        self.position = nn.Embedding(MAX_TOKENS + 1, config.width)
        self.remaining = nn.Embedding(MAX_TOKENS + 2, config.width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.decoder_norm = _Norm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, FIRST_WORD + config.words, bias=False)
        self.chosen = nn.ModuleList(nn.Embedding(CODES, config.width) for _ in further)
        self.detail_up = nn.ModuleList(nn.Linear(config.width, config.width, bias=False) for _ in further)
        self.detail_head = nn.ModuleList(nn.Linear(config.width, CODES, bias=False) for _ in further)
        self.dropout = nn.Dropout(config.dropout)
        tables = (self.task, self.slot, self.token, self.position, self.remaining, *self.detail, *self.chosen)
        for table in tables:
            assert isinstance(table, nn.Embedding)
            nn.init.normal_(table.weight, std=0.02)

    def encode(
        self, states: Tensor, mask: Tensor, keep: Tensor, task: Tensor, slots: Tensor, kinds: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Memory (B, 2 + L + S, width) and its mask.

        states (B, L, 384), mask (B, L): text.  keep (B,): how much of it is visible: 0 nothing, 1 all, 2 only the
        sentence's mean.  task (B,): index into TASKS.  slots (B, S, levels): codes, ignored where kinds (B, S) is
        ABSENT or HIDDEN.
        """
        mean = (states * mask[..., None]).sum(1, keepdim=True) / mask.sum(1)[:, None, None].clamp(min=1)
        mean = F.normalize(mean, dim=-1) * TEXT_WIDTH**0.5
        if self.training and self.config.text_noise:
            mean, states = (x + self.config.text_noise * x.std() * torch.randn_like(x) for x in (mean, states))
        text = torch.cat([self.from_sentence(mean), self.from_text(states)], dim=1)  # (B, 1 + L, width)
        text = torch.where(keep[:, None, None] > 0, text, self.no_text.to(text.dtype))
        x = torch.cat([self.task(task)[:, None], text.to(self.task.weight.dtype), self._slots(slots, kinds)], dim=1)
        ones = torch.ones_like(mask[:, :1])
        seen = mask * (keep < 2)[:, None]
        memory_mask = torch.cat([ones, ones, seen, (kinds != ABSENT).to(mask.dtype)], dim=1)
        bias = attention_bias(memory_mask)
        x = self.dropout(x)
        for layer in self.encoder:
            x = layer(x, bias)
        out: Tensor = self.encoder_norm(x)
        return out, memory_mask

    def _slots(self, slots: Tensor, kinds: Tensor) -> Tensor:
        """(B, S, width)."""
        given = (kinds >= MOTION)[..., None].to(self.slot.weight.dtype)
        codes = self._codes(slots[..., 0], slots[..., 1:])
        places = self.position.weight[: slots.shape[1]]
        out: Tensor = given * codes + self.slot(kinds) + places
        return out

    def _codes(self, first: Tensor, details: Tensor) -> Tensor:
        """Vectors (..., width) of tokens: the first level (...) and the further ones (..., levels - 1)."""
        out: Tensor = self.token(first)
        for level, table in enumerate(self.detail):
            out = out + table(details[..., level])
        return out

    def cross(self, memory: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of every decoder layer's attention to the memory."""
        layers = [layer for layer in self.decoder if isinstance(layer, DecoderLayer)]
        return [layer.cross_attention.keys_values(memory) for layer in layers]

    def embed(self, tokens: Tensor, details: Tensor, positions: Tensor, remaining: Tensor) -> Tensor:
        """Decoder inputs (B, L, width) of tokens, their positions and how many are left after them, (B, L) each, and
        their further levels (B, L, levels - 1)."""
        out: Tensor = self._codes(tokens, details) + self.position(positions) + self.remaining(remaining)
        return out

    def further_logits(self, hidden: Tensor, codes: Tensor) -> Iterator[Tensor]:
        """Logits (..., 512) of each further level, given the state hidden (..., width) and the token's codes (...,
        levels), of which each level sees those before it."""
        chosen: Tensor | None = None
        for level in range(1, codes.shape[-1]):
            vector = self.chosen[level - 1](codes[..., level - 1])
            chosen = vector if chosen is None else chosen + vector
            yield self.next_detail(level, hidden, chosen)

    def next_detail(self, level: int, hidden: Tensor, chosen: Tensor) -> Tensor:
        """Logits (..., 512) of a further level (1 is the second), given the sum (..., width) of the vectors of the
        codes before it."""
        out: Tensor = self.detail_head[level - 1](F.gelu(self.detail_up[level - 1](hidden) + chosen))
        return out

    def decode(self, memory: Tensor, memory_mask: Tensor, tokens: Tensor, details: Tensor, remaining: Tensor) -> Tensor:
        """States (B, L, width) after each of tokens (B, L), which begin with BEGIN or BEGIN_TEXT. details: (B, L,
        levels - 1)."""
        bias = attention_bias(memory_mask)
        positions = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
        x = self.dropout(self.embed(tokens, details, positions, remaining))
        for layer, cross in zip(self.decoder, self.cross(memory), strict=True):
            x, _ = layer(x, cross, bias)
        out: Tensor = self.decoder_norm(x)
        return out
