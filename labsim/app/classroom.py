"""What the pages of lessons need of their worlds: numbers, pictures and verdicts, all made by the lesson's board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from labsim.app.charts import Options, _base, _rounded, _text, _values
from labsim.app.desk import Call
from labsim.lessons import board
from labsim.lessons.blackboard import Board, Verdict
from labsim.lessons.content import Curve, Drawing, Number
from labsim.text import current_language

__all__ = ["Shown", "call_to_check", "call_to_show", "checked", "lesson_options", "shown"]

# Okabe and Ito's colours, by pattern too
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
_PATTERNS: tuple[str | list[int], ...] = ("solid", [8, 4], [10, 3, 2, 3], [2, 3])
_EXPECTED: tuple[str | list[int], ...] = ([7, 4], [2, 4])
_SYMBOLS = ("circle", "rect", "diamond", "triangle")
_INK = "#222222"


@dataclass(frozen=True)
class Shown:
    """Hold what the steps of a lesson show, one entry a step: numbers, and a picture or None."""

    numbers: tuple[tuple[Number, ...], ...]
    drawings: tuple[Drawing | None, ...]


@cache  # of this process: worlds are run once, whoever asks
def _board(number: int) -> Board:
    return board(number)


def shown(number: int) -> Shown:
    """Run what the steps of a lesson show, in the language in use. Raises RunError for a lesson that there is not."""
    from labsim.experiment.run import warm_up

    warm_up()
    here = _board(number)
    steps = here.lesson.steps
    drawings = tuple(step.drawing(here.runs) if step.drawing is not None else None for step in steps)
    return Shown(tuple(tuple(here.numbers(place)) for place in range(1, len(steps) + 1)), drawings)


def checked(number: int, question: int, given: float) -> Verdict:
    """Say whether an answer to a question of a lesson is right, as `labsim.lessons.board(number).check` does."""
    from labsim.experiment.run import warm_up

    warm_up()
    return _board(number).check(question, given)


def call_to_show(number: int) -> Call:
    """Return the call that runs what a lesson shows."""
    return Call(("lesson", number, current_language()), shown, (number,))


def call_to_check(number: int, question: int, given: float) -> Call:
    """Return the call that checks an answer."""
    return Call(("check", number, question, given, current_language()), checked, (number, question, given))


def lesson_options(drawing: Drawing) -> Options:
    """Draw a picture of a lesson: mean of the replicates with their range, formulas broken, points with bars."""
    series: list[Options] = []
    places = {True: 0, False: 0}
    for curve in drawing.curves:
        worked_out = curve.kind == "expected"
        series += _curve(curve, places[worked_out])
        places[worked_out] += 1
    names = [curve.label for curve in drawing.curves]
    low, high = _ends(drawing.curves)
    across = _values(drawing.x, zero=drawing.months) | {"nameLocation": "middle", "nameGap": 32}
    across["nameTextStyle"] = {"fontSize": 13, "color": "#1F2933"}
    across |= {"min": 0, "max": high, "interval": 12} if drawing.months else {"min": low, "max": high}
    across["axisLabel"] = _text() | _written()
    up = _values(drawing.y, zero=drawing.from_zero)
    up["axisLabel"] = _text() | _written()
    more_lines = sum(len(name) for name in names) // 90
    base = _base(list(dict.fromkeys(names)))
    legend = {key: value for key, value in base["legend"].items() if key != "icon"}  # lines show their pattern there
    return base | {
        "legend": legend | {"itemWidth": 30},
        "grid": {"left": 8, "right": 24, "top": 76 + 24 * more_lines, "bottom": 40,
                 "containLabel": True},
        "tooltip": {"show": False},  # several curves share no points
        "xAxis": across, "yAxis": up, "series": series,
    }  # fmt: skip


def _curve(curve: Curve, place: int) -> list[Options]:
    if curve.kind == "expected":
        return [_line(curve.label, _points(curve.x, curve.y), _INK, _EXPECTED[place % 2], 1.6)]
    colour = _COLOURS[place % len(_COLOURS)]
    if curve.kind == "points":
        points = {
            "name": curve.label, "type": "scatter", "data": _points(curve.x, curve.y), "symbolSize": 12, "z": 6,
            "symbol": _SYMBOLS[place % len(_SYMBOLS)], "itemStyle": {"color": colour},
        }  # fmt: skip
        return [points, *_bars(curve, colour)]
    return [*_range(curve, colour), _line(curve.label, _points(curve.x, curve.y), colour, _PATTERNS[place % 4], 2.4)]


def _line(name: str, points: list[list[float | None]], colour: str, pattern: str | list[int], width: float) -> Options:
    return {
        "name": name, "type": "line", "symbol": "none", "data": points, "itemStyle": {"color": colour}, "z": 5,
        "lineStyle": {"color": colour, "type": pattern, "width": width}, "silent": True,
    }  # fmt: skip


def _bars(curve: Curve, colour: str) -> list[Options]:
    """Return a bar from the least to the greatest replicate at every point."""
    if curve.low is None or curve.high is None:
        return []
    ends = zip(_rounded(curve.x, 4), _rounded(curve.low, 5), _rounded(curve.high, 5), strict=True)
    return [
        _line("", [[x, low], [x, high]], colour, "solid", 1.8) | {"symbol": "rect", "symbolSize": [10, 1.8]}
        for x, low, high in ends
    ]  # fmt: skip


def _range(curve: Curve, colour: str) -> list[Options]:
    """Return the range of the replicates as an outline that is filled: up along the greatest, back along the least."""
    if curve.low is None or curve.high is None:
        return []
    hidden = {"type": "line", "stack": f"range {curve.label}", "symbol": "none", "lineStyle": {"opacity": 0},
              "silent": True, "name": "", "stackStrategy": "all"}  # fmt: skip
    area = {"areaStyle": {"color": colour, "opacity": 0.18}, "itemStyle": {"color": colour}}
    return [
        hidden | {"data": _points(curve.x, curve.low)},
        hidden | {"data": _points(curve.x, curve.high - curve.low)} | area,
    ]  # fmt: skip


def _points(x: np.ndarray, y: np.ndarray) -> list[list[float | None]]:
    return [[a, b] for a, b in zip(_rounded(x, 4), _rounded(y, 5), strict=True)]


def _ends(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return from where to where the curves go; a little more where single points would lie on the edge."""
    x = np.concatenate([curve.x for curve in curves])
    low, high = float(x.min()), float(x.max())
    if any(curve.kind == "points" for curve in curves):
        room = 0.05 * (high - low or 1.0)
        low, high = (0.0 if 0 <= low < 2 * room else low - room), high + room
    return round(low, 3), round(high, 3)


def _written() -> Options:
    """Return how an axis writes its numbers in the language in use."""
    locale = "vi-VN" if current_language() == "vi" else "en"
    return {":formatter": f"value => value.toLocaleString('{locale}')"}
