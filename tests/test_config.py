"""Configurations: strict files, overlays, settings, evidence, policies, hashes and messages."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pydantic
import pytest

from labsim import config_files, text
from labsim.config_base import ConfigBase
from labsim.config_build import build
from labsim.config_files import collect_files, find_configs, known_names
from labsim.config_schema import schema_of
from labsim.errors import ConfigError
from labsim.profile import Period
from labsim.quantity import Parameters, Yearly, quantity
from labsim.yaml_source import parse_value, read_yaml


class Matching(Parameters):
    """How vacancies choose."""

    selectivity: float = quantity(
        0.5, unit="share", low=0, high=1, grade="C", source="Card 2018", year=2018, help="0 is a lottery"
    )
    weights: dict[str, float] = quantity(
        {"near": 0.1, "far": 0.2}, unit="share", low=0, high=1, grade="D", source="assumed"
    )
    rounds: int = quantity(2, unit="rounds", low=1, high=9, grade="D", source="assumed")
    reach: tuple[float, float] = quantity((1, 2), unit="km", low=0, high=99, grade="D", source="assumed")


class Policy(Parameters):
    """Stand for the base of policies."""

    start: str | None = None


class Seats(Policy):
    """Open seats."""

    seats: Yearly = quantity(
        {2021: 5.0, 2025: 7.0}, unit="persons per year", low=0, grade="D", source="assumed", year=2020
    )
    quality: float = quantity(0.5, unit="share", low=0, high=1, grade="D", source="assumed")
    budget: Yearly | float | None = quantity(None, unit="VND", low=0, grade="D", source="assumed")


class Tiny(ConfigBase):
    """Compose one section and one policy."""

    policy_base: ClassVar[type[Parameters]] = Policy
    built_in_policies: ClassVar[Mapping[str, type[Parameters]]] = {"open_seats": Seats}
    process_names: ClassVar[tuple[str, ...]] = ("matching.meet", "training.enrol")

    matching: Matching = Matching()


PROFILE = """\
name: {en: Son La, vi: Sơn La}
period: {start: 2020-12, until: 2030}
matching:
  selectivity: 0.6
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setattr(text, "_chosen", None)
    monkeypatch.setenv("LABSIM_LANG", "en")
    monkeypatch.chdir(tmp_path)
    write("configs/son_la/profile.yaml", PROFILE)
    yield tmp_path


def write(path: str, content: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode())
    return file.resolve()


def load(name: str | Path = "son_la", *scenarios: str, **options: Any) -> Tiny:
    files = collect_files(name, scenarios or ("baseline",), [Path("configs").resolve()])
    return build(Tiny, files, options.pop("settings", ()), **options)


