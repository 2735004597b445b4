"""Stage 1: the motion tokenizer."""
