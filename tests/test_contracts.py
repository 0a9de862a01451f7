"""Every process does what it declares: it changes nothing but its `writes` and looks at nothing but its `reads`.

Also: every file under configs/ loads, and every indicator that targets and observations name exists or is known not to.
"""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from labsim.config import check, find_configs, known_names, load
from labsim.indicators import INDICATORS
from labsim.levers import LEVERS, Levers
from labsim.model import LabourModel
from labsim.policies.base import Account
from labsim.processes.base import Process
from labsim.recorder import Recorder
from labsim.schedule import MONTH, require_wired
from labsim.wires import COUNTS, EVENTS, Events
from labsim.world import Enterprises, Institutions, Programmes, Workers, World

TABLES = {"workers": Workers, "enterprises": Enterprises, "institutions": Institutions, "programmes": Programmes}
COLUMNS = tuple(f"{table}.{column}" for table, kind in TABLES.items() for column in kind.columns())
PARTS = ("places", "market", "ledger", "counts", "applications", "tables", "demand_index", "accessibility", "levers")
# Every policy works hard, so that every process has something to do.
BUSY = (
    "climate.frequency=4",
    "policies.vocational_training.seats_per_year.2021=40000",
    "policies.labour_export.places_per_year.2021=9000",
    "policies.labour_export.places_per_year.2022=9000",
    "policies.talent_attraction.places_per_year.2021=9000",
    "policies.talent_attraction.lump_sum=1e9",
    "policies.climate_retraining.conversions_per_year.2021=20000",
    "policies.job_placement.share_per_year.2021=0.5",
    "policies.labour_information.institutions.2021=0.6",
    "policies.labour_information.workers.2021=0.6",
    "policies.school_enterprise_linkage.share.2021=1",
    "linkage.partner_share=1",
    "linkage.reserved=1",
    "policies.digital_skills.persons_per_year.2021=20000",
    "policies.officials_degrees.officials_per_year.2021=9000",
    "policies.officials_degrees.communes_per_year.2021=9000",
    "policies.industrial_parks.posts_per_year.2021=20000",
    "policies.startups.loans_per_year.2021=40000",
    "policies.startups.digital_support_per_year.2021=20000",
    "policies.startups.cooperatives_per_year.2021=900",
    "policies.rural_minority_training.campaign_days_per_year.2021=9000",
    "policies.rural_minority_training.quotas.poor=0.5",
    "policies.vocational_training.travel=200000",
)
MONTHS = 14
# Named by targets or observations and not measured by the model.
KNOWN_MISSING = {
    "population", "poverty_share", "productivity_growth", "grdp_growth",
}  # fmt: skip


def state(world: World) -> dict[str, Any]:
    """Copy everything that a process may change, by the name under which it is declared."""
    found: dict[str, Any] = {}
    for name in COLUMNS:
        table, column = name.split(".")
        found[name] = getattr(getattr(world, table), column).copy()
    for name in PARTS[:-1]:
        found[name] = copy.deepcopy(getattr(world, name))
    found |= {f"events.{name}": copy.deepcopy(value) for name, value in world.events.items()}
    # reading a lever lays out its neutral array; only amounts that someone put there count as a change
    found["levers"] = [(one.policy, one.lever, one.amount.copy()) for one in world.levers.contributions]
    return found


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return isinstance(other, type(one)) and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return bool(one == other)


def months_of(model: LabourModel, months: int):
    """Go through the months by hand and yield every process just before it would run; the caller runs it."""
    world = model.world
    for _ in range(months):
        model.month += 1
        world.month = model.month
        world.ledger.start_month()
        world.events.clear()
        world.applications = None
        world.levers.reset()
        policies = model.active_policies()
        for name, policy in policies:
            policy.adjust(world.levers.by(name), world)
        draws = model.draws.at(model.month)
        for process in model.processes:
            yield process, getattr(model.config, process.section), draws
        for name, policy in policies:
            policy.settle(world, Account(world, name))
        world.ledger.close_month()
        model.recorder.take(world)


@pytest.fixture(scope="module")
def changes(son_la) -> dict[str, set[str]]:
    """Return what each process changed in some busy months."""
    model = LabourModel(son_la(*BUSY, scale=0.005), seed=1)
    found: dict[str, set[str]] = {process.name: set() for process in MONTH}
    for process, parameters, draws in months_of(model, MONTHS):
        before = state(model.world)
        process(model.world, parameters, draws)
        now = state(model.world)
        found[process.name] |= {name for name in now if not same(before.get(name), now[name])}
    assert model.imbalance() == []
    return found


@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_a_process_changes_only_what_it_declares(changes, process: Process):
    assert changes[process.name] - set(process.writes) == set()