def problems(*arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(*arguments, **options)
    return str(caught.value).splitlines()


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("True", "True"),
        ("2026-01", "2026-01"),
        ("2020-12-01", "2020-12-01"),
        ("12:30", "12:30"),
        ("19_000", 19000),
        ("-3", -3),
        ("014", "014"),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e6", 1e6),
        ("1_000.5", 1000.5),
        ("0x1F", "0x1F"),
        (".nan", ".nan"),
        (".", "."),
        ("e5", "e5"),
        ("", None),
        ("~", None),
        ("null", None),
        ("'5'", "5"),
        ("[1, a]", [1, "a"]),
        ("{2024: 1, b: }", {2024: 1, "b": None}),
    ],
)
def test_scalars_are_read_strictly(words: str, value: Any) -> None:
    found = parse_value(words)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", r"x\.yaml:4:3  b\.c: given twice; first in line 3"),
        ("a: &x 1\nb: *x\n", r"x\.yaml:2:4  aliases \(\*name\) are not read"),
        ("a: !!python/name:os.system x\n", r"x\.yaml:1:4  a: given the tag tag:yaml\.org,2002:python.*; allowed none"),
        ("- a\n", r"x\.yaml:1:1  the file must hold lines of `key: value`"),
        ("1.5: 2\n", r"x\.yaml:1:1  given the key '1\.5'; allowed a name or a year"),
        ("a: 1\n---\nb: 2\n", r"x\.yaml:2:1  a second document begins with ---"),
    ],
)
def test_files_are_read_strictly(content: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_yaml(write("x.yaml", content))


def test_a_file_in_another_encoding_is_named() -> None:
    Path("x.yaml").write_bytes("name: Sơn La".encode("utf-16-le"))
    with pytest.raises(ConfigError, match=r"x\.yaml  this looks like UTF-16 text without a mark at its start"):
        read_yaml(Path("x.yaml"))


def test_every_key_remembers_its_place() -> None:
    source = read_yaml(write("x.yaml", "a:\n  b: [{c: 1}]\n"))
    assert source.places["a", "b", "0", "c"] == ("x.yaml", 2, 8)
    assert source.data == {"a": {"b": [{"c": 1}]}}


# --- finding -----------------------------------------------------------------------------------------------------


def test_names_and_paths_lead_to_the_same_configuration() -> None:
    write("configs/son_la/baseline.yaml", "extends: son_la\nmatching: {rounds: 3}\n")
    by_name = load("son_la")
    assert by_name.matching.rounds == 3
    for name in ("son_la/baseline", "configs/son_la/baseline.yaml", "configs/son_la/profile.yaml"):
        assert load(name) == by_name
    assert by_name.scenario == "baseline"


def test_a_scenario_of_the_province_comes_before_a_shared_one() -> None:
    write("configs/scenarios/more.yaml", "extends: baseline\nmatching: {rounds: 3}\n")
    assert load("son_la", "more").matching.rounds == 3
    assert load("son_la", "scenarios/more").matching.rounds == 3
    write("configs/son_la/more.yaml", "extends: baseline\nmatching: {rounds: 4}\n")
    assert load("son_la", "more").matching.rounds == 4
    found = load("son_la/more")
    assert (found.matching.rounds, found.scenario) == (4, "more")


def test_a_reference_world_stands_alone() -> None:
    write("configs/reference/urn.yaml", "name: Urn\nkind: reference\nmatching: {selectivity: 0}\n")
    world = load("reference/urn")
    assert (world.province.id, world.province.kind, world.matching.selectivity) == ("reference/urn", "reference", 0)
    assert world.title.vi == "Urn"
    assert world.changes == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sonla",), "no province or reference world 'sonla'; did you mean \"son_la\"?"),
        (("son_la", "mor"), "no scenario 'mor' for son_la; did you mean \"more\"?"),
        (("son_la/mor",), "no scenario 'mor' for son_la; did you mean \"more\"?"),
        (("nothing.yaml",), "no file nothing.yaml"),
    ],
)
def test_unknown_names_answer_with_the_nearest(arguments: tuple[str, ...], message: str) -> None:
    write("configs/scenarios/more.yaml", "extends: baseline\n")
    assert problems(*arguments) == [message]


def test_known_names_lists_what_loads() -> None:
    write("configs/son_la/baseline.yaml", "{}")
    write("configs/son_la/targets.yaml", "{}")
    write("configs/reference/urn.yaml", "name: Urn\n")
    write("configs/scenarios/more.yaml", "{}")
    assert known_names([Path("configs")]) == ["reference/urn", "son_la", "son_la/baseline"]


