"""A model as it is stored, beside the one that was trained."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from motiongpt.backend.features import DIMENSIONS, Statistics
from motiongpt.backend.training.language.stored import StoredTokenizer
from motiongpt.backend.training.tokenizer.export import export_tokenizer
from motiongpt.backend.training.tokenizer.net import MotionVqVae


@pytest.mark.slow
def test_a_stored_tokenizer_has_the_methods_and_nearly_the_results_of_the_trained_one(tmp_path):
    torch.manual_seed(0)
    model = MotionVqVae(32, 16, 1, 512, 2).eval()
    for level in model.quantizer.levels:
        level.codebook.copy_(torch.randn(512, 16))
    statistics = Statistics(np.full(DIMENSIONS, 0.3), np.full(DIMENSIONS, 2.0))
    export_tokenizer(model, statistics, tmp_path)
    stored = StoredTokenizer(tmp_path, statistics)
    features = torch.randn(1, 40, DIMENSIONS)
    with torch.no_grad():
        codes = model.encode(features)
        assert (stored.encode(features) == codes)[..., 0].float().mean() >= 0.8
        decoded = model.decode(codes)
    assert (stored.decode(codes) - decoded).std() < 0.02 * decoded.std()
