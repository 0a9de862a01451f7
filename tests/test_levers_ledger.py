"""Levers combine and remember who wrote; the ledger counts whole money; a budget pauses a policy until January."""

from __future__ import annotations

import numpy as np
import pytest

from labsim.config import load
from labsim.errors import PolicyError
from labsim.ledger import PRIVATE_PAYERS, Ledger, Payment
from labsim.levers import LEVERS, Levers
from labsim.model import LabourModel
from labsim.policies import Policy

SIZES = {"programmes": 3, "groups": 4, "ages": 5, "destinations": 4, "districts": 2, "workers": 5, "enterprises": 2,
         "markets": 4, "degrees": 4}  # fmt: skip
pytestmark = pytest.mark.tiny


@pytest.fixture
def levers() -> Levers:
    return Levers(SIZES)


def test_a_lever_that_nobody_wrote_is_neutral(levers):
    for name, kind in LEVERS.items():
        assert (levers[name] == kind.neutral).all(), name
        wide = kind.over in ("workers", "enterprises")
        assert levers[name].shape == (1 if wide else SIZES[kind.over],), name


def test_a_lever_ranges_over_as_many_rows_as_there_are(levers):
    for name in ("training_seats", "export_places", "hiring_priority"):
        levers.by("a").add(name, 1.0)
        assert levers.size(name) == levers[name].size > 1, name


def test_amounts_add(levers):
    levers.by("one").add("training_seats", 10.0)
    levers.by("other").add("training_seats", [1.0, 2.0], to=[0, 2])
    assert levers["training_seats"].tolist() == [11.0, 10.0, 12.0]


def test_factors_multiply(levers):
    levers.by("one").multiply("training_outreach", 2.0)
    levers.by("other").multiply("training_outreach", 3.0, to=np.array([False, True]))
    assert levers["training_outreach"].tolist() == [2.0, 6.0]


def test_the_highest_share_holds(levers):
    levers.by("one").raise_to("training_fee_paid", 0.5)
    levers.by("other").raise_to("training_fee_paid", [0.25, 0.75], to=[0, 1])
    assert levers["training_fee_paid"].tolist() == [0.5, 0.75, 0.5]


def test_the_wrong_way_to_combine_is_refused(levers):
    hand = levers.by("one")
    with pytest.raises(ValueError, match=r"lever 'training_seats' combines by 'add', not 'multiply'"):
        hand.multiply("training_seats", 2.0)
    with pytest.raises(ValueError, match=r"lever 'export_loan' combines by 'max', not 'add'"):
        hand.add("export_loan", 0.1)
    with pytest.raises(ValueError, match=r"lever 'search_effort' combines by 'multiply', not 'max'"):
        hand.raise_to("search_effort", 2.0)


def test_an_unknown_lever_is_refused_with_the_nearest_name(levers):
    with pytest.raises(PolicyError, match=r"there is no lever 'training_seat'; did you mean \"training_seats\"\?"):
        levers.by("one").add("training_seat", 1.0)
    with pytest.raises(PolicyError, match=r"there is no lever 7; allowed: training_seats, training_fee_paid, "):
        levers.by("one").add(7, 1.0)


