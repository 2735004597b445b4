"""The language model's weights in the graphs of a model's folder."""

import numpy as np
import pytest

from motiongpt.backend.checkpoints.onnx_graph import OnnxGraph
from motiongpt.backend.engines.starter.decoder import Decoder, Prompt, width_of
from motiongpt.backend.engines.starter.vocabulary import ABSENT, BEGIN, END, NO_DETAIL
from motiongpt.backend.engines.starter.weights import change, graph_names, read_weights
from motiongpt.backend.model_folder import default_model, find_model

torch = pytest.importorskip("torch")


def test_a_network_with_the_weights_of_the_graphs_does_what_they_do():
    from motiongpt.backend.training.style.base import BaseModel

    base = BaseModel.find(default_model())
    network, decoder = base.network(), base.decoder()
    states, levels = decoder.read([101, 1037, 2711, 7365, 102]), base.levels
    slots, kinds = np.zeros((1, levels), np.int64), np.full(1, ABSENT, np.int64)
    decoding = decoder.start(Prompt(states, (1.0,), "generate", slots, kinds, 1))
    tokens, left = [BEGIN, 3, 7, 100], [20, 19, 18, 17]
    details = [[NO_DETAIL] * (levels - 1), *([code] * (levels - 1) for code in (5, 9, 77))]
    with torch.no_grad():
        memory, mask = network.encode(
            torch.from_numpy(states)[None], torch.ones(1, len(states)), torch.ones(1),
            torch.zeros(1, dtype=torch.long), torch.from_numpy(slots)[None], torch.from_numpy(kinds)[None],
        )  # fmt: skip
        hidden = network.decode(memory, mask, *(torch.tensor([x]) for x in (tokens, details, left)))
        wanted = network.head(hidden)[0].numpy()[:, : END + 1]
    for place, (token, further, remaining) in enumerate(zip(tokens, details, left, strict=True)):
        found, _ = decoding.step([[token], *([code] for code in further)], [remaining])
        assert np.corrcoef(found[0], wanted[place])[0, 1] > 0.999


def test_only_the_weights_that_are_named_change():
    folder, card = find_model(default_model())
    before = read_weights(folder, card)
    name = "decoder.0.self_attention.query.weight"
    changes = {name: np.full(before[name].shape, 0.01, np.float32), "unknown": np.zeros(1, np.float32)}
    for file in graph_names(card):
        found = []
        for added in ({}, changes):
            graph = OnnxGraph(folder / file)
            change(graph, file, card, added)
            found.append(graph.data)
        assert (found[0] == found[1]) == (file != "step.onnx"), file


def test_widths_are_those_that_prompts_are_padded_to():
    folder, card = find_model(default_model())
    decoder = Decoder(folder, card, "cpu")
    slots, kinds = np.zeros((1, decoder.levels), np.int64), np.full(1, ABSENT, np.int64)
    for pieces in (2, 13, 14, 30):
        states = decoder.read([101, *[2711] * (pieces - 2), 102])
        start = decoder.start(Prompt(states, (1.0,), "generate", slots, kinds, 1))
        assert start._inputs["mask"].shape[1] == width_of(pieces)
