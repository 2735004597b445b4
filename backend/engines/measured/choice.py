"""Which precision to take, from the measured seconds per token."""

from collections.abc import Mapping

GAINS = {"float32": 1.0, "bfloat16": 1.5, "float16": 1.5, "int8": 1.1, "int4": 2.5}
"""Every precision, the exact one first, and how many times as fast as a more exact one it must be to be taken.

Eight bits move a T5's logits by a few hundredths of their spread. Four bits move them so far that answers differ, and
half precision takes transformers and torch into every start: both must be worth it.
"""
WORDS = {"float32": "float32", "bfloat16": "bfloat16", "float16": "float16", "int8": "8 bits", "int4": "4 bits"}


def best(seconds: Mapping[str, float]) -> tuple[str, str]:
    """The precision to take, and why in a sentence. seconds: per token, of at least one precision.

    >>> best({"float32": 0.030, "int8": 0.010, "int4": 0.009})
    ('int8', '8 bits: 10.0 ms a token (float32 30.0 ms, 4 bits 9.0 ms)')
    >>> best({"float32": 0.030, "int8": 0.062, "int4": 0.030})[0]
    'float32'
    """
    order = [name for name in GAINS if name in seconds]
    chosen = order[0]
    for name in order[1:]:
        if seconds[name] * GAINS[name] <= seconds[chosen]:
            chosen = name
    others = ", ".join(f"{WORDS[name]} {_milliseconds(seconds[name])}" for name in order if name != chosen)
    return chosen, f"{WORDS[chosen]}: {_milliseconds(seconds[chosen])} a token{f' ({others})' if others else ''}"


def _milliseconds(seconds: float) -> str:
    return f"{1000.0 * seconds:.1f} ms"
