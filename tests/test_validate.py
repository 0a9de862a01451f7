"""The scoreboard: every line passes, each fails when what it watches is broken, and the page shows it as it is."""

from __future__ import annotations

import dataclasses
import json
import math
import threading
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from labsim import schedule
from labsim.cli import cli
from labsim.errors import ConfigError
from labsim.evidence import against_figures, books, common_draws, executors, pairing
from labsim.evidence.check import Check, Comparison, Line, closest, count_of
from labsim.evidence.validate import GROUPS, Validation, lines, validate
from labsim.experiment.posterior import Posterior
from labsim.policies import Policy
from labsim.population import start
from labsim.report.validation import scoreboard_view
from labsim.simulation import Simulation
from labsim.world import Activity, World

ROOT = Path(__file__).resolve().parents[1]
LINES = {line.id: line for line in lines()}
PAGE = ROOT / "docs" / "validation.md"

# Faults: what a mistake in the code would do, put round a process of the month or in place of a function

Fault = Callable[[pytest.MonkeyPatch], None]
Act = Callable[[World], None]


def wrapped(patch: pytest.MonkeyPatch, name: str, body: Callable[..., None]) -> None:
    """Put `body(process, world, parameters, draws)` in the place of a process."""
    month = tuple(
        dataclasses.replace(one, body=partial(body, one.body)) if one.name == name else one for one in schedule.MONTH
    )
    assert month != schedule.MONTH, name
    patch.setattr(schedule, "MONTH", month)


def misread(process: str, **factors: float) -> Fault:
    """A process takes parameters for some factor times what they are."""

    def body(original: Any, world: World, parameters: Any, draws: Any) -> None:
        wrong = {name: getattr(parameters, name) * factor for name, factor in factors.items()}
        original(world, parameters.model_copy(update=wrong), draws)

    return lambda patch: wrapped(patch, process, body)


def first(process: str, act: Act) -> Fault:
    """Something else happens to the world just before a process."""

    def body(original: Any, world: World, parameters: Any, draws: Any) -> None:
        act(world)
        original(world, parameters, draws)

    return lambda patch: wrapped(patch, process, body)


def skipped(process: str, when: Callable[[int], bool] = lambda _month: True) -> Fault:
    """A process does nothing in some months."""

    def body(original: Any, world: World, parameters: Any, draws: Any) -> None:
        if not when(world.month):
            original(world, parameters, draws)

    return lambda patch: wrapped(patch, process, body)


def vacancies_bunch(world: World) -> None:
    few, many = world.enterprises.vacancies[0::2, 0], world.enterprises.vacancies[1::2, 0]
    few -= 5
    many += 5


def separations_bunch(patch: pytest.MonkeyPatch) -> None:
    def body(original: Any, world: World, parameters: Any, draws: Any) -> None:
        rate = 4.0 * parameters.separation_rate if world.month % 4 == 0 else 0.0
        original(world, parameters.model_copy(update={"separation_rate": rate}), draws)

    wrapped(patch, "firms.plan_headcount", body)


def seats_are_lost(world: World) -> None:
    world.programmes.seats -= 5


def mortality_is_too_high(world: World) -> None:
    if world.month == 1:
        world.tables["mortality"] = world.tables["mortality"] * 1.25


def demand_is_misplaced(world: World) -> None:
    if world.month == 1:
        world.enterprises.weight[0::2] *= 1.1
        world.enterprises.weight[1::2] *= 0.9


def somebody_moves_unrecorded(world: World) -> None:
    if world.month == 5:
        here = int(np.flatnonzero(world.workers.activity != Activity.LEFT)[0])
        world.workers.activity[here] = Activity.LEFT


def windows_do_not_close(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "in_window", lambda *_given: True)


def last_policies_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    active = Simulation.active_policies
    patch.setattr(Simulation, "active_policies", lambda self: active(self)[:-3])


def generator_is_shared(patch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)

    def act(world: World) -> None:
        world.workers.wage[0] = rng.random()

    first("counting.count_people", act)(patch)


def choice_goes_by_position(world: World) -> None:
    here = np.flatnonzero(world.workers.activity <= Activity.UNEMPLOYED)
    world.workers.destination[here] = np.arange(len(here)) % 2


def pay_follows_the_province(world: World) -> None:
    world.workers.wage += 1e-3 * float((world.workers.activity == Activity.FARMING).sum())


