"""Pictures as options of ECharts: colours that colour-blind people tell apart, legends on top, a unit on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labsim.app.answers import Answer, Fan, Verdict
from labsim.app.names import unit_label
from labsim.app.runs import BASE, OWN
from labsim.app.scoring import ACTIVITIES, FLOWS, SECTORS
from labsim.errors import ResultsError
from labsim.report.numbers import unit_name
from labsim.text import _, current_language

__all__ = [
    "BASE_COLOUR", "OWN_COLOUR", "TARGET_COLOUR", "activities", "beeswarm", "cost_against_gain", "fan_chart", "flows",
    "for_phones",
    "money_by_year", "sectors", "tile_map",
]  # fmt: skip

# Okabe and Ito's colours
OWN_COLOUR, BASE_COLOUR, TARGET_COLOUR = "#0072B2", "#767676", "#D55E00"
_SECTORS = {"agricultural_share": "#009E73", "industry_share": "#E69F00", "services_share": "#56B4E9"}
_ACTIVITIES = ("#009E73", "#E69F00", "#0072B2", "#D55E00", "#56B4E9", "#BBBBBB", "#CC79A7", "#222222")
_STEPS = ["#F7F3E8", "#CFE3EE", "#8FC1DE", "#3F93C4", "#0F6299", "#08365C"]  # light to dark, also in grey
_INK, _FAINT = "#1F2933", "#E3E7EB"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
Options = dict[str, Any]
_NARROW = 520  # pixels below which a picture is one on a phone
_ROOM = 310  # pixels that a legend has there


def fan_chart(answer: Answer, indicator: str, verdicts: Sequence[Verdict] = (), groups: Any = None) -> Options:
    """Draw a series by year: median and bands of the scenario, the base's median, and the targets."""
    unit = answer.indicators[indicator].unit
    own, base = answer.fan(indicator, OWN, groups), answer.fan(indicator, BASE, groups)
    factor, name = _scaled(unit, own)
    series = (
        [
            *_band(_("90 % of replicates"), own.times, own.low * factor, own.high * factor, 0.16),
            *_band(_("half of the replicates"), own.times, own.quarter * factor, own.three_quarters * factor, 0.28),
        ]
        if answer.n > 1
        else []
    )
    if answer.is_paired:
        series.append(_line(_("baseline"), base.times, base.median * factor, BASE_COLOUR, dash=True))
    label = _("your plan") if answer.is_paired else _("baseline")
    series.append(_line(label, own.times, own.median * factor, OWN_COLOUR))
    points = [
        {"value": [str(one.target.year), one.target.value * factor], "name": one.label}
        for one in verdicts if str(one.target.year) in own.times
    ]  # fmt: skip
    if points:
        series.append({
            "name": _("target"), "type": "scatter", "data": points, "symbol": "diamond", "symbolSize": 15,
            "itemStyle": {"color": TARGET_COLOUR, "borderColor": "#fff", "borderWidth": 1.5}, "z": 10,
        })  # fmt: skip
    shown = [one["name"] for one in series if one["name"]]
    return _base(list(dict.fromkeys(shown))) | {
        "xAxis": _categories(own.times, _("year")), "yAxis": _values(name, zero=False), "series": series,
    }  # fmt: skip


def sectors(answer: Answer) -> Options:
    """Draw the shares of the three sectors in all work, by year, of the scenario."""
    labels = {"agricultural_share": _("agriculture"), "industry_share": _("industry and construction"),
              "services_share": _("services")}  # fmt: skip
    fans = {name: answer.fan(name) for name in SECTORS}
    times = next(iter(fans.values())).times
    series = [
        {
            "name": labels[name], "type": "bar", "stack": "all", "data": _rounded(fan.median, 2), "barMaxWidth": 46,
            "itemStyle": {"color": _SECTORS[name], "borderColor": "#fff", "borderWidth": 1},
        }
        for name, fan in fans.items()
    ]  # fmt: skip
    axis = _values(_("% of people in work")) | {"max": 100}
    return _base(list(labels.values())) | {"xAxis": _categories(times, _("year")), "yAxis": axis, "series": series}


def activities(answer: Answer) -> Options:
    """Draw how many people do what, by year, of the scenario."""
    series: list[Options] = []
    times: tuple[str, ...] = ()
    names: list[str] = []
    for colour, name in zip(_ACTIVITIES, ACTIVITIES, strict=True):
        try:
            fan = answer.fan(name)
        except ResultsError:
            continue
        times = fan.times
        names.append(activity_label(name))
        series.append({
            "name": names[-1], "type": "line", "stack": "all", "symbol": "none", "data": _rounded(fan.median / 1e3, 2),
            "lineStyle": {"width": 0.8, "color": "#fff"}, "itemStyle": {"color": colour},
            "areaStyle": {"color": colour, "opacity": 0.92},
        })  # fmt: skip
    return _base(names, lines=2) | {
        "xAxis": _categories(times, _("year")) | {"boundaryGap": False},
        "yAxis": _values(_("thousand persons")), "series": series,
    }  # fmt: skip


