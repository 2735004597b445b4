"""Attention that trains on a CPU is the fused kernel's, forwards and backwards."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from motiongpt.backend.text_encoder.net import attend, attention_bias


def _queries() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, 2, n, 8, generator=generator).requires_grad_() for n in (5, 7, 7)]


@pytest.mark.parametrize("kind", ["plain", "bias", "causal"])
def test_training_attends_as_the_fused_kernel_does(kind: str) -> None:
    mask = torch.ones(3, 7)
    mask[1, 4:] = 0
    bias = attention_bias(mask) if kind == "bias" else None
    mine, theirs = _queries(), _queries()
    if kind == "causal":
        mine[0], theirs[0] = (t[1].detach().clone().requires_grad_() for t in (mine, theirs))
    found = attend(*mine, bias, kind == "causal")
    wanted = F.scaled_dot_product_attention(*theirs, attn_mask=bias, is_causal=kind == "causal")
    torch.testing.assert_close(found, wanted)
    found.square().sum().backward()
    wanted.square().sum().backward()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_dropout_hides_some_of_the_weights_and_keeps_their_mean() -> None:
    q, k, v = (t.detach().requires_grad_() for t in _queries())
    torch.manual_seed(0)
    plain = attend(q, k, v)
    found = torch.stack([attend(q, k, v, drop=0.5) for _ in range(400)])
    assert (found[0] - plain).abs().max() > 0.1
    assert (found.mean(0) - plain).abs().max() < 0.35
