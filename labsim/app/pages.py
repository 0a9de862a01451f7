"""All pages in the order of their links. A page that is added here is served and linked; nothing else to edit."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import app, ui

from labsim.app.frame import Page
from labsim.app.hub import Hub
from labsim.app.page_answer import AnswerPage
from labsim.app.page_districts import DistrictsPage
from labsim.app.page_lessons import LessonsPage
from labsim.app.page_money import MoneyPage
from labsim.app.page_people import PeoplePage
from labsim.app.page_person import PersonPage
from labsim.app.page_plan import PlanPage
from labsim.app.page_scenarios import ScenariosPage
from labsim.app.page_seat import SeatPage
from labsim.app.page_workshop import JoinPage, WorkshopPage
from labsim.app.reach import Reach, reach_of

__all__ = ["PAGES", "register"]

PAGES: tuple[type[Page], ...] = (
    PlanPage, AnswerPage, PeoplePage, DistrictsPage, MoneyPage, PersonPage, ScenariosPage, LessonsPage, WorkshopPage,
    JoinPage, SeatPage,
)  # fmt: skip


def register(hub: Hub) -> None:
    """Serve every page of a hub."""
    for page in PAGES:
        _serve(hub, page)


def _serve(hub: Hub, page: type[Page]) -> None:
    @ui.page(page.path, response_timeout=20.0)
    def show(request: Request) -> Response | None:
        session = hub.session(str(app.storage.browser["id"]))
        address = request.client.host if request.client is not None else ""
        reach = reach_of(hub, session, address)
        if reach < page.least_reach:
            return RedirectResponse("/join" if reach is Reach.NOBODY else "/seat")
        hub.visits.come(key := ("session", session.id), session)
        ui.context.client.on_delete(lambda: hub.visits.go(key))
        page(hub, session, PAGES, request.query_params, address).build()
        return None