def test_own_configs_come_before_those_shipped(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    write("site/labsim/configs/son_la/profile.yaml", PROFILE)
    write("site/configs/son_la/profile.yaml", PROFILE)
    monkeypatch.setattr(config_files, "__file__", str(folder / "site" / "labsim" / "config_files.py"))
    order = ("configs", "site/labsim/configs", "site/configs")
    assert find_configs() == tuple((folder / name).resolve() for name in order)


# --- overlays ----------------------------------------------------------------------------------------------------


def test_a_scenario_stores_only_what_differs() -> None:
    write("configs/scenarios/a.yaml", "extends: son_la/baseline\nmatching: {rounds: 3, weights: {far: 0.4}}\n")
    write("configs/scenarios/b.yaml", "extends: a\ntitle: B\nmatching: {rounds: 4}\n")
    found = load("son_la", "b")
    assert found.matching.model_dump() == {
        "selectivity": 0.6,
        "weights": {"near": 0.1, "far": 0.4},
        "rounds": 4,
        "reach": (1.0, 2.0),
    }
    assert found.changes == (
        "matching.rounds: 2 -> 3 [rounds]",
        "matching.weights.far: 0.2 -> 0.4 [share]",
        "matching.rounds: 3 -> 4 [rounds]",
    )
    assert found.title.en == "B"


def test_a_plain_overlay_lies_on_the_baseline() -> None:
    write("configs/son_la/baseline.yaml", "extends: son_la\nmatching: {rounds: 3}\n")
    write("mine.yaml", "matching: {selectivity: 0.1}\n")
    found = load("son_la", "mine.yaml")
    assert (found.matching.rounds, found.matching.selectivity) == (3, 0.1)


def test_two_overlays_of_one_level_must_not_set_the_same_key() -> None:
    write("a.yaml", "extends: son_la/baseline\nmatching: {rounds: 3}\n")
    write("b.yaml", "extends: son_la/baseline\nmatching:\n  rounds: 3\n")
    write("c.yaml", "extends: son_la/baseline\ntitle: C\nmatching: {selectivity: 0.2}\n")
    assert problems("son_la", "a.yaml", "b.yaml") == [
        "b.yaml:3:3  matching.rounds: set by both a.yaml and b.yaml; only one scenario may set it"
    ]
    found = load("son_la", "a.yaml", "c.yaml")
    assert (found.matching.rounds, found.matching.selectivity, found.scenario) == (3, 0.2, "a+c")
    assert found.hash == load("son_la", "c.yaml", "a.yaml").hash


def test_a_whole_and_a_part_of_it_collide() -> None:
    write("a.yaml", "policies: {open_seats: false}\n")
    write("b.yaml", "policies: {open_seats: {quality: 0.1}}\n")
    assert problems("son_la", "a.yaml", "b.yaml") == [
        "b.yaml:1:25  policies.open_seats.quality: set by both a.yaml and b.yaml; only one scenario may set it"
    ]


def test_titles_of_scenarios_side_by_side_are_joined() -> None:
    write("a.yaml", "title: {en: A, vi: Á}\n")
    write("b.yaml", "title: {en: B, vi: Bê}\n")
    assert load("son_la", "a.yaml", "b.yaml").title.model_dump() == {"en": "A + B", "vi": "Á + Bê"}


def test_yearly_amounts_take_over_from_their_first_year() -> None:
    write("a.yaml", "policies: {open_seats: {seats: {2024: 19_000}}}\n")
    write("b.yaml", "policies: {open_seats: {seats: {value: {2024: 19_000}}}}\n")
    found = load("son_la", "a.yaml")
    assert found.policies["open_seats"].model_dump()["seats"] == {2021: 5, 2024: 19000}
    assert found.changes == (
        "policies.open_seats: off -> on",
        "policies.open_seats.seats: {2021: 5.0, 2025: 7.0} -> {2021: 5.0, 2024: 19000} [persons per year]",
    )
    assert load("son_la", "b.yaml").policies["open_seats"].model_dump()["seats"] == {2024: 19000}
    write("c.yaml", "extends: b.yaml\npolicies: {open_seats: {seats: {2026: 1}}}\n")
    assert load("son_la", "c.yaml").policies["open_seats"].model_dump()["seats"] == {2024: 19000, 2026: 1}
    one_year = load(settings=["open_seats.seats.2024=1"])
    assert one_year.policies["open_seats"].model_dump()["seats"] == {2021: 5, 2024: 1, 2025: 7}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x": "b.yaml", "b": "x.yaml"}, "a circle of scenarios: .*x.yaml -> .*b.yaml -> .*x.yaml"),
        ({"x": "x"}, "a circle of scenarios: .*x.yaml -> .*x.yaml"),
        ({"x": "son_la/non"}, "x.yaml:1:1  extends: no scenario 'non' for son_la"),
        ({"x": "son_le/baseline"}, 'x.yaml:1:1  extends: no province .*did you mean "son_la"'),
        ({"x": "gone.yaml"}, "x.yaml:1:1  extends: no file configs/scenarios/gone.yaml"),
        ({"x": "[a, b]"}, r"x.yaml:1:1  extends: given \['a', 'b'\]; allowed the name of one scenario"),
        ({"x": "lao_cai/baseline"}, "extends lao_cai/baseline, but son_la is asked for; `extends: baseline` fits"),
    ],
)
def test_wrong_bases_are_refused(files: dict[str, str], message: str) -> None:
    write("configs/lao_cai/profile.yaml", PROFILE)
    for name, base in files.items():
        write(f"configs/scenarios/{name}.yaml", f"extends: {base}\n")
    with pytest.raises(ConfigError, match=message):
        load("son_la", "x")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x": "b.yaml", "b": "x.yaml"}, "a circle of scenarios: x.yaml -> b.yaml -> x.yaml"),
        ({"x": "baseline"}, "x.yaml:1:1  extends: which province"),
        ({"x": "son_le/baseline"}, 'x.yaml:1:1  extends: no province .*did you mean "son_la"'),
        ({"x": "gone.yaml"}, "x.yaml:1:1  extends: no file gone.yaml"),
    ],
)
def test_a_scenario_given_by_path_needs_a_province(files: dict[str, str], message: str) -> None:
    for name, base in files.items():
        write(f"{name}.yaml", f"extends: {base}\n")
    with pytest.raises(ConfigError, match=message):
        load(Path("x.yaml"))


def test_a_scenario_by_path_finds_its_province_through_other_files() -> None:
    write("a.yaml", "extends: son_la/baseline\nmatching: {rounds: 3}\n")
    write("b.yaml", "extends: a.yaml\nmatching: {selectivity: 0.1}\n")
    found = load(Path("b.yaml"))
    assert (found.matching.rounds, found.matching.selectivity, found.province.id) == (3, 0.1, "son_la")


# --- messages ----------------------------------------------------------------------------------------------------


