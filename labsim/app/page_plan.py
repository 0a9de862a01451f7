"""The first page: choose a province and a base, move levers, and read the first answer beside them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from nicegui import ui

from labsim.app.answers import Answer, Verdict
from labsim.app.drafts import FIRST_FREE_YEAR, Draft
from labsim.app.frame import RunPage, box, heading, paragraph, region
from labsim.app.levers import Lever, PolicyLevers, levers_of
from labsim.app.words import change_words, chance_words, goal_words, money_words, value_words
from labsim.quantity import allowed_range
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["PlanPage"]

_KEYS = 5  # targets shown beside the levers
_LAST_YEAR = 2030


class PlanPage(RunPage):
    """What would you change?"""

    path = "/"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Plan")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("What would you change?")

    def lead(self) -> str:
        """Return a sentence below the question."""
        return _("Move a lever: the same people, with the same luck, live once with your plan and once without it.")

    def fill(self) -> None:
        """Build the choice of a base, the levers, and the first answer."""
        with region("cols"):
            with region("stack"):
                self._choices()
                self.levers = ui.element("div").classes("stack")
                with self.levers:
                    self._levers()
            with region("stick"):
                super().fill()
        if self.session.run is None:
            # the baseline is what every plan is held against: it is simulated while people still read
            ui.timer(0.05, self.say(self.session.start), once=True)

    def draw(self, answer: Answer) -> None:
        """Build the first answer: what it costs more, and the targets that move most."""
        with box().classes("stack").style("gap:.4rem"):
            heading(_("First answer"), 2)
            if answer.is_paired:
                gap = answer.extra_money
                paragraph(_("Public money beyond the baseline, all years"), "soft small")
                middle, _bracket, interval = money_words(gap).partition(" (")
                ui.html(html.escape(middle), sanitize=False).classes("big num")
                if interval:
                    paragraph(interval.removesuffix(")"), "soft small num")
                words = _("Bars: in how many runs your plan meets the target. Dark mark: the baseline.")
                paragraph(words, "soft small")
            else:
                paragraph(_("Nothing is changed yet: this is where the baseline leads."), "soft small")
            for verdict in _telling(answer.verdicts):
                _chance_line(verdict, answer.is_paired)
            ui.link(_("All targets"), "/answer")
            paragraph(_("From {n} runs at a small scale: more runs narrow it.").format(n=answer.n), "soft small")

    def _choices(self) -> None:
        bases = self.hub.bases
        places = {one.province: one.config.province.name for one in bases.values()}
        provinces = {key: str(name) for key, name in places.items()}
        here = bases[self.session.draft.base].province
        with box(), region("row"):
            chosen = ui.select(provinces, value=here, label=_("Province"), on_change=self.say(self._province))
            chosen.props("outlined").style("min-width:11rem")
            options = {key: str(one.config.title) for key, one in bases.items() if one.province == here}
            base = ui.select(options, value=self.session.draft.base, label=_("Start from"), on_change=self.say(self._base))
            base.props("outlined").style("min-width:15rem")
            years = list(range(FIRST_FREE_YEAR - 5, _LAST_YEAR + 1))
            year = ui.select(years, value=self.session.draft.since, label=_("Changes hold from"),
                             on_change=self.say(self._since))  # fmt: skip
            year.props("outlined").style("min-width:12rem")
            ui.button(_("Take all changes back"), on_click=self.say(self._reset)).props("flat color=grey-9")

    def _levers(self) -> None:
        config = self.hub.bases[self.session.draft.base].config
        policies = levers_of(config, self.session.draft.since)
        heading(_("Policies in force"), 2)
        for policy in (one for one in policies if one.is_on):
            self._policy(policy)
        heading(_("Policies you could add"), 2).style("margin-top:.6rem")
        for policy in (one for one in policies if not one.is_on):
            self._policy(policy)

    def _policy(self, policy: PolicyLevers) -> None:
        draft = self.session.draft
        moved = any(draft.get(lever.path) is not None for lever in policy.levers)
        off = draft.get(f"policies.{policy.name}") is False
        with ui.element("section").classes("box").style("padding:0"):
            title = policy.label if not off else _("{policy} (switched off)").format(policy=policy.label)
            with ui.expansion(title, value=moved or (policy.is_on and not off)).classes("w-full") as panel:
                panel.props('header-class="policy"').mark(f"policy-{policy.name}")
                with ui.element("div").style("padding:0 1.3rem 1.1rem"):
                    for lever in policy.doses:
                        self._lever(lever)
                    if policy.details:
                        with ui.element("details"):
                            ui.html(html.escape(_("Prices and details")), tag="summary", sanitize=False)
                            for lever in policy.details:
                                self._lever(lever)
                    if policy.is_on:
                        switch = ui.switch(_("In force"), value=not off)
                        switch.on_value_change(self.say(lambda event, name=policy.name: self._switch_policy(name, event)))

    def _lever(self, lever: Lever) -> None:
        given = _number_of(self.session.draft.get(lever.path))
        now = lever.now if given is None else given
        with ui.element("div").classes("lever") as row:
            title = ui.label(lever.label).classes("name" + (" moved" if given is not None else ""))
            top = max(lever.top, now or 0.0) * lever.factor
            low = (lever.low or 0.0) * lever.factor
            slider = ui.slider(min=low, max=top, step=_step(top - low, lever.whole), value=(now or 0.0) * lever.factor)
            slider.props(f'aria-label="{html.escape(lever.label)}" color=light-blue-9').mark(f"slider-{lever.path}")
            field = ui.number(value=None if now is None else _clean(now * lever.factor), suffix=None)
            field.props(f'outlined dense aria-label="{html.escape(lever.label)} [{html.escape(lever.shown_unit)}]"')
            field.mark(f"field-{lever.path}")
            ui.html(html.escape(_why(lever)), sanitize=False).classes("why")

        def show(value: float | None) -> None:
            title.classes(add="moved") if value is not None else title.classes(remove="moved")

        async def slid(event: Any) -> None:
            field.value = _clean(float(event.args))
            await moved(float(event.args))

        async def typed() -> None:
            if field.value is None:
                await moved(None)
                return
            slider.value = min(top, max(low, float(field.value)))
            await moved(float(field.value))

        async def moved(shown: float | None) -> None:
            value = None if shown is None else shown / lever.factor
            same = value is not None and lever.now is not None and abs(value - lever.now) <= 1e-9 * max(1.0, abs(value))
            kept = None if value is None or same else lever.given(value, self.session.draft.since)
            if kept == self.session.draft.get(lever.path):
                return
            self.session.draft.set(lever.path, kept)
            show(kept if kept is None else value)
            await self.session.start()
            self.state.show()

        slider.on("change", self.say(slid))
        field.on("blur", self.say(typed))
        field.on("keydown.enter", self.say(typed))
        _ = row

    async def _switch_policy(self, name: str, event: Any) -> None:
        self.session.draft.set(f"policies.{name}", None if event.value else False)
        await self.session.start()

    async def _province(self, event: Any) -> None:
        first = next(key for key, one in self.hub.bases.items() if one.province == event.value)
        await self._begin(Draft(first, since=self.session.draft.since))

    async def _base(self, event: Any) -> None:
        draft = self.session.draft
        await self._begin(Draft(event.value, draft.data, draft.title, draft.since))

    async def _since(self, event: Any) -> None:
        draft = self.session.draft
        for path, value in list(_yearly(draft.data)):
            draft.set(path, {event.value: value})
        draft.since = event.value
        await self._begin(draft)

    async def _reset(self) -> None:
        draft = self.session.draft
        await self._begin(Draft(draft.base, since=draft.since))

    async def _begin(self, draft: Draft) -> None:
        self.session.draft, self.session.answer = draft, None
        await self.session.start()
        ui.navigate.reload()


def _telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the targets that moved clearly, the farthest for its noise first, then those that come last in time."""
    moved = sorted((one for one in verdicts if one.is_better is not None), key=lambda one: one.gap.p)
    rest = sorted((one for one in verdicts if one.is_better is None), key=lambda one: -one.target.year)
    first: dict[str | None, Verdict] = {}
    for one in (*moved, *rest):
        first.setdefault(one.target.indicator, one)  # several plans may set a goal for the same thing
    return list(first.values())[:_KEYS]


