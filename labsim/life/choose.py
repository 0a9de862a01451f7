"""Find somebody to follow: by what they are in a month, or by what happens to them in the run."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labsim.config import Config
from labsim.draws import DrawsOfMonth, key_of, uniforms
from labsim.errors import RunError
from labsim.life.terms import term
from labsim.processes.base import Process
from labsim.simulation import Simulation
from labsim.text import _, did_you_mean, mark, nearest
from labsim.world import Activity, Sex, World

__all__ = ["HAPPENED", "WORDS", "find"]

Rows = np.ndarray
DIFFERS = "differs"
AGES = {"young": (15, 24), "adult": (25, 54), "older": (55, 120)}
# What may happen to somebody: the processes that do it, and the activity that they then have (None: any).
HAPPENED: dict[str, tuple[tuple[str, ...], Activity | None]] = {
    "enrolled": (("training.enrol",), None),
    "trained": (("training.progress",), None),
    "hired": (("matching.hire",), None),
    "lost_job": (("firms.separate",), None),
    "went_abroad": (("abroad.go",), Activity.ABROAD),
    "returned": (("abroad.come_back",), None),
    "left_province": (("migration.leave_province",), Activity.AWAY_IN_VIET_NAM),
    "came_home": (("migration.return_home",), None),
    "opened_business": (("own_account.run_businesses", "own_account.lend"), Activity.HOUSEHOLD_BUSINESS),
    "retired": (("demography.retire",), None),
}
WORDS = (
    "man", "woman", *AGES, "rural", "urban", "poor", *(one.name.lower() for one in Activity if one < Activity.LEFT),
    *HAPPENED,
)  # fmt: skip
_SPOKEN = {
    "young": mark("young"), "adult": mark("adult"), "older": mark("older"), "rural": mark("rural"),
    "urban": mark("urban"), "poor": mark("poor"), "enrolled": mark("enrolled"), "trained": mark("trained"),
    "hired": mark("hired"), "lost_job": mark("lost a job"), "went_abroad": mark("went abroad"),
    "returned": mark("returned from abroad"), "left_province": mark("left the province"),
    "came_home": mark("came home"), "opened_business": mark("opened a business"), "retired": mark("retired"),
}  # fmt: skip


@dataclass(frozen=True)
class _Scanned(Process):
    """A process that notes in whose row it changed activity, course, employer or level."""

    met: dict[str, np.ndarray] | None = None
    name_of: str = ""
    end: int = -1

    def __call__(self, world: World, parameters: Any, draws: DrawsOfMonth) -> None:
        """Run the process on the world."""
        assert self.met is not None
        w = world.workers
        columns = (w.activity, w.level) if self.name_of == "trained" else (w.activity, w.programme, w.employer)
        before = [column.copy() for column in columns]
        self.body(world, parameters, draws)
        changed = np.logical_or.reduce([a != b for a, b in zip(before, columns, strict=True)])
        if self.name_of == "trained":
            changed = np.isin(np.arange(len(w)), world.events["graduates"])
        if self.end >= 0:
            changed &= w.activity == self.end
        self.met[self.name_of] |= changed


def find(
    config: Config, words: Sequence[str], seed: int | None = None, month: int = 0, other: Config | None = None
) -> int:
    """Return somebody whom all the words fit, as a row; of many the one whose lot is least, the same every time.

    Words are those of `WORDS`, an age ("age=18-24"), or a district, field of skill or ethnic group by id or name; what
    people are is asked at the end of a month of the run, what happens to them of the whole run. "differs" asks for
    somebody who does or learns something else at some time in an `other` scenario. Raises RunError for a word that is
    not known and where nobody fits.
    """
    simulation = Simulation(config, seed)
    apart = Simulation(other, seed) if other is not None and DIFFERS in words else None
    if apart is None and DIFFERS in words:
        raise RunError(_("\"differs\" needs another scenario to differ from (--against)"))
    if apart is not None and len(apart.workers) != len(simulation.workers):
        message = _("the two scenarios do not start from the same people: province, scale and start must be the same")
        raise RunError(message)
    words = [one for one in words if one != DIFFERS]
    happened = [word for word in (_known(config, one) for one in words) if word in HAPPENED]
    states = [_state(config, simulation.world, one) for one in words if _known(config, one) not in HAPPENED]
    met = {name: np.zeros(len(simulation.workers), dtype=bool) for name in happened}
    simulation.processes = tuple(_scanned(one, met) for one in simulation.processes)
    last = config.period.n_months if happened or apart is not None else month
    fits = np.ones(len(simulation.workers), dtype=bool)
    differs = np.zeros_like(fits) if apart is not None else fits
    for now in range(last + 1):
        if now == month:
            for state in states:
                fits &= state(simulation.world)
        if now < last:
            simulation.step()
            if apart is not None:
                differs |= _apart(simulation, apart)
    for rows in (*met.values(), differs):
        fits &= rows
    found = np.flatnonzero(fits)
    if not found.size:
        asked = [*words, *([DIFFERS] if apart is not None else [])]
        raise RunError(_("nobody in this run is: {words}").format(words=", ".join(asked)))
    lots = uniforms(key_of(simulation.seed_of_run, "whom to follow", 0), found)
    return int(found[np.argmin(lots)])


def _apart(here: Simulation, there: Simulation) -> np.ndarray:
    """Let the other simulation catch up a month and mark who does or has learnt something else in it."""
    there.step()
    one, other = here.workers, there.workers
    return np.asarray((one.activity != other.activity) | (one.level != other.level) | (one.employer != other.employer))


def _scanned(process: Process, met: dict[str, np.ndarray]) -> Process:
    for name in met:
        processes, end = HAPPENED[name]
        if process.name in processes:
            return _Scanned(
                process.name, process.section, process.reads, process.writes, process.body, process.summary, met, name,
                -1 if end is None else int(end),
            )  # fmt: skip
    return process


def _options(config: Config) -> dict[str, str]:
    """Return every word that may be given, in English, Vietnamese or as an id, with what it stands for."""
    from labsim.life.follow import names_of

    options = {one: one for one in WORDS}
    options |= {term(one): one for one in WORDS} | {term("male"): "man", term("female"): "woman"}
    options |= {_(word): one for one, word in _SPOKEN.items()}
    for what in ("district", "field", "ethnicity"):
        for one, both in names_of(config)[what].items():
            options |= dict.fromkeys((one, *both.values(), f"{what}={one}"), f"{what}={one}")
    return options


def _known(config: Config, word: str) -> str:
    if word.startswith("age="):
        return word
    options = _options(config)
    found = nearest(word, options)
    if found is None or not _same(found, word):
        message = _("given {given!r}; {hint}; or age=18-24, a district, a field or an ethnic group")
        raise RunError(message.format(given=word, hint=did_you_mean(word, WORDS)))
    return options[found]


def _same(one: str, other: str) -> bool:
    """Say whether two words are one but for capitals, accents and blanks."""
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.lower().replace("đ", "d").replace("_", " "))
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


def _state(config: Config, world: World, given: str) -> Callable[[World], Rows]:
    """Return the question whether people are what a word says."""
    word = _known(config, given)
    if word.startswith("age="):
        word, _equals, span = word.partition("=")
        low, _dash, high = span.partition("-")
        if not (low.isdecimal() and (high or low).isdecimal()):
            raise RunError(_("given {given!r}; allowed an age such as age=18-24").format(given=given))
        return _of_age(int(low), int(high or low))
    if word in AGES:
        return _of_age(*AGES[word])
    what, equals, one = word.partition("=")
    if equals:
        ids = {"district": world.places.names, "field": world.fields, "ethnicity": world.ethnic_groups}[what]
        return lambda now: np.asarray(getattr(now.workers, what) == ids.index(one))
    if word in ("man", "woman"):
        return lambda now: np.asarray(now.workers.sex == (Sex.MALE if word == "man" else Sex.FEMALE))
    if word in ("rural", "urban"):
        return lambda now: np.asarray(now.workers.urban == (word == "urban"))
    if word == "poor":
        return lambda now: np.asarray(now.workers.poor == 1)
    activity = Activity[word.upper()]
    return lambda now: np.asarray(now.workers.activity == activity)


def _of_age(low: int, high: int) -> Callable[[World], Rows]:
    def answer(now: World) -> Rows:
        age = (now.month - now.workers.birth_month.astype(np.int64)) // 12
        return np.asarray((age >= low) & (age <= high))

    return answer
