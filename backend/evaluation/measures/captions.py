"""Captions against references: BLEU, ROUGE-L and CIDEr, by their published definitions, over plain lower-case words.

`candidates` holds one sentence a clip, `references` one or more for each.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

Words = list[str]


def words_of(text: str) -> Words:
    """Lower-case words without punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def _grams(words: Words, n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], n: int = 4) -> float:
    """Corpus BLEU-n (Papineni et al. 2002): geometric mean of the clipped precisions of 1 to n grams, times the brevity
    penalty exp(1 - r / c) where the candidates (c words) are shorter than the closest references (r). 0 to 1."""
    hits, counts = [0] * n, [0] * n
    ours = theirs = 0
    for candidate, given in zip(candidates, references, strict=True):
        words, others = words_of(candidate), [words_of(r) for r in given]
        ours += len(words)
        theirs += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for k in range(n):
            grams = _grams(words, k + 1)
            most: Counter[tuple[str, ...]] = Counter()
            for other in others:
                most |= _grams(other, k + 1)
            hits[k] += sum((grams & most).values())
            counts[k] += sum(grams.values())
    if not all(hits):
        return 0.0
    precision = math.exp(sum(math.log(h / c) for h, c in zip(hits, counts, strict=True)) / n)
    return precision * (1.0 if ours > theirs else math.exp(1.0 - theirs / ours))


def _common(a: Words, b: Words) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def rouge_l(candidates: Sequence[str], references: Sequence[Sequence[str]], beta: float = 1.2) -> float:
    """ROUGE-L (Lin 2004): F measure of the longest common subsequence, (1 + β²) P R / (R + β² P), of the best P and the
    best R over the references as in COCO's caption code; mean over clips, 0 to 1."""
    found = []
    for candidate, given in zip(candidates, references, strict=True):
        words = words_of(candidate)
        pairs = [(_common(words, other), len(other)) for other in map(words_of, given)]
        precision = max((common / len(words) for common, _ in pairs), default=0.0) if words else 0.0
        recall = max((common / length for common, length in pairs if length), default=0.0)
        both = recall + beta**2 * precision
        found.append((1 + beta**2) * precision * recall / both if both else 0.0)
    return sum(found) / len(found)


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]], n: int = 4) -> float:
    """CIDEr (Vedantam et al. 2015): 10 times the mean over 1 to n grams, clips and references of the cosine of TF-IDF
    vectors; document frequencies count the clips whose references contain a gram. 0 to 10.

    Words are not stemmed, and this is plain CIDEr, not CIDEr-D with its clipping and length penalty.
    """
    clips = [[words_of(r) for r in given] for given in references]
    total = 0.0
    for k in range(1, n + 1):
        documents: Counter[tuple[str, ...]] = Counter()
        for others in clips:
            documents.update({gram for other in others for gram in _grams(other, k)})

        def weighted(words: Words, k: int = k, documents: Counter[tuple[str, ...]] = documents) -> dict[object, float]:
            grams = _grams(words, k)
            all_of = sum(grams.values())
            return {g: c / all_of * math.log(len(clips) / max(1, documents[g])) for g, c in grams.items()}

        for candidate, others in zip(candidates, clips, strict=True):
            own = weighted(words_of(candidate))
            total += sum(_cosine(own, weighted(other)) for other in others) / len(others)
    return 10.0 * total / n / len(clips)


def _cosine(a: dict[object, float], b: dict[object, float]) -> float:
    lengths = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
    return sum(v * b.get(g, 0.0) for g, v in a.items()) / lengths if lengths else 0.0
