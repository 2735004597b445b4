"""Training language models that come pretrained: T5 in stages, any causal model by LoRA."""
