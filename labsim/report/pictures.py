"""Pictures inside a report: drawn by matplotlib, set into the page as SVG without anything that leads out of it."""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labsim.report.blocks import Picture
from labsim.report.figures import _STYLE, GRID

__all__ = [
    "BLUE", "COLOURS", "GREEN", "GREY", "ORANGE", "VERMILION", "WIDE", "bare", "blank", "picture", "styled",
]  # fmt: skip

# Okabe and Ito's colours, told apart with every common colour blindness
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#777777"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", VERMILION, "#222222", "#F0E442", GREY)
WIDE = 5.4  # inches: letters of ten points stay legible on a telephone

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_ABOUT = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')
_NAMES = re.compile(r'(\bid="|xlink:href="#|url\(#)')


def styled() -> AbstractContextManager[None]:
    """Return the context in which every picture is drawn and saved."""
    return matplotlib.rc_context(_STYLE)


def blank(height: float, width: float = WIDE) -> Figure:
    """Return an empty picture of a size in inches."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def bare(axis: Axes, *, grid: str = "") -> None:
    """Leave of an axis its numbers, its base line, and light lines along the axis `grid` ("x" or "y")."""
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color("#888888")
    axis.tick_params(length=0, labelsize=9)
    if grid:
        axis.grid(axis="x" if grid == "x" else "y", color=GRID, linewidth=0.7)


def picture(name: str, figure: Figure, title: str, caption: str, alt: str) -> Picture:
    """Return a figure as part of a page; `name` keeps the names inside the drawing apart from those of others."""
    stream = io.BytesIO()
    with styled():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = _ABOUT.sub("", _PROLOGUE.sub("", stream.getvalue().decode("utf-8")))
    for _both in range(2):
        svg = _SIZE.sub(lambda found: found.group(1) or found.group(2), svg, count=1)
    svg = _NAMES.sub(lambda found: f"{found.group(1)}{name}-", svg)
    return Picture(svg.strip(), title, caption, alt)
