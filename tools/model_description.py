"""Keep docs/model.md in step with the code: the parts between markers are generated from the declarations.

python tools/model_description.py write    after changing a process, parameter, indicator, lever, policy or target
python tools/model_description.py check    say which parts are out of step; exit code 1 if any is

A part begins with `<!-- generated: NAME -->` and ends with `<!-- end: NAME -->`; all other lines are written by hand.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402

from labsim.columns import Table  # noqa: E402
from labsim.config import Config, load  # noqa: E402
from labsim.evidence.ledger import row_counts  # noqa: E402
from labsim.indicators import INDICATORS  # noqa: E402
from labsim.levers import LEVERS  # noqa: E402
from labsim.policies import BUILT_IN  # noqa: E402
from labsim.policies.base import Policy  # noqa: E402
from labsim.quantity import GRADES, QuantityInfo, describe  # noqa: E402
from labsim.schedule import MONTH  # noqa: E402
from labsim.target_file import load_targets  # noqa: E402
from labsim.targets import Target  # noqa: E402
from labsim.text import use_language  # noqa: E402
from labsim.world import Enterprises, Institutions, Programmes, Workers  # noqa: E402

PAGE = ROOT / "docs" / "model.md"
PROVINCES = ("son_la", "lao_cai", "bac_kan")
_PART = re.compile(r"<!-- generated: (?P<name>[a-z-]+) -->\n(?P<text>.*?)<!-- end: (?P=name) -->\n", re.DOTALL)
_LONG = 8  # entries of a group of numbers that are printed


def written(page: str) -> str:
    """Return the page with every generated part as the code has it now.

    Raises ValueError for parts that are unknown, missing or not closed.
    """
    _require_whole(page)
    return _PART.sub(lambda found: _framed(found["name"]), page)


def drifted(page: str) -> list[str]:
    """Return the names of the parts that differ from what the code says; raises ValueError as `written`."""
    _require_whole(page)
    return [found["name"] for found in _PART.finditer(page) if found[0] != _framed(found["name"])]


def _require_whole(page: str) -> None:
    names = [found["name"] for found in _PART.finditer(page)]
    marks = re.findall(r"<!-- (?:generated|end): ([a-z-]+) -->", page)
    wrong = {*(set(names) ^ set(PARTS)), *(name for name in set(marks) if marks.count(name) != 2)}
    if wrong:
        raise ValueError(f"parts that are unknown, missing or not closed: {', '.join(sorted(wrong))}")


def _framed(name: str) -> str:
    text = "\n".join(PARTS[name]()).strip("\n")
    return f"<!-- generated: {name} -->\n\n{text}\n\n<!-- end: {name} -->\n"


def entities() -> Iterator[str]:
    """Yield the columns of each kind of entity."""
    for table in (Workers, Enterprises, Institutions, Programmes):
        yield f"**{table.__name__}.** {_first_line(table)}"
        yield ""
        yield from _table(("Column", "Meaning", "Unit or codes"), _columns(table))
        yield ""


def month() -> Iterator[str]:
    """Yield the processes of the month in their order."""
    rows = [
        (str(number), _link(process.name, f"labsim/processes/{process.section}.py"), process.summary)
        for number, process in enumerate(MONTH, start=1)
    ]
    yield from _table(("", "Process", "What it does"), rows)


def submodels() -> Iterator[str]:
    """Yield each section of the month: what its module says, its equations, reads and writes, its parameters."""
    sections = Config.sections()
    order = list(dict.fromkeys(process.section for process in MONTH))
    for section in order:
        module = f"labsim/processes/{section}.py"
        yield f"#### {section.replace('_', ' ').capitalize()}"
        yield ""
        yield f"Module {_link(module, module)}."
        yield ""
        yield from _paragraphs(_module_doc(ROOT / module))
        for process in (one for one in MONTH if one.section == section):
            yield f"**`{process.name}`**"
            yield ""
            yield from _paragraphs(process.body.__doc__ or "")
            yield f"Reads {_names(process.reads)}. Writes {_names(process.writes)}."
            yield ""
        if section in sections:
            yield from _parameters(describe(sections[section]))


def other_parameters() -> Iterator[str]:
    """Yield parameters that belong to no process of the month."""
    used = {process.section for process in MONTH}
    for name, section in Config.sections().items():
        if name not in used:
            yield f"**`{name}`.** {_first_line(section)}"
            yield ""
            yield from _parameters(describe(section))


def draws() -> Iterator[str]:
    """Yield the random decisions by the module that takes them."""
    rows = []
    for section in dict.fromkeys(process.section for process in MONTH):
        path = ROOT / "labsim" / "processes" / f"{section}.py"
        found = sorted(set(_decisions(path)))
        if found:
            rows.append((_link(section, f"labsim/processes/{section}.py"), ", ".join(found)))
    yield from _table(("Module", "Random decisions"), rows)


def indicators() -> Iterator[str]:
    """Yield every indicator with its concept."""
    rows = [
        (
            f"`{one.name}`", one.label, one.unit, one.concept, one.kind, one.better or "-",
            f"`{one.base}`" if one.base else "",
        )
        for one in INDICATORS.values()
    ]
    yield from _table(("Indicator", "What it is", "Unit", "Concept", "Kind", "Better", "Share of"), rows)


def levers() -> Iterator[str]:
    """Yield every lever with its rule of combining and who writes and reads it."""
    rows = []
    for name, kind in LEVERS.items():
        writers = [policy for policy, found in BUILT_IN.items() if name in found.levers_named()]
        readers = [process.name for process in MONTH if f"levers.{name}" in process.reads]
        rows.append((
            f"`{name}`", kind.meaning, kind.unit, kind.over, f"{kind.rule} (neutral {kind.neutral:g})", _names(writers),
            _names(readers),
        ))  # fmt: skip
    yield from _table(("Lever", "Meaning", "Unit", "Over", "Combines by", "Written by", "Read by"), rows)


def policies() -> Iterator[str]:
    """Yield every policy: what it does, the levers it writes, its outcomes and parameters."""
    inherited = {info.path for info in describe(Policy)}
    for name, policy in sorted(BUILT_IN.items()):
        yield f"**`{name}`** ({_link('module', _file_of(policy))})"
        yield ""
        yield from _paragraphs(policy.__doc__ or "")
        counted = ", ".join(outcome.unit for outcome in policy.outcomes())
        yield f"Levers: {_names(policy.levers_named())}. One unit of its outcome: {counted or 'none'}."
        yield ""
        yield from _parameters([info for info in describe(policy) if info.path not in inherited])


def margins() -> Iterator[str]:
    """Yield the input tables of each province with the number of their rows by grade."""
    tables = []
    for province in PROVINCES:
        found = row_counts(load(province)).drop(columns="unit").groupby(["kind", "table"], sort=True).sum()
        tables.append(found.assign(province=province).reset_index())
    joined = pd.concat(tables, ignore_index=True)
    for kind, of_kind in joined.groupby("kind", sort=True):
        rows = []
        for table, part in of_kind.groupby("table", sort=True):
            by_province = part.set_index("province")
            rows.append((f"`{table}.csv`", *(_by_grade(by_province, province) for province in PROVINCES)))
        yield from _table((f"{str(kind).capitalize()}s", *PROVINCES), rows)
        yield ""
    totals = joined.groupby("province")[list(GRADES)].sum()
    said = "; ".join(
        f"{province}: " + ", ".join(f"{int(totals.loc[province, grade])} {grade}" for grade in GRADES)
        for province in PROVINCES
    )
    yield f"Rows in all by grade: {said}."


def parameters_by_grade() -> Iterator[str]:
    """Yield how many parameters of each section are of each grade, as declared."""
    rows = []
    owners = {**Config.sections(), **{f"policies.{name}": policy for name, policy in sorted(BUILT_IN.items())}}
    totals = dict.fromkeys(GRADES, 0)
    for name, owner in owners.items():
        found = describe(owner)
        counts = {grade: sum(info.grade == grade for info in found) for grade in GRADES}
        totals = {grade: totals[grade] + counts[grade] for grade in GRADES}
        if found:
            rows.append((f"`{name}`", *(str(counts[grade]) for grade in GRADES), str(len(found))))
    rows.append(("All", *(str(totals[grade]) for grade in GRADES), str(sum(totals.values()))))
    yield from _table(("Section", *GRADES, "All"), rows)


def targets() -> Iterator[str]:
    """Yield the targets of each province, with both readings where the wording is unclear."""
    for province in PROVINCES:
        yield f"**{province}** ([targets.yaml](../configs/{province}/targets.yaml))"
        yield ""
        rows = [_target_row(one) for one in load_targets(ROOT / "configs" / province / "targets.yaml")]
        yield from _table(("Target", "Indicator", "Wanted", "Year", "Unclear wording"), rows)
        yield ""


def worlds() -> Iterator[str]:
    """Yield the reference worlds with the question that each answers and the processes that it leaves out."""
    rows = []
    for path in sorted((ROOT / "configs" / "reference").glob("*.yaml")):
        config = load(f"reference/{path.stem}")
        off = ", ".join(f"`{name}`" for name in config.switched_off)
        rows.append((_link(f"{path.stem}", f"configs/reference/{path.name}"), config.title.en, config.question.en, off))
    yield from _table(("World", "What it is", "Question", "Left out"), rows)


def _target_row(one: Target) -> tuple[str, ...]:
    sign = "at least" if one.direction == "at_least" else "at most"
    since = f"{one.cumulate_from}-{one.year}" if one.cumulate_from is not None else str(one.year)
    groups = " ".join(f"{name}={group}" for name, group in one.groups.items() if group != "all")
    indicator = f"`{one.indicator}` {groups}".strip() if one.indicator else "not simulated"
    unclear = ""
    if one.ambiguous and not isinstance(one.ambiguous, bool):
        reading, other = (words if isinstance(words, str) else words.en for words in (one.reading, one.ambiguous))
        second = one.other
        measured = f" (measured as `{second.indicator}`, {sign} {second.value:g})" if second is not None else ""
        unclear = f"Read as: {reading}. Or else: {other}{measured}."
    return f"`{one.id}`", indicator, f"{sign} {one.value:,g} {one.unit}", since, unclear


def _columns(table: type[Table]) -> Iterator[tuple[str, str, str]]:
    for name, column in table.columns().items():
        codes = _codes(column.codes) if column.codes is not None else column.unit
        width = f"; one for each of {column.width}" if column.width else ""
        yield f"`{name}`", column.meaning, f"{codes}{width}"


def _codes(codes: type[IntEnum]) -> str:
    return ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in codes)


def _parameters(found: Sequence[QuantityInfo]) -> Iterator[str]:
    if not found:
        return
    rows = [
        (f"`{info.path}`", _value(info.default), info.unit, _range(info), info.grade, _source(info), info.help)
        for info in found
    ]
    yield from _table(("Parameter", "Default", "Unit", "Range", "Grade", "Source", "What it is"), rows)
    yield ""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        shown = [f"{key}: {_value(item)}" for key, item in list(value.items())[:_LONG]]
        return "; ".join([*shown, *(["..."] if len(value) > _LONG else [])]) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    return f"{value:,g}" if isinstance(value, int | float) and abs(value) < 1e6 else f"{value:,.0f}"


def _range(info: QuantityInfo) -> str:
    ends = ["" if end is None else _value(end) for end in (info.low, info.high)]
    return f"{ends[0]} to {ends[1]}".strip() if any(ends) else "open"


def _source(info: QuantityInfo) -> str:
    return f"{info.source} ({info.year})" if info.year else info.source


def _by_grade(rows: pd.DataFrame, province: str) -> str:
    if province not in rows.index:
        return "-"
    return ", ".join(f"{int(rows.loc[province, grade])} {grade}" for grade in GRADES if rows.loc[province, grade])


def _decisions(path: Path) -> Iterator[str]:
    """Yield the names of the keys that a module draws with."""
    ways = ("key", "key_of_year", "lasting_key", "gate", "gate_by")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ways:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _module_doc(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _file_of(owner: type) -> str:
    return f"{owner.__module__.replace('.', '/')}.py"


def _first_line(owner: type) -> str:
    return " ".join((owner.__doc__ or "").strip().split("\n\n")[0].split())


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        if paragraph.strip():
            yield _plain(" ".join(paragraph.split()))
            yield ""


def _link(words: str, path: str) -> str:
    return f"[{words}](../{path})"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it stands: a star is a product, no emphasis."""
    parts = text.split("`")
    return "`".join(part.replace("*", r"\*") if place % 2 == 0 else part for place, part in enumerate(parts))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield "| " + " | ".join(_plain(cell).replace("|", r"\|").replace("\n", " ") for cell in row) + " |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "entities": entities, "month": month, "worlds": worlds, "draws": draws, "indicators": indicators, "levers": levers,
    "targets": targets, "margins": margins, "parameters-by-grade": parameters_by_grade, "submodels": submodels,
    "other-parameters": other_parameters, "policies": policies,
}  # fmt: skip


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("write", "check"))
    what = parser.parse_args().what
    use_language("en")
    page = PAGE.read_text(encoding="utf-8")
    if what == "write":
        PAGE.write_text(written(page), encoding="utf-8", newline="\n")
        return 0
    wrong = drifted(page)
    for name in wrong:
        print(f"docs/model.md: the part {name} is out of step; run python tools/model_description.py write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
