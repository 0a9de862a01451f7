"""What readers are told about how much of an answer rests on assumption, and about wordings that are unclear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from labsim.evidence.shares_file import Rest
from labsim.report.numbers import percent
from labsim.targets import Target, said
from labsim.text import _

__all__ = ["reading_lines", "rest_line", "rest_notes", "whole_percent"]


def rest_line(rest: Rest) -> str:
    """Return how much of an answer's variance rests on assumption, with its interval and whether that still holds."""
    words = _("rests on assumption:\n{share} ({low} to {high})").format(
        share=whole_percent(rest.share), low=whole_percent(rest.low), high=whole_percent(rest.high)
    )
    marks = ([_("stale")] if rest.is_stale else []) + ([_("of another scenario")] if rest.is_of_another else [])
    return f"{words} [{', '.join(marks)}]" if marks else words


def rest_notes(rests: Mapping[tuple[str, int], Rest], *, for_readers: bool = False) -> Iterator[str]:
    """Yield what the shares on a scorecard mean, and what to do about stale ones; no command for mere readers."""
    if not rests:
        return
    yield _(
        "Rests on assumption: share of the answer's variance over what parameters may be that those of grade D"
        " have alone (95 % interval)."
    ) if for_readers else _(
        "Rests on assumption: share of the answer's variance over what parameters may be that those of grade D"
        " have alone (95 % interval); see labsim evidence."
    )
    is_stale = any(rest.is_stale for rest in rests.values())
    if is_stale and for_readers:
        yield _("Stale: the code has changed since these shares were made.")
    elif is_stale:
        yield _("Stale: the code has changed since these shares were made; labsim evidence --samples 64 --keep again.")


def reading_lines(targets: Iterable[Target]) -> Iterator[str]:
    """Yield both readings of every target whose wording is unclear."""
    for target in targets:
        if target.ambiguous:
            other = "" if isinstance(target.ambiguous, bool) else said(target.ambiguous)
            yield _("{target} is unclear. Read as: {reading}. Or else: {other}.").format(
                target=target.id, reading=said(target.reading) or _("not said"), other=other or _("not said")
            )


def whole_percent(share: float) -> str:
    """Write a share in whole per cent, cut off at 0 and 100: estimates may lie a little beyond."""
    return percent(min(1.0, max(0.0, share))) if share == share else "-"