class Watched(Events):
    """Events that remember what was asked for."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__(sizes)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(f"events.{name}")
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(f"events.{name}")
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(f"events.{name}")
        return super().__contains__(name)


@pytest.fixture(scope="module")
def passed_on(son_la) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return which events each process read, and which counts it added to."""
    model = LabourModel(son_la(*BUSY, scale=0.005), seed=1)
    events = model.world.events = Watched(model.world.levers.sizes)
    read: dict[str, set[str]] = {process.name: set() for process in MONTH}
    counted: dict[str, set[str]] = {process.name: set() for process in MONTH}
    for process, parameters, draws in months_of(model, MONTHS):
        events.read.clear()
        before = dict(model.world.ledger.counts)
        process(model.world, parameters, draws)
        read[process.name] |= events.read
        now = model.world.ledger.counts
        counted[process.name] |= {name for name in now if name not in before or now[name] != before[name]}
    return read, counted


@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_a_process_reads_only_events_that_it_declares(passed_on, process: Process):
    read, _counted = passed_on
    assert read[process.name] - {*process.reads, *process.writes} == set()


def test_a_count_is_added_to_by_its_declared_producers_alone(passed_on):
    _read, counted = passed_on
    found = {name: {process for process, names in counted.items() if name in names} for name in COUNTS}
    assert {name for name, by in found.items() if by - set(COUNTS[name].producers)} == set()
    assert {name for name, by in found.items() if not by} == {"graduates_postgraduate"}  # nobody teaches it here


def test_policies_and_the_recorder_read_what_is_declared_for_them(son_la):
    model = LabourModel(son_la(*BUSY, scale=0.005), seed=1)
    events = model.world.events = Watched(model.world.levers.sizes)
    model.recorder = Recorder(by=("sex", "field"))
    read: set[str] = set()
    for process, parameters, draws in months_of(model, MONTHS):
        if process is model.processes[0]:
            read |= {name.removeprefix("events.") for name in events.read}  # since the last process of a month
        process(model.world, parameters, draws)
        events.read.clear()
    told = {name for name, kind in EVENTS.items() if kind.readers}
    assert read - told == set()
    assert told - read <= {"completed", "digital_trained", "degrees_in_service", "placed", "hired_by_partners"}


def without(process: Process, place: str) -> Process:
    return replace(process, writes=tuple(name for name in process.writes if name != place))


def test_a_month_whose_wires_do_not_meet_is_refused():
    month = list(MONTH)
    by_name = {process.name: place for place, process in enumerate(month)}
    enrol, progress = by_name["training.enrol"], by_name["training.progress"]
    with pytest.raises(ValueError, match="there is no event 'admited'; did you mean \"admitted\""):
        require_wired([*month[:enrol], replace(month[enrol], writes=("events.admited",)), *month[enrol + 1 :]])
    with pytest.raises(ValueError, match=r"'graduates'.*declared producers are training.progress; .*by nobody"):
        require_wired([without(one, "events.graduates") for one in month])
    second = replace(month[enrol], writes=(*month[enrol].writes, "events.graduates"))
    with pytest.raises(ValueError, match=r"'graduates'.*written by training.enrol, training.progress"):
        require_wired([second if one.name == "training.enrol" else one for one in month])
    early = replace(month[enrol], reads=(*month[enrol].reads, "events.graduates"))
    with pytest.raises(ValueError, match=r"training.enrol reads it before training.progress"):
        require_wired([early if one.name == "training.enrol" else one for one in month])
    assert progress > enrol


def test_an_undeclared_event_or_count_is_refused_with_the_nearest_name(son_la):
    world = LabourModel(son_la(scale=0.002), seed=1).world
    with pytest.raises(LookupError, match=r"no event 'admited'.*admitted"):
        world.events["admited"] = 1
    with pytest.raises(LookupError, match=r"no event 'graduats'.*graduates"):
        world.events.get("graduats")
    with pytest.raises(LookupError, match=r"no count 'hire'.*hires"):
        world.ledger.count("hire", 1)


def test_an_event_that_nobody_wrote_has_its_declared_empty_value(son_la):
    world = LabourModel(son_la(scale=0.002), seed=1).world
    world.events.clear()
    for name, kind in EVENTS.items():
        empty = world.events[name]
        if kind.empty == "zeros":
            assert empty.tolist() == [0.0] * world.levers.sizes[kind.over]
        else:
            assert (empty is None) if kind.empty == "nothing" else (len(empty) == 0)
        assert name not in world.events


@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_no_process_writes_a_lever(changes, process: Process):
    assert not any(name.startswith("levers") for name in process.writes)
    assert "levers" not in changes[process.name]


def test_busy_months_exercise_every_process(changes):
    """Those that only pass on what happens this month change events, all others something that lasts."""

    def lasting(names: Iterable[str]) -> set[str]:
        return {name for name in names if name not in ("ledger", "applications") and not name.startswith("events.")}

    passing = {process.name for process in MONTH if not lasting(process.writes)}
    assert [name for name, changed in changes.items() if not changed - {"ledger"}] == []
    assert {name for name, changed in changes.items() if not lasting(changed)} == passing


