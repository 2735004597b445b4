"""Stages 2 and 3: the language model over motion tokens."""