@pytest.mark.parametrize(
    ("name", "amount", "to", "message"),
    [
        ("search_effort", float("nan"), None, r"lever search_effort \(over workers\): given nan; allowed 0 to 100 \[f"),
        ("search_effort", np.float32("inf"), None, "given inf; allowed 0 to 100"),
        ("search_effort", -1e-300, None, "given -1e-300; allowed 0 to 100"),
        ("wage_subsidy", -5, None, r"given -5; allowed 0 to 1 \[share of wage offer\]"),
        ("wage_subsidy", 30, None, "given 30; allowed 0 to 1"),
        pytest.param("wage_subsidy", 10**5000, None, "given int; allowed 0 to 1", id="huge"),
        ("wage_subsidy", [0.1, 0.1, float("nan"), 0.2, 0.1], None, "given nan in place 2; allowed 0 to 1"),
        ("wage_subsidy", True, None, "given True; allowed a number or an array of numbers"),
        ("wage_subsidy", np.ones(5, dtype=bool), None, r"given an array of bool, shape \(5,\); allowed a number"),
        ("wage_subsidy", "0.3", None, r"given '0.3'; allowed a number or an array of numbers, 0 to 1"),
        ("wage_subsidy", None, None, "given None; allowed a number"),
        ("wage_subsidy", 0.3j, None, "given 0.3j; allowed a number"),
        ("wage_subsidy", [0.1, "a", 0.2, 0.1, 0.1], None, "allowed a number or an array of numbers"),
        ("wage_subsidy", np.array([0.1] * 5, dtype=object), None, "given an array of object"),
        ("wage_subsidy", [[0.1], [0.1, 0.2]], None, "allowed a number or an array of numbers"),
        ("wage_subsidy", np.full((5, 1), 0.1), None, r"an amount of shape \(5, 1\); allowed one number, or"),
        ("wage_subsidy", [0.1, 0.2], None, r"an amount of shape \(2,\); allowed one number, or 5: one for each row"),
        ("wage_subsidy", np.full(5, 0.1), [1, 2], r"an amount of shape \(5,\); allowed one number, or 2: one for each"),
        ("wage_subsidy", 0.1, np.ones(4, dtype=bool), r"to: given an array of bool, shape \(4,\); allowed a mask of 5"),
        ("wage_subsidy", 0.1, [1, 5], "to: given the id 5; allowed a mask of 5 rows, or ids from 0 to 4"),
        ("wage_subsidy", 0.1, [-1], "to: given the id -1; allowed"),
        ("wage_subsidy", 0.1, [2, 3, 2], "to: the id 2 is given twice"),
        ("wage_subsidy", 0.1, [1.0, 2.0], r"to: given \[1.0, 2.0\]; allowed a mask of 5 rows"),
        ("wage_subsidy", 0.1, (np.array([1, 2]),), "to: given"),
        ("wage_subsidy", 0.1, "all", "to: given 'all'; allowed a mask"),
    ],
)
def test_what_a_lever_cannot_take_is_refused(levers, name, amount, to, message):
    hand = levers.by("one")
    write = hand.multiply if LEVERS[name].rule == "multiply" else hand.add
    with pytest.raises(PolicyError, match=message):
        write(name, amount, to)
    assert levers.contributions == []
    assert (levers[name] == LEVERS[name].neutral).all()


def test_what_a_lever_takes_is_taken_whatever_its_type(levers):
    hand = levers.by("one")
    hand.add("wage_subsidy", np.float32(0.25), to=1)
    hand.add("wage_subsidy", [0.5, 0.25], to=np.array([2, 0], dtype=np.uint8))
    hand.add("wage_subsidy", 1, to=[])
    hand.add("wage_subsidy", np.int8(1), to=[False, False, False, True, False])
    assert levers["wage_subsidy"].tolist() == [0.25, 0.25, 0.5, 1.0, 0.0]
    hand.raise_to("training_place", np.array([True, False, True, False, False]))
    assert levers["training_place"].tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]


def test_amounts_that_together_are_too_much_are_refused_with_whoever_wrote_them(levers):
    for policy in ("one", "other", "third"):
        levers.by(policy).add("wage_subsidy", 0.1 if policy == "third" else 0.45)
    message = r"lever wage_subsidy: 1.5 together with what one, other, third wrote; allowed 0 to 1 \[share of wage"
    with pytest.raises(PolicyError, match=message):
        levers.by("fourth").add("wage_subsidy", 0.5, to=[3])


def test_every_lever_has_a_range_around_its_neutral_value():
    for name, kind in LEVERS.items():
        assert kind.low <= kind.neutral <= kind.high < float("inf"), name


@pytest.mark.parametrize(("name", "kind"), LEVERS.items())
def test_a_neutral_amount_leaves_the_lever_untouched(levers, name, kind):
    hand, before = levers.by("one"), levers[name]
    if kind.rule == "add":
        hand.add(name, 0.0)
    elif kind.rule == "multiply":
        hand.multiply(name, 1.0)
    else:
        hand.raise_to(name, 0.9, to=np.zeros(SIZES[kind.over], dtype=bool))
    assert levers[name] is before
    assert levers.contributions == []