def test_all_problems_of_a_file_come_at_once_in_its_order() -> None:
    write(
        "bad.yaml",
        """\
matching:
  selectivty: 0.4
  selectivity: 1.4
  weights: {near: much, far: 3}
  rounds: 2.5
  reach: [1]
foo: 1
selectivity: 0.3
policies:
  open_seat: {}
  open_seats: {seats: {2024: -1, never: 2}, start: 3}
  other: 5
period: {until: 1999}
scale: 700
seed: true
switched_off: [matching.met]
title: {en: Only English, fr: Non}
""",
    )
    assert problems("son_la", "bad.yaml") == [
        'bad.yaml:2:3  matching.selectivty: unknown key; did you mean "selectivity"?',
        "bad.yaml:3:3  matching.selectivity: given 1.4; allowed 0 to 1 [share]",
        'bad.yaml:4:13  matching.weights.near: given "much"; allowed a number, 0 to 1 [share]',
        "bad.yaml:5:3  matching.rounds: given 2.5; allowed a whole number, 1 to 9 [rounds]",
        "bad.yaml:6:3  matching.reach.1: this key is required",
        "bad.yaml:7:1  foo: unknown key; allowed: matching, title, question, period, scale, seed, replicates, "
        "by, switched_off, policies, name, kind, folder, as_of, fields, groups, institutions, extends",
        'bad.yaml:8:1  selectivity: unknown key; did you mean "matching.selectivity"?',
        "bad.yaml:10:3  policies.open_seat: no policy 'open_seat'; did you mean \"open_seats\"?; "
        'write `use: "file.py:Class"` for a policy of your own',
        'bad.yaml:11:34  policies.open_seats.seats.never: given "never"; allowed a whole number, such as a year, as '
        "the key",
        "bad.yaml:11:45  policies.open_seats.start: given 3; allowed text",
        "bad.yaml:12:3  policies.other: given 5; allowed its parameters, true or false",
        "bad.yaml:13:1  period: until: given 1999-12; allowed 2020-12 (the start) or later",
        "bad.yaml:14:1  scale: given 700; allowed 1 or less",
        "bad.yaml:15:1  seed: given true; allowed a whole number",
        'bad.yaml:16:16  switched_off.0: no process "matching.met"; did you mean "matching.meet"?',
        "bad.yaml:17:27  title.fr: unknown key; allowed: en, vi",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("matching: 3", "matching: given 3; allowed a group of `key: value`"),
        ("matching: {weights: 3}", "matching.weights: given 3; allowed a group of `key: value`"),
        ("matching: {reach: 3}", "matching.reach: given 3; allowed a list"),
        ("matching: {selectivity: '0.4'}", 'matching.selectivity: given "0.4"; allowed a number, 0 to 1 [share]'),
        ("matching: {selectivity: true}", "matching.selectivity: given true; allowed a number, 0 to 1 [share]"),
        ("matching: {selectivity: }", "matching.selectivity: given null; allowed a number, 0 to 1 [share]"),
        ("matching: {reach: [1, 200]}", "matching.reach.1: given 1: 200; allowed 0 to 99 [km]"),
        ("period: {until: soon}", "period.until: given 'soon'; allowed a year (2030) or a month (2030-06)"),
        ("period: {until: 2026-13}", "period.until: given '2026-13'; allowed a year (2030) or a month (2030-06)"),
        (
            "policies: {open_seats: {budget: x}}",
            'policies.open_seats.budget: given "x"; allowed a group of `key: value` or a number, 0 or more [VND]',
        ),
        ("policies: {open_seats: {budget: -1}}", "policies.open_seats.budget: given -1; allowed 0 or more [VND]"),
        ("scale: 0", "scale: given 0; allowed 0.001 or more"),
        ("replicates: 0", "replicates: given 0; allowed 1 or more"),
        ("seed: -1", "seed: given -1; allowed 0 or more"),
        ("province: {}", "province: unknown key; did you mean"),
        ("changes: []", "changes: unknown key; "),
        ("kind: town", "kind: given \"town\"; allowed province, reference"),
        ("fields: [{id: a, en: A, vi: A, sector: mining}]", "fields.0.sector: given \"mining\"; allowed agriculture"),
        ("fields: [{id: a, en: A, vi: A, sector: services, nte: x}]", 'fields.0.nte: unknown key; did you mean "note"'),
        ("groups: {sex: [{id: a, en: A, vi: A, x: 1}]}", "groups.sex.0.x: unknown key; allowed: id, en, vi, note"),
    ],
)
def test_each_message_says_what_was_given_and_what_is_allowed(given: str, message: str) -> None:
    write("bad.yaml", f"{given}\n")
    (found,) = problems("son_la", "bad.yaml")
    assert found.startswith("bad.yaml:1:")
    assert found.partition("  ")[2].startswith(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "groups: {sex: [{id: a, en: A, vi: A}, {id: a, en: B, vi: B}]}",
            "groups.sex: the id 'a' is given twice",
        ),
        (
            "institutions: [{id: c, en: C, vi: C, kind: k, programmes: [{field: x, level: l, months: 3, seats: 1}]}]",
            "institution c teaches 'x', which is not among the fields",
        ),
    ],
)
def test_the_profile_agrees_with_itself(given: str, message: str) -> None:
    write("configs/son_la/profile.yaml", PROFILE + given + "\n")
    assert problems("son_la") == [f"configs/son_la/profile.yaml:1:1  {message}"]


