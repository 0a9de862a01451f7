"""What users read: every message translated, with the same fields, and compiled."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from labsim import text
from labsim.report.numbers import number

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "labsim"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


messages = _tool()


@pytest.fixture
def vietnamese(monkeypatch) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("vi")


@pytest.fixture
def package(tmp_path) -> Path:
    """Return a package of two messages, translated and compiled."""
    place = tmp_path / "labsim"
    place.mkdir()
    (place / "one.py").write_text('_("given {given}")\nlabel = mark("trained labour")\n', encoding="utf-8")
    messages.update(place)
    translate(place, {"given {given}": "đã cho {given}", "trained labour": "lao động qua đào tạo"})
    messages.compile_all(place)
    assert messages.check(place) == []
    return place


def translate(place: Path, words: dict[str, str], *, fuzzy: bool = False) -> None:
    po = messages.po_file(place, "vi")
    catalogue = messages.updated(po, messages.extract(place), "vi")
    for message in catalogue:
        if message.id in words:
            message.string = words[message.id]
            if fuzzy:
                message.flags.add("fuzzy")
    po.write_bytes(messages._po_text(catalogue))


def test_every_message_is_translated_and_compiled() -> None:
    assert messages.check(PACKAGE) == []


def test_words_are_found_where_they_stand_and_nowhere_else(tmp_path) -> None:
    place = tmp_path / "labsim"
    place.mkdir()
    (place / "one.py").write_text(
        """_(NAMES[row["group"]]); _(str(row["label"])); f"{_('in an f-string')}"; _("in " "parts")
LeverKind("a", "b", "c", "d", "what it means", "f"); n_("one", "many", counts["n"]); other("no message")
""",
        encoding="utf-8",
    )
    found = {message.id for message in messages.extract(place) if message.id}
    assert found == {"in an f-string", "in parts", "what it means", ("one", "many")}


def test_other_flags_of_fields_are_no_difference(package) -> None:
    po = messages.po_file(package, "vi")
    words = po.read_text(encoding="utf-8").replace('msgid "given', '#, some-newer-format\nmsgid "given')
    assert "some-newer-format" in words
    po.write_text(words, encoding="utf-8", newline="\n")
    assert messages.check(package) == []


def test_a_new_message_is_missed(package) -> None:
    with (package / "one.py").open("a", encoding="utf-8") as file:
        file.write('n_("{n} person", "{n} persons", 2)\n')
    found = messages.check(package)
    assert any("out of step" in line for line in found)
    messages.update(package)
    messages.compile_all(package)
    assert messages.check(package) == ["vi: untranslated: '{n} person'"]


def test_fuzzy_messages_and_other_fields_are_found(package) -> None:
    translate(package, {"trained labour": "lao động"}, fuzzy=True)
    translate(package, {"given {given}": "đã cho {giver}"})
    found = messages.check(package)
    assert "vi: fuzzy: 'trained labour'" in found
    assert "vi: other {fields} than the original: 'given {given}'" in found


def test_a_catalogue_not_compiled_anew_is_found(package) -> None:
    translate(package, {"trained labour": "lao động đã qua đào tạo"})
    assert messages.check(package) == ["vi: not compiled; run: python tools/messages.py compile"]


def test_every_indicator_has_a_label_in_vietnamese(vietnamese) -> None:
    from labsim.indicators import INDICATORS

    same = [name for name, one in INDICATORS.items() if text._(one.label) == one.label]
    assert same == []


@pytest.mark.parametrize(
    ("value", "unit", "english", "written"),
    [
        (1234.5, "persons", "1,234", "1.234"),
        (0.12345, "share", "12.3", "12,3"),
        (3.654, "%", "3.65", "3,65"),
        (1234567.0, "VND", "1,234,567", "1.234.567"),
        (12.5, "posts", "12.5", "12,5"),
        (float("nan"), "%", "-", "-"),
    ],
)
def test_numbers_are_written_as_readers_write_them(
    monkeypatch, value: float, unit: str, english: str, written: str
) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")
    assert number(value, unit) == english
    text.use_language("vi")
    assert number(value, unit) == written
