"""Set a report as one HTML file that needs nothing else: style and drawings are inside, and nothing leads out."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from labsim.report.blocks import Gallery, Paper

__all__ = ["TEMPLATES", "html_text"]

TEMPLATES = Path(__file__).parent / "templates"


def html_text(paper: Paper) -> str:
    """Return the whole page."""
    template = _environment().get_template("report.html")
    chapters = []
    for chapter in paper.chapters:
        blocks = [asdict(block) | {"kind": block.kind} for block in chapter.blocks]
        for shown, block in zip(blocks, chapter.blocks, strict=True):
            if isinstance(block, Gallery):
                shown["pictures"] = [asdict(one) | {"svg": Markup(one.svg)} for one in block.pictures]
        chapters.append({"id": chapter.id, "title": chapter.title, "blocks": blocks})
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return template.render(paper=paper, chapters=chapters, style=style) + "\n"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