def test_a_profile_without_a_name_is_refused() -> None:
    write("configs/son_la/profile.yaml", "scale: 0.1\n")
    assert problems("son_la") == ["configs/son_la/profile.yaml:1:1  name: this key is required"]


# --- settings ----------------------------------------------------------------------------------------------------


def test_settings_come_last() -> None:
    settings = [
        "matching.rounds=4",
        "open_seats.quality=0.9",
        "policies.open_seats.start=2026-01",
        "period.until=2026-06",
    ]
    found = load(settings=settings)
    assert found.matching.rounds == 4
    assert found.policies["open_seats"].model_dump() == {
        "start": "2026-01",
        "seats": {2021: 5.0, 2025: 7.0},
        "quality": 0.9,
        "budget": None,
    }
    assert found.period.n_months == 66
    assert found.changes == (
        "policies.open_seats: off -> on",
        "matching.rounds: 2 -> 4 [rounds]",
        "policies.open_seats.quality: 0.5 -> 0.9 [share]",
        "policies.open_seats.start: null -> 2026-01",
        "period.until: 2030 -> 2026-06",
    )
    assert load(settings={"matching.rounds": 4}) == load(settings=["matching.rounds=4"])


def test_settings_switch_policies() -> None:
    write("a.yaml", "policies: {open_seats: {quality: {value: 0.1, source: survey, grade: B}}}\n")
    assert load("son_la", "a.yaml", settings=["open_seats=false"]).policies == {}
    write("b.yaml", "extends: a.yaml\npolicies: {open_seats: false}\n")
    write("c.yaml", "extends: b.yaml\npolicies: {open_seats: {seats: {2022: 1}}}\n")
    again = load("son_la", "c.yaml")
    assert again.policies == {"open_seats": Seats(seats={2021: 5, 2022: 1})}
    assert evidence(again)["policies.open_seats.quality"].source == "assumed"
    assert load(settings=["policies.open_seats=true"]).policies == {"open_seats": Seats()}
    write("configs/son_la/profile.yaml", PROFILE + "policies: {open_seats: }\n")
    assert load().changes == ()
    assert load(settings=["open_seats=false"]).changes == ("policies.open_seats: on -> off",)


def test_settings_reach_into_lists() -> None:
    field = "fields: [{id: a, en: A, vi: A, sector: industry}]\n"
    write("configs/son_la/profile.yaml", PROFILE + field)
    assert load(settings=["fields.0.sector=services"]).province.fields[0].sector == "services"
    assert problems(settings=["fields.3.sector=services"]) == [
        "--set  fields.3.sector: given position 3; allowed 0 to 0"
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("oops", "--set  given 'oops'; allowed path=value"),
        (".a=1", "--set  given '.a=1'; allowed path=value"),
        ("matching.selectivity=1.4", "--set  matching.selectivity: given 1.4; allowed 0 to 1 [share]"),
        ("matching.selectivty=1", '--set  matching.selectivty: unknown key; did you mean "selectivity"?'),
        ("selectivity=1", '--set  selectivity: unknown key; did you mean "matching.selectivity"?'),
        ("maching.x=1", '--set  maching: unknown key; did you mean "matching"?'),
        ("open_seats.seets=1", '--set  policies.open_seats.seets: unknown key; did you mean "seats"?'),
        ("matching.rounds=[1", "--set  matching.rounds: not YAML: "),
        ("matching.rounds.x=1", '--set  matching.rounds: given {"x": 1}; allowed a whole number, 1 to 9 [rounds]'),
        ("matching=1", "--set  matching: given 1; allowed a group of `key: value`"),
        ("policies=1", "--set  policies: given 1; allowed a group of `key: value`"),
    ],
)
def test_wrong_settings(setting: str, message: str) -> None:
    (found,) = problems(settings=[setting])
    assert found.startswith(message)


# --- evidence ----------------------------------------------------------------------------------------------------


def evidence(config: ConfigBase) -> dict[str, Any]:
    return {one.path: one for one in config.evidence()}


