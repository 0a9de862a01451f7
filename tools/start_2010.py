"""Make the margins of a province at the end of 2010 from those of 2020 and from what is known of 2010.

python tools/start_2010.py update     after changing margins or start_2010/totals.csv: write the files anew
python tools/start_2010.py check      say which files are out of step; exit code 1 if any is

`configs/<province>/start_2010/totals.csv` is written by hand: figures of the statistics office and, where there are
none, assumptions. Everything else in that folder is made here. Age and schooling are those of the same cohorts ten
years earlier; levels that a total is known for meet it; the rest is carried back as it stands, one grade lower.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from labsim.config import load
from labsim.population.margins import ADULT_AGES, AGES, FIRST_ADULT, SCHOOLINGS, SEXES, Margins
from labsim.population.reading import read_margins

ROOT = Path(__file__).resolve().parents[1]
PROVINCES = ("son_la", "lao_cai", "bac_kan")
FOLDER, TOTALS = "start_2010", "totals.csv"
GROUPS_BETWEEN = 2  # age groups of five years between 2010 and 2020
OLD = AGES.index("70-74")  # from here on 2020 knows these cohorts only as one group of 80 and older
PAPER_LEVELS = ("elementary", "intermediate", "college", "university", "postgraduate")
LOWER = {"A": "C", "B": "C", "C": "D", "D": "D"}

Row = dict[str, str]
Doubles = np.ndarray[Any, np.dtype[np.float64]]


class Margin:
    """The rows of one margin file of 2020, to be turned into those of 2010."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            self.columns = list(reader.fieldnames or ())
            self.rows: list[Row] = list(reader)

    def carry(self, row: Row) -> None:
        """Mark a row as carried back: one grade lower, with a note."""
        self._mark(row, LOWER[row["grade"]], f"carried back from {row['year']}")

    def put(self, row: Row, value: float, total: Row | None, how: str, column: str = "value") -> None:
        """Give a row a value of 2010; its range keeps its proportions. `total` is the figure it comes from."""
        old = float(row[column])
        for end in ("low", "high"):
            if row.get(end):
                row[end] = _text(float(row[end]) * value / old if old else value)
        row[column] = _text(value)
        if total is not None:
            row["source"], row["url"] = total["source"], total["url"]
        self._mark(row, LOWER[total["grade"]] if total is not None else "D", how)
        row["year"] = "2010"

    @staticmethod
    def _mark(row: Row, grade: str, note: str) -> None:
        row["grade"], row["note"] = grade, "; ".join(part for part in (note, row["note"]) if part)

    def text(self) -> str:
        """Return the file's content."""
        out = io.StringIO()
        writer = csv.DictWriter(out, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()


class Start:
    """The margins of one province at the end of 2010."""

    def __init__(self, province: str) -> None:
        self.home = ROOT / "configs" / province
        self.margins: Margins = read_margins(load(province).province)
        with (self.home / FOLDER / TOTALS).open(encoding="utf-8", newline="") as file:
            self.totals: dict[str, Row] = {row["quantity"]: row for row in csv.DictReader(file)}
        self.age_sex = _earlier_ages(self.margins) * 1.0
        self.age_sex *= self.total("population") / self.age_sex.sum()
        self.growth = self.total("population") / self.margins.age_sex.sum()  # below one: 2010 over 2020

    def total(self, name: str) -> float:
        """Return a figure of 2010."""
        return float(self.totals[name]["value"])

    def files(self) -> dict[str, str]:
        """Return the content of every file of the folder but the totals, by its name."""
        made = {}
        for path in sorted((self.home / "margins").glob("*.csv")):
            margin = Margin(path)
            change = getattr(self, f"_{path.stem}", None)
            if change is None:
                for row in margin.rows:
                    margin.carry(row)
            else:
                change(margin)
            made[path.name] = margin.text()
        return made

    def _population_age_sex(self, margin: Margin) -> None:
        how = "the cohorts of 2020 ten years earlier, deaths added back and all scaled to the total of 2010"
        for row in margin.rows:
            value = self.age_sex[AGES.index(row["age"]), SEXES.index(row["sex"])]
            margin.put(row, round(float(value)), self.totals["population"], how)

    def _districts(self, margin: Margin) -> None:
        share = sum(float(row["urban_population"]) for row in margin.rows)
        share /= sum(float(row["population"]) for row in margin.rows)
        for row in margin.rows:
            margin.carry(row)
            row["urban_population"] = str(round(float(row["urban_population"]) * self.total("urban_share") / share))

    def _participation_age_sex(self, margin: Margin) -> None:
        share = np.array([[0.0, 0.0]] * len(ADULT_AGES))
        for row in margin.rows:
            share[ADULT_AGES.index(row["age"]), SEXES.index(row["sex"])] = float(row["value"])
        shifted = _shifted(share, self.age_sex[FIRST_ADULT:], self.total("labour_force"))
        how = "shape by age and sex of 2020, its log-odds shifted to the labour force of 2010"
        for row in margin.rows:
            value = float(shifted[ADULT_AGES.index(row["age"]), SEXES.index(row["sex"])])
            margin.put(row, round(value, 5), self.totals["labour_force"], how)
            row["high"] = _text(min(1.0, float(row["high"])))

    def _schooling_age_sex(self, margin: Margin) -> None:
        ages = AGES[1:]
        value = {(row["age"], row["sex"], row["schooling"]): row["value"] for row in margin.rows}
        assert len(value) == len(ages) * len(SEXES) * len(SCHOOLINGS)
        for row in margin.rows:
            later = ages[min(ages.index(row["age"]) + GROUPS_BETWEEN, len(ages) - 1)]
            found = float(value[later, row["sex"], row["schooling"]])
            margin.put(row, found, None, "schooling of the same cohort in 2020")

    def _training(self, margin: Margin) -> None:
        now = {row["measure"]: float(row["value"]) for row in margin.rows if row["group"] == "all"}
        paper, certified, trained = (
            sum(now[level] for level in PAPER_LEVELS), self.total("certified_share"), self.total("trained_share")
        )  # fmt: skip
        share = {"none": 1.0 - trained, "short_course": trained - certified}
        share |= {level: now[level] * certified / paper for level in PAPER_LEVELS}
        ratio = {"trained": trained / (1.0 - now["none"]), "three_months_or_more": certified / paper}
        # who worked for the State ten years earlier is not known, so that nothing is asked of their training
        margin.rows = [row for row in margin.rows if row["group"] != "public_staff"]
        for row in margin.rows:
            if row["member"] == "all" and row["measure"] in share:
                basis = self.totals["certified_share" if row["measure"] in PAPER_LEVELS else "trained_share"]
                margin.put(row, round(share[row["measure"]], 5), basis, "levels in the proportions of 2020")
            elif row["measure"] in ratio:
                known = f"{row['measure']}_{row['member']}"
                told = self.totals.get(known)
                value = float(told["value"]) if told else float(row["value"]) * ratio[row["measure"]]
                margin.put(row, round(value, 5), told, "contrast of 2020, level of 2010")
            else:
                margin.carry(row)

    def _sector_residence(self, margin: Margin) -> None:
        for row in margin.rows:
            value = self.total("agricultural_share")
            if row["residence"] == "urban":
                value *= float(row["value"]) / self.margins.agriculture
            margin.put(row, round(value, 4), self.totals["agricultural_share"], "in towns in proportion")

    def _enterprises(self, margin: Margin) -> None:
        posts = {"public": 0.0, "private": 0.0}
        for row in margin.rows:
            posts["public" if row["kind"] == "public" else "private"] += float(row["number"]) * float(
                row["mean_headcount"]
            )
        force = self.margins.age_sex[FIRST_ADULT:] * self.margins.participation
        then = self.total("labour_force") * (1.0 - self.total("agricultural_share")) - posts["public"] * self.growth
        now = float(force.sum()) * (1.0 - self.margins.agriculture) - posts["public"]
        how = "number in proportion to work outside agriculture and outside public bodies, less in 2010"
        for row in margin.rows:
            public = row["kind"] == "public"
            factor = self.growth if public else then / now
            number = max(1, round(float(row["number"]) * factor))
            margin.put(row, number, None, "number in proportion to people" if public else how, column="number")

    def _unemployment(self, margin: Margin) -> None:
        for row in margin.rows:
            if row["age"] == "all":
                total = self.totals[f"unemployment_{row['residence']}"]
                margin.put(row, float(total["value"]), total, "survey of the region")
            else:
                margin.carry(row)

    def _poverty(self, margin: Margin) -> None:
        for row in margin.rows:
            if row["group"] == "all":
                margin.put(row, self.total("poor_share"), self.totals["poor_share"], "see totals.csv")
            else:
                margin.carry(row)

    def _digital_skills(self, margin: Margin) -> None:
        for row in margin.rows:
            if row["group"] == "all":
                margin.put(row, self.total("digital_share"), self.totals["digital_share"], "see totals.csv")
            else:
                margin.carry(row)

    def _outsiders(self, margin: Margin) -> None:
        for row in margin.rows:
            if row["quantity"] == "number" and row["people"] != "outside":
                margin.put(row, round(float(row["value"]) * self.growth), None, "as many per head as in 2020")
            elif row["quantity"] == "number":
                margin.put(row, self.total("outside_share"), self.totals["outside_share"], "see totals.csv")
            else:
                margin.carry(row)

    def _start(self, margin: Margin) -> None:
        ratio = self.total("trained_share") / (1.0 - float(self.margins.level[0]))
        for row in margin.rows:
            if row["quantity"] == "minority_vocational":
                margin.put(row, round(float(row["value"]) * ratio, 4), None, "in proportion to all trained people")
            else:
                margin.carry(row)


def _earlier_ages(margins: Margins) -> Doubles:
    """Return people by age group and sex ten years before the margins, shape `(ages, sexes)`, deaths added back."""
    years, now = 5 * GROUPS_BETWEEN, margins.age_sex
    hazard = np.concatenate([margins.mortality, np.repeat(margins.mortality[:, -1:], years, axis=1)], axis=1)
    survived = np.exp(-np.stack([hazard[:, age : age + years].sum(axis=1) for age in range(100)], axis=1))
    by_group = survived[:, : 5 * len(AGES)].reshape(2, len(AGES), 5).mean(axis=2).T
    earlier = np.zeros_like(now)
    earlier[:OLD] = now[GROUPS_BETWEEN : OLD + GROUPS_BETWEEN] / by_group[:OLD]
    weight = now[OLD:] / now[OLD:].sum(axis=0)
    earlier[OLD:] = weight * now[-1] / (weight * by_group[OLD:]).sum(axis=0)
    return earlier


def _shifted(share: Doubles, people: Doubles, total: float) -> Doubles:
    """Return shares whose log-odds are moved by one number so that they give a total of people."""
    odds = np.log(np.clip(share, 1e-4, 1 - 1e-4) / (1 - np.clip(share, 1e-4, 1 - 1e-4)))
    low, high = -12.0, 12.0
    for _step in range(80):
        middle = (low + high) / 2
        if (people / (1 + np.exp(-odds - middle))).sum() < total:
            low = middle
        else:
            high = middle
    moved: Doubles = 1 / (1 + np.exp(-odds - low))
    return moved


def _text(value: float) -> str:
    return f"{value:.6g}" if not math.isclose(value, round(value)) else str(round(value))


def out_of_step(province: str) -> list[str]:
    """Return the files of a province that are not what this tool makes of its margins and totals."""
    folder, made = ROOT / "configs" / province / FOLDER, Start(province).files()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv") if path.name != TOTALS}
    wrong = [name for name in made.keys() | there.keys() if made.get(name) != there.get(name)]
    return sorted(f"{province}/{FOLDER}/{name}" for name in wrong)


def main() -> int:
    """Write or check the files of all provinces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["update", "check"])
    if parser.parse_args().what == "check":
        wrong = [name for province in PROVINCES for name in out_of_step(province)]
        print(*wrong, sep="\n")
        return 1 if wrong else 0
    for province in PROVINCES:
        folder = ROOT / "configs" / province / FOLDER
        for name, text in Start(province).files().items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
