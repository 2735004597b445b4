"""Every quantizer gives the same codes in training and inference, and learns."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.training.tokenizer.quantizers import KINDS, make_quantizer
from motiongpt.retarget.errors import MotionGPTError

LEVELS = {"parts": 6}


@pytest.mark.parametrize("kind", KINDS)
def test_codes_say_what_training_was_told(kind):
    torch.manual_seed(0)
    quantizer = make_quantizer(kind, levels=LEVELS.get(kind, 2), codes=512, code_width=12)
    z = torch.randn(700, 12)
    quantizer.train()
    for _ in range(3):
        quantizer(z)
    quantizer.eval()
    said, _, codes = quantizer(z)
    assert codes.shape == (700, LEVELS.get(kind, 2)) and codes.min() >= 0 and codes.max() < 512
    assert torch.equal(codes, quantizer.encode(z))
    assert torch.allclose(said, quantizer.decode(codes), atol=1e-5)
    assert len(codes.unique(dim=0)) > 100


@pytest.mark.parametrize("kind", KINDS)
def test_latents_learn_through_the_codes(kind):
    torch.manual_seed(0)
    quantizer = make_quantizer(kind, levels=LEVELS.get(kind, 2), codes=512, code_width=12).train()
    z = torch.randn(300, 12, requires_grad=True)
    said, commitment, _ = quantizer(z)
    ((said - 1.0) ** 2).mean().backward()
    assert z.grad is not None and z.grad.abs().sum() > 0
    assert commitment >= 0


@pytest.mark.parametrize("kind", ("residual", "grouped"))
def test_codebooks_come_closer_to_their_latents(kind):
    torch.manual_seed(0)
    quantizer = make_quantizer(kind, levels=2, codes=64, code_width=8).train()
    z = torch.randn(4000, 8)

    def error() -> float:
        quantizer.eval()
        found = float(((quantizer.decode(quantizer.encode(z)) - z) ** 2).mean())
        quantizer.train()
        return found

    quantizer(z)
    before = error()
    for _ in range(200):
        quantizer(z)
    assert error() < 0.9 * before


def test_each_part_has_codes_of_its_own():
    torch.manual_seed(0)
    quantizer = make_quantizer("parts", levels=6, codes=16, code_width=12).train()
    z = torch.randn(200, 12)
    quantizer(z)
    quantizer.eval()
    changed = z.clone()
    changed[:, 3:6] += 3.0
    differ = (quantizer.encode(z) != quantizer.encode(changed)).any(dim=0)
    assert differ.tolist() == [False, True, False, False, False, True]  # legs, trunk, arms; then legs, trunk again


def test_what_no_quantizer_is_or_has_is_refused():
    with pytest.raises(MotionGPTError, match="no quantizer sum"):
        make_quantizer("sum", 2, 512, 12)
    with pytest.raises(MotionGPTError, match="can't be 100"):
        make_quantizer("finite", 2, 100, 12)
    with pytest.raises(MotionGPTError, match="can't have 3 levels"):
        make_quantizer("parts", 3, 512, 12)