@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_every_declared_name_exists(process: Process):
    known = {*COLUMNS, *PARTS, *(f"levers.{name}" for name in LEVERS), *(f"events.{name}" for name in EVENTS)}
    assert set(process.reads) | set(process.writes) <= known
    assert len(set(process.writes)) == len(process.writes)
    assert len(set(process.reads)) == len(process.reads)


@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_every_process_says_what_it_does_in_one_sentence(process: Process):
    assert process.summary
    assert process.summary[0].isupper()
    assert process.name == f"{process.section}.{process.body.__name__}"


def shuffled(world: World, names: list[str], draw: np.random.Generator) -> World:
    """Return a copy of a world in which the rows of some columns have changed places, so that reading them shows."""
    twin = copy.deepcopy(world)
    for name in names:
        table, column = name.split(".")
        values = getattr(getattr(twin, table), column)
        values[:] = values[draw.permutation(len(values))]
    return twin


def disturbed(world: World, names: list[str], draw: np.random.Generator) -> World:
    """Return a copy of a world in which some columns are shuffled and some levers have another value."""
    twin = shuffled(world, [name for name in names if not name.startswith("levers.")], draw)
    for name in names:
        if name.startswith("levers."):
            lever = name.removeprefix("levers.")
            twin.levers._values[lever] = 1.5 * world.levers[lever] + 0.5
    return twin


@pytest.fixture(scope="module")
def undeclared_reads(son_la) -> dict[str, set[str]]:
    """Return the columns and levers that changed what a process did though it does not declare to read or write them.

    All of them at once are other in a copy of the world, and the process runs on the copy and on the world. Only where
    that shows, it runs once more for each, to tell which it was.
    """
    model = LabourModel(son_la(*BUSY, scale=0.002), seed=2)
    draw = np.random.default_rng(5)
    found: dict[str, set[str]] = {process.name: set() for process in MONTH}
    for process, parameters, draws in months_of(model, 9):
        world = model.world
        if model.month < 9:  # in September the year's degree courses take people in, and hazards have struck
            process(world, parameters, draws)
            continue
        before = copy.deepcopy(world)

        def show(changed: list[str], process=process, parameters=parameters, draws=draws, before=before) -> bool:
            outcomes = []
            for twin in (copy.deepcopy(before), disturbed(before, changed, draw)):
                process(twin, parameters, draws)
                outcomes.append(state(twin))
            one, other = outcomes
            return not all(same(one[name], other[name]) for name in one if name not in (*changed, "levers"))

        levers = [f"levers.{name}" for name in LEVERS]
        free = [name for name in (*COLUMNS, *levers) if name not in {*process.reads, *process.writes}]
        if show(free):
            found[process.name] = {name for name in free if show([name])}
        process(world, parameters, draws)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("process", MONTH, ids=lambda process: process.name)
def test_a_process_looks_only_at_what_it_declares(undeclared_reads, process: Process):
    assert undeclared_reads[process.name] == set()


def config_files() -> list[Path]:
    roots = [root for root in find_configs() if root.parent == Path(__file__).parent.parent]
    return [file for root in roots for file in sorted(root.rglob("*.yaml")) if file.name != "targets.yaml"]


@pytest.mark.parametrize("file", config_files(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_shipped_file_is_without_problems(file: Path):
    assert check(file) == []


@pytest.mark.parametrize("name", known_names())
def test_every_name_loads_and_survives_a_round_trip(name: str):
    config = load(name)
    assert type(config).from_dict(config.to_dict()).hash == config.hash


def indicators_named() -> set[str]:
    named: set[str] = set()
    for file in Path(__file__).parent.parent.glob("configs/*/targets.yaml"):
        for entries in yaml.safe_load(file.read_text(encoding="utf-8")).values():
            named |= {entry["indicator"] for entry in entries if isinstance(entry, dict) and entry.get("indicator")}
    for file in Path(__file__).parent.parent.glob("configs/*/observed.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            named |= {row["indicator"] for row in csv.DictReader(lines)}
    return named


def test_indicators_named_in_files_exist_or_are_known_to_be_missing():
    named = indicators_named()
    assert len(named) > 15
    assert {name for name in named if name not in INDICATORS} == KNOWN_MISSING


def test_levers_over_what_the_world_has(son_la):
    """Every lever can be written on a real world: its size is known."""
    world = LabourModel(son_la(scale=0.002), seed=1).world
    assert isinstance(world.levers, Levers)
    for name, kind in LEVERS.items():
        hand = world.levers.by("test")
        most = float(kind.high)
        {"add": hand.add, "multiply": hand.multiply, "max": hand.raise_to}[kind.rule](name, most)
        assert (world.levers[name] == most).all(), name
