"""Draws of parameters that the observations do not rule out, and which of them each replicate of a run takes.

A posterior is a table, one row a draw and a column for each parameter (beside `weight`), with a JSON file of the same
name that says how it was made; `labsim calibrate` writes both. Replicate r of a run takes the draw that (seed, r)
picks, the same in every scenario. What a scenario or a setting gives itself is not drawn.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic

from labsim.config import known_names, load
from labsim.draws import key_of, uniforms
from labsim.errors import ConfigError, Problem
from labsim.experiment.code import configuration_of_numbers, model_hash
from labsim.experiment.uncertain import Uncertain, kind_of
from labsim.experiment.variation import Factor, can_be_varied, full_path, put, unknown_parameter
from labsim.file_shapes import POSTERIOR
from labsim.json_shape import require_shape
from labsim.number_text import read_number
from labsim.text import _
from labsim.text_files import Table, json_object, read_text, table_of
from labsim.validation import problems_of

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = [
    "FORMAT", "NONE", "SHIPPED", "DrawnFrom", "Posterior", "beside_margins", "data_hash", "drawn_from",
    "hash_of_draws", "observed_hash", "posterior_for", "read_posterior", "stale",
]  # fmt: skip

FORMAT = "labsim-posterior-1"
NONE, SHIPPED = "none", "shipped"
_CSV, _JSON = ".csv", ".json"
_DRAW, _WEIGHT = "draw", "weight"
_DECISION = "posterior"


@dataclass(frozen=True)
class Posterior:
    """Hold draws of parameters: `draws` has shape `(n_draws, n_names)`, `weights` sum to one; `about` may be empty."""

    file: Path
    names: tuple[str, ...]
    draws: np.ndarray
    weights: np.ndarray
    about: Mapping[str, Any]
    hash: str

    def place(self, seed: int, replicate: int) -> int:
        """Return the row that a replicate takes: by its weight, keyed by seed and number."""
        share = uniforms(key_of(seed, _DECISION, 0), np.array([replicate]))[0]
        return min(int(np.searchsorted(self._reached, share, side="right")), len(self.draws) - 1)

    def values(self, place: int) -> dict[str, float]:
        """Return a draw by the names of its parameters."""
        return {name: float(value) for name, value in zip(self.names, self.draws[place], strict=True)}

    def bounds(self, name: str) -> tuple[float, float]:
        """Return the least and the largest draw of a parameter: the region that the observations leave."""
        column = self.draws[:, self.names.index(name)]
        return float(column.min()), float(column.max())

    @cached_property
    def present(self) -> Mapping[str, Any]:
        """Return what each parameter was in the configuration that was calibrated, as far as it is known."""
        return {one["name"]: one["present"] for one in self.about.get("parameters", ())}

    @cached_property
    def _reached(self) -> np.ndarray:
        return np.cumsum(self.weights)


@dataclass(frozen=True)
class DrawnFrom:
    """A configuration of which some parameters are drawn, replicate by replicate.

    `own` are parameters that the configuration itself gives and that are not drawn; `outside` those of them that lie
    outside the region calibrated, each with its value and that region. Draws of other code are kept within the ranges
    that are declared now.
    """

    config: Config
    posterior: Posterior
    names: tuple[str, ...]
    own: tuple[str, ...]
    outside: tuple[tuple[str, float, float, float], ...]
    parameters: Mapping[str, Uncertain]
    old: bool = False

    def config_of(self, replicate: int) -> Config:
        """Return the configuration of a replicate. Raises ConfigError where a draw lies out of range."""
        drawn = self.posterior.values(self.posterior.place(self.config.seed, replicate))
        data = self.config.to_dict()
        for name in self.names:
            one = self.parameters[name]
            value = _within(drawn[name], one.factor) if self.old and one.kind == "value" else drawn[name]
            put(data, one.factor.path.split("."), one.given(value))
        try:
            return type(self.config).from_dict(data)
        except pydantic.ValidationError as error:
            found = problems_of(error, type(self.config), data, {})
            file = str(self.posterior.file)
            raise ConfigError([Problem(file, None, None, one.path, one.message) for one in found]) from error

    def told(self, replicates: Iterable[int]) -> dict[str, Any]:
        """Return what a manifest says of the draws of some replicates."""
        about = self.posterior.about
        return {
            "file": self.posterior.file.name, "hash": self.posterior.hash, "drawn": list(self.names),
            "own": list(self.own),
            "outside": [dict(zip(("name", "value", "low", "high"), one, strict=True)) for one in self.outside],
            "draws": {str(one): self.posterior.place(self.config.seed, one) for one in replicates},
            "stale": stale(self.posterior, self.config),
            "worth": about.get("effective_sample_size"),
            "calibrated": {key: about[key] for key in ("start", "until", "scale") if key in about},
        }  # fmt: skip


def read_posterior(file: str | Path) -> Posterior:
    """Read a posterior and what lies beside it. Raises ConfigError for a file that is missing or damaged."""
    path = Path(file)
    try:
        text = read_text(path)
        beside = path.with_suffix(_JSON)
        words = read_text(beside) if beside.is_file() else "{}"
        about = json_object(beside) if beside.is_file() else {}
        if about and about.get("format") != FORMAT:
            raise ValueError(_("{file} is no description of a posterior").format(file=beside.name))
        if about:
            _require_about(about, beside.name)
        names, draws, weights = _table(table_of(text, str(path)))
        if about.get("draws_hash", drawn := hash_of_draws(text)) != drawn:
            raise ValueError(_("{file} describes other draws").format(file=beside.name))
    except FileNotFoundError:
        raise _refused(str(path), _("there is no such file or folder")) from None
    except (OSError, ValueError) as error:
        raise _refused(str(path), _("cannot be read as a posterior ({why})").format(why=error)) from error
    lines = "\n".join(text.splitlines()) + "\0" + "\n".join(words.splitlines())
    return Posterior(path, names, draws, weights, about, hashlib.sha256(lines.encode("utf-8")).hexdigest())


def hash_of_draws(text: str) -> str:
    """Return a hash of a table of draws, whatever its line ends."""
    return hashlib.sha256("\n".join(text.splitlines()).encode("utf-8")).hexdigest()


def posterior_for(config: Config, choice: str | Path) -> Posterior | None:
    """Return the posterior that is asked for: "none", "shipped" (that of the province, if it has one), or a file."""
    if choice == NONE:
        return None
    if choice == SHIPPED:
        file = beside_margins(config, f"posterior{_CSV}")
        found = read_posterior(file) if file is not None else None
        # draws made for a start in 2020 say nothing of a run from 2010 on
        begins = found.about.get("start", config.period.start) if found is not None else None
        return found if begins == config.period.start else None
    path = Path(choice)
    if not path.is_file():
        message = _("no such posterior; allowed none, shipped, or the file of one")
        raise _refused(str(choice), message)
    return read_posterior(path)


def drawn_from(config: Config, posterior: Posterior | None, fixed: Iterable[str] = ()) -> DrawnFrom | None:
    """Return a configuration whose parameters are drawn, or None where nothing is.

    Not drawn are the parameters `fixed`, those that the configuration has otherwise than the one that was calibrated,
    and those that decide nothing in it. Raises ConfigError for names that do not exist, unless the posterior belongs to
    other code, which may have had them.
    """
    if posterior is None:
        return None
    known = can_be_varied(config)
    old = "code" in stale(posterior, config)
    there = {one.path for one in config.evidence()}
    given = {full_path(config, path) for path in fixed}
    usual = _usual(posterior, config)
    names: list[str] = []
    own: list[str] = []
    outside: list[tuple[str, float, float, float]] = []
    parameters: dict[str, Uncertain] = {}
    for name in posterior.names:
        path = full_path(config, name)
        if path not in known:
            if old or path in there or path.rpartition(".")[0] in there:
                continue  # of a process that is switched off, or of another time
            raise _refused(f"{posterior.file}: {name}", unknown_parameter(config, path, known))
        factor = known[path]
        low, high = posterior.bounds(name)
        kind = kind_of(factor)
        if path in given or _differs(factor, usual.get(name)):
            own.append(name)
            if kind == "value" and not low <= factor.number <= high:
                outside.append((name, factor.number, low, high))
            continue
        names.append(name)
        parameters[name] = Uncertain(factor, kind, low, high, "")
    if not names and not own:
        return None
    return DrawnFrom(config, posterior, tuple(names), tuple(own), tuple(outside), parameters, old)


def _usual(posterior: Posterior, config: Config) -> Mapping[str, Any]:
    """Return what each parameter was when it was calibrated, or else in the baseline: what a scenario changes is not
    drawn.
    """
    if posterior.present or config.province.id not in known_names():
        return posterior.present
    base = load(config.province.id)
    known = can_be_varied(base)
    return {name: _plain(known[path]) for name in posterior.names if (path := full_path(base, name)) in known}


def stale(posterior: Posterior, config: Config) -> list[str]:
    """Return what changed since a posterior was made: "code", "data", "observations", "configuration" (of the scenario
    that was calibrated); empty where nothing did.

    A posterior that does not say how it was made is never stale: nobody knows.
    """
    about = posterior.about
    now = {"code": model_hash(), "data": data_hash(config), "observations": observed_hash(config)}
    if "configuration_hash" in about and config.province.id == about.get("province"):
        now["configuration"] = _configuration_hash(about["province"], *about["scenario"])
    return [name for name, value in now.items() if about.get(f"{name}_hash", value) != value]


@cache
def _configuration_hash(province: str, *scenario: str) -> str:
    return configuration_of_numbers(load(province, scenario=list(scenario)).to_dict())


def data_hash(config: Config) -> str:
    """Return a hash of a province's profile and margins, whatever the scenario and the names of things."""
    data = config.province.model_dump(mode="json", exclude={"folder", "name"})
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode("ascii")).hexdigest()