def test_every_amount_is_remembered_under_its_policy(levers):
    levers.by("one").add("export_places", [1.0, 0.0, 0.0, 3.0])
    levers.by("other").add("export_places", [1.0, 2.0, 0.0, 0.0])
    levers.by("one").add("export_places", [2.0, 0.0, 0.0, 0.0])
    levers.by("third").add("export_preparation", 6.0)
    written = [(one.policy, one.lever) for one in levers.contributions]
    assert written == [*[(name, "export_places") for name in ("one", "other", "one")], ("third", "export_preparation")]
    shares = levers.shares("export_places")
    assert {name: share.tolist() for name, share in shares.items()} == {
        "one": [0.75, 0.0, 0.0, 1.0],
        "other": [0.25, 1.0, 0.0, 0.0],
    }


def test_shares_sum_to_one_where_anything_was_added(levers):
    draw = np.random.default_rng(1)
    for name in ("a", "b", "c"):
        levers.by(name).add("training_seats", draw.random(3) * np.array([1.0, 0.0, 5.0]))
    total = sum(levers.shares("training_seats").values())
    # three quotients of doubles: one rounding each
    np.testing.assert_allclose(total, [1.0, 0.0, 1.0], rtol=3 * np.finfo(float).eps)


def test_a_new_month_starts_from_neutral(levers):
    levers.by("one").add("training_seats", 5.0)
    levers.reset()
    assert levers["training_seats"].tolist() == [0.0, 0.0, 0.0]
    assert levers.contributions == []
    assert levers.shares("training_seats") == {}


def test_shares_follow_every_amount_that_is_written_after_they_were_asked_for(levers):
    levers.by("one").add("training_seats", 5.0)
    assert set(levers.shares("training_seats")) == {"one"}
    levers.by("other").add("training_seats", 15.0)
    assert {name: share.tolist() for name, share in levers.shares("training_seats").items()} == {
        "one": [0.25] * 3, "other": [0.75] * 3,
    }  # fmt: skip
    levers.by("other").add("training_seats", 30.0, to=[1])
    assert levers.shares("training_seats")["one"].tolist() == [0.25, 0.1, 0.25]


def test_shares_of_a_month_are_forgotten_in_the_next(levers):
    levers.by("one").raise_to("training_fee_paid", 0.5)
    assert levers.shares("training_fee_paid")["one"].tolist() == [1.0, 1.0, 1.0]
    levers.reset()
    assert levers.shares("training_fee_paid") == {}
    levers.by("other").raise_to("training_fee_paid", 0.5, to=[0])
    assert {name: share.tolist() for name, share in levers.shares("training_fee_paid").items()} == {
        "other": [1.0, 0.0, 0.0],
    }  # fmt: skip


def payment(amount: int, month: int = 1, policy: str = "grants") -> Payment:
    return Payment(month, policy, "grant", "state budget", "farmers", 2.0, amount)


def test_the_ledger_pays_and_balances():
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    ledger.pay(payment(100), 2021)
    ledger.pay(payment(250), 2021)
    ledger.pay(payment(7), 2022)
    assert ledger.balances() == {"state budget": -357, "farmers": 357}
    assert ledger.spent == {("grants", 2021): 350, ("grants", 2022): 7}


def test_what_is_counted_is_that_of_the_month_alone():
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    for month, number in ((1, 5), (2, 3)):
        ledger.start_month()
        ledger.count("hires", number)
        ledger.count("hires", 1)
        assert ledger.counts == {"hires": number + 1}, month
    ledger.start_month()
    assert ledger.counts == {}


def test_flows_are_those_of_the_month_alone():
    ledger = Ledger.opened(np.array([5, 0, 0]))
    assert not ledger.flows.any()
    ledger.flows[0, 1] = 2
    ledger.close_month()
    ledger.start_month()
    assert ledger.flows.tolist() == [[0, 0, 0]] * 3
    assert ledger.stocks.tolist() == [3, 2, 0]


