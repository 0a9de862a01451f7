"""Notes on what was given and has no effect, as they are printed below a result and stand in a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from labsim.notes import Note, notes_in
from labsim.report.console import listed
from labsim.report.words import capital, parameter_name
from labsim.text import _, n_

__all__ = ["notes_view", "said_in_report", "shared_notes"]

_MOST = 8  # printed below a result; the manifest has them all


def notes_view(notes: Sequence[Note | str]) -> Iterator[RenderableType]:
    """Yield notes under a heading; nothing where there are none."""
    if not notes:
        return
    yield Text(_("Without effect, or not as it was meant:"))
    yield listed(("!", str(one)) for one in notes[:_MOST])
    if len(notes) > _MOST:
        more = len(notes) - _MOST
        yield Text(n_("and {count} more note", "and {count} more notes", more).format(count=more), style="dim")


def said_in_report(kept: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the notes of a manifest with what they are about in words."""
    return [str(replace(one, where=capital(parameter_name(one.where)))) for one in notes_in(kept)]


def shared_notes(kept: Iterable[Mapping[str, Any]], n_points: int) -> list[Note | str]:
    """Return the notes of a study; what holds for some of its points says for how many."""
    said = _("{note} (in {n} of {of} points)")
    return [
        note if one["points"] is None else said.format(note=note, n=len(one["points"]), of=n_points)
        for one in kept for note in notes_in([one])
    ]  # fmt: skip