def flows(answer: Answer) -> Options:
    """Draw how many people moved between activities in the last year, in the base and the scenario."""
    names: list[str] = []
    values: dict[str, list[float]] = {side: [] for side in (BASE, OWN)}
    year = ""
    for name in reversed(FLOWS):
        try:
            fans = {side: answer.fan(name, side) for side in (BASE, OWN)}
        except ResultsError:
            continue
        year = fans[OWN].times[-1]
        names.append(flow_label(name))
        for side, fan in fans.items():
            values[side].append(round(float(fan.median[-1]) / 1e3, 3))
    sides = [(OWN, _("your plan"), OWN_COLOUR)] if answer.is_paired else [(OWN, _("baseline"), OWN_COLOUR)]
    if answer.is_paired:
        sides.append((BASE, _("baseline"), BASE_COLOUR))
    series = [
        {"name": label, "type": "bar", "data": values[side], "itemStyle": {"color": colour}, "barMaxWidth": 14}
        for side, label, colour in sides[::-1]
    ]
    axis = _values(_("thousand persons in {year}").format(year=year)) | {
        "nameLocation": "end", "nameGap": 0, "splitNumber": 4,
        "nameTextStyle": {"align": "right", "verticalAlign": "top", "fontSize": 13, "color": _INK,
                          "padding": [28, 0, 0, 0]},
    }  # fmt: skip
    return _base([label for _side, label, _colour in sides]) | {
        "grid": {"left": 30, "right": 24, "top": 44, "bottom": 40, "containLabel": True},
        "xAxis": axis,
        "yAxis": {"type": "category", "data": names, "axisTick": {"show": False}, "axisLabel": _text()},
        "series": series,
    }  # fmt: skip


def money_by_year(answer: Answer, labels: Mapping[str, str]) -> Options:
    """Draw public money by year and policy, of the scenario, in billions of VND."""
    table = answer.costs[OWN]
    years = sorted(set(table["year"]) - {"all"}) if len(table) else []
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#F0E442")
    series = []
    policies = sorted(set(table["policy"])) if len(table) else []
    for place, policy in enumerate(policies):
        part = table[table["policy"] == policy].drop_duplicates("year").set_index("year")["spent"]
        data = _rounded(np.array([float(part.get(year, 0.0)) / 1e9 for year in years]), 3)
        series.append({
            "name": labels.get(policy, policy), "type": "bar", "stack": "all", "data": data, "barMaxWidth": 46,
            "itemStyle": {"color": colours[place % len(colours)], "borderColor": "#fff", "borderWidth": 1},
        })  # fmt: skip
    return _base([one["name"] for one in series], lines=2) | {
        "xAxis": _categories(years, _("year")), "yAxis": _values(_("billion VND a year")), "series": series,
    }  # fmt: skip


def cost_against_gain(answer: Answer, verdict: Verdict) -> Options:
    """Draw extra public money against the change of a target, a point a replicate, the mean large."""
    money = (answer.public_money(OWN) - answer.public_money(BASE)) / 1e9
    gain = verdict.own.values - verdict.base.values
    points = [[round(float(x), 3), round(float(y), 4)] for x, y in zip(money, gain, strict=True)]
    mean = [round(float(money.mean()), 3), round(float(gain.mean()), 4)]
    unit = unit_name(verdict.target.unit)
    change = _("percentage points") if unit == "%" else unit
    return _base([_("a replicate"), _("mean over replicates")]) | {
        "xAxis": _values(_("extra public money, billion VND")) | {"nameLocation": "middle",
                                                                                 "nameGap": 30, "scale": True},
        "yAxis": _values(_("change of the target, {unit}").format(unit=change), zero=False),
        "grid": {"left": 8, "right": 24, "top": 60, "bottom": 44, "containLabel": True},
        "series": [
            {"name": _("a replicate"), "type": "scatter", "data": points, "symbolSize": 11,
             "itemStyle": {"color": "#56B4E9", "opacity": 0.85, "borderColor": "#fff"}},
            {"name": _("mean over replicates"), "type": "scatter", "data": [mean], "symbolSize": 20,
             "symbol": "diamond", "itemStyle": {"color": TARGET_COLOUR, "borderColor": "#fff", "borderWidth": 2}},
        ],
    }  # fmt: skip


