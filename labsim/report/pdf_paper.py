"""Set a report as a PDF with typst; the same paper gives the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import matplotlib

from labsim.errors import ResultsError
from labsim.report.blocks import Paper
from labsim.report.html_paper import TEMPLATES
from labsim.text import _

__all__ = ["pdf_bytes", "require_typst"]


def pdf_bytes(paper: Paper) -> bytes:
    """Return the PDF. Raises ResultsError if typst is not installed, or cannot set the page."""
    require_typst()
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # DejaVu has every Vietnamese letter and sign used here
    try:
        return bytes(typst.compile(
            str(TEMPLATES / "report.typ"), root=str(TEMPLATES), font_paths=[str(fonts)], ignore_system_fonts=True,
            sys_inputs={"paper": _as_json(paper)}, format="pdf",
        ))  # fmt: skip
    except (typst.TypstError, RuntimeError) as error:
        raise ResultsError(_("the PDF cannot be set: {error}").format(error=error)) from error


def require_typst() -> None:
    """Raise ResultsError if typst is not installed."""
    try:
        import typst  # noqa: F401
    except ImportError as error:
        raise ResultsError(_("a PDF needs a further library: pip install 'labsim[pdf]'")) from error


def _as_json(paper: Paper) -> str:
    whole = asdict(paper)
    for chapter, kept in zip(whole["chapters"], paper.chapters, strict=True):
        for shown, block in zip(chapter["blocks"], kept.blocks, strict=True):
            shown["kind"] = block.kind
    return json.dumps(whole, ensure_ascii=False)
