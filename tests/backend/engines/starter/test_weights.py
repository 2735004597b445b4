"""The language model's weights in the graphs of a model's folder."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.checkpoints.onnx_graph import OnnxGraph
from motiongpt.backend.engines.shared.runtime import open_session
from motiongpt.backend.engines.starter.decoder import Decoder, Prompt, width_of
from motiongpt.backend.engines.starter.vocabulary import ABSENT, BEGIN, END, NO_DETAIL
from motiongpt.backend.engines.starter.weights import change, graph_names, read_weights, without_words
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


def test_a_step_scores_motion_alone_but_for_captions():
    folder, card = find_model(default_model())
    decoder = Decoder(folder, card, "cpu")
    slots, kinds = np.zeros((1, decoder.levels), np.int64), np.full(1, ABSENT, np.int64)
    states, last = decoder.read([101, 2711, 102]), [[BEGIN] * 2, *[[NO_DETAIL] * 2] * (decoder.levels - 1)]
    scores = {}
    for task in ("generate", "caption"):
        decoding = decoder.start(Prompt(states, (1.0,), task, slots, kinds, 2))
        scores[task], _ = decoding.step(last, [20, 20])
    assert scores["generate"].shape == (2, END + 1) and scores["caption"].shape[1] > END + 1000


@pytest.mark.parametrize("kind", ["Gemm", "MatMul", "half", "two heads", "of another shape"])
def test_words_go_from_the_heads_that_are_known(tmp_path: Path, kind: str):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import TensorProto, helper, numpy_helper

    words, width = END + 9, 6
    weight, x = np.random.default_rng(0).normal(size=(words, width)).astype(np.float16), np.eye(width, dtype=np.float32)
    held = [numpy_helper.from_array(weight if kind == "half" else weight.astype(np.float32), "w")]
    nodes = [helper.make_node("Gemm", ["x", "w"], ["logits"], transB=1)]
    if kind == "MatMul":
        held = [numpy_helper.from_array(weight.T.astype(np.float32), "w")]
        nodes = [helper.make_node("MatMul", ["x", "w"], ["logits"])]
    elif kind == "half":
        cast = helper.make_node("Cast", ["w"], ["float"], to=TensorProto.FLOAT)
        nodes = [cast, helper.make_node("Gemm", ["x", "float"], ["logits"], transB=1)]
    elif kind == "two heads":
        nodes.append(helper.make_node("Gemm", ["x", "w"], ["other"], transB=1))
    elif kind == "of another shape":
        nodes = [
            helper.make_node("Gemm", ["x", "w"], ["more"], transB=1),
            helper.make_node("Neg", ["more"], ["logits"]),
        ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", w]) for n, w in (("x", width), ("logits", words))]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:], held),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=10,
    )  # fmt: skip
    onnx.save(model, str(tmp_path / "g.onnx"))
    whole, less = (
        open_session(tmp_path / "g.onnx", threads=1, edit=edit).run(None, {"x": x})[0] for edit in (None, without_words)
    )
    kept = words if kind in ("two heads", "of another shape") else END + 1
    np.testing.assert_array_equal(less, whole[:, :kept])
