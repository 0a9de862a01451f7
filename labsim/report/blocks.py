"""What a report is made of, whatever it is printed on: chapters of texts, tables, cards, lists and pictures.

Chapters are built once and in the language in use; `html_paper` and `pdf_paper` set the same blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "Block", "Card", "Cards", "Cell", "Chapter", "Column", "Gallery", "Group", "Groups", "Key", "Listed", "Paper",
    "Picture", "Table", "Words",
]  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Say something in a paragraph; `tone` is "", "lead" (said first and large), "head" (above a part) or "note"."""

    words: str
    tone: str = ""
    kind: ClassVar[str] = "words"


@dataclass(frozen=True)
class Card:
    """Show one number large, with what it is and what to know about it."""

    number: str
    label: str
    below: str = ""


@dataclass(frozen=True)
class Cards:
    """Show a few numbers side by side."""

    cards: tuple[Card, ...]
    kind: ClassVar[str] = "cards"


@dataclass(frozen=True)
class Group:
    """List targets that share a verdict: the word for it, a sign that is not colour alone, and what the word means.

    `items` are names with what is to be said of each; `more` says how many are left out.
    """

    word: str
    sign: str
    tone: str
    meaning: str
    count: int
    items: tuple[tuple[str, str], ...]
    more: str = ""


@dataclass(frozen=True)
class Groups:
    """Show verdicts as one bar and a list for each."""

    groups: tuple[Group, ...]
    kind: ClassVar[str] = "groups"


@dataclass(frozen=True)
class Listed:
    """List lines, each with its mark."""

    items: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "listed"


@dataclass(frozen=True)
class Column:
    """Head a column; numbers stand at the `right`, and `wide` columns get the room that is left."""

    words: str
    right: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Cell:
    """Hold what stands in one cell of a table, with a smaller line below it."""

    words: str
    below: str = ""
    strong: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """Hold a table with a title and a note below it; a `folded` one is opened by a click where that is possible."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    note: str = ""
    folded: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Key:
    """Explain the marks of the pictures that follow: sign, colour, meaning."""

    entries: tuple[tuple[str, str, str], ...]
    kind: ClassVar[str] = "key"


@dataclass(frozen=True)
class Picture:
    """Hold one drawing (SVG) with title and caption, and what a reader who cannot see it is told."""

    svg: str
    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Gallery:
    """Show pictures beside each other, as many in a row as there is room for; a `wide` one alone."""

    pictures: tuple[Picture, ...]
    wide: bool = False
    kind: ClassVar[str] = "gallery"


Block = Words | Cards | Groups | Listed | Table | Key | Gallery


@dataclass(frozen=True)
class Chapter:
    """Hold one chapter of a report."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Paper:
    """Hold a whole report: title, what was simulated, its chapters, and the line at the foot of every page."""

    language: str
    title: str
    subtitle: str
    facts: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    foot: str
    contents: str
