"""Nothing that the sources set is left out: every target, plan and lever row of the facts has an object or a reason.

The facts lie beside the repository where they are at hand (../shared/facts). A row is a target or plan if its name or
its period says so, a lever if its name speaks of money, places or services that a policy gives out.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from labsim.config import SECTIONS
from labsim.indicators import INDICATORS
from labsim.policies import BUILT_IN
from labsim.target_file import load_targets

ROOT = Path(__file__).parent.parent
FACTS = ROOT.parent / "shared" / "facts"
FILES = ("son_la.csv", "lao_cai_bac_kan.csv", "vietnam_micro.csv")
PROVINCES = ("son_la", "lao_cai", "bac_kan")
TARGET = re.compile(r"(^|_)(target|plan|projection|expected)(_|$)")
IN_PERIOD = re.compile(r"\b(plan|target|forecast)\b")
LEVER = {
    "support", "allowance", "cost", "budget", "capital", "capex", "recurrent", "lump", "loan", "loans", "borrowers",
    "investment", "fee", "grant", "fairs", "conferences", "counselling", "counselled", "introductions", "placements",
    "tuition", "norm",
}  # fmt: skip
NOT_A_LEVER = ("certified_share_industry_", "productivity_industry_")  # of an industry with "support" in its name

needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="the facts are not beside this copy of the repository")


def rows() -> list[dict[str, str]]:
    found = []
    for name in FILES:
        with (FACTS / name).open(encoding="utf-8", newline="") as lines:
            found += [row | {"file": name} for row in csv.DictReader(lines)]
    return found


def key_of(row: dict[str, str]) -> str:
    """Name a row as `facts:` of a target does: its indicator, year and value."""
    return " ".join((row["indicator_id"], row["year"] or "undated", f"{float(row['value']):.10g}"))


def is_target(row: dict[str, str]) -> bool:
    return bool(TARGET.search(row["indicator_id"]) or IN_PERIOD.search(row["period"]))


def is_lever(row: dict[str, str]) -> bool:
    name = row["indicator_id"]
    return not name.startswith(NOT_A_LEVER) and not is_target(row) and bool(LEVER & set(name.split("_")))


def scope(province: str) -> tuple[str, ...]:
    """Return the provinces of the model that a row speaks of; none for the country and other provinces."""
    if province.startswith("Northern Midlands"):
        return PROVINCES
    if province.startswith("Lao Cai") and "proxy" not in province:
        return ("lao_cai",)
    return {"Son La": ("son_la",), "Bac Kan": ("bac_kan",)}.get(province, ())


def listed(name: str) -> dict[str, dict[str, str]]:
    """Read a list of rows of the facts that stand beside the provinces, by key."""
    with (ROOT / "configs" / name).open(encoding="utf-8", newline="") as lines:
        entries = list(csv.DictReader(lines))
    found = {f"{one['file']}: {key_of(one)}": one for one in entries}
    assert len(found) == len(entries), "a row is listed twice"
    return found


def objects(province: str) -> list[dict]:
    text = (ROOT / "configs" / province / "targets.yaml").read_text(encoding="utf-8")
    return [entry for entries in yaml.safe_load(text).values() for entry in entries]


@needs_facts
def test_every_target_and_plan_of_the_sources_has_an_object_or_a_reason():
    stated = {province: {fact for one in objects(province) for fact in one.get("facts", ())} for province in PROVINCES}
    left_out = listed("not_targets.csv")
    missing = []
    for row in filter(is_target, rows()):
        where = scope(row["province"])
        reason = f"{row['file']}: {key_of(row)}" in left_out
        lacking = [province for province in where if key_of(row) not in stated[province]]
        if not reason and (lacking or not where):
            missing.append(f"{row['file']}: {key_of(row)} ({row['province']}: {row['label']}) lacks {lacking}")
    assert "\n".join(missing) == ""


@needs_facts
def test_every_lever_of_the_sources_has_an_object_or_a_reason():
    known = listed("levers_of_sources.csv")
    found = {f"{row['file']}: {key_of(row)}" for row in filter(is_lever, rows())}
    assert len(found) > 45
    assert "\n".join(sorted(found - set(known))) == ""
    assert "\n".join(sorted(set(known) - found)) == ""


@needs_facts
def test_what_objects_say_of_the_facts_stands_there():
    """A key that no row has would hide a target: each is looked up."""
    there = {key_of(row) for row in rows()}
    for province in PROVINCES:
        for one in objects(province):
            assert set(one.get("facts", ())) <= there, (province, one["id"])
    assert {key.partition(": ")[2] for key in listed("not_targets.csv")} <= there


@needs_facts
def test_a_target_has_the_value_of_its_row():
    """Of a range the end that is scored, of a figure derived from a percentage its own: said by a note or reading."""
    for province in PROVINCES:
        for one in objects(province):
            values = {float(fact.split()[-1]) for fact in one.get("facts", ())}
            if values and one["value"] not in values and one["unit"] != "VND per month":
                assert "in the source" in str(one.get("reading")) or "derived" in str(one.get("note")), one["id"]


def test_a_lever_without_an_object_has_a_reason():
    for key, one in listed("levers_of_sources.csv").items():
        assert bool(one["object"]) or one["reason"].strip(), key
        owner, _dot, parameter = one["object"].partition(".")
        if not owner:
            continue
        fields = (BUILT_IN[owner] if owner in BUILT_IN else SECTIONS[owner]).model_fields
        assert not parameter or parameter in fields, key


def test_what_is_no_target_has_a_reason():
    assert all(len(one["reason"].split()) > 2 for one in listed("not_targets.csv").values())


@pytest.mark.parametrize("province", PROVINCES)
def test_a_target_is_scored_or_says_why_not(province):
    targets = load_targets(ROOT / "configs" / province / "targets.yaml")
    assert len({target.id for target in targets}) == len(targets)
    for target in targets:
        assert target.indicator is None or target.indicator in INDICATORS, target.id
        assert target.indicator or target.note, f"{target.id} has no indicator and no note"
        assert target.label.en.strip() and target.label.vi.strip()
        assert target.source


@pytest.mark.parametrize("province", PROVINCES)
def test_forecasts_stand_apart_from_targets(province):
    data = yaml.safe_load((ROOT / "configs" / province / "targets.yaml").read_text(encoding="utf-8"))
    assert set(data) <= {"targets", "forecasts"}
    facts = {kind: {fact for one in data.get(kind, ()) for fact in one.get("facts", ())} for kind in data}
    assert facts["targets"].isdisjoint(facts.get("forecasts", set()))
    assert {one["id"] for one in data["targets"]}.isdisjoint(one["id"] for one in data.get("forecasts", ()))
