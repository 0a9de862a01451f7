"""Keep, open, share: scenarios as YAML files in the workspace, and the report of a run."""

from __future__ import annotations

import asyncio
import html
from functools import partial
from typing import Any

from nicegui import ui

from labsim.app.drafts import Draft, draft_of_file
from labsim.app.frame import Page, RunState, box, heading, paragraph, region
from labsim.app.hub import beside
from labsim.app.limits import LARGEST_PLAN, LONGEST_TITLE, one_line, require_small
from labsim.app.paired_report import report_of
from labsim.app.plans import Plans
from labsim.app.workspace import LONGEST_NAME, safe_name
from labsim.errors import ConfigError, LabsimError
from labsim.text import _

__all__ = ["ScenariosPage"]

_MOST_LINES, _LONGEST_LINE = 30, 400  # of what is wrong with a plan


class ScenariosPage(Page):
    """Keep, open and report plans."""

    path = "/scenarios"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Scenarios")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("Which plan do you keep?")

    def lead(self) -> str:
        """Return a sentence below the question."""
        return _("A plan is a small text file. The same file runs on the command line and gives the same numbers.")

    def fill(self) -> None:
        """Build what saves, opens and exports."""
        self.state = RunState(self)
        with region("two"):
            with region("stack"):
                self._save_box()
                self._report_box()
            with region("stack"):
                self._open_box()
                self._file_box()
        ui.timer(0.5, self.say(self._look))

    async def _look(self) -> None:
        await self.session.read()
        self.state.show()

    def _save_box(self) -> None:
        with box().classes("stack"):
            heading(_("Save this plan"), 2)
            self.name = ui.input(_("Name"), value=self.session.draft.title).props(f"outlined maxlength={LONGEST_TITLE}")
            self.name.props('data-test="scenario-name"')
            ui.button(_("Save"), on_click=self.say(self._save)).classes("main").props("unelevated").props(
                'data-test="save"'
            )
            self.said = ui.label("").props("role=status aria-live=polite").classes("small")

    @property
    def plans(self) -> Plans:
        """Return the saved plans that this browser reaches now."""
        return Plans(self.hub.workspace, self.session.id, self.reach)

    async def _save(self) -> None:
        draft = self.session.draft
        try:
            title = one_line(self.name.value, LONGEST_TITLE)
            name = safe_name(title)
            draft.title = title
            await self.session.check(draft)
            file = self.plans.save(name, draft.text())
        except (LabsimError, OSError, ValueError) as error:
            self.said.text = _problems(error)
            self.said.classes(add="wrong")
            return
        self.said.classes(remove="wrong")
        self.said.text = _("Saved as {name}").format(name=file)
        self.session.keep()
        self._text.content = _code_block(draft)
        self._list()

    def _open_box(self) -> None:
        with box().classes("stack"):
            heading(_("Open a plan"), 2)
            self.saved = ui.element("div").classes("stack").style("gap:.4rem")
            self.opened = ui.label("").props("role=alert").classes("wrong")
            self.opened.visible = False
            self._list()
            upload = ui.upload(
                label=_("Hand in a file (.yaml)"), auto_upload=True, max_file_size=LARGEST_PLAN, max_files=1,
                on_upload=self.say(self._uploaded), on_rejected=self.say(self._rejected),
            )  # fmt: skip
            upload.props("accept=.yaml,.yml flat bordered color=blue-grey-8").classes("w-full").style("width:100%")

    def _list(self) -> None:
        self.saved.clear()
        with self.saved:
            names = self.plans.names()
            if not names:
                paragraph(_("Nothing is saved yet."), "soft")
            for name in names:
                with region("row between"):
                    ui.label(name)
                    with ui.element("div").classes("row").style("gap:.3rem"):
                        button = ui.button(_("Open"), on_click=self.say(partial(self._open, name)))
                        button.props(f'outline dense color=blue-10 aria-label="{_("Open")} {name}"')
                        button = ui.button(_("Download"), on_click=self.say(partial(self._download, name)))
                        button.props(f'flat dense color=grey-9 aria-label="{_("Download")} {name}"')
                        button = ui.button(_("Delete"), on_click=self.say(partial(self._delete, name)))
                        button.props(f'flat dense color=grey-9 aria-label="{_("Delete")} {name}"')

    async def _open(self, name: str) -> None:
        try:
            file = self.hub.workspace.scenario_file(self.plans.require(name))
            draft = await beside(draft_of_file, file, self.hub.bases, self.session.draft.since)
            await self.session.check(draft)
        except (LabsimError, OSError, ValueError) as error:
            self._refuse(error)
            return
        await self._take(draft)

    async def _take(self, draft: Draft) -> None:
        self.session.draft, self.session.answer = draft, None
        await self.session.start()
        ui.navigate.to("/")

    async def _uploaded(self, event: Any) -> None:
        try:
            content = await event.file.read()
            require_small(len(content))
            file = self.hub.workspace.draft_file(self.session.id)
            file.write_text(content.decode("utf-8-sig"), encoding="utf-8")
            draft = await beside(draft_of_file, file, self.hub.bases, self.session.draft.since)
            await self.session.check(draft)
        except UnicodeDecodeError:
            self._refuse(ValueError(_("the file is no text in UTF-8")))
            return
        except (LabsimError, OSError, ValueError) as error:
            self._refuse(error)
            return
        await self._take(draft)

    def _rejected(self) -> None:
        limit = LARGEST_PLAN // 1000
        self._refuse(ValueError(_("allowed: one .yaml file of at most {limit} kB").format(limit=limit)))

    def _refuse(self, error: Exception) -> None:
        self.opened.text = _problems(error)
        self.opened.visible = True

    def _download(self, name: str) -> None:
        try:
            ui.download(self.plans.text(name).encode("utf-8"), f"{name}.yaml")
        except (LabsimError, OSError, ValueError) as error:
            self._refuse(error)

    def _delete(self, name: str) -> None:
        try:
            self.plans.delete(name)
        except (LabsimError, OSError, ValueError) as error:
            self._refuse(error)
        self._list()

    def _file_box(self) -> None:
        with box().classes("stack"):
            heading(_("The plan as a file"), 2)
            self._text = ui.html(_code_block(self.session.draft), sanitize=False).classes("scroll")

    def _report_box(self) -> None:
        with box().classes("stack"):
            heading(_("A report to hand out"), 2)
            words = _("What the plan changes against what it starts from, on the same people with the same luck: "
                      "targets, money, the plan in words, and the record of the run.")  # fmt: skip
            paragraph(words, "soft small")
            with region("row"):
                for kind in ("HTML", "PDF"):
                    button = ui.button(kind, on_click=self.say(partial(self._report, kind)))
                    button.props("outline color=blue-10").props(f'data-test="report-{kind.lower()}"')
            self.made = ui.label("").props("role=status aria-live=polite").classes("small")

    def _title(self) -> str:
        """Return what the plan on screen is called: by its own title, or after who sits where it was made."""
        if self.session.draft.title:
            return self.session.draft.title
        workshop = self.hub.workshops.get(self.session.workshop)
        person = workshop.participants.get(self.session.seat) if workshop is not None else None
        return _("Plan of {name}").format(name=person.name) if person is not None else ""

    async def _report(self, kind: str) -> None:
        run = self.session.run
        if run is None or not run.numbers_ready():
            self.made.text = _("Run the plan first.")
            return
        self.made.text = _("Writing the report ...")
        try:
            content = await asyncio.to_thread(report_of, run, self._title(), kind, self.session.language)
        except (LabsimError, OSError) as error:
            self.made.text = _problems(error)
            return
        name = _file_name(self.session.draft)
        ui.download(content, f"{name}.{kind.lower()}")
        self.made.text = _("The report is in your downloads: {name}").format(name=f"{name}.{kind.lower()}")


def _file_name(draft: Draft) -> str:
    try:
        return safe_name(draft.title)[:LONGEST_NAME]
    except ValueError:
        return "labsim_report"


def _code_block(draft: Draft) -> str:
    return f"<pre class=small style='margin:0;white-space:pre-wrap'>{html.escape(draft.text())}</pre>"


def _problems(error: Exception) -> str:
    if isinstance(error, ConfigError):
        lines = [f"{one.path}: {one.message}" if one.path else one.message for one in error.problems[:_MOST_LINES]]
        return "\n".join(one[:_LONGEST_LINE] for one in lines)
    return str(error)