def test_evidence_given_with_a_value_stands_before_the_declared() -> None:
    given = "{value: 0.4, source: survey 2023, grade: A, low: 0.3, high: 0.6, year: 2023}"
    write("a.yaml", f"matching: {{selectivity: {given}, rounds: 3}}\npolicies: {{open_seats: }}\n")
    found = evidence(load("son_la", "a.yaml"))
    assert list(found) == [
        *(f"matching.{name}" for name in ("selectivity", "weights", "rounds", "reach")),
        *(f"policies.open_seats.{name}" for name in ("seats", "quality", "budget")),
    ]
    one = found["matching.selectivity"]
    assert (one.value, one.low, one.high, one.grade, one.source, one.year) == (0.4, 0.3, 0.6, "A", "survey 2023", 2023)
    assert (one.unit, one.help) == ("share", "0 is a lottery")
    # a bare value has lost the declared source, and says so
    bare = found["matching.rounds"]
    assert (bare.value, bare.grade, bare.source, bare.year) == (3, "D", "given in a.yaml:1 without a source", None)
    declared = found["policies.open_seats.seats"]
    assert (declared.grade, declared.source, declared.year) == ("D", "assumed", 2020)


def test_a_later_bare_value_does_not_keep_an_earlier_source() -> None:
    write("a.yaml", "matching: {selectivity: {value: 0.4, source: survey, grade: A}}\n")
    write("b.yaml", "extends: a.yaml\nmatching: {selectivity: 0.3}\n")
    found = load("son_la", "b.yaml")
    bare = evidence(found)["matching.selectivity"]
    # the declared year belongs to the declared source
    assert (bare.source, bare.grade, bare.year) == ("given in b.yaml:2 without a source", "D", None)
    back = load("son_la", "b.yaml", settings=["matching.selectivity=0.5"])
    assert evidence(back)["matching.selectivity"].source == "Card 2018"
    sourced = load(settings=["matching.selectivity={value: 0.2, source: poll, grade: B}"])
    assert evidence(sourced)["matching.selectivity"].source == "poll"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{value: 0.4, sorce: x}", 'a.yaml:2:29  matching.selectivity.sorce: unknown key; did you mean "source"?'),
        ("{value: 1.4}", "a.yaml:2:3  matching.selectivity: given 1.4; allowed 0 to 1 [share]"),
        ("{value: 0.4, source: x}", "a.yaml:2:3  matching.selectivity: grade: given null; allowed A, B, C, D"),
        ("{value: 0.4, grade: E}", 'a.yaml:2:3  matching.selectivity: grade: given "E"; allowed A, B, C, D'),
        ("{value: 0.4, source: 3, grade: A}", "a.yaml:2:3  matching.selectivity: source: given 3; allowed text"),
        ("{value: 0.4, year: x}", 'a.yaml:2:3  matching.selectivity: year: given "x"; allowed a whole number'),
        ("{value: 0.4, low: x}", 'a.yaml:2:3  matching.selectivity: low: given "x"; allowed a number'),
        ("{value: 0.4, high: 2}", "a.yaml:2:3  matching.selectivity: high: given 2; allowed 0 to 1 [share]"),
        (
            "{value: 0.4, low: 0.5}",
            "a.yaml:2:3  matching.selectivity: the value 0.4 lies outside the range given with it, 0.5 or more [share]",
        ),
    ],
)
def test_wrong_evidence(given: str, message: str) -> None:
    write("a.yaml", f"matching:\n  selectivity: {given}\n")
    assert problems("son_la", "a.yaml") == [message]


def test_only_quantities_take_evidence() -> None:
    write("a.yaml", "seed: {value: 3, source: dice, grade: A}\n")
    assert problems("son_la", "a.yaml") == ["a.yaml:1:1  seed: this key takes no evidence"]


# --- policies in files -------------------------------------------------------------------------------------------

OWN = """\
from tests.test_config import Policy
from labsim.quantity import quantity

class Subsidy(Policy):
    rate: float = quantity(0.3, unit="share of wage", low=0, high=1, grade="D", source="assumed")

class Other:
    pass
"""


def own_policy(use: str = "own.py:Subsidy", code: str = OWN) -> None:
    write("study/own.py", code.replace("tests.test_config", __name__))
    write("study/x.yaml", f'extends: son_la/baseline\npolicies:\n  mine: {{use: "{use}", rate: 0.2}}\n')


