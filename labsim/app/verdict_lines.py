"""Targets in few lines: a bar for the chance, a mark for the baseline, and how far the target moves."""

from __future__ import annotations

import html
from collections.abc import Sequence

from nicegui import ui

from labsim.app.answers import Verdict
from labsim.app.words import chance_words, change_words, goal_words, value_words

__all__ = ["chance_line", "telling"]

_KEYS = 5  # targets shown beside the levers


def telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the targets that moved clearly, the farthest for its noise first, then those that come last in time.

    What nothing is concluded of comes after all others.
    """
    moved = sorted((one for one in verdicts if one.is_better is not None), key=lambda one: one.gap.p)
    rest = sorted(
        (one for one in verdicts if one.is_better is None), key=lambda one: (bool(one.own.nothing), -one.target.year)
    )
    first: dict[str | None, Verdict] = {}
    for one in (*moved, *rest):
        first.setdefault(one.target.indicator, one)  # several plans may set a goal for the same thing
    return list(first.values())[:_KEYS]


def _bar(verdict: Verdict, is_paired: bool) -> None:
    """Draw the chance, with a mark where the baseline has one too."""
    base = verdict.base
    mark = f'<b style="left:{100 * base.chance:.1f}%"></b>' if is_paired and not base.nothing else ""
    bar = f'<i style="width:{100 * verdict.own.chance:.1f}%"></i>{mark}'
    ui.html(bar, sanitize=False).classes("bar").props(
        f'role=img aria-label="{html.escape(chance_words(verdict.own))}"'
    )


def chance_line(verdict: Verdict, is_paired: bool) -> None:
    """Write one target: what it asks for, in how many runs it is met, and how far it moves."""
    with ui.element("div").classes("chance"):
        ui.html(
            f"<div><strong>{html.escape(verdict.label)}</strong><br><span class='soft small'>"
            f"{html.escape(goal_words(verdict.target))}</span></div>", sanitize=False,
        )  # fmt: skip
        ui.html(f"<span class=num>{html.escape(chance_words(verdict.own))}</span>", sanitize=False)
        if not verdict.own.nothing:
            _bar(verdict, is_paired)
        if is_paired:
            kind = {True: "good", False: "bad", None: "soft"}[verdict.is_better]
            ui.html(html.escape(change_words(verdict)), sanitize=False).classes(f"small num {kind}")
        else:
            ui.html(html.escape(value_words(verdict.own.value, verdict.target.unit)), sanitize=False).classes(
                "small num soft"
            )
