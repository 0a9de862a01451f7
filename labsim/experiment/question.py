"""A question asked backwards, checked before anything is run: targets, what may be given, and the wanted chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labsim.config_notes import notes_of
from labsim.errors import ConfigError, Problem
from labsim.experiment.doses import Space, read_vary, space_of
from labsim.experiment.opened import targets_of
from labsim.experiment.run import indicators_known
from labsim.experiment.search import Search
from labsim.experiment.study import Study, Vary
from labsim.experiment.variation import Varied
from labsim.experiment.wanted import find_indicator, groupings_needed, read_targets
from labsim.notes import Note
from labsim.profile import Names
from labsim.targets import Label, Target
from labsim.text import _, nearest

if TYPE_CHECKING:
    from labsim.results import IndicatorInfo

__all__ = ["COST", "Question", "question_of"]

COST = "cost"


@dataclass(frozen=True)
class Question:
    """A question that makes sense: the targets, the doses that may be given, and how the answer is looked for.

    `objective` is a target that stands for an indicator to be minimised, None for cost or a dose; `minimise` names it.
    """

    study: Study
    varied: Varied
    space: Space
    targets: tuple[Target, ...]
    chance: float
    minimise: str
    objective: Target | None
    fresh: int
    most: int

    def notes(self) -> list[Note]:
        """Return what has no effect even at the largest doses asked about."""
        largest = tuple(axis.n_steps for axis in self.space.axes)
        return notes_of(self.varied.at(self.space.values(largest)))


def question_of(
    province: str,
    *,
    targets: Sequence[str],
    vary: Mapping[str, tuple[float, float] | None] | Sequence[str],
    chance: float = 0.8,
    minimise: str = COST,
    since: int | None = None,
    scenario: str | Sequence[str] = "baseline",
    settings: Sequence[str] = (),
    replicates: int = 20,
    fresh: int | None = None,
    most: int = 48,
    scale: float | None = None,
    until: str | int | None = None,
    seed: int | None = None,
) -> Question:
    """Return a question that makes sense. Raises ConfigError for one that does not; nothing is run or written."""
    asked = dict(vary) if isinstance(vary, Mapping) else read_vary(vary)
    _require(bool(asked), "--vary", _("nothing given; allowed PATH or PATH=LOW:HIGH"))
    _require(bool(targets), "--target", _('nothing given; allowed a target or "INDICATOR >= NUMBER in YEAR"'))
    message = _("given {given}; allowed a number between 0 and 1")
    _require(0.0 < chance < 1.0, "--chance", message.format(given=f"{chance:g}"))
    for name, number, least in (("--replicates", replicates, 4), ("--fresh", fresh, 4), ("--points", most, 1)):
        message = _("given {given}; allowed {least} or more")
        _require(number is None or number >= least, name, message.format(given=number, least=least))
    given = {"seed": seed, "scale": scale, "period.until": until}
    texts = [*settings, *(f"{path}={value}" for path, value in given.items() if value is not None)]
    names = [scenario] if isinstance(scenario, str) else list(scenario)
    varied = Varied(province, scenario=names, paths=list(asked), settings=texts, since=since)
    indicators = indicators_known()
    wanted = read_targets(targets, varied.base, targets_of(province), indicators)
    needed = groupings_needed(wanted)
    if needed:
        by = f"by=[{','.join(dict.fromkeys((*varied.base.by, *needed)))}]"
        texts = [*(text for text in texts if not text.startswith("by=")), by]
        varied = Varied(province, scenario=names, paths=list(asked), settings=texts, since=since)
    space = space_of(varied.factors, asked)
    _require_since(since, varied)
    kind, objective = _minimised(minimise, space, wanted, indicators)
    study = Study(
        name=f"ask-{Path(province).name}-{'-'.join(one.id for one in wanted)}".replace("#", "-"),
        title=Names(en=f"ask: {'; '.join(one.label.en for one in wanted)}", vi=""),
        province=province, scenarios=("+".join(names),), settings=dict(text.split("=", 1) for text in texts),
        vary={path: Vary(range=bounds, since=since) for path, bounds in asked.items()},
        design="sobol", replicates=replicates,
    )  # fmt: skip
    question = Question(
        study, varied, space, wanted, chance, kind, objective, 2 * replicates if fresh is None else fresh, most
    )
    first = Search(space, chance, most, varied.base.seed, lambda _doses: []).first_wave()
    message = _("given {given}; allowed {least} or more").format(given=most, least=len(first))
    _require(most >= len(first), "--points", message)
    for dose in first:
        varied.at(space.values(dose))  # doses that no configuration can have are refused before the first run
    return question


def _minimised(
    word: str, space: Space, targets: Sequence[Target], indicators: Mapping[str, IndicatorInfo]
) -> tuple[str, Target | None]:
    """Return what is minimised under its full name, and for an indicator a target that reads it."""
    paths = {name: axis.factor.name for axis in space.axes for name in (axis.factor.path, axis.factor.name)}
    if word == COST or word in paths:
        return paths.get(word, COST), None
    try:
        name = find_indicator(word, indicators)
    except ConfigError as error:
        options = [COST, *paths, *indicators]
        close = nearest(word, options)
        hint = _('did you mean "{nearest}"?').format(nearest=close) if close else ""
        message = _("given {given!r}; allowed cost, a path that is varied, or an indicator").format(given=word)
        raise ConfigError([Problem(
            "--minimise", None, None, "", "; ".join(part for part in (message, hint) if part))]) from error  # fmt: skip
    year = max(one.year for one in targets)
    info = indicators[name]
    return name, Target(
        id=f"minimised {name}", label=Label(en=info.label, vi=info.label), indicator=name, direction="at_most",
        value=0.0, year=year, unit=info.unit, source="",
    )  # fmt: skip


def _require_since(since: int | None, varied: Varied) -> None:
    if since is None:
        return
    _require(any(factor.yearly for factor in varied.factors), "--since", _("nothing that is varied goes by the year"))
    period = varied.base.period
    first, last = period.year_and_month(0)[0], period.year_and_month(period.n_months)[0]
    message = _("given {given}; allowed {first} to {last}, the years of the run")
    _require(first <= since <= last, "--since", message.format(given=since, first=first, last=last))


def _require(is_so: bool, option: str, message: str) -> None:
    if not is_so:
        raise ConfigError([Problem(option, None, None, "", message)])
