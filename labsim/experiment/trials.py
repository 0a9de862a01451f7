"""Doses that were tried: their runs in a study's folder, and what these found for some targets and for cost.

All doses share the seeds of their replicates, so that what differs between them is the dose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labsim.config import Config
from labsim.errors import RunError
from labsim.experiment.before import require_files
from labsim.experiment.doses import Dose, Space
from labsim.experiment.opened import open_study
from labsim.experiment.posterior import NONE, DrawnFrom, drawn_from, posterior_for
from labsim.experiment.run import Progress, code_hash, replicate_seed
from labsim.experiment.runner import Carried, added_notes, carry_out
from labsim.experiment.store import run_id
from labsim.experiment.study import Plan, Point, Run, Study
from labsim.experiment.variation import Varied
from labsim.targets import Target
from labsim.text import _, current_language
from labsim.verdicts import Setting

__all__ = ["BASE", "Found", "Trials", "Unfinished"]

BASE = None
"""Stands for the configuration as it is, with nothing varied."""

Doubles = NDArray[np.float64]
Key = tuple[str, int]  # a target's id and year


class Unfinished(RunError):
    """Report that runs are missing, since somebody paused them or some failed; `carried` says which."""

    def __init__(self, carried: Carried) -> None:
        self.carried = carried
        super().__init__(_("{done} of {total} runs are done").format(done=carried.done, total=carried.total))


@dataclass(frozen=True)
class Found:
    """What the replicates of one dose found.

    `values` holds what each series came to by its target's id and year, shape `(n_replicates,)`; `spent` the public
    money of all years in VND by policy, and `cost` its sum.
    """

    values: Mapping[Key, Doubles]
    spent: Mapping[str, Doubles]
    cost: Doubles


class Trials:
    """Run doses and remember what they found; every answer rests on the runs in `folder` alone."""

    def __init__(
        self,
        study: Study,
        varied: Varied,
        space: Space,
        series: Sequence[Target],
        folder: str | Path,
        *,
        posterior: str | Path = NONE,
        fixed: Sequence[str] = (),
        executor: str = "auto",
        workers: int | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.space = space
        self.folder = Path(folder)
        self.carried = Carried(0, 0, 0, (), False, 0.0, 0.0)
        self._study, self._varied, self._series = study, varied, tuple(series)
        self._how = {"executor": executor, "workers": workers, "progress": progress}
        self._code = code_hash()
        self._points: dict[Dose | None, Point] = {}
        require_files(varied.base)
        self._posterior = posterior_for(varied.base, posterior)
        self._fixed = tuple(fixed)
        self._drawn: dict[int, DrawnFrom] = {}  # by point
        self._configs: dict[tuple[int, int], Config] = {}  # by point and replicate
        self._runs: dict[tuple[int, int], Run] = {}  # by point and replicate
        self._found: dict[tuple[Dose | None, range], Found] = {}

    @property
    def drawn(self) -> DrawnFrom | None:
        """Return from what the parameters of the base are drawn, or None."""
        return next(iter(self._drawn.values()), None)

    @property
    def n_runs(self) -> int:
        """Return how many runs were asked for so far."""
        return len(self._runs)

    def prepare(self, doses: Sequence[Dose | None]) -> None:
        """Make the configuration of each dose; raises ConfigError for one that no configuration can have."""
        for dose in doses:
            if dose in self._points:
                continue
            values = {} if dose is BASE else self.space.values(dose)
            config = self._varied.at(values) if values else self._varied.base
            name = ", ".join(f"{path} {value:g}" for path, value in values.items()) or "base"
            world = self._study.province
            point = self._points[dose] = Point(len(self._points), name, world, config.scenario, values, config)
            drawn = drawn_from(config, self._posterior, self._fixed)
            if drawn is not None:
                self._drawn[point.number] = drawn

    def run(self, doses: Sequence[Dose | None], replicates: range) -> None:
        """Run some replicates of some doses, those that are missing. Raises Unfinished if not all could be run."""
        self.prepare(doses)
        new = [dose for dose in dict.fromkeys(doses) if (dose, replicates) not in self._found]
        if not new:
            return
        for dose in new:
            point = self._points[dose]
            for replicate in replicates:
                seed = replicate_seed(point.config.seed, replicate)
                config = point.config
                if point.number in self._drawn:
                    config = self._drawn[point.number].config_of(replicate)
                    self._configs[point.number, replicate] = config
                run = Run(run_id(config.hash, seed, self._code), point.number, replicate, seed)
                self._runs[point.number, replicate] = run
        plan = Plan(
            self._study, tuple(self._points.values()), tuple(self._runs.values()), tuple(self._varied.factors),
            self._code, self._drawn, self._configs,
        )  # fmt: skip
        self._take(carry_out(plan, self.folder, **self._how))  # type: ignore[arg-type]
        self._read(new, replicates)

    def found(self, dose: Dose | None, replicates: range) -> Found:
        """Return what some replicates of a dose found, after `run`."""
        return self._found[dose, replicates]

    def setting(self, dose: Dose | None) -> Setting:
        """Return what verdicts need to know of a dose that was run: its scale and its policies."""
        return open_study(self.folder).setting(self._points[dose].number)

    def _take(self, carried: Carried) -> None:
        before = self.carried
        self.carried = replace(
            carried,
            found=carried.done - (before.done - before.found) - (carried.done - carried.found),
            seconds=before.seconds + carried.seconds,
            busy_seconds=before.busy_seconds + carried.busy_seconds,
            notes=added_notes(before, carried),
        )
        if carried.paused or carried.failed:
            raise Unfinished(self.carried)

    def _read(self, doses: Sequence[Dose | None], replicates: range) -> None:
        opened = open_study(self.folder)
        wanted = [self._points[dose].number for dose in doses]
        values = opened.target_values(self._series, points=wanted)
        spent = opened.spent(points=wanted)
        values = values[values["replicate"].isin(replicates)]
        spent = spent[spent["replicate"].isin(replicates)]
        for dose in doses:
            number = self._points[dose].number
            here = values[values["point"] == number]
            series = {(one.id, one.year): _in_order(here, one, replicates) for one in self._series}
            money = {
                str(policy): np.nan_to_num(_numbers(part, "spent", replicates))
                for policy, part in spent[spent["point"] == number].groupby("policy")
            }
            total: Doubles = sum(money.values(), np.zeros(len(replicates), dtype=np.float64))
            self._found[dose, replicates] = Found(series, money, total)


def _in_order(values: pd.DataFrame, target: Target, replicates: range) -> Doubles:
    """Return what a target came to in each replicate. Raises RunError if runs do not record it."""
    mine = values[(values["id"] == target.id) & (values["year"] == target.year)]
    found = _numbers(mine, "value", replicates)
    if not np.isfinite(found).all():
        message = _("{target}: these runs do not record {indicator}")
        label = target.label.vi if current_language() == "vi" else target.label.en
        raise RunError(message.format(target=label, indicator=target.indicator))
    return found


def _numbers(frame: pd.DataFrame, column: str, replicates: range) -> Doubles:
    """Return a column in the order of replicates, not a number where one is missing."""
    ordered = frame.set_index("replicate")[column].reindex(list(replicates))
    return np.asarray(ordered, dtype=np.float64)
