"""The first page: choose a province and a base, move levers, and read the first answer beside them."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from labsim.app.answers import Answer
from labsim.app.drafts import YEARS, Draft
from labsim.app.frame import RunPage, box, heading, paragraph, region
from labsim.app.lever_row import lever_row, number_of
from labsim.app.levers import Lever, PolicyLevers, levers_of
from labsim.app.verdict_lines import chance_line, telling
from labsim.app.words import money_words
from labsim.text import _

__all__ = ["PlanPage"]


class PlanPage(RunPage):
    """Let somebody change a plan, and show the first answer."""

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
                words = _("Bars: in how many replicates your plan meets the target. Dark mark: the baseline.")
                paragraph(words, "soft small")
            else:
                paragraph(_("Nothing is changed yet: this is where the baseline leads."), "soft small")
            for verdict in telling(answer.verdicts):
                chance_line(verdict, answer.is_paired)
            ui.link(_("All targets"), "/answer")
            words = _("From {n} replicates at a small scale: more of them narrow it.")
            paragraph(words.format(n=answer.n), "soft small")

    def _choices(self) -> None:
        bases = self.hub.bases
        places = {one.province: one.config.province.name for one in bases.values()}
        provinces = {key: str(name) for key, name in places.items()}
        here = bases[self.session.draft.base].province
        with box(), region("row"):
            chosen = ui.select(provinces, value=here, label=_("Province"), on_change=self.say(self._province))
            chosen.props("outlined").style("min-width:11rem")
            options = {key: str(one.config.title) for key, one in bases.items() if one.province == here}
            base = ui.select(
                options, value=self.session.draft.base, label=_("Start from"), on_change=self.say(self._base)
            )
            base.props("outlined").style("min-width:15rem")
            years = list(YEARS)
            year = ui.select(years, value=self.session.draft.since, label=_("Changes hold from"),
                             on_change=self.say(self._since))  # fmt: skip
            year.props("outlined").style("min-width:14.5rem")
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
                panel.props('header-class="policy"').props(f'data-test="policy-{policy.name}"')
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
                        switch.on_value_change(
                            self.say(partial(self._switch_policy, policy.name))
                        )

    def _lever(self, lever: Lever) -> None:
        draft = self.session.draft

        async def moved(value: float | None) -> None:
            kept = None if value is None else lever.given(value, draft.since)
            if kept != self.session.draft.get(lever.path):
                self.session.draft.set(lever.path, kept)
                await self.session.start()
                self.state.show()

        lever_row(self, lever, number_of(draft.get(lever.path)), moved)

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