def tile_map(tiles: Mapping[str, tuple[int, int]], names: Mapping[str, str], values: Mapping[str, float],
             unit: str, *, around_zero: bool = False) -> Options:  # fmt: skip
    """Draw a square for each district where it lies on the map, coloured by a value, its name and value in it."""
    known = {key: value for key, value in values.items() if key in tiles and np.isfinite(value)}
    low, high = (min(known.values()), max(known.values())) if known else (0.0, 1.0)
    if around_zero:
        reach = max(abs(low), abs(high)) or 1.0
        low, high = -reach, reach
    elif low == high:
        low, high = low - 0.5, high + 0.5
    data = [
        {"value": [tiles[key][0], tiles[key][1], round(value, 2)], "name": names.get(key, key)}
        for key, value in known.items()
    ]  # fmt: skip
    columns, rows = (1 + max(place[axis] for place in tiles.values()) for axis in (0, 1))
    colours = ["#B35806", "#F1A340", "#FEE0B6", "#F7F7F7", "#C9DDF0", "#67A9CF", "#2166AC"] if around_zero else _STEPS
    return {
        "animation": False, "textStyle": {"fontFamily": _FONT, "color": _INK},
        "grid": {"left": 4, "right": 4, "top": 62, "bottom": 4},
        "visualMap": {
            "min": round(low, 3), "max": round(high, 3), "orient": "horizontal", "left": "center", "top": 0,
            "text": [unit, ""], "inRange": {"color": colours}, "itemHeight": 180, "itemWidth": 14, "dimension": 2,
            "calculable": True, "textStyle": {"fontSize": 13, "color": _INK}, "precision": 1,
            ":formatter": f"value => ({_as_written(1)})(value)",
        },
        "xAxis": {"type": "category", "show": False, "data": list(range(columns))},
        "yAxis": {"type": "category", "show": False, "data": list(range(rows))},
        "series": [{
            "type": "heatmap", "data": data,
            "itemStyle": {"borderColor": "#fff", "borderWidth": 4, "borderRadius": 8},
            "label": {"show": True, "fontSize": 12, "color": "#111", "lineHeight": 16,
                      "textBorderColor": "rgba(255,255,255,.85)", "textBorderWidth": 3,
                      ":formatter": f"one => one.name + '\\n' + ({_as_written(2)})(one.value[2])"},
        }],
    }  # fmt: skip


def beeswarm(rows: Sequence[tuple[str, Sequence[tuple[str, float]]]], unit: str) -> Options:
    """Draw a row of points for each lever: one point a participant, moved aside where two would hide each other.

    `rows` holds a label and, by participant, where between the least and the most allowed they stand, in per cent.
    """
    names = [label for label, _points in rows][::-1]
    data, means = [], []
    for place, (_label, points) in enumerate(reversed(rows)):
        used: dict[int, int] = {}
        for who, value in sorted(points, key=lambda one: one[1]):
            cell = round(value / 4)
            aside = used.get(cell, 0)
            used[cell] = aside + 1
            shift = (aside + 1) // 2 * (0.13 if aside % 2 else -0.13)
            data.append({"value": [round(value, 2), place + max(-0.42, min(0.42, shift))], "name": who})
        if points:
            means.append([round(float(np.mean([value for _who, value in points])), 2), place])
    return _base([_("a participant"), _("mean")]) | {
        "grid": {"left": 8, "right": 24, "top": 44, "bottom": 44, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{b}"},
        "xAxis": _values(unit) | {"min": 0, "max": 100, "nameLocation": "middle", "nameGap": 30},
        "yAxis": {"type": "value", "min": -0.6, "max": max(0.6, len(names) - 0.4), "interval": 1, "show": False},
        "series": [
            {"name": _("a participant"), "type": "scatter", "data": data, "symbolSize": 13,
             "itemStyle": {"color": OWN_COLOUR, "opacity": 0.8, "borderColor": "#fff"},
             "markLine": {"silent": True, "symbol": "none", "lineStyle": {"color": _FAINT, "type": "solid"},
                          "label": {"show": True, "position": "insideStartTop", "color": _INK, "fontSize": 12},
                          "data": [{"yAxis": place, "name": name, "label": {"formatter": name}}
                                   for place, name in enumerate(names)]}},
            {"name": _("mean"), "type": "scatter", "data": means, "symbol": "diamond", "symbolSize": 17,
             "itemStyle": {"color": TARGET_COLOUR, "borderColor": "#fff", "borderWidth": 1.5}},
        ],
    }  # fmt: skip


def activity_label(name: str) -> str:
    """Return what an activity is called in a picture."""
    return {
        "farmers": _("own-account farming"), "household_businesses": _("household businesses"),
        "employees": _("employees"), "unemployed": _("unemployed"), "in_training": _("in full-time training"),
        "out_of_labour_force": _("out of the labour force"), "away_in_viet_nam": _("in other provinces"),
        "abroad": _("working abroad"),
    }[name]  # fmt: skip


def flow_label(name: str) -> str:
    """Return what a flow is called in a picture."""
    return {
        "hires": _("hired"), "separations": _("left or lost a job"), "businesses_opened": _("opened a business"),
        "businesses_closed": _("closed a business"), "people_trained": _("completed a course"),
        "left_for_other_provinces": _("left for other provinces"),
        "returned_from_other_provinces": _("came back from other provinces"), "sent_abroad": _("went abroad"),
        "returned_from_abroad": _("came back from abroad"), "reached_fifteen": _("reached fifteen"),
    }[name]  # fmt: skip


def for_phones(options: Options) -> Options:
    """Return options with more room above the picture where the legend breaks into more lines, on a phone."""
    names = options.get("legend", {}).get("data", ())
    lines, used = 1, 0.0
    for name in names:
        width = 44 + 7.2 * len(name)
        if used and used + width > _ROOM:
            lines, used = lines + 1, 0.0
        used += width
    top = 30 + 22 * lines
    if lines == 1 or top <= options["grid"]["top"] - 20:
        return options
    grid = {"grid": {"top": top + 26}}
    return {"baseOption": options, "media": [
        {"query": {"maxWidth": _NARROW}, "option": grid}, {"option": {"grid": {"top": options["grid"]["top"]}}},
    ]}  # fmt: skip


def _base(legend: Sequence[str], lines: int = 1) -> Options:
    return {
        "animation": False,
        "textStyle": {"fontFamily": _FONT, "color": _INK},
        "legend": {"top": 0, "left": 0, "data": list(legend), "itemGap": 14, "icon": "roundRect", "itemWidth": 16,
                   "itemHeight": 10, "textStyle": {"fontSize": 13, "color": _INK}},
        "grid": {"left": 8, "right": 20, "top": 52 + 24 * lines, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 13},
                    ":valueFormatter": f"value => value == null ? '' : ({_as_written()})(value)"},
    }  # fmt: skip


