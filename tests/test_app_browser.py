"""The app in a real browser: no request leaves this machine, no error on the console.

Needs Chromium (as `apt-get install chromium`) and the Python package playwright; without them everything is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("LABSIM_CHROMIUM") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt-get install chromium"),
]
PATIENCE = 600_000  # milliseconds, for a machine that does other things too; nothing waits longer than it must
START = 300.0  # seconds until the first page, where kernels are compiled beside it
SEATS = '[data-test="field-policies.vocational_training.seats_per_year"]'


class Server:
    """`labsim app` in a process of its own, as users start it; what it says goes to a file, so that no pipe fills."""

    def __init__(self, workspace: Path, log: Path, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        command = [sys.executable, "-m", "labsim", "app", "--port", str(port), "--workspace", str(workspace),
                   "--no-browser", "--lang", "en", *arguments]  # fmt: skip
        # NiceGUI behaves otherwise where it sees pytest
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env
            )
        try:
            self._await()
        except BaseException:
            self.stop()
            raise

    def _await(self) -> None:
        """Wait until the first page is served; raises RuntimeError with what the server said if it never is."""
        end = time.monotonic() + START
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self.url, timeout=20).close()
                return
            except OSError:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.1)
                    break
        raise RuntimeError(f"no server at {self.url}:\n{self.log.read_text(encoding='utf-8', errors='replace')}")

    def stop(self) -> None:
        """End it as Ctrl-C does, or by force if that does not help."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def server(workspace, tmp_path_factory) -> Iterator[Server]:
    started = Server(workspace, tmp_path_factory.mktemp("server") / "log.txt")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def visit(server, chromium) -> Iterator[Callable[..., Any]]:
    """Open a page as somebody new: `visit("/workshop", width=390)`. Ends with what no page may do."""
    wrong: list[str] = []
    people: list[Any] = []

    def watch(page: Any) -> None:
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: wrong.append(str(one)))
        page.on("websocket", lambda one: None if _is_local(one.url) else wrong.append(f"socket to {one.url}"))
        page.on("request", lambda one: None if _is_local(one.url) else wrong.append(f"request to {one.url}"))

    def open_page(path: str = "/", *, width: int = 1280, height: int = 900) -> Any:
        people.append(chromium.new_context(viewport={"width": width, "height": height}))
        page = people[-1].new_page()
        watch(page)
        page.goto(server.url + path)
        return page

    yield open_page
    for person in people:
        person.close()
    assert wrong == []
    assert _faults(server.log.read_text(encoding="utf-8", errors="replace")) == []


def _faults(log: str) -> list[str]:
    """Return tracebacks of a server's log, each with what it led to.

    That a page was closed while it was served is none of its faults.
    """
    chains, goes_on = [], False
    for part in log.split("Traceback (most recent call last)")[1:]:
        if goes_on:
            chains[-1] += part
        else:
            chains.append(part)
        goes_on = part.rstrip().endswith(("the following exception:", "another exception occurred:"))
    return [chain for chain in chains if "anyio.EndOfStream" not in chain]


def _is_local(url: str) -> bool:
    return url.startswith(("data:", "blob:")) or re.match(r"(http|ws)://(127\.0\.0\.1|localhost)[:/]", url) is not None


def move_seats(page: Any, seats: int) -> None:
    field = page.locator(SEATS)
    field.fill(str(seats))
    field.press("Enter")


