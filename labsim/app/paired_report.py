"""The report of a plan: against its base, on the same people with the same luck, under the plan's own title.

It is the report that `labsim compare` and `labsim report` give for the same pair: the replicates that the app has are
put into a study's folder, for as long as the report is written.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from labsim.app.limits import LONGEST_TITLE, one_line
from labsim.app.runs import BASE, OWN, PairedRun
from labsim.config import Config
from labsim.errors import ResultsError
from labsim.experiment.about import described
from labsim.experiment.opened import open_study
from labsim.experiment.run import code_hash, job_of
from labsim.experiment.shards import write_shard
from labsim.experiment.store import Store, run_id
from labsim.experiment.study import Plan, Point, Run, Study
from labsim.profile import Names
from labsim.report.chapters.source import source_of
from labsim.report.document import html_of, pdf_of
from labsim.text import _, speaking

__all__ = ["report_of"]

_FOLDER = "plan"


def report_of(run: PairedRun, title: str, kind: str, language: str) -> bytes:
    """Return the report of what a run has found so far as "HTML" or "PDF".

    Without a change it is that of the base alone. Raises ResultsError where no pair of replicates is there yet, and for
    a PDF where typst is not installed.
    """
    with speaking(language), tempfile.TemporaryDirectory(prefix="labsim-") as folder:
        if not run.by_number():
            raise ResultsError(_("Run the plan first."))
        if run.is_paired:
            place = Path(folder) / _FOLDER
            _write_study(run, title, place)
            source = source_of(open_study(place))
        else:
            source = source_of(run.results(BASE))
        source = replace(source, is_for_readers=True)
        return pdf_of(source) if kind == "PDF" else html_of(source).encode("utf-8")


def _write_study(run: PairedRun, title: str, folder: Path) -> None:
    """Write the replicates that both sides have as a study of two points, the base and the plan."""
    found, code = run.by_number(), code_hash()
    sides = [run.side(BASE), run.side(OWN)]
    names = _names(sides[0].config, title)
    study = Study(
        name=_FOLDER, province=sides[0].config.province.id, replicates=len(found), seed=sides[0].config.seed,
        scale=sides[0].config.scale, until=sides[0].config.period.until, by=tuple(sides[0].config.by),
    )  # fmt: skip
    points, runs, shards = [], [], []
    for number, side in enumerate(sides):
        name = (side.config.scenario, _FOLDER)[number]
        config = side.config if number == 0 else side.config.model_copy(update={"title": names})
        points.append(Point(number, name, config.province.id, name, {}, config))
        for replicate, pair in found.items():
            job = job_of(side.config, side.drawn, replicate)
            runs.append(Run(run_id(job.config.hash, job.seed, code), number, replicate, job.seed))
            shards.append((runs[-1].id, pair[number].replicate))
    drawn = {number: side.drawn for number, side in enumerate(sides) if side.drawn is not None}
    store = Store(folder)
    store.create(described(Plan(study, tuple(points), tuple(runs), (), code, drawn)))
    for run_name, content in shards:
        write_shard(store.runs, run_name, content)


def _names(base: Config, title: str) -> Names:
    """Return the title of a plan in both languages; one without a title of its own says so."""
    words = one_line(title, LONGEST_TITLE)
    if words and words not in (base.title.en, base.title.vi):
        return Names(en=words, vi=words)
    found = {}
    for code in ("en", "vi"):
        with speaking(code):
            found[code] = _("A plan without a title")
    return Names(**found)
