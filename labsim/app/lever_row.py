"""One lever on a page: its name, a slider, a field for the exact value, its unit, range and evidence."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nicegui import ui

from labsim.app.asked import finite, number_for
from labsim.app.frame import Page
from labsim.app.levers import Lever
from labsim.text import _

__all__ = ["lever_row", "number_of", "shown_number"]


def lever_row(
    page: Page, lever: Lever, given: float | None, moved: Callable[[float | None], Awaitable[None]], note: str = ""
) -> None:
    """Build a lever; `moved` is called with its value in the lever's unit, or None when it is back where it was.

    What is no number of its range is refused below it; so is whatever `moved` raises a ValueError for.
    """
    now = lever.now if given is None else given
    factor = lever.factor
    low, top = (lever.low or 0.0) * factor, max(lever.top, now or 0.0) * factor
    name = html.escape(lever.label)
    with ui.element("div").classes("lever"):
        title = ui.label(lever.label).classes("name" + (" moved" if given is not None else ""))
        slider = _slider(low, top, _step(top - low, lever.whole), (now or 0.0) * factor)
        slider.props(f'aria-label="{name}"').props(f'data-test="slider-{lever.path}"')
        field = ui.number(value=None if now is None else round(now * factor, 6))
        field.props(f'outlined dense aria-label="{name} [{html.escape(lever.shown_unit)}]"').props(
            f'data-test="field-{lever.path}"'
        )
        ui.html(html.escape(_why(lever) + (f" · {note}" if note else "")), sanitize=False).classes("why")
        wrong = ui.label("").classes("wrong small").props("role=alert").props(f'data-test="wrong-{lever.path}"')
        wrong.visible = False

    async def heed(raw: Any) -> None:
        try:
            shown = shown_number(raw)
            await take(None if shown is None else number_for(lever, shown / factor))
            wrong.visible = False
        except ValueError as error:
            wrong.text, wrong.visible = str(error), True

    async def take(value: float | None) -> None:
        is_same = value is not None and lever.now is not None and abs(value - lever.now) <= 1e-9 * max(1.0, abs(value))
        kept = None if is_same else value
        if kept is None:
            title.classes(remove="moved")
        else:
            title.classes(add="moved")
        await moved(kept)

    async def slid(event: Any) -> None:
        shown = _or_none(event.args)
        if shown is not None:
            field.value = round(shown, 6)
            _put(slider, shown)
        await heed(event.args if shown is not None else "")

    async def typed() -> None:
        shown = _or_none(field.value)
        if shown is not None:
            _put(slider, min(top, max(low, shown)))
        await heed(field.value)

    slider.on("change", page.say(slid), js_handler="event => emit(event.target.value)")
    field.on("blur", page.say(typed))
    field.on("keydown.enter", page.say(typed))


def _slider(low: float, top: float, step: float, value: float) -> ui.element:
    """Return the browser's own slider: the element that takes the keys is the one that screen readers name."""
    made = ui.element("input").props("type=range").classes("slider")
    made.props(f"min={low:.12g} max={top:.12g} step={step:.12g} value={value:.12g}")
    return made


def _put(slider: ui.element, value: float) -> None:
    slider.props(f"value={value:.12g}")


def shown_number(raw: Any) -> float | None:
    """Return the number that a browser sent, None for an empty field. Raises ValueError for anything else."""
    if raw is None:
        return None
    value = finite(raw)
    if value is None and isinstance(raw, str) and len(raw) <= _LONGEST_NUMBER:
        with suppress(ValueError):
            value = finite(float(raw))
    if value is None:
        raise ValueError(_("given something that is no number; nothing is changed"))
    return value


def _or_none(raw: Any) -> float | None:
    with suppress(ValueError):
        return shown_number(raw)
    return None


_LONGEST_NUMBER = 40  # letters


def number_of(given: Any) -> float | None:
    """Return the one number that a draft gives a lever: of a yearly amount the latest."""
    if isinstance(given, dict) and given:
        return number_of(given.get("value", given[max(given, key=str)]))
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None


def _why(lever: Lever) -> str:
    words = [lever.shown_unit]
    words.append(_("allowed: {range}").format(range=lever.range_words()))
    if lever.now is not None:
        words.append(_("now: {value}").format(value=lever.words(lever.now)))
    words.append(_("evidence: {grade}").format(grade=lever.grade))
    return " · ".join(words)


def _step(span: float, whole: bool) -> float:
    """Return a round step that divides a slider into some eighty places or more."""
    for step in (1000.0, 500.0, 100.0, 50.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.05, 0.01):
        if span / step >= 80:
            return max(step, 1.0) if whole else step
    return 1.0 if whole else span / 100 or 0.01