def draws_differ_by_scenario(patch: pytest.MonkeyPatch) -> None:
    def seeded(config: Any, seed: int) -> Simulation:
        seats = config.policies["vocational_training"].seats_per_year.get(2022, 0.0)
        return Simulation(config, seed + 1000 * int(seats))

    patch.setattr(pairing, "Simulation", seeded)


def threads_leave_a_trace(patch: pytest.MonkeyPatch) -> None:
    def act(world: World) -> None:
        if threading.current_thread() is not threading.main_thread():
            world.workers.activity[0] = Activity.LEFT

    first("counting.count_people", act)(patch)


def some_trained_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    train = start.train_people

    def forgetful(*given: Any) -> Any:
        level = train(*given)
        level[np.flatnonzero(level > 0)[::20]] = 0
        return level

    patch.setattr(start, "train_people", forgetful)


def many_leave(world: World) -> None:
    """A third of those without an employer are gone in the first month, and no flow tells of it."""
    if world.month == 1:
        activity = world.workers.activity
        here = np.flatnonzero((activity <= Activity.OUT_OF_LABOUR_FORCE) & (activity != Activity.EMPLOYEE))
        activity[here[::3]] = Activity.LEFT


def code_has_changed(patch: pytest.MonkeyPatch) -> None:
    old = Posterior(Path("posterior.csv"), ("x",), np.ones((1, 1)), np.ones(1), {"code_hash": "other"}, "")
    patch.setattr(against_figures, "posterior_for", lambda _config, _choice: old)


def figures_are_elsewhere(patch: pytest.MonkeyPatch) -> None:
    row = {"indicator": "x", "where": "", "unused": "", "in_seen": False}
    about = {"observations": [{**row, "when": str(year)} for year in range(2001, 2011)]}
    drawn = Posterior(Path("posterior.csv"), ("x",), np.ones((1, 1)), np.ones(1), about, "")
    patch.setattr(against_figures, "posterior_for", lambda _config, _choice: drawn)


PROVINCES = ("son_la", "lao_cai", "bac_kan")
FAULTS: dict[str, Fault] = {
    "urn_ball_mean": misread("search.search", effort=0.97),
    "urn_ball_variance": first("search.search", vacancies_bunch),
    "two_state_lake": misread("firms.plan_headcount", separation_rate=1.1),
    "frictional_mean": misread("firms.plan_headcount", separation_rate=1.1),
    "frictional_variance": separations_bunch,
    "erlang_one_year": first("training.enrol", seats_are_lost),
    "erlang_three_years": first("training.enrol", seats_are_lost),
    "erlang_left_early": first("training.enrol", seats_are_lost),
    "contracts_exact": skipped("abroad.come_back", lambda month: month == 40),
    "contracts_thousand": skipped("abroad.come_back"),
    "contracts_early": skipped("abroad.come_back", lambda month: month % 4 == 0),
    "cohort_entrants": skipped("demography.come_of_age", lambda month: month == 7),
    "cohort_component": first("demography.die", mortality_is_too_high),
    **{
        f"{case}": misread("firms.plan_headcount", separation_rate=1.25)
        for case in ("ring_constant", "ring_cycle", "complete_cycle", "network_cycle")
    },
    **{
        f"{case}": misread("firms.plan_headcount", separation_speed=0.3, opening_speed=0.3)
        for case in ("ring_automation", "complete_automation", "network_automation")
    },
    **{
        f"{case}_each": first("firms.plan_headcount", demand_is_misplaced)
        for case in ("ring_automation", "complete_cycle", "network_automation")
    },
    "beveridge": misread("firms.plan_headcount", separation_speed=0.5, opening_speed=0.5),
    **{
        f"books_{world}": first("counting.count_people", somebody_moves_unrecorded)
        for world in ("son_la", "lao_cai", "bac_kan", "reference")
    },
    "policies_closed": windows_do_not_close,
    "policies_order": last_policies_are_forgotten,
    "same_seed": generator_is_shared,
    **{
        f"one_{activity}_less": first("counting.count_people", choice_goes_by_position)
        for activity in ("farming", "household_business", "employee")
    },
    "nothing_shared": first("counting.count_people", choice_goes_by_position),
    "elsewhere": first("counting.count_people", pay_follows_the_province),
    "pairing": draws_differ_by_scenario,
    "executors_agree": threads_leave_a_trace,
    **{
        f"{province}_{what}": some_trained_are_forgotten
        for province in PROVINCES
        for what in ("cells", "totals")
    },
    **{f"{province}_backcast": first("counting.count_people", many_leave) for province in PROVINCES},
    **{f"{province}_draws": code_has_changed for province in PROVINCES},
    **{f"{province}_observed": figures_are_elsewhere for province in PROVINCES},
}


