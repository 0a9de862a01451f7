"""`labsim report`: a run, or scenarios compared, as one HTML file and a PDF made to be read and handed round."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labsim.cli.common import hold, language_option
from labsim.text import _, current_language

if TYPE_CHECKING:
    from labsim.experiment.opened import OpenedStudy
    from labsim.results import Results

__all__ = ["report"]

_PAGES = (".html", ".htm")


@click.command(
    help=_("Write a report of a run, or of the scenarios of a study: one HTML file that needs nothing else.")
)
@click.argument("folder", metavar="RESULT_OR_STUDY", type=click.Path(path_type=Path))
@click.option("--pdf", is_flag=True, help=_("Write a PDF beside it."))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE",
              help=_("File to write: .html, or .pdf for a PDF alone; an earlier one is replaced."))  # fmt: skip
@language_option
def report(folder: Path, pdf: bool, out: Path | None) -> None:
    """Read, set and write."""
    page, printed = _places(folder, pdf, out)
    if printed is not None:
        from labsim.report.pdf_paper import require_typst

        require_typst()
    for file in filter(None, (page, printed)):
        hold(file)
    source = _open(folder)
    from labsim.report.document import html_of, pdf_of

    files: dict[Path, bytes] = {}
    if page is not None:
        files[page] = html_of(source).encode("utf-8")
    if printed is not None:
        files[printed] = pdf_of(source)
    _write(files)
    for file in files:
        click.echo(str(file))


def _places(folder: Path, pdf: bool, out: Path | None) -> tuple[Path | None, Path | None]:
    """Return where the page and the PDF go: beside the folder, whose own files are listed and stay as they are."""
    if out is None:
        whole = folder.resolve()
        out = folder.parent / f"{whole.name}-{current_language()}.html"
    ending = out.suffix.lower()
    if ending == ".pdf":
        return None, out
    if ending not in _PAGES:
        message = _("given the ending {given!r}; allowed {allowed}")
        raise click.BadParameter(message.format(given=out.suffix, allowed=".html, .pdf"), param_hint="--out")
    return out, out.with_suffix(".pdf") if pdf else None


def _open(folder: Path) -> Results | OpenedStudy:
    """Open a result folder or the folder of a study. Raises ResultsError for anything else."""
    from labsim.errors import ResultsError
    from labsim.experiment.opened import open_study
    from labsim.results import open_results

    if (folder / "study.json").is_file():
        study = open_study(folder)
        for note in study.notes():
            click.echo(note, err=True)
        return study
    if folder.is_dir() and not (folder / "manifest.json").is_file():
        message = _("{folder}: neither the result of a run nor a study (it has no manifest.json and no study.json)")
        raise ResultsError(message.format(folder=folder))
    return open_results(folder)


def _write(files: Mapping[Path, bytes]) -> None:
    """Write files, each whole or not at all. Raises ResultsError if a place takes none."""
    from labsim.errors import ResultsError
    from labsim.experiment.store import write_whole

    for place, content in files.items():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, content)
        except OSError as error:
            message = _("{folder}: cannot be written ({error})")
            raise ResultsError(message.format(folder=place, error=error)) from error
