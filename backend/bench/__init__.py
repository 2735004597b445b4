"""Benchmarks of models, of a full-size T5 against `transformers`, and of retargeting in Blender."""
