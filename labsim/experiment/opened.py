"""Open the folder of a study: its points, its runs, and everything they found, by SQL or as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from labsim.config_files import find_configs
from labsim.errors import ResultsError
from labsim.experiment.about import config_data, notes_on_point, read_about
from labsim.experiment.run import indicators_known
from labsim.experiment.run_notes import lost_in, notes_of_run, without_estimates
from labsim.experiment.shards import TABLES, schema
from labsim.experiment.store import Failure, Holding, Store, runs_of
from labsim.notes import noted
from labsim.results import GROUPS, Results, canonical
from labsim.target_file import load_targets
from labsim.targets import Target, base_of, judged, missing_persons, scorecard, target_values, wilson
from labsim.text import _, did_you_mean
from labsim.text_files import is_yaml_file
from labsim.verdicts import Setting, setting_of, verdict

if TYPE_CHECKING:
    import duckdb

__all__ = ["OpenedStudy", "open_study", "targets_of"]

_ATTEMPTS = 20
_SCORED = (
    "point", "name", "id", "year", "direction", "target", "unit", "value", "low", "high", "chance", "chance_low",
    "chance_high", "shortfall_persons", "n", "shortfall_where_missed", "verdict", "telling_scale",
)  # fmt: skip


def open_study(folder: str | Path) -> OpenedStudy:
    """Open a study's folder, also while it runs. Raises ResultsError if it is none, or damaged."""
    return OpenedStudy(Path(folder))


