"""Figures of a server as sentences, in whatever language."""

from collections.abc import Callable

from .figures import Figures

Say = Callable[..., str]
"""Makes a sentence of a template and the values of its fields."""


def lines_of(figures: Figures, waiting: int, say: Say = str.format, precision: str = "") -> list[str]:
    """Figures for people. waiting: requests in the queue.  precision: of the model, "" where there is no choice.

    >>> lines_of(Figures(uptime=90.0, answered=0), 2)
    ['runs for 90 s', '0 requests answered; 0 in the last minute; 2 waiting']
    """
    lasted = _duration(figures.uptime, say)
    lines = [say("computes in {precision}", precision=precision)] if precision else []
    if figures.memory:
        lines.append(
            say("runs for {duration}, {memory:.0f} MB of memory", duration=lasted, memory=figures.memory / 1e6)
        )
    else:
        lines.append(say("runs for {duration}", duration=lasted))
    lines.append(
        say(
            "{answered} requests answered; {recent} in the last minute; {waiting} waiting",
            answered=figures.answered, recent=figures.per_minute, waiting=waiting,
        )
    )  # fmt: skip
    if figures.failed or figures.cancelled or figures.refused:
        lines.append(
            say(
                "{failed} failed; {cancelled} cancelled; {refused} refused",
                failed=figures.failed, cancelled=figures.cancelled, refused=figures.refused,
            )
        )  # fmt: skip
    if figures.answered:
        took, waited = figures.took, figures.waited
        lines.append(
            say(
                "answer after {half:.2f} s (half of them), {most:.2f} s (95 %), {longest:.2f} s at most",
                half=took.half, most=took.most, longest=took.longest,
            )
        )  # fmt: skip
        lines.append(
            say(
                "of that in the queue {half:.2f} s, {most:.2f} s, {longest:.2f} s",
                half=waited.half, most=waited.most, longest=waited.longest,
            )
        )  # fmt: skip
    for name, one in sorted(figures.models.items()) if len(figures.models) > 1 else ():
        said = "{model}: {answered} requests answered, {failed} failed; answer after {half:.2f} s (half of them)"
        lines.append(say(said, model=name, answered=one.answered, failed=one.failed, half=one.took.half))
    if figures.errors:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.errors.items()))
        lines.append(say("errors: {kinds}", kinds=kinds))
    return lines


def _duration(seconds: float, say: Say) -> str:
    if seconds >= 2 * 3600.0:
        return say("{hours:.1f} hours", hours=seconds / 3600.0)
    if seconds >= 2 * 60.0:
        return say("{minutes:.0f} minutes", minutes=seconds / 60.0)
    return say("{seconds:.0f} s", seconds=seconds)
