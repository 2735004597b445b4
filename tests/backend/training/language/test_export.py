"""The exported graphs compute what the network does."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime

from motiongpt.backend.engines.starter.decoder import Details
from motiongpt.backend.engines.starter.vocabulary import BEGIN, CODES, detail_name
from motiongpt.backend.text_encoder.net import TEXT_WIDTH
from motiongpt.backend.training.language.export import export_language
from motiongpt.backend.training.language.net import LanguageConfig, MotionLanguageModel

LENGTH = 6


@pytest.mark.parametrize("levels", [2, 3, 9])
def test_token_by_token_the_graphs_say_what_the_network_says_of_all_at_once(levels: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = LanguageConfig(64, 2, 64, encoder_layers=1, decoder_layers=3, dropout=0.0, words=10, levels=levels)
    model = MotionLanguageModel(config).eval()
    for weights in model.parameters():
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=weights.shape[1] ** -0.5)  # so that all of it is heard in the logits
    export_language(model, tmp_path)

    states, mask = torch.randn(1, 4, TEXT_WIDTH), torch.ones(1, 4)
    nothing = torch.zeros(1, 1, dtype=torch.long)
    given = {
        "states": states, "mask": mask, "keep": torch.ones(1), "task": nothing[0],
        "slots": nothing[..., None].repeat(1, 1, levels), "kinds": nothing,
    }  # fmt: skip
    tokens = torch.cat([torch.tensor([[BEGIN]]), torch.randint(CODES, (1, LENGTH - 1))], 1)
    details = torch.randint(CODES, (1, LENGTH, levels - 1))
    codes = torch.randint(CODES, (1, LENGTH, levels))
    remaining = torch.arange(LENGTH)[None]
    with torch.no_grad():
        hidden = model.decode(*model.encode(*given.values()), tokens, details, remaining)
        wanted = model.head(hidden)[0].numpy()
        further = [logits[0].numpy() for logits in model.further_logits(hidden, codes)]

    memory, step = (onnxruntime.InferenceSession(tmp_path / f"{name}.onnx") for name in ("memory", "step"))
    cross_k, cross_v, seen = memory.run(None, {name: value.numpy() for name, value in given.items()})
    layers = range(config.decoder_layers)
    caches = [np.zeros((1, 2, 0, 32), np.float32)] * 2 * len(layers)
    found = []
    for at in range(LENGTH):
        said, _, *caches = step.run(
            None,
            {
                "token": tokens[:, at].numpy(), "position": np.array([at]), "remaining": remaining[:, at].numpy(),
                "mask": seen, **{detail_name(n): details[:, at, n - 1].numpy() for n in range(1, levels)},
                **{f"past_k{n}": caches[n] for n in layers},
                **{f"past_v{n}": caches[len(layers) + n] for n in layers},
                **{f"cross_k{n}": cross_k[n] for n in layers}, **{f"cross_v{n}": cross_v[n] for n in layers},
            },
        )  # fmt: skip
        found.append(said[0])
    names = [detail_name(level) for level in range(1, levels)]
    graphs = [(onnxruntime.InferenceSession(tmp_path / f"{name}.onnx"), "last") for name in names]
    levels_after = Details(graphs, hidden[0].numpy())
    said_further = [levels_after.after(codes[0, :, level].numpy()) for level in range(levels - 1)]
    for is_said, should_be in zip((np.array(found), *said_further), (wanted, *further), strict=True):
        apart = np.abs(is_said - should_be).mean(-1)
        assert (apart < 0.1 * should_be.std()).all(), apart  # of 6-bit weights
