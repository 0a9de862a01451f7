"""Look back on 2010 to 2016 in all three provinces, and write what came of it as it is.

python tools/backcast.py update     run (some minutes), write docs/backcast.csv and .md, and the tables of README
python tools/backcast.py render     write docs/backcast.md and the tables in README.md and README.vi.md from the .csv
python tools/backcast.py check      say what changed since; exit code 1 if anything did
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from labsim.config import load
from labsim.evidence.backcast import HISTORY, Backcast, backcast
from labsim.experiment.run import code_hash
from labsim.profile import content_hash
from labsim.report.backcast import method_name, series_name, verdicts_of
from labsim.report.numbers import number, unit_name
from labsim.text import current_language, use_language

ROOT = Path(__file__).resolve().parents[1]
PROVINCES = {"son_la": "Son La", "lao_cai": "Lao Cai", "bac_kan": "Bac Kan"}
PROVINCES_VI = {"son_la": "Sơn La", "lao_cai": "Lào Cai", "bac_kan": "Bắc Kạn"}
START, UNTIL, SCALE, DRAWS, REPLICATES = 2010, 2016, 0.01, 48, 8
TABLE, TEXT = ROOT / "docs" / "backcast.csv", ROOT / "docs" / "backcast.md"
READMES = {"en": ROOT / "README.md", "vi": ROOT / "README.vi.md"}
BEGIN, END = "<!-- backcast -->\n", "\n<!-- end of backcast -->"
METHODS = ("model", "last_value", "linear_trend")
# What README says around the numbers; names of methods, series and units come from labsim's own catalogue.
_SAID = {
    "en": {
        "about": "Root mean square errors (mean absolute errors); the closest is bold, a star marks an order that the"
        " error of\nthe figures could have turned.",
        "head": "Province | Series | Figures | {methods} | in 50 % | in 90 % | width of 90 %",
        "unknown": "not known",
        "sums": "The bands of 50 % hold {in_50} of {n} figures ({share_50}), those of 90 % {in_90} ({share_90})."
        " The model is closest in {won} of {series} series.",
    },
    "vi": {
        "about": "Căn bậc hai của sai số bình phương trung bình (trong ngoặc: sai số tuyệt đối trung bình); số gần"
        " nhất in đậm,\ndấu sao đánh dấu thứ tự mà sai số của số liệu có thể đảo lại.",
        "head": "Tỉnh | Chuỗi số liệu | Số năm có số liệu | {methods} | trong khoảng 50 % | trong khoảng 90 % |"
        " bề rộng khoảng 90 %",
        "unknown": "không rõ",
        "sums": "Khoảng 50 % chứa {in_50} trong {n} số liệu ({share_50}), khoảng 90 % chứa {in_90} ({share_90})."
        " Mô hình gần nhất ở {won} trong {series} chuỗi.",
    },
}
_HEAD = f"""# Looking back: {START} to {UNTIL}

Each province starts with what was known of the end of {START} and runs to {UNTIL}; nothing is fitted to the figures
that it is compared with. `labsim backcast son_la --from {START} --to {UNTIL}` does it for one province, with a picture;
`python tools/backcast.py update` makes this page. Errors are root mean square errors, in brackets mean absolute errors,
in the unit of the series. *Last value* carries the figure of {START} on (or, where there is none, the first figure
after it, which is an advantage, and is compared on later years). *Linear trend* is the straight line through the figure
of {START} and the earliest of the five years before it; where no earlier figure was at hand there is none. The closest
is set in bold; a star says that the error of the figures could have turned the order of model and rule. The bands hold
luck, {DRAWS} draws of the parameters of grades C and D about their declared values, and the error of the figures.
"""
_FOOT = """
## What to make of it

- Totals of 2010 are those of the statistics office (`configs/<province>/start_2010/totals.csv`); the rest of the start
  is the structure of 2020 ten years earlier (`tools/start_2010.py`). How large the cohorts are that come of age or grow
  old until 2016 is thus known from the census of 2019: what the model says of people and labour force owes part of its
  success to that hindsight, which the two rules do not have. No figure of the population of Son La and
  Bac Kan in 2010 was at hand: it lies on the line from the census of 2009 to 2012, for model and rules alike.
- Growth of output by sector is that of 2021 on, for want of other figures; in-migration is the rate of the twelve
  months to April 2011. Of policies only training is on, at the size that sources give for 2011-16. Money is that of
  2020.
