"""The pretrained English encoder's network: all-MiniLM-L6-v2 (Wang et al. 2020), a BERT of 6 layers; and attention.

Its weights stay frozen, so that words in no caption keep their meaning.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WORDS = 30522
TEXT_WIDTH = 384


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, L, width) -> (B, heads, L, width / heads)."""
    out: Tensor = x.unflatten(-1, (heads, -1)).transpose(1, 2)
    return out


def join_heads(x: Tensor) -> Tensor:
    """Inverse of `split_heads`."""
    return x.transpose(1, 2).flatten(-2)


def attend(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, causal: bool = False, drop: float = 0.0
) -> Tensor:
    """Attention of q (B, heads, L, d) to k and v (B, heads, M, d), with an additive bias."""
    # The exporter's decomposition adds nine nodes that reshape the keys: too much of a small step's time. The fused
    # kernel's backward pass on a CPU takes six times as long as these lines for the short sequences of motion tokens.
    trains_on_cpu = q.requires_grad and q.device.type == "cpu"
    if not (torch.compiler.is_exporting() or trains_on_cpu):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=causal, dropout_p=drop)
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if causal:
        bias = torch.full(scores.shape[-2:], -torch.inf, device=q.device).triu(1)
    weights = torch.softmax(scores if bias is None else scores + bias, dim=-1)
    out: Tensor = F.dropout(weights, drop) @ v
    return out


def attention_bias(mask: Tensor) -> Tensor:
    """Additive attention bias (B, 1, 1, L) that hides where mask (B, L) is 0."""
    return (1.0 - mask[:, None, None].float()) * -1e4


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
        attended = attend(q, k, v, bias.to(q.dtype))
        x = self.norm1(x + self.out(join_heads(attended)))
        out: Tensor = self.norm2(x + self.down(F.gelu(self.up(x))))
        return out
