"""The layouts of full-size checkpoints."""

import json
from pathlib import Path

from motiongpt.backend.importers.layouts import LlamaShape, T5Shape, llama_shapes, lora_shapes, t5_shapes, vqvae_shapes


def test_full_size_layouts(upstream: Path) -> None:
    manifests = json.loads((upstream.parent / "checkpoint_manifests.json").read_bytes())

    def of(name: str) -> dict[str, tuple[int, ...]]:
        return {key: tuple(shape) for key, shape in manifests[name]["tensors"].items()}

    vqvae = vqvae_shapes(512, 512, 3)
    t5 = t5_shapes(T5Shape(32615, 768, 64, 12, 2048, 12, 12))
    assert of("motiongpt_s3_h3d.tar") == {f"vae.{k}": v for k, v in vqvae.items()} | {
        f"lm.language_model.{k}": v for k, v in t5.items()
    }
    assert of("pretrained_vqvae/t2m.pth") == {f"vqvae.{k}": v for k, v in vqvae.items()}
    for size, shape in (
        ("7B", LlamaShape(32000, 4096, 32, 32, 11008)),
        ("13B", LlamaShape(32000, 5120, 40, 40, 13824)),
    ):
        assert of(f"lit-llama/{size}/lit-llama.pth") == llama_shapes(shape)
        lora = {k: v for k, v in of(f"pretrained_lora/pretrained.pth ({size}, r=64)").items() if "lora" in k}
        assert lora == lora_shapes(shape, 64)
