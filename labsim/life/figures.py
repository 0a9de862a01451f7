"""The picture of a life: what the person did, month by month, above income and savings; two lives on one page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from labsim.life.record import Life
from labsim.life.terms import COLOURS, term
from labsim.life.words import introduction
from labsim.report.figures import _STYLE, GRID, saved_files
from labsim.report.numbers import number
from labsim.text import _, current_language
from labsim.world import Activity

__all__ = ["life_figure", "life_files"]

_DARK = (Activity.FARMING, Activity.EMPLOYEE, Activity.UNEMPLOYED, Activity.LEFT)
_INK = {activity: "white" if activity in _DARK else "#222222" for activity in Activity}
_LINES = ("#222222", "#0072B2")


def life_files(life: Life, other: Life | None = None) -> dict[str, bytes]:
    """Return life.svg and life.png; the same bytes for the same lives."""
    return saved_files(life_figure(life, other), "life")


def life_figure(life: Life, other: Life | None = None) -> Figure:
    """Draw the activity of every month as a strip, for two scenarios one below the other, then income and savings."""
    lives = [life] if other is None else [life, other]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10, 5.6 + 0.35 * len(lives)), facecolor="white")
        FigureCanvasAgg(figure)
        strip, income, savings = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [0.35 + 0.45 * len(lives), 2.2, 1.8]}
        )
        _strips(strip, lives)
        _curves(income, lives, "income", _("Income from work in the province, million VND per month"))
        _curves(savings, lives, "savings", _("Savings less debt, million VND"))
        _years(savings, life)
        language = current_language()
        words = _("Person {person} of {province}").format(person=life.person, province=life.province[language])
        figure.suptitle(words, x=0.02, y=0.985, ha="left", fontsize=13, fontweight="bold")
        figure.text(0.02, 0.925, introduction(life), fontsize=8.5, color="#555555", wrap=True)
        figure.subplots_adjust(left=0.09, right=0.955, top=0.86, bottom=0.13, hspace=0.42)
        _legend(figure, lives)
    return figure


def _strips(axes: Axes, lives: Sequence[Life]) -> None:
    for row, life in enumerate(lives):
        codes = np.array(life.series["activity"], dtype=int)
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        ends = np.r_[starts[1:], len(codes)]
        for first, last in zip(starts, ends, strict=True):
            doing = Activity(int(codes[first]))
            axes.barh(
                -row,
                last - first,
                left=first - 0.5,
                height=0.8,
                color=COLOURS[doing],
                edgecolor="white",
                linewidth=0.5,
            )
            name = term(doing.name.lower())
            if last - first > len(codes) * len(name) / 110.0:  # where the word has room, for prints without colour
                axes.text((first + last - 1) / 2.0, -row, name, ha="center", va="center", fontsize=8,
                          color=_INK[doing])  # fmt: skip
    axes.set_ylim(-len(lives) + 0.45, 0.55)
    language = current_language()
    names = [textwrap.fill(life.title.get(language) or life.scenario, 14) for life in lives]
    axes.set_yticks([-row for row in range(len(lives))], names if len(lives) > 1 else [""], fontsize=7.5)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(_("What the person does"), loc="left", fontsize=9.5)


def _curves(axes: Axes, lives: Sequence[Life], name: str, title: str) -> None:
    for place, life in enumerate(lives):
        values = np.array(life.series[name]) / 1e6
        label = life.title.get(current_language()) or life.scenario
        axes.step(np.arange(len(values)), values, where="mid", color=_LINES[place], linewidth=1.5,
                  linestyle="-" if place == 0 else (0, (4, 1.5)), label=label)  # fmt: skip
    axes.set_title(title, loc="left", fontsize=9.5)
    axes.tick_params(axis="y", labelsize=8.5)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.yaxis.set_major_formatter(lambda value, _place: number(round(value, 6), ""))
    if name == "income":
        axes.set_ylim(bottom=0)
    if len(lives) > 1 and name == "income":
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False, ncols=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _years(axes: Axes, life: Life) -> None:
    """Mark the end of every year, or of every third month in a short run."""
    months = [month for month in range(life.n_months + 1) if life.calendar(month).endswith("-12")]
    if len(months) < 3:
        months = list(range(0, life.n_months + 1, 3))
    axes.set_xticks(months, [life.calendar(month) for month in months], fontsize=8)
    axes.set_xlim(-0.5, life.n_months + 0.5)


def _legend(figure: Figure, lives: Sequence[Life]) -> None:
    seen = sorted({int(code) for life in lives for code in life.series["activity"]})
    patches = [Patch(color=COLOURS[Activity(code)], label=term(Activity(code).name.lower())) for code in seen]
    figure.legend(handles=patches, loc="lower left", bbox_to_anchor=(0.015, 0.0), ncols=min(5, len(patches)),
                  fontsize=8, frameon=False)  # fmt: skip