def _chance_line(verdict: Verdict, is_paired: bool) -> None:
    with ui.element("div").classes("chance"):
        ui.html(
            f"<div><strong>{html.escape(verdict.label)}</strong><br><span class='soft small'>"
            f"{html.escape(goal_words(verdict.target))}</span></div>", sanitize=False,
        )  # fmt: skip
        ui.html(f"<span class=num>{html.escape(chance_words(verdict.own))}</span>", sanitize=False)
        base = f'<b style="left:{100 * verdict.base.chance:.1f}%"></b>' if is_paired else ""
        ui.html(f'<i style="width:{100 * verdict.own.chance:.1f}%"></i>{base}', sanitize=False).classes("bar").props(
            f'role=img aria-label="{html.escape(chance_words(verdict.own))}"'
        )
        if is_paired:
            kind = {True: "good", False: "bad", None: "soft"}[verdict.is_better]
            ui.html(html.escape(change_words(verdict)), sanitize=False).classes(f"small num {kind}")
        else:
            ui.html(html.escape(value_words(verdict.own.value, verdict.target.unit)), sanitize=False).classes(
                "small num soft"
            )


def _why(lever: Lever) -> str:
    parts = [lever.shown_unit]
    low, high = (None if end is None else end * lever.factor for end in (lever.low, lever.high))
    parts.append(_("allowed: {range}").format(range=allowed_range(low, high, "").removesuffix(" []")))
    if lever.now is not None:
        parts.append(_("now: {value}").format(value=number(lever.now * lever.factor, "")))
    parts.append(_("evidence: {grade}").format(grade=lever.grade))
    return " · ".join(parts)


def _number_of(given: Any) -> float | None:
    """Return the one number that a draft gives a lever: of a yearly amount the latest."""
    if isinstance(given, dict) and given:
        last = given.get("value", given[max(given, key=str)])
        return _number_of(last)
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None


def _yearly(data: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the yearly amounts of a draft with the value of their first year."""
    found = []
    for key, value in data.items() if isinstance(data, dict) else ():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value)), int):
            found.append((here, next(iter(value.values()))))
        else:
            found += _yearly(value, here)
    return found


def _step(span: float, whole: bool) -> float:
    for step in (1000.0, 500.0, 100.0, 50.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.05, 0.01):
        if span / step >= 80:
            return max(step, 1.0) if whole else step
    return 1.0 if whole else span / 100 or 0.01


def _clean(value: float) -> float:
    return round(value, 6)