def test_a_lever_moved_is_compared_saved_opened_and_reported(visit, server, workspace):
    page = visit()
    move_seats(page, 40_000)
    page.get_by_text("Public money beyond the baseline, all years").wait_for()
    page.wait_for_function("() => document.querySelector('[data-test=state]').textContent.startsWith('Done')")
    page.reload()
    page.get_by_text("Public money beyond the baseline, all years").wait_for()
    assert page.locator(SEATS).input_value() == "40000"
    for path, words in (("/answer", "Every target"), ("/people", "Moves in a year"), ("/districts", "Numbers"),
                        ("/money", "Cost against gain")):  # fmt: skip
        page.goto(server.url + path)
        page.get_by_role("heading", name=words).wait_for()
        assert page.locator("svg").count() >= 1
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.get_by_role("link", name="Scenarios").click()
    page.get_by_label("Name").fill("Thêm chỗ học")
    page.locator("[data-test=save]").click()
    page.get_by_text("Saved as them_cho_hoc.yaml").wait_for()
    text = (workspace / "scenarios" / "them_cho_hoc.yaml").read_text(encoding="utf-8")
    assert "2026: 40000" in text
    assert "Thêm chỗ học" in text
    with page.expect_download() as download:
        page.locator("[data-test=report-html]").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Son La" in report
    page.get_by_role("button", name="Open them_cho_hoc").click()
    page.locator(SEATS).wait_for()
    assert page.locator(SEATS).input_value() == "40000"


def test_the_language_is_each_browsers_own(visit):
    page, other = visit(), visit()
    page.get_by_role("button", name="Tiếng Việt").click()
    page.wait_for_function("() => document.documentElement.lang === 'vi'")
    other.reload()
    other.wait_for_function("() => document.documentElement.lang === 'en'")
    assert other.locator("h1").inner_text() == "What would you change?"
    page.get_by_role("button", name="English").click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")


def test_a_value_out_of_range_is_refused_beside_the_lever(visit):
    page = visit()
    move_seats(page, 900_000)
    refused = page.get_by_text(re.compile("allowed 0 to 200,?000"))
    refused.wait_for()
    assert refused.get_attribute("role") == "alert"
    move_seats(page, 20_000)
    refused.wait_for(state="hidden")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator("[data-test=state]").get_by_text("Stopped").wait_for()


def test_the_keyboard_alone_moves_a_lever_and_skips_to_the_content(visit):
    page = visit()
    page.locator("h1").wait_for()
    page.keyboard.press("Tab")
    assert "Skip to the content" in page.evaluate("document.activeElement.textContent")
    slider = page.get_by_role("slider", name="Seats in vocational training")
    before = page.locator(SEATS).input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"""before => document.querySelector('{SEATS}').value !== before""", arg=before)


def test_faults_are_told_from_pages_closed_too_early():
    head = "Traceback (most recent call last)"
    cause = "\n\nThe above exception was the direct cause of the following exception:\n\n"
    closed = f"{head}:\nanyio.EndOfStream{cause}{head}:\nRuntimeError: 1\n"
    assert _faults(f"INFO\n{closed}INFO\n{closed}") == []
    assert len(_faults(f"{closed}{head}:\nKeyError: 1{cause}{head}:\nValueError: 2\n{head}:\nTypeError: 3\n")) == 2


def test_three_participants_on_phones(visit):
    leader = visit("/workshop")
    leader.locator("[data-test=workshop-title]").fill("Seats or contracts?")
    leader.locator("[data-test=open-workshop]").click()
    code = leader.locator("[data-test=code]").inner_text().strip()
    phones = []
    for number, name in enumerate(("Lan", "Minh", "Hoa"), start=1):
        phone = visit(f"/join?code={code}", width=390, height=844)
        phone.locator("[data-test=join-name]").fill(name)
        phone.locator("[data-test=join]").click()
        phone.locator(SEATS).wait_for()
        move_seats(phone, 10_000 * number)
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
        phones.append(phone)
    leader.get_by_text("3 participants").wait_for()
    leader.get_by_role("cell", name="2 / 3").or_(leader.get_by_role("cell", name="3 / 3")).first.wait_for()
    leader.locator("[data-test=run-group]").click()
    leader.get_by_role("heading", name="What our package does").wait_for()
    with leader.expect_download() as download:
        leader.locator("[data-test=minutes-html]").click()
    minutes = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Seats or contracts?" in minutes
    leader.reload()
    leader.get_by_text("3 participants").wait_for()
    assert phones[0].locator(SEATS).input_value() == "10000"