def test_what_a_payer_is_left_out_for_is_that_it_paid_not_that_it_received():
    """Trainees pay the college, the state pays the trainees: without trainees, what the state paid is left."""
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    for month, amount in ((1, 1_000), (2, 100)):
        ledger.pay(Payment(month, "seats", "fee", "trainees", "state budget", 1.0, 7 * amount), 2021)
        ledger.pay(Payment(month, "seats", "allowance", "state budget", "trainees", 1.0, amount), 2021)
        ledger.pay(Payment(month, "seats", "loan", "social policy bank", "trainees", 1.0, 3 * amount), 2021)
    assert ledger.paid_in(2) == 1_100
    assert ledger.paid_in(2, without=("trainees",)) == 400
    assert ledger.paid_in(2, without=("state budget",)) == 1_000
    assert ledger.paid_in(2, without=PRIVATE_PAYERS) == 400
    assert ledger.paid_in(1) == ledger.paid_in(3) == 0  # of the newest month only


def test_nothing_is_entered_for_an_amount_of_zero():
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    ledger.pay(payment(0), 2021)
    assert ledger.payments == []
    assert ledger.spent == {}


def test_a_negative_amount_is_refused():
    ledger = Ledger.opened(np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match=r"grants: a payment of -1 VND; amounts are not negative"):
        ledger.pay(payment(-1), 2021)


def test_stocks_are_carried_by_flows_alone():
    ledger = Ledger.opened(np.array([5, 3, 0]))
    ledger.flows[0, 1] = 2
    ledger.flows[1, 2] = 4
    ledger.flows[1, 1] = 1  # a change of job is a flow that moves no stock
    ledger.close_month()
    assert ledger.stocks.tolist() == [3, 1, 4]
    ledger.start_month()
    ledger.close_month()
    assert ledger.stocks.tolist() == [3, 1, 4]


class Grant(Policy):
    """Pay a hundred people one VND each, every month."""

    def settle(self, world, account) -> None:
        account.pay("grant", "farmers", 100.0, 1.0)


def months_paid(months: int, **settings: object) -> list[tuple[int, int]]:
    """Return (year, month) of every payment that a grant made in a run from January 2021 on."""
    config = load("reference/urn_ball", settings=["reference.people=20"])
    model = LabourModel(config.model_copy(update={"policies": {"grant": Grant(**settings)}}), 1).run(months)
    return [config.period.year_and_month(payment.month) for payment in model.world.ledger.payments]


def test_a_budget_that_is_spent_closes_the_policy_until_january():
    """100 a month against 250 a year: after two months 200 are spent, so a third month is still paid, then none."""
    assert months_paid(26, budget={2021: 250.0}) == [(y, m) for y in (2021, 2022) for m in (1, 2, 3)] + [
        (2023, 1),
        (2023, 2),
    ]


def test_a_budget_may_change_with_the_year():
    paid = months_paid(24, budget={2021: 100.0, 2022: 300.0})
    assert paid == [(2021, 1), (2022, 1), (2022, 2), (2022, 3)]


def test_no_budget_is_no_ceiling_and_a_budget_of_zero_pays_nothing():
    assert len(months_paid(13)) == 13
    assert months_paid(13, budget={2021: 0.0}) == []


def test_both_months_of_a_window_are_included():
    assert months_paid(12, start="2021-03", stop="2021-05") == [(2021, 3), (2021, 4), (2021, 5)]
    assert months_paid(12, start="2021-11") == [(2021, 11), (2021, 12)]
    assert months_paid(12, stop="2021-01") == [(2021, 1)]
    with pytest.raises(ValueError, match="given start 2021-06 and stop 2021-05; allowed a stop not before the start"):
        Grant(start="2021-06", stop="2021-05")


@pytest.mark.parametrize("date", ["2021", "2021-13", "21-01", "2021-1", "January 2021"])
def test_a_date_that_is_no_month_is_refused(date):
    with pytest.raises(ValueError, match='allowed a month such as "2026-01"'):
        Grant(start=date)


def test_two_policies_keep_apart_accounts():
    config = load("reference/urn_ball", settings=["reference.people=20"])
    policies = {"first": Grant(), "second": Grant(budget={2021: 100.0})}
    model = LabourModel(config.model_copy(update={"policies": policies}), 1).run(3)
    assert model.world.ledger.spent == {("first", 2021): 300, ("second", 2021): 100}
    assert model.world.ledger.balances() == {"state budget": -400, "farmers": 400}
