"""README.vi.md says what README.md says: its examples, names in code, links, headings and table cannot drift away."""

from __future__ import annotations

import re
import unicodedata

from test_readme import README, ROOT, Block, blocks_of

VIETNAMESE = (ROOT / "README.vi.md").read_text(encoding="utf-8")
ONLY_THERE = {"--lang vi"}  # what a reader in Vietnamese needs besides


def without_remarks(block: Block) -> tuple[str, str, str]:
    """Return the mark, kind and text of a block; remarks in it are words, and may be in another language."""
    return block.mark, block.kind, re.sub(r" *#.*$", "", block.text, flags=re.MULTILINE)


def outside_of_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def names_in_code(text: str) -> set[str]:
    return {" ".join(name.split()) for name in re.findall(r"`([^`]+)`", outside_of_blocks(text))}


def linked(text: str) -> list[str]:
    return sorted(set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.vi.md"})


def numbers_of_rows(text: str) -> list[list[str]]:
    """Return the digits of each row of each table, from the third column on: names of series may be told otherwise."""
    rows = re.findall(r"^\|.*\d.*\|$", outside_of_blocks(text), re.MULTILINE)
    return [re.findall(r"\d+", row.split("|", 3)[3]) for row in rows]


def test_the_examples_are_the_same():
    assert [without_remarks(block) for block in blocks_of(VIETNAMESE)] == [
        without_remarks(block) for block in blocks_of(README)
    ]


def test_every_command_and_name_in_code_is_in_both():
    assert names_in_code(VIETNAMESE) - ONLY_THERE == names_in_code(README)


def test_they_link_to_each_other_and_to_the_same_pages():
    assert "(README.vi.md)" in README and "(README.md)" in VIETNAMESE
    assert linked(VIETNAMESE) == linked(README)


def test_they_have_the_same_sections_questions_and_rows():
    for pattern in (r"^#+ ", r"^- ", r"^\|"):
        assert len(re.findall(pattern, VIETNAMESE, re.MULTILINE)) == len(re.findall(pattern, README, re.MULTILINE))


def test_the_table_has_the_same_numbers():
    rows = numbers_of_rows(README)
    assert len(rows) > 10 and numbers_of_rows(VIETNAMESE)[1:] == rows[1:]  # the first is the head


def test_letters_are_whole():
    """A letter and its marks as separate characters look alike, and are not found by a search."""
    assert unicodedata.normalize("NFC", VIETNAMESE) == VIETNAMESE
    assert all(letter in VIETNAMESE for letter in "ăâđêôơưạếộữ")
