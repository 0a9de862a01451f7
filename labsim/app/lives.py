"""Follow one person through the baseline and the plan on screen: who is meant, what is simulated, what a page shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labsim.app.charts import BASE_COLOUR, OWN_COLOUR, Options, _base, _text, _values
from labsim.app.desk import Call
from labsim.app.drafts import Bases, Draft
from labsim.app.runs import Precision, sized
from labsim.config import Config
from labsim.errors import RunError
from labsim.life.choose import find
from labsim.life.follow import follow, follow_under
from labsim.life.record import Event, Life, Paired
from labsim.life.terms import COLOURS, term
from labsim.life.view import state
from labsim.life.words import sentences
from labsim.report.numbers import month_name
from labsim.text import _, mark
from labsim.world import Activity

__all__ = ["KINDS", "SIZE", "Month", "call_for", "life_for", "life_options", "months_of", "plan_key", "whom"]

SIZE = Precision("life", 0.005, 1)  # 1:200, a life in seconds
DIFFERS = "differs"
_LONGEST = 200  # letters of what is asked
_NUMBER = re.compile(r"\d{1,9}|\d{1,3}([.,\s]\d{3}){1,2}")
# what may be asked with a click: its words, as they are typed
KINDS: tuple[tuple[str, ...], ...] = (
    (mark("adult"), mark("differs")), (mark("trained"),), (mark("hired"),), (mark("lost a job"),),
    (mark("went abroad"),), (mark("opened a business"),), (mark("young"), mark("rural")), (mark("woman"), mark("poor")),
)  # fmt: skip


@dataclass(frozen=True)
class Month:
    """One month of a life on a page: what happened in the baseline (`here`) and under the plan (`there`), with reasons.

    Each entry holds sentences: what, then why. `there` is None where one life is told alone; `apart` says that
    something else happened, `first` that this is the first such month; `states` say what the person is at the year's
    end.
    """

    name: str
    here: tuple[tuple[str, ...], ...]
    there: tuple[tuple[str, ...], ...] | None
    apart: bool
    first: bool
    states: tuple[str, ...]


def whom(text: str) -> int | tuple[str, ...]:
    """Return the row that a text names, or the words that shall fit somebody. Raises RunError for neither."""
    given = text.strip()
    if _NUMBER.fullmatch(given):
        return int(re.sub(r"\D", "", given))
    words = tuple(word for one in re.split(r"[,;\n]", given[:_LONGEST]) if (word := " ".join(one.split())))
    if not words or re.fullmatch(r"[-+.\d\s,]+", given):
        message = _("given {given!r}; allowed the number of a person, or words such as: young, rural, hired")
        raise RunError(message.format(given=given[:_LONGEST]))
    return tuple(DIFFERS if word.casefold() in (DIFFERS, _(DIFFERS)) else word for word in words)


def life_for(asked: int | tuple[str, ...], base: Config, own: Config | None) -> Life | Paired:
    """Simulate and return the life of whoever is asked for in the baseline, and beside it in the plan if there is one.

    Raises RunError where nobody fits.
    """
    from labsim.experiment.run import warm_up

    warm_up()
    if isinstance(asked, tuple):
        if DIFFERS in asked and own is None:
            raise RunError(_("Nothing is changed yet: move a lever on the first page, then somebody whose life it "
                             "changes can be found."))  # fmt: skip
        asked = find(base, asked, other=own)
    return follow(base, asked) if own is None else follow_under(base, own, asked)


def plan_key(draft: Draft) -> tuple[str, str]:
    """Return what is the same as long as a plan is not changed."""
    return draft.base, draft.text()


def call_for(text: str, draft: Draft, known: Bases, file: Any, until: str | None = None) -> Call:
    """Return the call that gives the life of whoever a text names, in a draft's base and in the draft.

    Raises RunError for a text that names nobody and ConfigError for a draft that cannot be run.
    """
    asked, plan = whom(text), plan_key(draft)
    own = sized(draft.config(known, file), SIZE, until)
    base = sized(known[draft.base].config, SIZE, until)
    return Call(("life", *plan, asked, until), life_for, (asked, base, own if own.hash != base.hash else None))


def months_of(found: Life | Paired, *, everything: bool = False) -> list[Month]:
    """Return the months in which something happened, those where two lives part and the years' ends, in order.

    `everything` adds what changed nothing and is repeated month after month.
    """
    life, other = (found.life, found.other) if isinstance(found, Paired) else (found, None)
    apart = {one.month for one in found.differences} if isinstance(found, Paired) else set()
    first = found.first_event if isinstance(found, Paired) else None
    last = life.n_months if other is None else min(life.n_months, other.n_months)
    here = _by_month(life, everything)
    there = _by_month(other, everything) if other is not None else {}
    months: list[Month] = []
    known: list[str] = []
    for month in range(last + 1):
        is_end = month in (0, last) or life.calendar(month).endswith("-12")
        if not (is_end or month in here or month in there or month in apart):
            continue
        states = [state(one, month) for one in (life, other) if one is not None] if is_end else []
        if states and states == known and not (month in here or month in there):
            continue  # a child is a child year after year
        known = states or known
        months.append(Month(
            month_name(life.calendar(month)), tuple(here.get(month, ())),
            tuple(there.get(month, ())) if other is not None else None, month in apart, month == first, tuple(states),
        ))  # fmt: skip
    return months


def _by_month(life: Life, everything: bool) -> dict[int, list[tuple[str, ...]]]:
    told: dict[int, list[tuple[str, ...]]] = {}
    for event in life.events:
        if everything or not event.minor:
            told.setdefault(event.month, []).append(_said(event, life))
    return told


def _said(event: Event, life: Life) -> tuple[str, ...]:
    return tuple(sentences(event, life.names))


def life_options(found: Life | Paired, titles: Sequence[str]) -> Options:
    """Draw what somebody does month by month, a strip a life, above their income; where two lives part is marked."""
    lives = [found.life, found.other] if isinstance(found, Paired) else [found]
    first = found.first_event if isinstance(found, Paired) else None
    times = [lives[0].calendar(month) for month in range(min(one.n_months for one in lives) + 1)]
    used = sorted({int(code) for one in lives for code in one.series["activity"]})
    strip = 40 * len(lives)
    looks = [(BASE_COLOUR, "dashed"), (OWN_COLOUR, "solid")] if len(lives) > 1 else [(OWN_COLOUR, "solid")]
    lines = [
        {
            "name": title, "type": "line", "xAxisIndex": 1, "yAxisIndex": 1, "symbol": "none", "step": "end",
            "data": [round(value / 1e6, 3) for value in one.series["income"][: len(times)]],
            "lineStyle": {"color": colour, "type": kind, "width": 2}, "itemStyle": {"color": colour},
        }
        for one, title, (colour, kind) in zip(lives, titles, looks, strict=True)
    ]  # fmt: skip
    if first is not None:
        for place in lines[-1:]:
            place["markLine"] = _parting_line(times[first])
    cells = [
        {"value": [month, len(lives) - 1 - row, int(code)], "name": f"{times[month]}: {_doing(code)}"}
        for row, one in enumerate(lives) for month, code in enumerate(one.series["activity"][: len(times)])
    ]  # fmt: skip
    strips = {"name": "", "type": "heatmap", "data": cells, "tooltip": {"formatter": "{b}"},
              "itemStyle": {"borderWidth": 0}}  # fmt: skip
    top, side = 62, {"left": 92, "right": 16, "outerBoundsMode": "none"}  # months stand below each other
    return _base([]) | {
        "legend": {"show": False},
        "tooltip": {"trigger": "item", "confine": True},
        "grid": [side | {"top": top, "height": strip}, side | {"top": top + strip + 46, "bottom": 30}],
        "visualMap": {
            "type": "piecewise", "seriesIndex": 0, "dimension": 2, "orient": "horizontal", "left": 0, "top": 0,
            "pieces": [{"value": code, "label": _doing(code), "color": COLOURS[Activity(code)]} for code in used],
            "itemWidth": 14, "itemHeight": 14, "itemGap": 10, "hoverLink": False, "selectedMode": False,
            "textStyle": {"fontSize": 12},
        },
        "xAxis": [_calendar(times, shown=False), _calendar(times, grid=1)],
        "yAxis": [
            {"type": "category", "data": list(reversed(titles)), "axisTick": {"show": False},
             "axisLine": {"show": False}, "axisLabel": _text() | {"width": 86, "overflow": "break", "lineHeight": 14}},
            _values(_("million VND a month")) | {"gridIndex": 1},
        ],
        "series": [strips, *lines],
    }  # fmt: skip


def _doing(code: float) -> str:
    return term(Activity(int(code)).name.lower())


def _calendar(times: Sequence[str], *, shown: bool = True, grid: int = 0) -> Options:
    """Return an axis of months on which each January tells its year."""
    year = "value => value.endsWith('-01') ? value.slice(0, 4) : ''"
    every = "(index, value) => value.endsWith('-01')"
    return {"type": "category", "gridIndex": grid, "data": list(times), "axisTick": {"show": shown, ":interval": every},
            "axisLabel": _text() | {"show": shown, ":interval": every, ":formatter": year, "hideOverlap": True},
            "axisLine": {"show": shown}}  # fmt: skip


def _parting_line(month: str) -> Options:
    return {"silent": True, "symbol": "none", "lineStyle": {"color": "#D55E00", "width": 2, "type": "solid"},
            "label": {"formatter": _("something else happens"), "color": "#B34700", "position": "insideEndTop"},
            "data": [{"xAxis": month}]}  # fmt: skip