def test_a_policy_in_a_file_is_found_beside_its_scenario() -> None:
    own_policy()
    found = load(Path("study/x.yaml"))
    mine: Any = found.policies["mine"]
    assert (type(mine).__name__, mine.rate) == ("Subsidy", 0.2)
    assert found.changes == ("policies.mine: off -> on", "policies.mine.rate: 0.3 -> 0.2 [share of wage]")
    assert load(Path("study/x.yaml"), settings=["mine.rate=0.1"]).policies["mine"].model_dump()["rate"] == 0.1
    assert problems(Path("study/x.yaml"), settings=["mine.rat=0.1"]) == [
        '--set  policies.mine.rat: unknown key; did you mean "rate"?'
    ]
    assert Tiny.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_hash_follows_the_code_of_a_policy_and_not_its_folder(folder: Path) -> None:
    own_policy()
    first = load(Path("study/x.yaml"))
    (folder / "study").rename(folder / "moved")
    assert load(Path("moved/x.yaml")).hash == first.hash
    with pytest.raises(ConfigError, match=r"^policies\.mine: no file study/own\.py"):
        Tiny.from_dict(first.to_dict())
    own_policy(code=OWN + "\n# another\n")
    assert load(Path("study/x.yaml")).hash != first.hash
    with pytest.raises(ConfigError, match=r"^policies\.mine: .*own\.py has changed since"):
        Tiny.from_dict(first.to_dict())


@pytest.mark.parametrize(
    ("use", "code", "message"),
    [
        ("gone.py:Subsidy", OWN, "no file study/gone.py"),
        ("own.py:Subsid", OWN, 'no class Subsid in study/own.py; did you mean "Subsidy"?'),
        ("own.py:Other", OWN, "Other in study/own.py is not a Policy; write `class Other(Policy):`"),
    ],
)
def test_wrong_policies_in_files(use: str, code: str, message: str) -> None:
    own_policy(use, code)
    assert problems(Path("study/x.yaml")) == [f"study/x.yaml:3:10  policies.mine.use: {message}"]


@pytest.mark.parametrize(
    ("code", "line", "kind"),
    [
        ("x = (1", 1, "SyntaxError"),
        ("\n\n1 / 0\n", 3, "ZeroDivisionError"),
        (OWN.replace(', source="assumed"', ""), 5, "TypeError"),
    ],
)
def test_policies_in_files_that_cannot_be_loaded(code: str, line: int, kind: str) -> None:
    own_policy(code=code)
    for _again in range(2):  # a file that failed is no module the next time
        (found,) = problems(Path("study/x.yaml"))
        assert found.startswith(f"study/x.yaml:3:10  policies.mine.use: study/own.py:{line} cannot be loaded: {kind}: ")


def test_code_can_be_refused_before_it_runs() -> None:
    own_policy(code="raise SystemExit(7)")
    (found,) = problems(Path("study/x.yaml"), allow_code=False)
    assert (
        found == "study/x.yaml:3:10  policies.mine.use: given 'own.py:Subsidy'; policies in files are not allowed here"
    )
    own_policy()
    with pytest.raises(ConfigError, match="policies in files are not allowed here"):
        Tiny.from_dict(load(Path("study/x.yaml")).to_dict(), allow_code=False)


def test_a_built_in_policy_can_be_used_under_another_name() -> None:
    write("a.yaml", "policies: {zz: {use: open_seats, quality: 0.1}, aa: {use: open_seats}}\n")
    found = load("son_la", "a.yaml")
    assert list(found.policies) == ["aa", "zz"]
    assert found.policies["zz"] == Seats(quality=0.1)


# --- frozen, hashed, carried -------------------------------------------------------------------------------------


def test_configurations_are_frozen_and_round_trip() -> None:
    write(
        "a.yaml",
        "policies: {open_seats: {seats: {2024: 3}}}\nmatching: {selectivity: 0.3}\nswitched_off: [matching.meet]\n",
    )
    config = load("son_la", "a.yaml")
    with pytest.raises(pydantic.ValidationError) as refused:
        config.seed = 3  # type: ignore[misc]
    assert [one["type"] for one in refused.value.errors()] == ["frozen_instance"]
    again = Tiny.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert (again.hash, again.evidence(), again.changes) == (config.hash, config.evidence(), config.changes)
    carried = pickle.loads(pickle.dumps(config))
    assert carried == config
    assert carried.policies["open_seats"] == Seats(seats={2021: 5, 2024: 3})
    with pytest.raises(pydantic.ValidationError) as refused:
        Tiny.from_dict(config.to_dict() | {"colour": "red"})
    assert [(one["type"], one["loc"]) for one in refused.value.errors()] == [("extra_forbidden", ("colour",))]


def test_the_hash_follows_values_only() -> None:
    hashes = {load().hash}
    write("a.yaml", "matching: {rounds: 2, selectivity: 0.6}\ntitle: Words\nquestion: More words\n")
    write(
        "b.yaml", "title: Words\nmatching: {selectivity: {value: 0.6, source: s, grade: A}, rounds: 2}\nreplicates: 9\n"
    )
    assert hashes == {load("son_la", "a.yaml").hash, load("son_la", "b.yaml").hash}
    for number, setting in enumerate(
        ("matching.rounds=3", "seed=2", "scale=0.2", "period.until=2029", "open_seats=true")
    ):
        hashes.add(load(settings=[setting]).hash)
        assert len(hashes) == number + 2, setting


