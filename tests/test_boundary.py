"""Where a user's own code ends and labsim begins: what a policy may read, write, pay, draw and import."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import labsim
from labsim.config import Config, load
from labsim.errors import ConfigError, RunError
from labsim.ledger import Payment
from labsim.policies import Policy
from labsim.simulation import Simulation

pytestmark = pytest.mark.tiny
WORLD = "reference/urn_ball"


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Config]:
    """Write a policy whose methods have these lines, and helpers beside it; return a configuration that uses it."""

    def write(adjust: str = "pass", settle: str = "pass", top: str = "", name: str = "mine", **helpers: str) -> Config:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for helper, text in helpers.items():
            path = folder / f"{helper.replace('__in__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        body = [top, "from labsim.policies import Policy", "class Mine(Policy):", '    """Do something."""']
        for method, given, lines in (("adjust", "levers, world", adjust), ("settle", "world, account", settle)):
            body += [f"    def {method}(self, {given}):", textwrap.indent(lines, "        ")]
        (folder / "mine.py").write_text("\n".join(body), encoding="utf-8")
        return configured(folder / "mine.py")

    return write


def configured(file: Path) -> Config:
    return load(WORLD, settings={"policies.mine": {"use": f"{file}:Mine"}, "reference.people": 40})


def run(config: Config, seed: int = 1, months: int = 2) -> Simulation:
    return Simulation(config, seed).run(months)


def refused(config: Config) -> str:
    with pytest.raises(RunError) as caught:
        run(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("adjust", "message"),
    [
        ('levers.multiply("search_effort", float("nan"))', "lever search_effort (over workers): given nan; allowed"),
        ('levers.add("wage_subsidy", -5)', "lever wage_subsidy (over workers): given -5; allowed 0 to 1 [share"),
        ('levers.add("wage_subsidi", 0.1)', "there is no lever 'wage_subsidi'; did you mean \"wage_subsidy\"?"),
        (
            'import pandas as pd; levers.add("wage_subsidy", pd.Series([0.1] * 40, index=range(1, 41)))',
            "given a column whose labels are not 0, 1, 2, ...; .to_numpy() takes its values",
        ),
        (
            'import pandas as pd; levers.add("wage_subsidy", 0.1, to=pd.Series([True] * 40, index=range(1, 41)))',
            "given a column whose labels are not 0, 1, 2, ...",
        ),
        (
            'import numpy as np; levers.add("wage_subsidy", np.ma.masked_less(np.arange(40) / 100.0, 0.2))',
            "allowed a number or an array of numbers, 0 to 1 [share",
        ),
        ('levers.raise_to("wage_subsidy", 0.1)', "lever 'wage_subsidy' combines by 'add', not 'max'"),
        ('levers.add("wage_subsidy", 0.1, to=world.workers.wage)', "to: given an array of float32"),
        ("world.draw('')", "world.draw: given ''; allowed a text that names the decision"),
        ("world.draw('x', [-1])", "world.draw, rows: given int64"),
        ("raise KeyError('boom')", "raised KeyError: 'boom'"),
        ("import sys; sys.exit(3)", "raised SystemExit: 3"),
        ("world.wrkers", "raised AttributeError: the world has no 'wrkers'; did you mean \"workers\"?"),
        ("self.start = '2021-01'", "start: a parameter does not change during a run"),
    ],
)
def test_what_a_policy_does_wrong_is_told_with_place_and_month(own, adjust: str, message: str) -> None:
    said = refused(own(adjust))
    assert said.startswith("policies.mine (Mine.adjust, mine.py:6) in 2021-01: ")
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "line",
    [
        "world.workers.activity[:] = 0", "world.workers.activity += 1", "world.workers.activity.sort()",
        "np.copyto(world.workers.wage, 1.0)", "world.workers.activity.setflags(write=True)",
        "world.workers.activity = np.zeros(3)", "world.enterprises.vacancies[0, 0] = 9", "world.people.wage[0] = 1",
        "world.employers.headcount[:] = 1", "world.courses.taken[:] = 1", "world.programmes.seats[:] = 1",
        "world.places.distance[:] = 1", "world.market.offer[:] = 1", "world.market.offer = 1", "del world.market",
        "world.accessibility[:] = 0", "world.month = 7", "world.anything = 7", "world.runs[:] = 0",
        "world.tables['retirement_months'][:] = 0", "world.tables['mine'] = 1", "world.tables.clear()",
        "world.counts.pop('farmers')", "world.events['hired'] = []", "world.events.update(a=1)",
        "world.events.setdefault('a', 1)", "world.ledger.stocks[:] = 0", "world.ledger.counts['hired'] = 5",
        "world.ledger.counts.clear()", "world.ledger.count('hired', 5)", "world.ledger.spent.clear()",
        "world.ledger.pay(None, 2021)", "world.ledger.payments.clear()", "world.ledger.start_month()",
        "world.levers['search_effort'][:] = 3", "world.levers.reset()",
        "world.levers.by('other').add('wage_subsidy', 1)", "world.levers.contributions.clear()",
        "world._world.month = 7", "account.books.payments.clear()", "world.counts._mapping['hired'] = 1",
        "world.ledger.payments._items.clear()", "from labsim.levers import LEVERS; LEVERS['mine'] = 1",
        "world.born_in(-500)[:] = 1", "world.by_district()[0][:] = 0",
        "account.share('wage_subsidy')[:] = 1", "account.world.workers.wage[:] = 0", "account.policy = 'other'",
        "self.budget[2022] = 5", "self.budget.clear()",
    ],
)  # fmt: skip
def test_a_policy_writes_nothing_but_levers_and_payments(own, line: str) -> None:
    plain = run(own())
    config = own(settle=f"import numpy as np\n{line}", adjust='levers.add("wage_subsidy", 0.01)')
    use = {"use": f"{config.origins['mine'].file}:Mine", "budget": {2021: 9.0}}
    written = load(WORLD, settings={"policies.mine": use, "reference.people": 40})
    simulation = Simulation(written, 1)
    before = {name: getattr(simulation.workers, name).copy() for name in type(simulation.workers).columns()}
    with pytest.raises(RunError, match=r"policies\.mine \(Mine\.settle, mine\.py:9\) in 2021-01: "):
        simulation.step()
    assert simulation.world.month == 1
    assert set(before) and plain.world.month == 2
    assert all(column.flags.writeable for column in vars(simulation.workers).values() if isinstance(column, np.ndarray))


def test_the_words_for_what_can_only_be_read_say_what_a_policy_may_do_instead(own) -> None:
    assert "writes by its levers and its account" in refused(own("world.workers.activity[:] = 0"))
    assert "month: can only be read; a policy writes by levers.add" in refused(own("world.month = 1"))


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
def test_a_view_that_is_given_another_shape_is_whole_again_next_month(own) -> None:
    run(own("assert world.workers.wage.shape == (40,)\nworld.workers.wage.shape = (1, 40)"))


def test_a_world_that_is_only_read_reads_like_the_world(own) -> None:
    checks = """
    assert isinstance(world, World) and isinstance(world.workers, Workers)
    assert world.workers[3].activity in Activity and len(world.workers) == world.workers.n_rows
    assert len(world.workers.where(world.workers.activity >= 0)) == len(world.workers)
    assert world.calendar[0] == 2021 and world.n_fields == len(world.fields) and world.at_scale(1.0) == world.scale
    assert world.levers["search_effort"].tolist() == [1.0] and world.levers.size("search_effort") == len(world.workers)
    assert world.ledger.paid_in(world.month) == 0 and world.ledger.balances() == {} and not world.ledger.payments
    assert world.events.get("lent", 3) == 3 and dict(world.counts).keys() == world.counts.keys()
    assert world.people.wage.base is not None and world.born_in(-400).dtype.kind == "i"
    assert world.workers.activity.copy().flags.writeable
    """
    top = "from labsim.world import *\nfrom labsim.world import Workers, World, Activity"
    run(own(textwrap.dedent(checks).strip(), top=top))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('account.pay("a", "b", float("nan"), 1)', "payment 'a', persons: given nan; allowed 0 to 1e+09 [real p"),
        ('account.pay("a", "b", -1, 1)', "payment 'a', persons: given -1"),
        ('account.pay("a", "b", 1, -1.0)', "payment 'a', each: given -1.0; allowed 0 to 1e+15 [VND]"),
        ('account.pay("a", "b", "3", 1)', "payment 'a', persons: given '3'"),
        ('account.pay("a", "b", True, 1)', "payment 'a', persons: given True"),
        ('account.pay_sum("a", "b", 1, float("inf"))', "payment 'a', total: given inf"),
        ('account.pay_sum("a", "b", 1, 10**400)', "payment 'a', total: given 1000"),
        ('account.pay_sum("a", "b", 1, [3])', "payment 'a', total: given [3]"),
        ('account.pay_sum(None, "b", 1, 1)', "payment, purpose: given None; allowed a text of one line"),
        ('account.pay_sum("a", 5, 1, 1)', "payment, recipient: given 5"),
        ('account.pay_sum("a", "b", 1, 1, payer="")', "payment, payer: given ''"),
        ('account.pay_sum("a\\n", "b", 1, 1)', "payment, purpose: given 'a\\n'"),
        ('account.pay_share("wage_subsidi", [1], "a", "b")', "there is no lever 'wage_subsidi'"),
        ('account.pay_share("wage_subsidy", [1], "a", "b")', "payment 'a', rows: given an array of int64, shape (1,)"),
        ('account.pay_share("wage_subsidy", -world.workers.spell - 1.0, "a", "b")', "payment 'a', rows: given -"),
        ('account.share("wage_subsidi")', "there is no lever 'wage_subsidi'; did you mean \"wage_subsidy\"?"),
    ],
)
def test_what_cannot_be_paid_is_refused(own, line: str, message: str) -> None:
    said = refused(own(settle=line))
    assert said.startswith("policies.mine (Mine.settle, mine.py:8) in 2021-01: ")
    assert message in said


def test_numbers_of_numpy_are_paid_as_plain_ones(own) -> None:
    simulation = run(own(settle='import numpy as np\naccount.pay("a", "b", np.float32(2.0), np.int64(3))'), months=1)
    assert simulation.world.ledger.payments == [Payment(1, "mine", "a", "state budget", "b", 2.0, 6)]
    assert type(simulation.world.ledger.payments[0].persons) is float


def drawn(simulation: Simulation, *given: object, **named: object) -> list[float]:
    return simulation._sight.of("mine", simulation.draws.at(simulation.month)).draw(*given, **named).tolist()


def test_chance_belongs_to_person_decision_month_policy_and_seed_alone() -> None:
    config = load(WORLD, settings={"reference.people": 40})
    simulation, again, other = Simulation(config, 1), Simulation(config, 1), Simulation(config, 2)
    everybody = drawn(simulation, "who")
    assert len(everybody) == len(simulation.workers) and 0.0 < min(everybody) < max(everybody) < 1.0
    assert drawn(simulation, "who", [7, 3]) == [everybody[7], everybody[3]]
    assert drawn(simulation, "who", np.arange(len(everybody)) < 2) == everybody[:2]
    assert drawn(simulation, "who", []) == []
    assert drawn(again, "who") == everybody != drawn(other, "who")
    assert drawn(simulation, "what") != everybody
    assert simulation._sight.of("theirs", simulation.draws.at(0)).draw("who").tolist() != everybody
    lasting = drawn(simulation, "who", lasting=True)
    simulation.step()
    assert drawn(simulation, "who") != everybody
    assert drawn(simulation, "who", lasting=True) == lasting


def test_draws_are_uniform_and_move_nothing_else(own) -> None:
    with_draws, without = run(own("world.draw('a'); world.draw('b')")), run(own())
    for name in type(without.workers).columns():
        assert np.array_equal(getattr(with_draws.workers, name), getattr(without.workers, name)), name
    simulation = Simulation(load(WORLD, settings={"reference.people": 5000}), 1)
    numbers = np.array(drawn(simulation, "who"))
    assert abs(numbers.mean() - 0.5) < 4 * (1 / 12) ** 0.5 / len(numbers) ** 0.5


@pytest.mark.parametrize(
    ("top", "line", "found"),
    [
        ("import numpy as np", "np.random.rand(3)", "mine.py:6 np.random.rand"),
        ("import numpy as np", "np.random.seed(3)", "mine.py:6 np.random.seed"),
        ("import numpy.random as r", "r.normal()", "mine.py:6 r.normal"),
        ("from numpy import random", "random.choice([1])", "mine.py:6 random.choice"),
        ("from numpy.random import rand", "rand()", "mine.py:6 rand"),
        ("import random", "random.random()", "mine.py:6 random.random"),
        ("from random import shuffle as mix", "mix([1])", "mine.py:6 mix"),
        ("import numpy as np", "np.random.default_rng().random()", "mine.py:6 np.random.default_rng() without a seed"),
        ("import numpy as np", "np.random.default_rng(None)", "mine.py:6 np.random.default_rng() without a seed"),
        ("from numpy.random import default_rng", "default_rng(seed=None)", "mine.py:6 default_rng() without a seed"),
        ("import random", "random.Random()", "mine.py:6 random.Random() without a seed"),
        ("import os", "os.urandom(3)", "mine.py:6 os.urandom"),
        ("from secrets import randbits", "randbits(3)", "mine.py:6 randbits"),
        ("import uuid", "uuid.uuid4()", "mine.py:6 uuid.uuid4"),
        ("import os", "os.getrandom(4)", "mine.py:6 os.getrandom"),
        (
            "import numpy as np, time",
            "np.random.default_rng(int(time.time()))",
            "mine.py:6 np.random.default_rng(int(time.time()))",
        ),
        (
            "from datetime import datetime\nimport random",
            "random.Random(datetime.now())",
            "mine.py:7 random.Random(datetime.now())",
        ),
        ("import numpy as np", "np.random.default_rng(id(self))", "mine.py:6 np.random.default_rng(id(self))"),
        ("import numpy as np", "np.random.default_rng(hash('a'))", "mine.py:6 np.random.default_rng(hash('a'))"),
    ],
)
def test_chance_that_no_run_could_repeat_is_refused_before_it_runs(own, top: str, line: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        own(line, top=top)
    assert f"{found}: chance that no run could repeat; take world.draw(" in str(caught.value)


def test_chance_in_a_helper_is_found_too(own) -> None:
    with pytest.raises(ConfigError, match=r"helper\.py:2 np\.random\.rand: chance that no run could repeat"):
        own(top="from helper import luck", helper="import numpy as np\nluck = lambda: np.random.rand()\n")


def test_chance_with_a_seed_and_names_that_only_look_like_it_pass(own) -> None:
    lines = "np.random.default_rng(5).random()\nrandom.Random(3).random()\nnp.random.Generator\nrand = 4\nrand"
    run(own(lines, top="import random\nimport numpy as np"))
    run(own("random.rand()", top="import random", random="def rand():\n    return 4\n", name="other"))


@pytest.mark.parametrize("line", ["hidden(np, 'random').rand()", "hidden(random, 'random')()"])
def test_shared_chance_that_reading_does_not_find_is_refused_as_it_happens(own, line: str) -> None:
    said = refused(own(line, top="import random\nimport numpy as np\nhidden = getattr"))
    assert "Mine.adjust draws from " in said
    assert "which all of a program shares" in said


def test_shared_chance_while_a_file_is_imported_is_refused(own) -> None:
    with pytest.raises(ConfigError, match=r"mine\.py cannot be loaded: .* draws from random, which all of a program"):
        own(top="import random\nSHIFT = getattr(random, 'random')()")


def test_what_others_drew_before_is_left_as_it_was(own) -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    run(own("world.draw('x')"))
    assert random.random() == expected


def seen_by(config: Config) -> list[float]:
    return [payment.persons for payment in run(config, months=1).world.ledger.payments]


def pays(what: str) -> str:
    return f'account.pay("a", "b", {what}, 1.0)'


def test_helpers_beside_the_file_are_imported_however_that_is_written(own) -> None:
    helpers = {"one": "from two import TWO\nONE = 1\n", "two": "TWO = 2\n",
               "kit__in____init__": "from .deep import DEEP\n",
               "kit__in__deep": "from . import flat\nDEEP = flat.FLAT + 1\n", "kit__in__flat": "FLAT = 3\n",
               "bare__in__leaf": "LEAF = 5\n"}  # fmt: skip
    for number, (top, what, persons) in enumerate((
        ("from one import ONE, TWO", "10 * ONE + TWO", 12.0), ("import one", "one.ONE", 1.0),
        ("import one as uno", "uno.ONE", 1.0), ("import kit.deep", "kit.deep.DEEP + kit.flat.FLAT", 7.0),
        ("import kit.deep as d", "d.DEEP", 4.0), ("from kit import DEEP, flat", "DEEP + flat.FLAT", 7.0),
        ("from bare import leaf", "leaf.LEAF", 5.0), ("from .two import TWO", "TWO", 2.0),
        ("from one import *", "ONE", 1.0),
        ("", "__import__('builtins').len('abc')", 3.0),
    )):  # fmt: skip
        config = own(settle=pays(what), top=top, name=f"p{number}", **helpers)
        assert seen_by(config) == [persons], top
    assert seen_by(own(settle=f"from two import TWO\n{pays('TWO')}", name="late", **helpers)) == [2.0]


def test_helpers_of_the_same_name_do_not_mix(own) -> None:
    here = own(settle=pays("N"), top="from helper import N", name="here", helper="N = 1\n")
    there = own(settle=pays("N"), top="from helper import N", name="there", helper="N = 2\n")
    assert (seen_by(here), seen_by(there), seen_by(here)) == ([1.0], [2.0], [1.0])
    with pytest.raises(ModuleNotFoundError):
        __import__("helper")


def test_an_edited_helper_is_noticed(own) -> None:
    before = own(settle=pays("N"), top="from helper import N", helper="N = 1\n")
    after = own(settle=pays("N"), top="from helper import N", helper="N = 2\n")
    assert before.origins["mine"].code != after.origins["mine"].code
    assert before.hash != after.hash
    assert (seen_by(before), seen_by(after)) == ([1.0], [2.0])
    with pytest.raises(ConfigError, match="has changed since the configuration was made"):
        Config.from_dict(before.to_dict())


def test_a_file_beside_it_that_is_not_imported_changes_nothing(own) -> None:
    assert own().hash == own(unused="X = 1\n").hash


def test_a_helper_that_cannot_be_loaded_is_told_with_its_own_line(own) -> None:
    for text, message in (("\nX = 1 / 0\n", "ZeroDivisionError"), ("\ndef broken(:\n", "SyntaxError")):
        with pytest.raises(ConfigError, match=rf"helper\.py:2 cannot be loaded: {message}"):
            own(top="import helper", helper=text)
    with pytest.raises(ConfigError, match=r"mine\.py:1 cannot be loaded: ModuleNotFoundError: .*nowhere"):
        own(top="import nowhere")


def test_an_error_in_a_helper_is_told_with_its_own_line(own) -> None:
    said = refused(own("helper.fall()", top="import helper", helper="def fall():\n    raise ValueError('fell')\n"))
    assert said == "policies.mine (Mine.adjust, helper.py:2) in 2021-01: raised ValueError: fell"


def test_what_a_file_keeps_in_its_module_ends_with_the_run(own) -> None:
    lines = "COUNT.append(1)\nhelper.SEEN.append(1)"
    settle = pays("len(COUNT) + 10 * len(helper.SEEN)")
    config = own(lines, settle, top="import helper\nCOUNT = []", helper="SEEN = []\n")
    for _replicate in range(2):
        persons = [payment.persons for payment in run(config, months=2).world.ledger.payments]
        assert persons == [11.0, 22.0]


def test_the_result_does_not_depend_on_the_executor(own) -> None:
    lines = "COUNT.append(1)\nlevers.add('wage_subsidy', 0.01 * len(COUNT), to=world.draw('who') < N)"
    config = own(lines, pays("len(COUNT)"), top="from helper import N\nCOUNT = []", helper="N = 0.5\n")
    found = [
        labsim.run(config, replicates=2, until="2021-03", executor=executor, workers=2).monthly
        for executor in ("serial", "threads", "processes")
    ]
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ('Outcome("hired", "person", "wage_subsidi")', "there is no lever 'wage_subsidi'; did you mean"),
        ('"hired"', "Mine.outcome: given 'hired'; allowed an Outcome"),
    ],
)
def test_an_outcome_that_nothing_could_count_is_refused(tmp_path: Path, outcome: str, message: str) -> None:
    lines = ["from labsim.policies.base import Outcome, Policy", "class Mine(Policy):", f"    outcome = {outcome}"]
    (tmp_path / "mine.py").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path / "mine.py")
    assert f"mine.py:2 cannot be loaded: PolicyError: {message}" in str(caught.value)


class Notebook(Policy):
    """Pay, as a policy that was written in a notebook."""

    def settle(self, world, account) -> None:
        world.workers.wage[:] = 0


def test_a_policy_without_a_file_of_its_own_is_held_to_the_same() -> None:
    config = load(WORLD, settings={"reference.people": 40})
    config = config.model_copy(update={"policies": {"noted": Notebook()}})
    assert refused(config).startswith("policies.noted (Notebook.settle, test_boundary.py:")


def test_a_built_in_policy_in_a_file_of_ones_own_gives_the_same_numbers(tmp_path: Path) -> None:
    text = "from labsim.policies import BUILT_IN\nBase = BUILT_IN['{name}']\n"
    text += "class Mine(Base):\n    __doc__ = Base.__doc__\n"
    for name, dose in (("labour_export", "places_per_year"), ("talent_attraction", "places_per_year")):
        (tmp_path / f"{name}.py").write_text(text.format(name=name), encoding="utf-8")
        doses = {dose: {2021: 9000.0}}
        use = {"use": f"{tmp_path / name}.py:Mine"}
        one, other = (
            Simulation(load("son_la", settings={f"policies.{name}": doses | extra, "scale": 0.002}), 1).run(4)
            for extra in ({}, use)
        )
        assert one.world.ledger.payments == other.world.ledger.payments != []
        assert np.array_equal(one.workers.wage, other.workers.wage)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("outcome = 'hired'", "Mine.outcome: given 'hired'; allowed an Outcome, or a tuple of them"),
        ("outcome = Outcome('hired', 'one', 'wage_subsidi')", "there is no lever 'wage_subsidi'; did you mean"),
        ("def in_window(self, year, month): 1 / 0", "Mine.in_window: is inherited, not written anew"),
        ("def ceiling(self, year): return 'much'", "Mine.ceiling: is inherited, not written anew"),
        ("def model_post_init(self, _): 1 / 0", "policies.mine: raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_class_that_is_wrong_is_refused_before_it_runs(tmp_path: Path, line: str, message: str) -> None:
    top = "from labsim.policies import Policy\nfrom labsim.policies.base import Outcome\nclass Mine(Policy):\n"
    (tmp_path / "mine.py").write_text(f'{top}    """Do something."""\n    {line}\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path / "mine.py")
    assert message in str(caught.value)
