"""One word for one thing and one way to write a number, in the catalogues, the templates and what is printed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from rich.console import Console

import labsim
from labsim import text
from labsim.app.asked import views_of
from labsim.evidence.possible import possible_range
from labsim.evidence.shares_file import kept_worth
from labsim.report.console import scorecard_view
from labsim.report.document import html_of
from labsim.report.numbers import percent, percent_range, scale_name, with_unit
from labsim.results import Results

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "labsim" / "locale" / "vi" / "LC_MESSAGES" / "labsim.po"
# what the English says, what the Vietnamese then says, and other words for it that it must not use
TERMS = (
    (r"\bpublic money\b", r"kinh phí Nhà nước", r"tiền công|kinh phí công|tiền nhà nước"),
    (r"\bstate budget\b", r"ngân sách Nhà nước", r"ngân sách nhà nước"),
    (r"\breplicates?\b", r"lượt chạy|từng lượt|--replicates", r"lần lặp|lần chạy|bản sao|mẫu lặp"),
    (r"\bgrades? (of evidence|[A-D]\b)", r"mức", r"\bbậc|\bhạng bằng|\bcấp bằng|xếp loại"),
    (r"\bbands?\b", r"khoảng", r"\bdải\b|\bbiên độ"),
    (r"\bchances? (of|that)[^.]*\btargets?\b", r"khả năng", r"xác suất|cơ hội"),
    (r"\btargets? (of|that|is|are|at|in|likely)\b", r"chỉ tiêu", r"mục tiêu"),
    (r"\bpersons? short\b|\bshortfall\b", r"thiếu", r"thâm hụt|hụt"),
    (r"\bvacanc(y|ies)\b", r"chỗ", r"chỗ trống|chỗ làm trống|vị trí trống|việc làm trống"),
    (r"\btrained (labour|workers|share)\b", r"qua đào tạo", r"lành nghề"),
    (r"\bdegree or certificate\b", r"bằng cấp, chứng chỉ", r"văn bằng"),
    (r"\bunlikely to be met\b", r"khó đạt", r"không thể đạt"),
)  # fmt: skip
# a user types these
TYPED = ("certified >= 40% in 2030", "{number}%", "{times}%")
OTHER_FORMS = re.compile(r"[\d}]%|\b[01][.,]\d\d[-\N{EN DASH}][01][.,]\d\d\b|\d-\d+ ?%")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")


@pytest.fixture(scope="module")
def results() -> Results:
    text.use_language("en")
    return labsim.run("son_la", scale=0.002, replicates=3, until="2022-12", posterior="none", executor="serial")


def messages() -> Iterator[tuple[str, str]]:
    """Yield every message with its Vietnamese, plurals joined."""
    with PO.open("rb") as file:
        for message in read_po(file, locale="vi"):
            english, vietnamese = (
                one if isinstance(one, str) else " / ".join(one) for one in (message.id, message.string)
            )
            if english and vietnamese and not message.fuzzy:  # test_messages counts those that are missing
                yield english, vietnamese


@pytest.mark.parametrize(("said", "chosen", "others"), TERMS, ids=[one[1] for one in TERMS])
def test_a_thing_has_one_name_in_vietnamese(said: str, chosen: str, others: str) -> None:
    about = [
        (english, vi) for english, vi in messages() if re.search(said, re.sub(r"\{.*?\}", "", english), re.IGNORECASE)
    ]
    assert len(about) >= 1
    assert [one for one in about if not re.search(chosen, one[1], re.IGNORECASE)] == []
    assert [one for one in about if re.search(others, one[1])] == []


def test_wages_are_no_public_money() -> None:
    wages = [english for english, vi in messages() if "tiền công" in vi.lower()]
    assert wages and not [one for one in wages if re.search("public|budget|spen[dt]", one)]


def test_replicates_are_called_nothing_else() -> None:
    for english, vietnamese in messages():
        assert not re.search(r"lần lặp|lần chạy", vietnamese, re.IGNORECASE), english
        assert not re.search(r"\b(met|meets the target) in .*\bruns\b|mean of the runs|repetition", english), english


def test_catalogues_and_templates_write_per_cent_one_way() -> None:
    for pair in messages():
        for words in pair:
            rest = words
            for one in TYPED:
                rest = rest.replace(one, "")
            assert not OTHER_FORMS.search(rest), words
    for file in (ROOT / "labsim" / "report" / "templates").glob("*.html"):
        own = r"\{%.*?%\}|\{\{.*?\}\}|<style.*?</style>|style=\"[^\"]*\""
        words = re.sub(own, "", file.read_text(encoding="utf-8"), flags=re.S)
        assert not OTHER_FORMS.search(words), file


@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_is_printed_writes_chances_one_way(results: Results, language: str) -> None:
    text.use_language(language)
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as printed:
        for part in scorecard_view(results):
            console.print(part)
    page = re.sub(r"<(style|svg|script).*?</\1>|<[^>]*>", " ", html_of(results), flags=re.S)
    interval = {"en": r"\d+ % to \d+ %", "vi": r"\d+ % đến \d+ %"}[language]
    for words in (printed.get(), page):
        assert not OTHER_FORMS.search(words), OTHER_FORMS.search(words)
        assert re.search(interval, re.sub(r"\s+", " ", words))


def test_numbers_have_one_spelling() -> None:
    assert (percent(0.492), percent_range(0.0, 0.49), percent_range(float("nan"), 0.5)) == ("49 %", "0 % to 49 %", "")
    assert (with_unit(59.51, "%"), with_unit(0.595, "share"), scale_name(0.05)) == ("59.5 %", "59.5 %", "1:20")
    assert scale_name(1.0) == "1:1"
    text.use_language("vi")
    assert (with_unit(59.51, "%"), percent_range(0.0, 0.49)) == ("59,5 %", "0 % đến 49 %")


@pytest.mark.parametrize("province", ["son_la", "lao_cai", "bac_kan"])
def test_a_room_is_asked_about_ranges_that_people_call_possible(province: str) -> None:
    views = views_of(labsim.load(province))
    assert views["training.oldest"].low == 33.0 and views["training.oldest"].high == 80.0
    assert views["training.oldest"].label == "Up to which age do people think of training?"
    for path, view in views.items():
        assert view.low is not None and view.high is not None and view.now is not None
        assert view.low <= view.now <= view.high == view.top, path
        if view.unit == "years":
            assert view.low >= 15 and view.high <= 80, path
        if view.unit == "share":
            assert view.low >= 0 and view.high <= 1, path
    assert (kept_worth(province)["high"] > 80).any()  # what was drawn stays in the tables


@pytest.mark.parametrize(
    ("path", "unit", "given", "shown"),
    [
        ("training.oldest", "years", (32.5, 130.0), (33.0, 80.0)),
        ("training.oldest", "years", (30.0, 10_000.0), (30.0, 80.0)),
        ("training.oldest_full_time", "years", (18.0, 60.0), (18.0, 45.0)),
        ("some.age", "years", (20.0, 95.5), (20.0, 80.0)),
        ("some.duration", "years", (0.5, 2.5), (0.5, 2.5)),
        ("some.share", "share", (-0.15, 1.35), (0.0, 1.0)),
        ("some.factor", "factor", (0.5, 2.0), (0.5, 2.0)),
        ("some.age", "years", (90.0, 95.0), (90.0, 95.0)),
    ],
)
def test_possible_ranges(path: str, unit: str, given: tuple[float, float], shown: tuple[float, float]) -> None:
    assert possible_range(path, unit, *given) == shown