def test_the_hash_follows_the_margins_and_not_their_line_endings() -> None:
    write("configs/son_la/margins/age.csv", "age,persons\n15,3\n")
    config = load()
    assert (config.province.folder, list(config.province.files)) == (
        Path("configs/son_la/margins").resolve(),
        ["age.csv"],
    )
    write("configs/son_la/margins/age.csv", "age,persons\r\n15,3\r\n")
    assert load().hash == config.hash
    write("configs/son_la/margins/age.csv", "age,persons\n15,4\n")
    assert load().hash != config.hash


def test_the_hash_is_the_same_in_another_process_and_for_another_order_of_keys() -> None:
    write("a.yaml", "matching: {rounds: 3, weights: {near: 0.5, mid: 0.4}}\n")
    write("b.yaml", "matching: {weights: {mid: 0.4, near: 0.5}, rounds: 3}\n")
    config = load("son_la", "a.yaml")
    assert load("son_la", "b.yaml").hash == config.hash
    script = (
        "import json, sys; sys.path[:0] = json.loads(sys.argv[1]); import test_config as t;"
        "sys.stdout.write(t.Tiny.from_dict(json.loads(sys.argv[2])).hash)"
    )
    paths = json.dumps([str(Path(__file__).parent), str(Path(text.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", script, paths, json.dumps(config.to_dict())], capture_output=True, text=True, check=True
    )
    assert done.stdout == config.hash


def test_the_hash_is_pinned() -> None:
    # a hash that moves makes every stored run unfindable: change this only with a line in the changelog
    write("configs/reference/urn.yaml", "name: Urn\nkind: reference\n")
    assert load("reference/urn").hash[:16] == "ab55c4a8a24cfccd"


def test_margins_are_found_again_on_another_machine(folder: Path) -> None:
    write("configs/son_la/margins/age.csv", "age,persons\n15,3\n")
    config = load()
    elsewhere = config.to_dict()
    elsewhere["province"]["folder"] = str(folder / "gone" / "margins")
    assert Tiny.from_dict(elsewhere) == config
    assert config.changed_margins() == []
    write("configs/son_la/margins/age.csv", "age,persons\n15,4\n")
    write("configs/son_la/margins/sex.csv", "sex,persons\n")
    assert config.changed_margins() == ["age.csv", "sex.csv"]


@pytest.mark.parametrize(
    ("start", "until", "months"),
    [("2020-12", "2030-12", 120), ("2020-12", 2026, 72), ("2020-12", "2020-12", 0), ("2021-03", "2022-01", 10)],
)
def test_period_counts_months(start: str, until: Any, months: int) -> None:
    period = Period(start=start, until=until)
    assert period.n_months == months
    assert "{}-{:02}".format(*period.year_and_month(months)) == period.until
    assert period.month_index(period.until) == months


def test_the_first_month_follows_the_start() -> None:
    assert Period(start="2020-12").year_and_month(1) == (2021, 1)


# --- schema ------------------------------------------------------------------------------------------------------


def test_schema_knows_sections_policies_and_evidence() -> None:
    schema = json.loads(json.dumps(schema_of(Tiny)))
    assert schema["additionalProperties"] is False
    assert {"extends", "name", "matching", "policies", "institutions", "scale"} <= set(schema["properties"])
    assert not {"province", "id", "files", "changes", "given", "origins", "scenario"} & set(schema["properties"])
    bare, given = schema["$defs"]["Matching"]["properties"]["selectivity"]["anyOf"]
    assert (bare["minimum"], bare["maximum"], given["required"]) == (0, 1, ["value"])
    assert schema["properties"]["policies"]["properties"]["open_seats"]["anyOf"][0] == {"$ref": "#/$defs/Seats"}
    assert "use" in schema["$defs"]["Seats"]["properties"]


# --- the province's own configuration ----------------------------------------------------------------------------


def test_check_lists_problems_and_tries_every_province() -> None:
    from labsim.config import check, config_schema, load

    assert load("son_la", settings=["seed=3"]).seed == 3
    assert check("configs/son_la/profile.yaml") == []
    write("anywhere.yaml", "extends: baseline\nseed: 4\n")
    assert check("anywhere.yaml") == []
    write("wrong.yaml", "extends: baseline\nsede: 4\nscale: 900\n")
    found = [str(problem) for problem in check("wrong.yaml")]
    assert found == [
        'wrong.yaml:2:1  sede: unknown key; did you mean "seed"?',
        "wrong.yaml:3:1  scale: given 900; allowed 1 or less",
    ]
    assert "seed" in config_schema()["properties"]