class OpenedStudy:
    """Read what a study found; runs that are still missing are simply not there.

    `.points` and `.runs` list what was planned, `.targets()` scores every point, `.sql(...)` asks anything, and
    `.results(point)` returns one point as the `Results` of a run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.about = read_about(folder)
        self._settings: dict[int, Setting] = {}

    def __repr__(self) -> str:
        done, total = len(self.runs[self.runs["status"] == "ok"]), len(self.runs)
        return f"<Study {self.about['study']['name']} {len(self.points)} points, {done} of {total} runs>"

    @cached_property
    def points(self) -> pd.DataFrame:
        """Return one row a point: point, name, province, scenario, config_hash, and a column for all that varies."""
        rows = []
        for point in self.about["points"]:
            row = {"point": point["number"], **{key: point[key] for key in ("name", "province", "scenario")}}
            varied = {path: _cell(value) for path, value in point["values"].items()}
            rows.append(row | {"config_hash": point["config_hash"]} | varied)
        return pd.DataFrame(rows)

    @property
    def runs(self) -> pd.DataFrame:
        """Return one row a run: run, point, replicate, seed, status, where and message.

        The status is ok, failed, damaged (where says which file) or missing.
        """
        frame = pd.DataFrame(self.about["runs"], columns=["run", "point", "replicate", "seed"])
        held = self.store.holding()
        failed: dict[str, Failure] = {failure.run: failure for failure in self.store.failures()}
        told = {run: ("failed", one.where, one.message) for run, one in failed.items()}
        told |= {run: ("damaged", str(path), held.damaged[path][0]) for run, path in held.lost.items()}
        told |= dict.fromkeys(held.runs, ("ok", "", ""))
        for place, name in enumerate(("status", "where", "message")):
            frame[name] = [told.get(run, ("missing", "", ""))[place] for run in frame["run"]]
        return frame

    def notes(self) -> list[str]:
        """Return what should be known of the study's files, a line for each thing: damaged ones, and strange ones."""
        return self.store.holding().notes()

    def sql(self, query: str) -> pd.DataFrame:
        """Ask in SQL (DuckDB): tables points, runs, monthly, ledger, policies, population and targets.

        Only the study's own files can be read and none written. Raises ResultsError with what DuckDB says.
        """
        import duckdb

        for _attempt in range(_ATTEMPTS):
            held = self.store.holding()
            try:
                with self._connection(held, with_targets="targets" in query.lower()) as connection:
                    _require_question(connection, query)
                    found: pd.DataFrame = connection.execute(query).df()
                    return found
            except (duckdb.IOException, FileNotFoundError) as error:
                if held == self.store.holding():
                    raise ResultsError(_("the question cannot be answered: {error}").format(error=error)) from error
                # another process has put the runs into one file meanwhile: ask again
            except duckdb.Error as error:
                raise ResultsError(_("the question cannot be answered: {error}").format(error=error)) from error
        raise ResultsError(_("{folder}: other processes keep changing it").format(folder=self.folder))

    def monthly(
        self, indicators: Sequence[str] = (), points: Sequence[int] = (), grouped: bool = False
    ) -> pd.DataFrame:
        """Return the tidy series of some indicators and points (all by default), with a column `point`.

        Without `grouped` only those of all people together. Raises ResultsError for an indicator that does not exist.
        """
        known = indicators_known()
        for name in indicators:
            if name not in known:
                hint = did_you_mean(name, tuple(known))
                raise ResultsError(_("no indicator {name!r}; {hint}").format(name=name, hint=hint))
        where = ["true"]
        if indicators:
            where.append(f"indicator in ({_listed(indicators)})")
        if points:
            where.append(f"point in ({', '.join(str(int(one)) for one in points)})")
        if not grouped:
            where += [f"{_quoted(name)} = 'all'" for name in GROUPS]
        order = "point, replicate, indicator, month"
        return self.sql(f"select * from monthly where {' and '.join(where)} order by {order}")

    def target_values(self, asked: Sequence[Target] | None = None, points: Sequence[int] = ()) -> pd.DataFrame:
        """Return what each target came to in each run: point, replicate, id, year, value, met, shortfall_persons and
        persons (those in the base of a share or a mean).

        Those of the provinces, unless others are asked for; at some points only, if any are named.
        """
        parts = []
        runs = self.runs.reset_index(names="number")
        if points:
            runs = runs[runs["point"].isin(points)]
        province_of = dict(zip(self.points["point"], self.points["province"], strict=True))
        for province in dict.fromkeys(province_of.values()):
            targets = targets_of(province) if asked is None else asked
            here = runs[runs["point"].map(province_of) == province]
            monthly = self._for_targets(targets, here) if targets and len(here) else pd.DataFrame()
            if not len(monthly):
                continue
            values = target_values(monthly, targets, indicators_known())
            parts.append(values.rename(columns={"replicate": "number"}).merge(here, on="number"))
        columns = ["point", "replicate", "id", "year", "value", "met", "shortfall_persons", "persons"]
        found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
        return found[columns].sort_values(["point", "id", "year", "replicate"], ignore_index=True)

    def targets(self) -> pd.DataFrame:
        """Score every target at every point: value (mean), low and high (5 and 95 %), chance with its interval.

        Columns: point, name, id, year, direction, target, unit, value, low, high, chance, chance_low, chance_high,
        shortfall_persons, n, shortfall_where_missed, verdict, telling_scale: as in a scorecard.
        """
        values = self.target_values()
        names = dict(zip(self.points["point"], self.points["name"], strict=True))
        provinces = dict(zip(self.points["point"], self.points["province"], strict=True))
        stated = {
            province: {(one.id, one.year): one for one in targets_of(province)} for province in set(provinces.values())
        }
        rows = []
        for key, part in values.groupby(["point", "id", "year"], sort=False):
            point, name, year = cast("tuple[int, str, int]", key)
            target = stated[provinces[point]][name, year]
            found, n_met = part["value"].to_numpy(float), int(part["met"].sum())
            low, high = np.quantile(found, [0.05, 0.95])
            interval = wilson(n_met, found.size)
            nothing, telling = judged(target, found, part["persons"].to_numpy(float), self.setting(point))
            chances = (n_met / found.size, *interval) if not nothing else (np.nan,) * 3
            persons = part["shortfall_persons"].to_numpy(float)
            rows.append({
                "point": point, "name": names[point], "id": name, "year": year, "direction": target.direction,
                "target": target.value, "unit": target.unit, "value": found.mean(), "low": low, "high": high,
                "chance": chances[0], "chance_low": chances[1], "chance_high": chances[2],
                "shortfall_persons": np.nan if nothing else persons.mean(), "n": found.size,
                "shortfall_where_missed": np.nan if nothing else missing_persons(persons, part["met"].to_numpy(bool)),
                "verdict": nothing or verdict(*chances), "telling_scale": telling,
            })  # fmt: skip
        return pd.DataFrame(rows, columns=list(_SCORED))

    def setting(self, point: int) -> Setting:
        """Return what verdicts need to know of a point: its scale and its policies."""
        if point not in self._settings:
            self._settings[point] = setting_of(config_data(self.about, point))
        return self._settings[point]

    def spent(self, points: Sequence[int] = ()) -> pd.DataFrame:
        """Return the public money of all years of each run, VND: point, replicate, policy, spent."""
        where = f"where point in ({', '.join(str(int(one)) for one in points)})" if points else ""
        return self.sql(
            f"""select point, replicate, policy, sum(spent) as spent from (
                select distinct point, replicate, policy, year, spent from policies {where}
            ) group by all order by point, replicate, policy"""
        )

    def costs(self) -> pd.DataFrame:
        """Return what each point spent of public money in all, VND: point, name, policy, spent (mean), low, high."""
        query = """
            with spent as (
                select point, replicate, policy, sum(spent) as spent from (
                    select distinct point, replicate, policy, year, spent from policies
                ) group by all
            )
            select point, points.name, policy, avg(spent) as spent, quantile_cont(spent, 0.05) as low,
                quantile_cont(spent, 0.95) as high
            from spent join points using (point) group by all order by point, policy
        """
        return self.sql(query)

    def results(self, point: int) -> Results:
        """Return one point as the `Results` of a run, with its scorecard; raises ResultsError if it has no runs."""
        about = next((one for one in self.about["points"] if one["number"] == point), None)
        if about is None:
            last = len(self.about["points"]) - 1
            raise ResultsError(_("no point {point}; allowed 0 to {last}").format(point=point, last=last))
        tables = {name: self._of_point(name, point) for name in TABLES}
        if not len(tables["monthly"]):
            raise ResultsError(_("point {point} has no runs yet").format(point=point))
        monthly = tables["monthly"].assign(scenario=about["name"])
        known = indicators_known()
        monthly = canonical(monthly)
        recorded = set(monthly["indicator"].cat.categories)
        n = int(monthly["replicate"].nunique())
        config = config_data(self.about, point)
        told = notes_of_run(config, lost_in(monthly), tables["policies"])
        return Results(
            monthly=monthly,
            scorecard=scorecard(monthly, targets_of(about["province"]), known, setting_of(config)),
            manifest={
                "province": about["province"], "scenario": about["name"], "replicates": n, "scale": config["scale"],
                "start": config["period"]["start"], "until": config["period"]["until"], "config": config,
                "config_hash": about["config_hash"], "changes": about["changes"], "values": about["values"],
                "code_hash": self.about["code_hash"], "versions": self.about["versions"],
                "posterior": about.get("posterior"),
                "study": self.about["study"]["name"],
                "notes": noted(without_estimates([*notes_on_point(self.about, point), *told])),
            },
            indicators={name: info for name, info in known.items() if name in recorded},
            observed=pd.DataFrame(),
            ledger=tables["ledger"],
            population=tables["population"],
            policies=tables["policies"],
        )  # fmt: skip

    def export(self, path: str | Path) -> Path:
        """Write everything found into one file: .csv or .parquet (the monthly table), or .nc (netCDF, a cube).

        Raises ResultsError for another ending, a missing library, or a place that cannot be written.
        """
        from labsim.experiment.export import write

        return write(self, Path(path))

    def _of_point(self, table: str, point: int) -> pd.DataFrame:
        columns = ", ".join(["replicate", *map(_quoted, TABLES[table])])
        return self.sql(f"select {columns} from {table} where point = {int(point)} order by replicate")

    def _for_targets(self, targets: Sequence[Target], here: pd.DataFrame) -> pd.DataFrame:
        """Return the series that targets need, with the row of the run in the place of the replicate."""
        known = indicators_known()
        scored = [one for one in targets if one.indicator in known]
        names = {one.indicator for one in scored} | {base_of(one, known[one.indicator or ""]) for one in scored}
        wanted = sorted(name for name in names if name)
        columns = ", ".join(["point", "replicate", "month", "indicator", *map(_quoted, GROUPS), "value"])
        frame = self.sql(f"select {columns} from monthly where indicator in ({_listed(wanted)})")
        numbered = frame.merge(here[["point", "replicate", "number"]], on=["point", "replicate"])
        numbered = numbered.drop(columns=["point", "replicate"]).rename(columns={"number": "replicate"})
        return canonical(numbered.assign(scenario="")) if len(numbered) else numbered

    def _connection(self, held: Holding, with_targets: bool) -> duckdb.DuckDBPyConnection:
        import duckdb
        import pyarrow as pa

        connection = duckdb.connect()
        connection.register("points", self.points)
        connection.register("runs", self.runs)
        if with_targets:
            connection.register("targets", self.targets())
        # of a file that is read in part, a damaged one for the most part, DuckDB sees only what is sound
        parts = [table for path, runs in held.parts.items() for _run, table in runs_of(path, runs)]
        read = []
        if held.whole:
            read.append(f"select * from read_parquet([{_listed([str(path) for path in held.whole])}])")
        if parts or not read:
            connection.register("in_part", pa.concat_tables([schema().empty_table(), *parts]).unify_dictionaries())
            read.append("select * from in_part")
        connection.execute(f"create view stored as {' union all by name '.join(read)}")
        for name, columns in TABLES.items():
            chosen = ", ".join(f"stored.{_quoted(column)}" for column in columns)
            connection.execute(
                f"""create view {name} as select runs.point, runs.replicate, {chosen}
                from stored join runs using (run) where stored."table" = '{name}'"""
            )
        folder = str(self.store.runs.absolute())
        connection.execute(f"set allowed_directories = [{_listed([folder])}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        return connection


def targets_of(province: str) -> list[Target]:
    """Return the targets of a province by its name or the file of its profile; none for a reference world."""
    places = [Path(province).parent] if is_yaml_file(province) else []
    for folder in [*places, *(root / province for root in find_configs())]:
        file = folder / "targets.yaml"
        if file.is_file():
            return load_targets(file)
    return []


def _require_question(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse what is no single question: `copy ... to` could overwrite a shard."""
    import duckdb

    asking = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type not in asking:
        raise ResultsError(_("given {query!r}; allowed one question: select ...").format(query=query))


def _cell(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping | list) else value


def _listed(words: Sequence[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