def observed_hash(config: Config) -> str:
    """Return a hash of a province's observed figures, empty where there are none."""
    path = beside_margins(config, "observed.csv")
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() if path is not None else ""


def beside_margins(config: Config, name: str) -> Path | None:
    """Return a file of the province, in the folder of its margins or the one around it, or None."""
    folder = config.province.folder
    places = (folder / name, folder.parent / name) if folder is not None else ()
    return next((path for path in places if path.is_file()), None)


def _table(table: Table) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Return names, draws and weights of a table. Raises ValueError where it holds none, ConfigError for its cells."""
    names = tuple(name for name in table.header if name not in (_DRAW, _WEIGHT))
    if not names or not table.rows:
        raise ValueError(_("it has no draws"))
    problems: list[Problem] = []
    draws = np.array([_numbers(table, name, problems) for name in names]).T
    weights = np.array(_numbers(table, _WEIGHT, problems) if _WEIGHT in table.places else [1.0] * len(table.rows))
    if problems:
        raise ConfigError(problems)
    if not ((weights >= 0).all() and math.isfinite(weights.sum()) and weights.sum() > 0):
        raise ValueError(_("its weights are no weights: none may be negative, and not all 0"))
    return names, draws, weights / weights.sum()


def _numbers(table: Table, column: str, problems: list[Problem]) -> list[float]:
    found = []
    for place, cell in enumerate(table.cells(column)):
        try:
            found.append(read_number(cell, decimal=table.decimal))
        except ValueError as error:
            found.append(0.0)
            problems.append(table.problem(place, column, str(error)))
    return found


def _require_about(about: Mapping[str, Any], name: str) -> None:
    """Raise ValueError naming the file beside the draws if it says what no calibration writes."""
    try:
        require_shape(about, POSTERIOR)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _within(value: float, factor: Factor) -> float:
    low = -math.inf if factor.low is None else factor.low
    high = math.inf if factor.high is None else factor.high
    return min(high, max(low, value))


def _differs(factor: Factor, present: Any) -> bool:
    """Say whether a parameter is not what it was when it was calibrated; unknown counts as the same."""
    if present is None:
        return False
    return bool(_plain(factor) != present)


def _plain(factor: Factor) -> Any:
    return {str(year): amount for year, amount in factor.value.items()} if factor.yearly else factor.value


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])
