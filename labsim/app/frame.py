"""The frame of every page: links, language, a place for the page's one question, and how handlers speak.

A page is a class with `path`, `link`, `question` and `fill`. Whatever runs later (a click, a timer) goes through
`Page.say`, so that it speaks the language of this browser.
"""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from nicegui import ui

from labsim.app.answers import Answer
from labsim.app.charts import for_phones
from labsim.app.hub import Hub, Session
from labsim.app.reach import Reach, reach_of
from labsim.app.runs import PRECISIONS
from labsim.app.theme import CSS
from labsim.report.console import bands_hold
from labsim.report.numbers import number
from labsim.text import _, n_, speaking

__all__ = ["Chart", "Page", "RunPage", "box", "heading", "paragraph", "region", "table"]

_MANY = 4  # columns that a phone shows side by side
_EVERY = 0.5  # seconds between looks at the run


class Page:
    """One page for one browser."""

    path: ClassVar[str] = "/"
    in_links: ClassVar[bool] = True
    least_reach: ClassVar[Reach] = Reach.PARTICIPANT

    def __init__(
        self, hub: Hub, session: Session, pages: Sequence[type[Page]], query: Mapping[str, str] | None = None,
        address: str = "",
    ) -> None:
        self.hub, self.session, self.pages, self.query = hub, session, pages, dict(query or {})
        self.address = address

    @property
    def reach(self) -> Reach:
        """Return how far this browser reaches now: it may have got a seat, or lost it, since the page was opened."""
        return reach_of(self.hub, self.session, self.address)

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        raise NotImplementedError

    def question(self) -> str:
        """Return the one question that the page answers."""
        raise NotImplementedError

    def lead(self) -> str:
        """Return a sentence below the question, or nothing."""
        return ""

    def fill(self) -> None:
        """Build what stands below the question."""
        raise NotImplementedError

    def say(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return a handler that speaks the language of this browser."""
        required = [one for one in inspect.signature(act).parameters.values() if one.default is one.empty]
        takes = len(required) > 0
        # NiceGUI hands the event only to a handler that requires it
        if inspect.iscoroutinefunction(act):

            async def later(event: Any) -> None:
                with speaking(self.session.language):
                    await (act(event) if takes else act())

            async def later_alone() -> None:
                await later(None)

            return later if takes else later_alone

        def now(event: Any) -> None:
            with speaking(self.session.language):
                act(event) if takes else act()

        def now_alone() -> None:
            now(None)

        return now if takes else now_alone

    def build(self) -> None:
        """Build the whole page."""
        with speaking(self.session.language):
            ui.add_css(CSS)
            ui.colors(primary="#005A8D")
            ui.page_title(f"{self.link()} - labsim")
            self._top()
            with ui.element("main").classes("page") as main:
                with ui.element("div").classes("stack").style("gap:.45rem"):
                    heading(self.question(), 1)
                    if self.lead():
                        paragraph(self.lead(), "lead")
                self.fill()
            ui.skip_link(_("Skip to the content"), target=main)
            self._foot()
        ui.run_javascript(f"document.documentElement.lang = '{self.session.language}'")

    def _top(self) -> None:
        with ui.element("div").classes("top"), ui.element("header").classes("top-in"):
            ui.html('<a class="brand" href="/">labsim</a>', sanitize=False)
            links = "".join(
                f'<a href="{page.path}"{" aria-current=page" if page is type(self) else ""}>{html.escape(page.link())}'
                "</a>"
                for page in self.pages if page.in_links and page.least_reach <= self.reach
            )  # fmt: skip
            ui.html(links, tag="nav", sanitize=False).classes("links").props('aria-label="{}"'.format(_("Pages")))
            with (
                ui.element("div")
                .classes("langs row")
                .style("gap:.2rem")
                .props('role=group aria-label="{}"'.format(_("Language")))
            ):
                for code, name in (("en", "English"), ("vi", "Tiếng Việt")):
                    here = self.session.language == code
                    button = ui.button(name, on_click=self.say(partial(self._switch, code)))
                    button.props(f"flat dense no-caps lang={code} aria-pressed={'true' if here else 'false'}")
                    button.style("font-weight:700;color:#00486F" if here else "color:#52606D")

    def _switch(self, language: str) -> None:
        self.session.language = language
        self.session.keep()
        ui.navigate.reload()

    def _foot(self) -> None:
        words = _("Everything runs on this computer; nothing leaves it. A simulation shows what assumptions imply, it "
                  "is no forecast: read every number with its band.")  # fmt: skip
        ui.html(f"<div>{html.escape(words)}</div>", tag="footer", sanitize=False).classes("foot")


class RunPage(Page):
    """A page that shows what the run says, and goes on as replicates arrive."""

    def fill(self) -> None:
        """Build the state of the run and what it says."""
        self.state = RunState(self)
        self.body = ui.element("div").classes("stack").style("gap:1.5rem")
        self._shape: Any = None
        self._draw()
        ui.timer(_EVERY, self.say(self._look))

    def draw(self, answer: Answer) -> None:
        """Build what the page says of an answer."""
        raise NotImplementedError

    def renew(self, answer: Answer) -> None:
        """Show a newer answer; by default everything is built again."""
        self.body.clear()
        with self.body:
            self.draw(answer)

    async def _look(self) -> None:
        if await self.session.read():
            self._draw()
        self.state.show()

    def _draw(self) -> None:
        answer = self.session.answer
        if answer is not None:
            shape = answer.is_paired, answer.manifest["province"], len(answer.verdicts)
            with self.body if shape != self._shape else _nothing():
                if shape == self._shape:
                    self.renew(answer)
                else:
                    self.body.clear()
                    self.draw(answer)
            self._shape = shape
        elif self._shape is None:
            self.body.clear()
            with self.body, box():
                paragraph(_("Nothing has been run yet. Start the run, or move a lever on the first page."))


class RunState:
    """The line that says how far a run is, read aloud when it changes, with its buttons."""

    def __init__(self, page: Page) -> None:
        self.page, self.session = page, page.session
        with ui.element("div").classes("box stack").style("gap:.6rem"):
            with ui.element("div").classes("row between"):
                self.words = (
                    ui.label("").props("role=status aria-live=polite").classes("num").props('data-test="state"')
                )
                with ui.element("div").classes("row"):
                    sizes = {key: _size_words(key) for key in PRECISIONS}
                    self.size = ui.select(sizes, value=self.session.precision, on_change=page.say(self._resize))
                    self.size.props('outlined dense options-dense aria-label="{}"'.format(_("Size of the run")))
                    self.size.style("min-width:15rem")
                    self.go = ui.button(_("Run"), on_click=page.say(self._again)).classes("main").props("unelevated")
                    self.stop = ui.button(_("Stop"), on_click=page.say(self.session.cancel)).props(
                        "outline color=grey-9"
                    )
            self.bar = ui.linear_progress(0, show_value=False, size="6px").props(
                'rounded color=light-blue-9 aria-label="{}"'.format(_("Progress of the run"))
            )
            self.wrong = ui.label("").classes("wrong").props("role=alert")
        self.show()

    async def _again(self) -> None:
        await self.session.start()

    async def _resize(self, event: Any) -> None:
        self.session.precision = event.value
        self.session.keep()
        if self.session.run is not None:
            await self.session.start()

    def show(self) -> None:
        """Show the present state."""
        run, problems = self.session.run, list(self.session.problems)
        if run is not None and run.status == "failed":
            problems.append(_("The run failed: {why}").format(why=run.message))
        _set(self.words, _state_words(self.session))
        share = run.done / run.total if run is not None and run.total else 0.0
        if abs(self.bar.value - share) > 1e-9:
            self.bar.value = share
        _set(self.wrong, "\n".join(problems))
        self.wrong.visible = bool(problems)
        running = run is not None and run.is_running
        self.stop.visible = running
        self.go.visible = not running


_LONG_LEGEND = 4  # names, beyond which a legend takes much of a picture on a phone


class Chart:
    """A picture with its title, what it shows in words for those who do not see it, and its numbers on request."""

    def __init__(self, title: str, options: dict[str, Any], words: str = "", classes: str = "") -> None:
        with box().classes("stack").style("gap:.5rem"):
            heading(title, 2)
            if words:
                paragraph(words, "soft small")
            many = " many" if len(options.get("legend", {}).get("data", ())) > _LONG_LEGEND else ""
            self.chart = ui.echart(for_phones(options), renderer="svg").classes(f"chart {classes}{many}")
            self.chart.props(f'role=img aria-label="{html.escape(title)}. {html.escape(words)}"')

    def renew(self, options: dict[str, Any]) -> None:
        """Show newer numbers in the same picture."""
        self.chart.options.clear()
        self.chart.options.update(for_phones(options))
        self.chart.update()


def heading(text: str, level: int) -> ui.html:
    """Write a heading of a level (1 to 3)."""
    return ui.html(html.escape(text), tag=f"h{level}", sanitize=False)


def paragraph(text: str, classes: str = "") -> ui.html:
    """Write a paragraph."""
    return ui.html(html.escape(text), tag="p", sanitize=False).classes(classes)


def box() -> ui.element:
    """Open a white box."""
    return ui.element("section").classes("box")


@contextmanager
def region(classes: str) -> Iterator[ui.element]:
    """Open a block with some classes."""
    with ui.element("div").classes(classes) as element:
        yield element


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, numeric_from: int = 1) -> ui.html:
    """Write a table; columns from `numeric_from` on hold numbers. Cells are plain text."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f'<{tag}{" class=num" if place >= numeric_from else ""}{" scope=col" if tag == "th" else ""}>'
            f"{html.escape(cell)}</{tag}>"
            for place, cell in enumerate(row)
        )  # fmt: skip

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    content = (
        f'<table class="plain"><caption class="sr">{html.escape(caption)}</caption><thead><tr>{cells("th", head)}</tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )
    return ui.html(content, sanitize=False).classes("scroll wide" if len(head) > _MANY else "scroll")


def trust_words(answer: Answer) -> list[str]:
    """Say what bands and chances of an answer hold."""
    counted = n_("{count} pair of replicates", "{count} pairs of replicates", answer.n) if answer.is_paired else n_(
        "{count} replicate", "{count} replicates", answer.n
    )  # fmt: skip
    people = _("one simulated person stands for {ratio}").format(ratio=number(1 / answer.manifest["scale"], "persons"))
    return [f"{counted.format(count=answer.n)}, {people}.", *bands_hold(answer.manifest["posterior"])]


def _size_words(key: str) -> str:
    size = PRECISIONS[key]
    words = {"quick": _("Quick"), "careful": _("Careful"), "thorough": _("Thorough")}[key]
    ratio = round(1 / size.scale)
    return _("{words}: 1 in {ratio}, {n} replicates").format(words=words, ratio=ratio, n=size.replicates)


def _state_words(session: Session) -> str:
    run, engine = session.run, session.hub.engine
    if engine.compiling:
        return engine.compiling
    if run is None:
        return _("Not run yet")
    if run.status == "running":
        waiting = _("waiting for a free processor") if run.done == 0 and engine.waiting() > run.total else ""
        words = _("Running: {done} of {total} simulations").format(done=run.done, total=run.total)
        return f"{words} ({waiting})" if waiting else words
    done = {"done": _("Done"), "cancelled": _("Stopped"), "failed": _("Failed")}[run.status]
    return _("{done}: {n} of {total} simulations, {seconds} s").format(
        done=done, n=run.done, total=run.total, seconds=number(run.seconds, "s")
    )


def _set(label: ui.label, text: str) -> None:
    if label.text != text:
        label.text = text


@contextmanager
def _nothing() -> Iterator[None]:
    yield