def test_every_line_has_a_fault() -> None:
    assert set(FAULTS) == set(LINES)


@pytest.mark.slow
@pytest.mark.scoreboard
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_what_a_line_watches_fails_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    found = LINES[name].check()
    assert not found.passed, found
    assert found.error == "", found.error  # it fails by what came out and not because the fault broke the run


# lines that take seconds; all others are on the scoreboard's own marker, since other tests hold the same knowledge
QUICK = {name for name in LINES if name.endswith(("_draws", "_observed", "_entrants")) or name == "contracts_exact"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.scoreboard) for name in LINES]
)
def test_every_line_passes_and_stands_on_the_page_as_it_is(name: str) -> None:
    found = LINES[name].check()
    assert found.passed, found
    # columns are as wide as what stands in them, so that only the words and numbers are compared
    rows = " ".join(" ".join(scoreboard_rows(Validation((found,), "", {}, 0.0))).split())
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert rows and rows in page, "the scoreboard moved: python tools/scoreboard.py"


def scoreboard_rows(found: Validation) -> list[str]:
    """Return the rows of a line as the command prints them."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, highlight=False, color_system=None)
    with console.capture() as printed:
        for part in scoreboard_view(found):
            console.print(part)
    rows = [row.rstrip() for row in printed.get().splitlines()]
    return [row for row in rows if row.startswith("  ")]


def test_the_page_explains_every_line_and_every_group() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for line in LINES.values():
        assert f"`{line.id}`" in page, line.id
        assert line.what_it_means in page, line.id
        assert line.rule in page, line.id
    for title in GROUPS.values():
        assert title in page


# The rules of the books, one by one: each notices a month in which it is broken


@pytest.fixture(scope="module")
def history() -> books.History:
    return books.watch(books.small("son_la/baseline"), months=14)


def tampered(history: books.History, month: int, change: Callable[[books.Month], None]) -> books.History:
    """Return the history with a copy of one month changed."""
    copies = list(history.months)
    one = copies[month]
    copies[month] = books.Month(
        *({name: column.copy() for name, column in table.items()} for table in (one.workers, one.enterprises)),
        {name: column.copy() for name, column in one.programmes.items()},
        one.flows.copy(), dict(one.counts), list(one.problems),
    )  # fmt: skip
    change(copies[month])
    return books.History(history.model, copies)


def changed(table: str, column: str, value: Any, where: Callable[[books.Month], Any]) -> Callable[[books.Month], None]:
    def change(month: books.Month) -> None:
        getattr(month, table)[column][where(month)] = value

    return change


def one_of(activity: Activity) -> Callable[[books.Month], int]:
    return lambda month: int(np.flatnonzero(month.workers["activity"] == activity)[0])


def a_closed_employer(month: books.Month) -> int:
    return int(np.flatnonzero(month.enterprises["active"] == 0)[0])


BROKEN: dict[str, Callable[[books.Month], None]] = {
    "the model finds no imbalance": lambda month: month.problems.append("headcounts"),
    "stocks change by the flows recorded": lambda month: month.flows.__setitem__((0, 2), month.flows[0, 2] + 1),
    "recorded series are the people": changed("workers", "activity", Activity.FARMING, one_of(Activity.EMPLOYEE)),
    "what was counted is what flowed": lambda month: month.counts.__setitem__("deaths", 10**6),
    "people trained add up by residence and level": lambda month: month.counts.__setitem__("people_trained", 10**6),
    "headcounts are the employees": changed("enterprises", "headcount", 10**6, lambda _month: 0),
    "no headcount or vacancy is negative": changed("enterprises", "vacancies", -1, lambda _month: 0),
    "closed employers seek and hold nobody": changed("enterprises", "vacancies", 1, a_closed_employer),
    "seats taken are the trainees": changed("programmes", "taken", 10**4, lambda _month: 0),
    "what people hold fits what they do": changed("workers", "employer", 0, one_of(Activity.FARMING)),
    "nobody vanishes or changes a birthday": changed("workers", "sex", 7, lambda _month: 0),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_of_the_books_names_the_month_in_which_it_is_broken(history: books.History, rule: str) -> None:
    find = books.RULES[rule]
    assert list(find(history)) == []
    assert 9 in find(tampered(history, 9, BROKEN[rule]))


def test_money_that_nobody_paid_is_noticed(history: books.History, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {*BROKEN, "money paid is money received"} == set(books.RULES)
    ledger = history.model.world.ledger
    paid = next(one for one in ledger.payments if one.payer not in books.PRIVATE_PAYERS)
    monkeypatch.setattr(ledger, "payments", [*ledger.payments, dataclasses.replace(paid, amount=paid.amount + 1)])
    assert paid.month in books.money_balances(history)


# Comparisons


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (Comparison(10.0, 12.0, 2.0), True),
        (Comparison(10.0, 12.1, 2.0), False),
        (Comparison(0.0, 0.0, 0.0), True),
        (Comparison(0.0, 1e-9, 0.0), False),
        (Comparison(10.0, math.nan, 2.0), False),
        (Comparison(math.nan, 10.0, 2.0), False),
        (Comparison(10.0, 10.5, math.nan), False),
        (Comparison(10.0, 1e9, 2.0, side="at least"), True),
        (Comparison(10.0, 8.5, 2.0, side="at least"), True),
        (Comparison(10.0, 7.5, 2.0, side="at least"), False),
        (Comparison(10.0, -1e9, 2.0, side="at most"), True),
        (Comparison(10.0, 12.5, 2.0, side="at most"), False),
        (Comparison(10.0, 11.0, 0.0, side="at most"), False),
        (Comparison(10.0, 9.0, 0.0, side="at most"), True),
        (Comparison(10.0, math.inf, 2.0, side="at least"), False),
    ],
)
def test_a_comparison_passes_within_its_tolerance_and_nowhere_else(given: Comparison, passed: bool) -> None:
    assert given.passed is passed


def test_the_comparison_closest_to_failing_is_found_in_arrays() -> None:
    expected, obtained, tolerance = [[1.0, 2.0], [3.0, 4.0]], [[1.5, 2.0], [3.4, 4.1]], [[1.0, 1.0], [0.5, 1.0]]
    found = closest(expected, obtained, tolerance, lambda a, b: f"{a},{b}")
    assert (found.expected, found.obtained, found.tolerance, found.where, found.n) == (3.0, 3.4, 0.5, "1,0", 4)
    assert not closest([1.0, 2.0], [1.0, math.nan], 5.0).passed
    assert not closest([1.0, 2.0], [1.0, 2.0 + 1e-9], 0.0).passed


def checked(*comparisons: Comparison) -> Check:
    return Line("id", "books", "name", "persons", "meaning", "rule", lambda: comparisons).check()


def test_a_check_shows_what_is_closest_to_failing_and_counts_all() -> None:
    found = checked(Comparison(1.0, 1.1, 1.0), Comparison(5.0, 9.0, 1.0, "here", n=7), Comparison(1.0, 1.0, 0.0))
    assert (found.expected, found.obtained, found.where, found.n, found.passed) == (5.0, 9.0, "here", 9, False)
    assert checked(Comparison(1.0, 1.1, 1.0)).passed


def test_a_line_that_breaks_or_compares_nothing_fails_and_says_so() -> None:
    def breaks() -> Any:
        raise ValueError("no such column")

    found = Line("id", "books", "name", "persons", "meaning", "rule", breaks).check()
    assert not found.passed and found.error == "ValueError: no such column"
    empty = checked()
    assert not empty.passed and empty.error


def test_problems_are_counted_and_the_first_is_told() -> None:
    found = count_of(["a", "b"], n=10, where="son_la")
    assert (found.obtained, found.where, found.n, found.passed) == (2.0, "son_la: a", 10, False)
    assert count_of([]).passed


# The command


def board(monkeypatch: pytest.MonkeyPatch, *comparisons: Comparison) -> None:
    """Make the scoreboard of two lines that take no time."""
    from labsim.evidence import validate as module

    made = tuple(
        Line(f"line_{n}", "books", f"name {n}", "persons", "what it means", "a rule", lambda one=one: (one,))
        for n, one in enumerate(comparisons)
    )
    monkeypatch.setattr(module, "_LINES", made)


RIGHT, WRONG = Comparison(1.0, 1.0, 0.5), Comparison(1.0, 2.0, 0.5, "month 3")


def test_the_exit_code_says_whether_every_line_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    board(monkeypatch, RIGHT, RIGHT)
    done = CliRunner().invoke(cli, ["validate", "--executor", "serial"])
    assert done.exit_code == 0, done.output
    assert "2 of 2 lines pass" in done.output
    board(monkeypatch, RIGHT, WRONG)
    done = CliRunner().invoke(cli, ["validate", "--executor", "serial"])
    assert done.exit_code == 1
    assert "1 of 2 lines pass" in done.output and "Failed: name 1" in done.output and "month 3" in done.output
    only = CliRunner().invoke(cli, ["validate", "--executor", "serial", "--only", "line_0", "--quiet"])
    assert (only.exit_code, only.output) == (0, "")


def test_json_is_one_object_without_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    board(monkeypatch, RIGHT, Comparison(1.0, math.nan, 0.5))
    done = CliRunner().invoke(cli, ["validate", "--executor", "serial", "--json", "--quiet"])
    found = json.loads(done.output)
    assert done.exit_code == 1 and found["passed"] is False
    assert [one["passed"] for one in found["lines"]] == [True, False]
    assert found["lines"][1]["obtained"] is None
    assert found["lines"][0]["comparisons"] == [
        {"expected": 1.0, "obtained": 1.0, "tolerance": 0.5, "where": "", "side": "equal", "n": 1}
    ]
    assert found["code_hash"] and found["versions"]["python"]


def test_details_tell_meaning_tolerance_and_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    board(monkeypatch, WRONG)
    done = CliRunner().invoke(cli, ["validate", "--executor", "serial", "--details"])
    assert "what it means" in done.output and "Tolerance: a rule." in done.output


def test_an_unknown_line_or_group_is_refused_with_the_nearest_name() -> None:
    done = CliRunner().invoke(cli, ["validate", "--only", "closed_form"])
    assert done.exit_code == 2
    assert 'only: given \'closed_form\'; did you mean "closed_forms"?' in done.output
    with pytest.raises(ConfigError, match=r"given 'urn'; allowed: .*beveridge"):
        validate(["urn"])


def test_groups_and_lines_are_chosen_by_name_and_told_apart() -> None:
    assert {line.group for line in LINES.values()} == set(GROUPS)
    assert set(LINES).isdisjoint(GROUPS) and len(LINES) == len(lines())
    chosen = lines(["books", "urn_ball_mean"])
    assert {line.id for line in chosen} == {
        "urn_ball_mean", "books_son_la", "books_lao_cai", "books_bac_kan", "books_reference",
    }  # fmt: skip


@pytest.mark.slow
def test_the_scoreboard_is_the_same_whoever_runs_the_lines() -> None:
    only = ["contracts_exact", "contracts_thousand", "same_seed", "bac_kan_totals"]
    told: list[tuple[int, int]] = []
    serial = validate(only, executor="serial", progress=lambda event: told.append((event.done, event.total)))
    assert serial.checks == validate(only, executor="processes", workers=2).checks
    assert told[-1] == (4, 4)
    assert serial.passed and list(serial.table["id"]) == only


def test_no_table_is_left_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = tuple(
        Check(
            line.id, line.group, line.name, line.unit, 1_169_754.0, 1_164_517.0, 50_543.0, "at least", True,
            "household business, step 106 of a long name", 1_476, line.what_it_means, line.rule,
        )
        for line in LINES.values()
    )  # fmt: skip
    rows = scoreboard_rows(Validation(checks, "", {}, 0.0))
    assert len(rows) >= 2 * len(LINES)
    assert max(len(row) for row in rows) <= 100
    assert reduce(lambda n, row: n + ("pass" in row), rows, 0) == len(LINES)


def test_executors_name_the_table_that_differs(son_la) -> None:
    from labsim.experiment.run import run

    config = son_la(scale=0.003, until="2021-01")
    one, other = (run(config, replicates=1, seed=seed, executor="serial") for seed in (1, 2))
    assert list(executors.differing_tables(one, one)) == []
    assert "monthly" in list(executors.differing_tables(one, other))


def test_a_policy_that_may_act_is_seen_in_the_differences() -> None:
    """Else the lines about policies that cannot act could not fail."""
    config = common_draws.province(common_draws.STORMY)
    bare = common_draws.after(common_draws.with_policies(config, {}), 3)
    dosed = common_draws.with_policies(config, {"job_placement": common_draws.dosed("job_placement")})
    assert list(common_draws.differences(common_draws.after(dosed, 3), bare)) != []