def _scaled(unit: str, fan: Fan) -> tuple[float, str]:
    """Return by what values are multiplied and the name of the axis: thousands of persons, millions of VND."""
    largest = float(np.nanmax(np.abs(fan.high)))
    if unit == "persons" and largest >= 10_000:
        return 1e-3, _("thousand persons")
    if unit == "VND per month":
        return 1e-6, _("million VND a month")
    return 1.0, unit_name(unit) if unit_label(unit) == unit else unit_label(unit)


def _band(name: str, times: Sequence[str], low: np.ndarray, high: np.ndarray, opacity: float) -> list[Options]:
    """Return a band as an invisible line with an area stacked on it."""
    hidden = {"type": "line", "stack": name, "symbol": "none", "lineStyle": {"opacity": 0}, "silent": True}
    return [
        hidden | {"name": "", "data": _rounded(low, 4), "tooltip": {"show": False}, "stackStrategy": "all"},
        hidden | {"name": name, "data": _rounded(high - low, 4), "tooltip": {"show": False}, "stackStrategy": "all",
                  "areaStyle": {"color": OWN_COLOUR, "opacity": opacity}, "itemStyle": {"color": OWN_COLOUR,
                                                                                       "opacity": opacity + 0.1}},
    ]  # fmt: skip


def _line(name: str, times: Sequence[str], values: np.ndarray, colour: str, *, dash: bool = False) -> Options:
    return {
        "name": name, "type": "line", "data": _rounded(values, 4), "symbol": "circle", "symbolSize": 5,
        "lineStyle": {"width": 2 if dash else 3, "color": colour, "type": "dashed" if dash else "solid"},
        "itemStyle": {"color": colour},
    }  # fmt: skip


def _categories(times: Sequence[str], name: str) -> Options:
    return {"type": "category", "data": list(times), "name": "", "axisLabel": _text(), "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "#9AA5B1"}}, "triggerEvent": False, "nameLocation": "end",
            "axisPointer": {"label": {"formatter": f"{name} {{value}}"}}}  # fmt: skip


def _values(name: str, *, zero: bool = True) -> Options:
    return {"type": "value", "name": name, "scale": not zero, "axisLabel": _text() | {":formatter": _as_written()},
            "nameTextStyle": {
                "align": "left", "fontSize": 13, "color": _INK, "padding": [0, 0, 6, -6]}, "nameGap": 12,
            "splitLine": {"lineStyle": {"color": _FAINT}}}  # fmt: skip


def _as_written(digits: int = 4) -> str:
    """Return the JavaScript that writes a number as people of the language write it, with at most so many decimals."""
    return f"value => value.toLocaleString({current_language()!r}, {{maximumFractionDigits: {digits}}})"


def _text() -> Options:
    return {"fontSize": 12, "color": _INK}


def _rounded(values: np.ndarray, digits: int) -> list[float | None]:
    return [round(float(one), digits) if np.isfinite(one) else None for one in values]