- Figures of one series share errors, and those of Lao Cai and Bac Kan were weighted before the census of 2019 (Bac
  Kan's population of 2016 lies above that census). Employment per population divides by them. So many figures are fewer
  tests.
- Where the model loses it is shown as it is. It gives too many people a certificate, perhaps because its schools of
  2010 are those of 2020; and it holds the rates of taking part in work near those of the start, where the survey saw
  them rise after 2010.
"""


def rows_of(found: Backcast) -> pd.DataFrame:
    """Return one row a series and method, with what the bands held and what the numbers belong to."""
    wide = found.coverage.pivot(index="key", columns="band", values=["inside", "width"])
    rows = found.errors.assign(
        province=found.about["province"],
        inside_50=found.errors["key"].map(wide["inside", 50]).astype(int),
        inside_90=found.errors["key"].map(wide["inside", 90]).astype(int),
        width_90=found.errors["key"].map(wide["width", 90]),
        late=found.errors["key"].map(found.series.groupby("key")["late"].any()),
    )
    return rows.assign(**stamps_of(found.about["province"]))


def stamps_of(province: str) -> dict[str, str]:
    """Return what the numbers of a province depend on: hashes of configuration, figures and code."""
    config = load(province, scenario=f"start_{START}", settings=[f"scale={SCALE}", f"period.until={UNTIL}-12"])
    return {
        "config": config.hash[:16],
        "figures": content_hash(ROOT / "configs" / province / HISTORY)[:16],
        "code": code_hash()[:16],
    }


def rendered(table: pd.DataFrame) -> str:
    """Return the page of a table that was read from docs/backcast.csv."""
    use_language("en")
    parts = [_HEAD, _table(table), _sums(table)]
    for province, part in table.groupby("province", sort=False):
        parts += [f"\n## {PROVINCES[str(province)]}\n", *(f"- {line}" for line in verdicts_of(part))]
    return "\n".join(parts) + "\n" + _FOOT


def in_short(table: pd.DataFrame, language: str = "en") -> str:
    """Return the part of README that holds the table: errors and bands of every series."""
    use_language(language)
    try:
        return f"{_SAID[language]['about']}\n\n{_table(table)}\n{_sums(table)}"
    finally:
        use_language("en")


def with_table(readme: str, table: pd.DataFrame, language: str = "en") -> str:
    """Return README with the table in its place."""
    before, _begin, rest = readme.partition(BEGIN)
    return before + BEGIN + in_short(table, language) + END + rest.partition(END)[2]


def _table(table: pd.DataFrame) -> str:
    said, names = _SAID[current_language()], PROVINCES if current_language() == "en" else PROVINCES_VI
    head = said["head"].format(methods=" | ".join(method_name(method) for method in METHODS))
    lines = [f"| {head} |", "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for (province, _key), part in table.groupby(["province", "key"], sort=False):
        rows = {row["method"]: row for row in part.to_dict("records")}
        one = rows["model"]
        cells = []
        for method in METHODS:
            row = rows[method]
            if not row["n"]:
                cells.append(said["unknown"])
                continue
            shown = f"{number(row['rmse'], row['unit'])} ({number(row['mae'], row['unit'])})"
            star = "" if row["told"] else " *"
            cells.append(f"**{shown}**{star}" if row["closest"] else shown + star)
        name = f"{series_name(one)} [{unit_name(one['unit'])}]"
        lines.append(
            f"| {names[str(province)]} | {name} | {one['n']} | {' | '.join(cells)} | {one['inside_50']} | "
            f"{one['inside_90']} | {number(one['width_90'], one['unit'])} |"
        )
    return "\n".join(lines)


def _sums(table: pd.DataFrame) -> str:
    """Say how many figures the bands held in all, and how often the model was closest."""
    model = table[table["method"] == "model"]
    n, won = int(model["n"].sum()), int(model["closest"].sum())
    inside = {level: int(model[f"inside_{level}"].sum()) for level in (50, 90)}
    share = {level: f"{100 * count / n:.0f} %" for level, count in inside.items()}
    return "\n" + _SAID[current_language()]["sums"].format(
        in_50=inside[50], in_90=inside[90], share_50=share[50], share_90=share[90], n=n, won=won, series=len(model)
    )


def changed() -> list[str]:
    """Return what is not as it was when the page was made."""
    table = pd.read_csv(TABLE)
    found = [] if TEXT.read_text(encoding="utf-8") == rendered(table) else ["docs/backcast.md: not what its table says"]
    for language, place in READMES.items():
        readme = place.read_text(encoding="utf-8")
        found += [] if readme == with_table(readme, table, language) else [f"{place.name}: not what the table says"]
    for province in PROVINCES:
        was = table[table["province"] == province].iloc[0]
        found += [f"{province}: {name} changed" for name, now in stamps_of(province).items() if was[name] != now]
    return found


def main() -> int:
    """Run, render or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["update", "render", "check"])
    what = parser.parse_args().what
    if what == "check":
        wrong = changed()
        print(*wrong, sep="\n")
        return 1 if wrong else 0
    if what == "update":
        parts = []
        with tempfile.TemporaryDirectory() as folder:
            for province in PROVINCES:
                parts.append(rows_of(backcast(
                    province, start=START, until=UNTIL, draws=DRAWS, replicates=REPLICATES,
                    settings=[f"scale={SCALE}"], folder=Path(folder) / province,
                )))  # fmt: skip
                print(PROVINCES[province])
        pd.concat(parts, ignore_index=True).to_csv(TABLE, index=False, lineterminator="\n")
    table = pd.read_csv(TABLE)
    TEXT.write_text(rendered(table), encoding="utf-8", newline="\n")
    for language, place in READMES.items():
        readme = with_table(place.read_text(encoding="utf-8"), table, language)
        place.write_text(readme, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
