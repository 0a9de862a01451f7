"""All pages in the order of their links. A page that is added here is served and linked; nothing else to edit."""

from __future__ import annotations

from nicegui import app, ui

from labsim.app.frame import Page
from labsim.app.hub import Hub
from labsim.app.page_answer import AnswerPage
from labsim.app.page_districts import DistrictsPage
from labsim.app.page_money import MoneyPage
from labsim.app.page_people import PeoplePage
from labsim.app.page_plan import PlanPage

__all__ = ["PAGES", "register"]

# the page of a person and the lessons find their place before the workshop
PAGES: tuple[type[Page], ...] = (PlanPage, AnswerPage, PeoplePage, DistrictsPage, MoneyPage)


def register(hub: Hub) -> None:
    """Serve every page of a hub."""
    for page in PAGES:
        _serve(hub, page)


def _serve(hub: Hub, page: type[Page]) -> None:
    @ui.page(page.path, response_timeout=20.0)
    def show() -> None:
        session = hub.session(str(app.storage.browser["id"]))
        page(hub, session, PAGES).build()
