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


def shared_notes(points: Sequence[Mapping[str, Any]]) -> list[Note | str]:
    """Return the notes of the points of a study, each once; what holds for some of them says for how many."""
    found: dict[tuple[str, str], list[Note]] = {}
    for point in points:
        for note in notes_in(point.get("notes", ())):
            found.setdefault((note.code, note.where), []).append(note)
    said = _("{note} (in {n} of {of} points)")
    return [
        same[0] if len(same) == len(points) else said.format(note=same[0], n=len(same), of=len(points))
        for same in found.values()
    ]
