"""What policies promise is what they hand out, what they hand out is what somebody pays, and each counts its own part.

Two policies of one kind are the sharpest test: what they do together must be paid and counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from labsim.config import Config
from labsim.draws import uniforms
from labsim.errors import RunError
from labsim.model import LabourModel
from labsim.policies import BUILT_IN
from labsim.policies.means import places_paid_for
from labsim.processes import linkage
from labsim.world import Level

SCALE = 0.02
PER_ROW = round(1 / SCALE)  # persons


@pytest.fixture(scope="module")
def world_with(son_la, with_policies) -> Callable[..., LabourModel]:
    """Build a small province with these policies alone: `world_with({"a": ("startups", {...})}, "setting=1")`."""

    def build(policies: dict[str, tuple[str, dict]], *settings: str, scale: float = SCALE, seed: int = 3):
        config: Config = son_la(*settings, scale=scale, until="2030-12")
        chosen = {name: BUILT_IN[kind](**amounts) for name, (kind, amounts) in policies.items()}
        return LabourModel(with_policies(config, chosen), seed)

    return build


def twice(kind: str, **amounts: object) -> dict[str, tuple[str, dict]]:
    return {"one": (kind, amounts), "other": (kind, amounts)}


def months(model: LabourModel, number: int) -> Iterator[dict[str, int]]:
    """Step through months; yield what was paid in each by purpose, in VND."""
    for _ in range(number):
        seen = len(model.world.ledger.payments)
        model.step()
        paid: dict[str, int] = {}
        for payment in model.world.ledger.payments[seen:]:
            paid[payment.purpose] = paid.get(payment.purpose, 0) + payment.amount
        yield paid


def outcomes_of(model: LabourModel) -> list[dict]:
    years = {month: model.config.period.year_and_month(month)[0] for month in range(1, model.month + 1)}
    return model.achievements.table(model.world.ledger.payments, years)


def test_courses_in_digital_skills_take_the_ages_that_are_named(world_with):
    model = world_with(
        {"a": ("digital_skills", {"persons_per_year": {2021: 20_000.0}, "by_age": (1.0, 0.0, 0.0, 0.0, 0.0)})}
    )
    model.step()
    age = (model.month - model.workers.birth_month[model.workers.digital_course > 0]) / 12
    assert age.min() >= 15
    assert 20 < age.max() < 25
    model = world_with(
        {"a": ("digital_skills", {"persons_per_year": {2021: 20_000.0}, "by_age": (0.0, 1.0, 0.0, 0.0, 0.0)})}
    )
    model.step()
    age = (model.month - model.workers.birth_month[model.workers.digital_course > 0]) / 12
    assert 25 <= age.min() < 30 < age.max() < 35


def test_the_ledger_counts_degree_holders_with_a_supplement_as_persons(world_with):
    model = world_with({"a": ("talent_attraction", {"places_per_year": {2021: 9_000.0}})})
    came = 0
    for _ in months(model, 6):
        came += int(model.world.events["talent_came"].sum()) * PER_ROW
    persons = {
        purpose: sum(payment.persons for payment in model.world.ledger.payments if payment.purpose == purpose)
        for purpose in ("lump sum", "wage supplement")
    }
    assert came > 0
    assert persons == {"lump sum": pytest.approx(came), "wage supplement": pytest.approx(came)}


def test_two_policies_of_start_ups_pay_the_loans_and_grants_that_owners_get(world_with):
    model = world_with(twice("startups", loans_per_year={2021: 20_000.0}, loan=20e6, grant=3e6))
    lent = 0
    for paid in months(model, 4):
        opened = model.world.events["lent"]
        grants = float((opened * model.world.levers["loan_grant"]).sum()) * PER_ROW
        loans = float((opened * model.world.levers["loan_amount"]).sum()) * PER_ROW
        # two payments are rounded to whole VND
        assert paid.get("business grant", 0) == pytest.approx(grants, abs=1)
        assert paid.get("business loan", 0) == pytest.approx(loans, abs=1)
        lent += int(opened.sum())
    assert lent > 0


def test_two_policies_of_talent_pay_what_degree_holders_get(world_with):
    """What it adds to savings stands on the levers, whoever reserved the post."""
    model = world_with(twice("talent_attraction", places_per_year={2021: 6_000.0}, supplement_months=10))
    came = 0
    for paid in months(model, 4):
        levers, events = model.world.levers, model.world.events
        lump_sums = float((events["talent_came"] * levers["talent_lump_sum"]).sum()) * PER_ROW
        supplement = float((events["talent_pay"] * levers["talent_supplement"]).sum()) * 10 * PER_ROW
        assert paid.get("lump sum", 0) == pytest.approx(lump_sums, abs=1)
        assert paid.get("wage supplement", 0) == pytest.approx(supplement, abs=1, rel=1e-12)
        came += int(events["talent_came"].sum())
    assert came > 0


def test_two_policies_of_labour_export_pay_the_preparation_that_lowers_the_cost(world_with):
    model = world_with(twice("labour_export", places_per_year={2021: 3_000.0}, preparation=5e6))
    people = 0
    for paid in months(model, 4):
        sent = int(model.world.events["sent_abroad"].sum())
        assert paid.get("preparation", 0) == pytest.approx(sent * PER_ROW * 10_000_000, abs=1)
        people += sent
    assert people > 0


def test_loans_for_work_abroad_are_entered_as_lent_by_the_policy_bank(world_with):
    model = world_with(
        {"a": ("labour_export", {"places_per_year": {2021: 6_000.0}, "loan_share": 0.5, "preparation": 6e6})}
    )
    cost = np.array(model.config.abroad.cost_abroad) - 6e6
    people = 0
    for paid in months(model, 4):
        sent = model.world.events["sent_abroad"]
        assert paid.get("loan for work abroad", 0) == pytest.approx(float((sent * cost).sum()) * PER_ROW / 2, abs=1)
        people += int(sent.sum())
    assert people > 0
    payers = {payment.purpose: payment.payer for payment in model.world.ledger.payments}
    assert payers["loan for work abroad"] == "social policy bank"


def test_two_policies_of_conversion_pay_the_grants_and_credit_of_each_farmer(world_with):
    model = world_with(
        twice("climate_retraining", conversions_per_year={2021: 30_000.0}, grant=7e6, credit=30e6),
        "climate.frequency=5",
    )
    people = 0
    for paid in months(model, 9):
        converted = int(model.world.events["converted"].sum())
        assert paid.get("conversion grant", 0) == pytest.approx(converted * PER_ROW * 14_000_000, abs=1)
        assert paid.get("conversion credit (loan)", 0) == pytest.approx(converted * PER_ROW * 60_000_000, abs=1)
        people += converted
    assert people > 0


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.25, 0.75)])
def test_a_degree_in_service_is_paid_once(world_with, shares):
    """What the State pays and what those who study pay is what their study costs, however many policies send them."""
    model = world_with({
        name: ("officials_degrees", {"public_employees_per_year": {2021: 6_000.0}, "cost": 12e6, "state_share": share})
        for name, share in zip(("one", "other"), shares, strict=True)
    })  # fmt: skip
    years = 0.0
    for paid in months(model, 3):
        studied = model.world.events["degree_years"]
        own = float((studied * model.world.levers["degree_own_cost"]).sum()) * PER_ROW
        whole = float(studied.sum()) * PER_ROW * 12_000_000
        assert paid.get("study for a degree", 0) + own == pytest.approx(whole, abs=1)
        years += float(studied.sum())
    assert years > 0


def test_one_information_system_is_paid_once(world_with):
    amounts = {"institutions": {2021: 0.5}, "workers": {2021: 0.25}, "running_cost": 1.2e9}
    one = next(months(world_with({"one": ("labour_information", amounts)}), 1))
    both = next(months(world_with(twice("labour_information", **amounts)), 1))
    assert one["running the information system"] == 100_000_000
    assert both == {purpose: pytest.approx(amount, abs=1) for purpose, amount in one.items()}
    apart = {"one": ("labour_information", amounts | {"institutions": {2021: 0.0}}),
             "other": ("labour_information", amounts | {"workers": {2021: 0.0}})}  # fmt: skip
    assert next(months(world_with(apart), 1)) == {p: pytest.approx(amount, abs=1) for p, amount in one.items()}


def admitted_to(model: LabourModel, level: Level, years: int) -> list[int]:
    """Run on for some years; return how many rows were admitted to courses of a level in each."""
    found = []
    for _ in range(years):
        found.append(0)
        for _ in range(12):
            model.step()
            events = model.world.events
            found[-1] += int((events["admitted"] + events["admitted_paying"])[model.programmes.level == level].sum())
    return found


@pytest.mark.parametrize("level", [Level.COLLEGE, Level.INTERMEDIATE, Level.ELEMENTARY, Level.SHORT_COURSE])
def test_a_place_a_year_is_one_person_a_year_whatever_the_length(world_with, level):
    """With no seats but the policy's and more applicants than places, N places a year admit N and are paid for N.

    Each of n programmes rounds its mean to whole rows, 1/4 at most in variance, in courses of two to four months up
    to six times a year by one number of the year: a standard deviation of at most 6 sqrt(n) / 2 rows. Five are
    allowed. Seats by the stock of trainees would have admitted three times N to a college in the first year.
    """
    dose = 2_000.0
    model = world_with(
        {"a": ("vocational_training", {"seats_per_year": {2021: dose}, "level_mix": {level.name.lower(): 1.0}})},
        "training.reallocation_rate=0", "training.consider_rate=0.2", "training.school_leaver_rate=1",
    )  # fmt: skip
    model.programmes.base_seats[:] = 0.0
    n, often = int((model.programmes.level == level).sum()), 1 if level >= Level.INTERMEDIATE else 6
    for admitted in admitted_to(model, level, 2):
        assert abs(admitted - dose * SCALE) < 5 * often * np.sqrt(n) / 2
    paid = sum(payment.persons for payment in model.world.ledger.payments if payment.purpose.startswith("teaching"))
    assert abs(paid - 2 * dose) < 5 * often * np.sqrt(2 * n) / 2 * PER_ROW


def test_trainees_of_a_policy_that_has_ended_take_no_seats_of_institutions(world_with):
    """Colleges admit as many in the years after as they would have.

    Their free seats are own seats less own trainees, of which drop-outs and rounding are other ones: a programme's
    rounding moves by a row at most, with n programmes a standard deviation of sqrt(n) / 2 rows; four are allowed.
    The policy's trainees, three times as many, would have taken most of the intake.
    """
    admitted = {}
    for dose in (0.0, 2_000.0):
        amounts = {"seats_per_year": {2021: dose}, "level_mix": {"college": 1.0}, "stop": "2021-12"}
        model = world_with(
            {"a": ("vocational_training", amounts)}, "training.reallocation_rate=0", "training.dropout_rate=0",
            "training.school_leaver_rate=1", "training.consider_rate=0.2", scale=0.05,
        )  # fmt: skip
        admitted[dose] = admitted_to(model, Level.COLLEGE, 3)
    n = int((model.programmes.level == Level.COLLEGE).sum())
    extra = np.subtract(admitted[2_000.0], admitted[0.0])
    print("admitted to colleges", admitted, "programmes", n)
    assert abs(extra[0] - 2_000 * 0.05) < 4 * np.sqrt(n) / 2
    assert min(admitted[0.0]) > 0
    assert (np.abs(extra[1:]) < 4 * np.sqrt(n) / 2).all()


def test_only_levels_with_a_cost_are_taught_by_vocational_training():
    with pytest.raises(ValueError, match="unknown name university"):
        BUILT_IN["vocational_training"](level_mix={"university": 1.0})


def test_fees_are_waived_in_the_courses_that_climate_retraining_opens_and_in_no_others(world_with):
    model = world_with({"a": ("climate_retraining", {"seats_per_year": {2021: 2_000.0}})}, "climate.frequency=1")
    months_with_some = 0
    for _ in months(model, 12):
        levers = model.world.levers
        waived, opened = levers["training_fee_paid"] > 0, levers["training_seats"] > 0
        assert (waived == opened).all()
        months_with_some += bool(waived.any()) and not waived[model.programmes.level <= Level.ELEMENTARY].all()
    assert months_with_some > 0


def test_people_of_all_districts_that_climate_retraining_helps_come_first(world_with):
    """A district hit 16 months ago is helped for 24 months: its people have the points of people hit."""
    model = world_with(
        {"a": ("climate_retraining", {"seats_per_year": {2021: 6_000.0}, "months_after": 24})},
        "climate.frequency=0", "training.consider_rate=0.2",
    )  # fmt: skip
    model.world.places.hit_months[:] = 500.0
    model.world.places.hit_months[0] = 16.0
    # one course that people of all districts apply to, with few seats
    w, p = model.workers, model.programmes
    before = w.programme.copy()
    model.step()
    new = np.flatnonzero((w.programme >= 0) & (before < 0))
    served = model.world.events["admitted"] + model.world.events["admitted_paying"]
    full = (p.taken >= p.seats) & (served > 0) & (p.district == 0) & (p.full_time == 0)
    here = new[full[w.programme[new]]]
    share = float((w.district[here] == 0).mean())
    print("share of people of the district", share, "of", here.size)
    assert model.world.levers["training_hit"].tolist() == [1.0] + [0.0] * (len(model.world.places) - 1)
    assert share > 0.9


def test_climate_retraining_leaves_places_of_a_level_that_is_taught_nowhere_to_the_other(world_with):
    model = world_with({"a": ("climate_retraining", {"seats_per_year": {2021: 2_000.0}})}, "climate.frequency=5")
    p = model.programmes
    model.world.places.hit_months[:] = 0.0
    p.level[p.level == Level.ELEMENTARY] = Level.INTERMEDIATE
    model.step()
    assert model.world.levers["training_seats"].sum() == pytest.approx(2_000.0)


def test_seats_in_fields_that_a_level_does_not_teach_are_refused(world_with):
    amounts = {"seats_per_year": {2021: 2_000.0}, "level_mix": {"college": 1.0}, "fields": {"agro_processing": 1.0}}
    model = world_with({"a": ("vocational_training", amounts)})
    p, taught = model.programmes, model.world.fields.index("agro_processing")
    assert not ((p.level == Level.COLLEGE) & (p.field == taught)).any()
    with pytest.raises(RunError, match=r"no programme of level college in the fields \(agro_processing\)"):
        model.step()


def test_seats_of_a_level_that_is_not_taught_in_a_district_go_to_the_others(world_with):
    amounts = {"seats_per_year": {2021: 2_000.0}, "districts": {"moc_chau": 1.0}}
    model = world_with({"a": ("vocational_training", amounts)})
    p, here = model.programmes, model.world.places.names.index("moc_chau")
    assert not ((p.level == Level.COLLEGE) & (p.district == here)).any()
    model.step()
    assert model.world.levers["training_seats"].sum() == pytest.approx(2_000.0)


def test_posts_that_settle_are_those_paid_for_in_later_years_too(world_with):
    """A newcomer plans with the posts that were paid for, whatever demand has grown to.

    Its target of a month is its posts times a month's luck, 15 % / sqrt(12) in standard deviation, in whole posts of
    three tiers (1/4 in variance each).
    """
    model = world_with({"a": ("industrial_parks", {"posts_per_year": {2024: 12_000.0}})}, scale=0.05)
    model.world.demand_index[:] = 1.0
    for _ in range(37):
        model.step()
    park = model.world.employer_groups.index("company_park")
    e = model.enterprises
    new = np.flatnonzero((e.group == park) & (e.founded == model.month))
    assert new.size > 5
    posts = e.weight[new] * model.world.demand_index[e.field[new]]
    assert posts == pytest.approx(np.full(new.size, 10.0))
    assert (model.world.demand_index > 1.02).any()


def test_employers_for_whom_no_row_is_left_are_counted(world_with):
    amounts = {"posts_per_year": {2021: 50_000.0}, "districts": {"moc_chau": 1.0}, "expansion": {2021: 0.0}}
    model = world_with({"a": ("industrial_parks", amounts)})
    wanted, opened, lost = 0.0, 0.0, 0
    for _ in months(model, 12):
        opened += float(model.world.events.get("company_park_posts", np.zeros(1)).sum())
        lost += 10 * model.world.ledger.counts.get("employers_without_row", 0)
    wanted = 50_000 * SCALE
    assert lost > 0
    # posts are whole employers of ten by keyed rounding in each of 12 months and 3 industries
    assert abs(opened + lost - wanted) < 4 * np.sqrt(12 * 3 / 4) * 10


def test_what_two_policies_bring_about_is_counted_once(world_with):
    """Each has its part of what was reached, placed, taught and finished; together they have all of it."""
    cases = {
        "job_placement": ({"share_per_year": {2021: 0.2}}, ()),
        "digital_skills": ({"persons_per_year": {2021: 12_000.0}}, ("digital.months=2",)),
        "school_enterprise_linkage": ({"share": {2021: 1.0}}, ("linkage.partner_share=0.9", "linkage.reserved=1")),
    }
    for kind, (amounts, settings) in cases.items():
        model = world_with(twice(kind, **amounts), *settings)
        units = {outcome.unit: outcome.counts for outcome in BUILT_IN[kind].outcomes()}
        total = dict.fromkeys(units, 0)
        for _ in months(model, 14):
            for unit, event in units.items():
                total[unit] += model.world.ledger.counts.get(event, 0) * PER_ROW
        rows = outcomes_of(model)
        for unit in units:
            one, other = (sum(row["count"] for row in rows if row["policy"] == name and row["outcome"] == unit)
                          for name in ("one", "other"))  # fmt: skip
            assert one + other == pytest.approx(total[unit])
            assert one == pytest.approx(other)
        assert min(total.values()) > 0, kind


def test_what_is_finished_later_counts_for_who_offered_it(world_with):
    """A policy that stopped still counts who finishes its courses, and the next one does not."""
    first = {"persons_per_year": {2021: 24_000.0}, "stop": "2021-03"}
    then = {"persons_per_year": {2021: 24_000.0}, "start": "2021-04"}
    model = world_with(
        {"first": ("digital_skills", first), "then": ("digital_skills", then)}, "digital.months=6", "digital.dropout=0"
    )
    began: dict[str, int] = {"first": 0, "then": 0}
    trained = 0
    for month, _ in enumerate(months(model, 12), start=1):
        begun = int(model.world.events.get("digital_enrolled", np.zeros(1)).sum()) * PER_ROW
        began["first" if month <= 3 else "then"] += begun if month <= 6 else 0
        trained += model.world.ledger.counts.get("digital_trained", 0) * PER_ROW
    rows = {row["policy"]: row["count"] for row in outcomes_of(model)}
    assert rows["first"] + rows["then"] == pytest.approx(trained)
    # a few leave the province before they finish
    assert 0.9 * began["first"] < rows["first"] <= began["first"]
    assert 0.9 * began["then"] < rows["then"] <= began["then"]


def test_supplement_and_lump_sum_attract_by_what_they_are_worth(world_with):
    came = {}
    for words, amounts in {
        "both": {}, "no months": {"supplement_months": 0}, "no lump sum": {"lump_sum": 0.0},
        "nothing": {"lump_sum": 0.0, "supplement_months": 0},
    }.items():  # fmt: skip
        model = world_with({"a": ("talent_attraction", {"places_per_year": {2021: 20_000.0}, **amounts})}, scale=0.05)
        came[words] = 0
        for _ in months(model, 12):
            came[words] += model.world.ledger.counts.get("talent_came", 0)
    print("degree holders who came", came)
    # runs are paired: whoever comes for less money comes for more, save where posts run out
    assert came["both"] > came["no months"] > came["no lump sum"] > came["nothing"] == 0


def test_an_offer_of_conversion_undoes_no_opening(world_with):
    """Nobody takes an offer up for its own sake: then as many businesses open as without, with the same luck."""
    opened = []
    for offers in (0.0, 100_000.0):
        amounts = {"conversions_per_year": {2021: offers}, "at_risk": 10.0, "grant": 0.0, "credit": 0.0}
        model = world_with({"a": ("climate_retraining", amounts)}, "own_account.take_up=0")
        model.step()
        opened.append(np.flatnonzero(model.workers.activity == 1).tolist())
    assert opened[0] == opened[1]


def test_a_business_is_supported_once_while_support_lasts(world_with):
    model = world_with(
        {"a": ("startups", {"digital_support_per_year": {2021: 100_000.0}, "support_months": 60})}, scale=0.01
    )
    seen = np.zeros(len(model.workers), dtype=int)
    before = model.workers.backed_until.copy()
    for _ in months(model, 10):
        now = model.workers.backed_until
        seen += now > before
        closed = (before > 0) & (now == 0)
        seen[closed] = 0
        before = now.copy()
        owners = model.workers.activity == 1
        assert (now[owners & (model.workers.spell == 0)] <= model.month + 60).all()
    assert seen.max() == 1


def test_a_business_that_closes_is_no_longer_supported(world_with):
    model = world_with(
        {"a": ("startups", {"digital_support_per_year": {2021: 100_000.0}, "support_months": 60})},
        "own_account.closing_rate=0.2", scale=0.01,
    )  # fmt: skip
    closed = 0
    for _ in months(model, 6):
        before = model.workers.activity.copy()
        backed = model.workers.backed_until > model.month
        model.step()
        to_farm = (before == 1) & (model.workers.activity == 0) & backed
        assert (model.workers.backed_until[to_farm] == 0).all()
        closed += int(to_farm.sum())
    assert closed > 0


@pytest.mark.parametrize(
    ("kind", "amounts", "words"),
    [
        ("digital_skills", {"by_age": (8.0, 4.0)}, "given 2 weights; allowed 5, one for each age: 15-24, 25-34"),
        ("digital_skills", {"by_age": (8.0, 4.0, 2.0, 1.0, 0.3, 9.0)}, "given 6 weights; allowed 5"),
        ("job_placement", {"channels": {"fair": 0.4}}, "given shares that sum to 0.4"),
        ("rural_minority_training", {"groups": {"rural": 0.5}}, "given rural: 0.5; allowed 0 or 1"),
        ("climate_retraining", {"level_mix": {"short_course": 0.5}}, "given shares that sum to 0.5"),
        ("labour_export", {"start": "2026-01", "stop": "2025-01"}, "given start 2026-01 and stop 2025-01; allowed"),
    ],
)
def test_input_that_would_be_altered_is_refused(kind, amounts, words):
    with pytest.raises(ValueError, match=words):
        BUILT_IN[kind](**amounts)


@pytest.mark.tiny
def test_graduates_are_sent_to_the_best_post_of_their_sort_however_many_there_are(monkeypatch):
    """Blocks of pairs change nothing: each person gets the post with the highest number among those of the sort."""
    rng = np.random.default_rng(5)
    people, codes = rng.choice(10_000, 60, replace=False), rng.choice(10_000, 45, replace=False)
    sought, kept, key = rng.integers(0, 6, 60), rng.integers(1, 7, 45), np.uint64(99)
    number = uniforms(key, people[:, None].astype(np.int64) * 2**32 + codes)
    open_ = sought[:, None] == kept
    expected = np.where(open_.any(axis=1), np.argmax(np.where(open_, number, -1.0), axis=1), -1)
    for most in (1, 7, 1_000_000):
        monkeypatch.setattr(linkage, "MOST_PAIRS", most)
        assert linkage._best_of_kept(key, people, sought, codes, kept).tolist() == expected.tolist()


# What a budget of about two months is held against. The unit is the dearest thing that rounding may add to a month, in
# VND; so many of them are allowed, and the whole VND to which each payment is rounded. Places given out as whole rows
# of people, and what is paid by the month, add none. Else a month is at most one rounding over: of n counts rounded to
# whole ones, 1/4 in variance each at most, four standard deviations are 2 sqrt(n); takers of an offer of money for n
# are fewer than n, and two are allowed for the last few. Employers open in one place then: one of ten rows is allowed.
ROW = PER_ROW
BUDGETS = {
    "digital_skills": ({"persons_per_year": {2021: 24_000.0}}, 8e9, 0, 0),
    "labour_export": ({"places_per_year": {2021: 6_000.0}}, 30e9, 0, 0),
    "talent_attraction": ({"places_per_year": {2021: 9_000.0}}, 60e9, 0, 0),
    "officials_degrees": ({"communes_per_year": {2021: 500.0}, "public_employees_per_year": {2021: 4e3}}, 12e9, 0, 0),
    "job_placement": ({"share_per_year": {2021: 0.35}}, 3e9, 0, 0),
    "labour_information": ({"institutions": {2021: 1.0}, "workers": {2021: 1.0}}, 1.1e9, 0, 0),
    "rural_minority_training": ({"campaign_days_per_year": {2021: 1_200.0}}, 1.3e9, 0, 0),
    "industrial_parks": ({"posts_per_year": {2021: 24_000.0}}, 150e9, 30e6 * 10 * ROW, 1),
    "startups": ({"loans_per_year": {2021: 60_000.0}, "grant": 2e6}, 5e9, 32e6 * ROW, 2),
    "vocational_training": ({"seats_per_year": {2021: 15_000.0}}, 5e9, 4.3e6 * ROW, 2 * np.sqrt(150)),
    "climate_retraining": ({"conversions_per_year": {2021: 60_000.0}, "at_risk": 10.0}, 9e9, 60e6 * ROW, 2),
    "school_enterprise_linkage": ({"share": {2021: 1.0}}, 2.5e9, 50e6 / 12, 2 * np.sqrt(250)),
}


def test_every_policy_that_pays_is_held_to_a_budget():
    assert set(BUDGETS) == {name for name, kind in BUILT_IN.items() if kind.pays()}


@pytest.mark.parametrize("name", BUDGETS)
def test_a_budget_is_a_ceiling(world_with, name):
    amounts, budget, unit, units = BUDGETS[name]
    free = world_with({name: (name, amounts)})
    for _ in months(free, 12):
        pass
    assert free.world.ledger.spent[name, 2021] > budget  # else it would prove nothing
    model = world_with({name: (name, {**amounts, "budget": {2021: budget}})})
    for _ in months(model, 24):
        pass
    payments = len(model.world.ledger.payments)
    for year in (2021, 2022):
        spent = model.world.ledger.spent[name, year]
        print(name, year, "spent of the budget", spent / budget)
        assert 0 < spent <= budget + payments + unit * units
    assert model.imbalance() == []


def test_a_budget_that_is_never_reached_changes_nothing(world_with, first_difference):
    for name in BUDGETS:
        amounts = BUDGETS[name][0]
        one = world_with({name: (name, amounts)}, scale=0.005).run(4)
        other = world_with({name: (name, {**amounts, "budget": {2021: 1e14}})}, scale=0.005).run(4)
        assert first_difference(one, other) == "", name


def test_places_that_the_money_pays_for_are_whole_and_in_proportion(world_with):
    world = world_with({}).world
    places = np.array([1_000.0, 3_000.0, 500.0])
    assert places_paid_for(world, places, 1e6, 1e12) is places
    rows = places_paid_for(world, places, 1e6, 2e8) * SCALE / 12
    assert rows == pytest.approx(np.round(rows))
    assert rows.sum() * 1e6 / SCALE <= 2e8 < (rows.sum() + 1) * 1e6 / SCALE
    assert rows.tolist() == pytest.approx([1.0, 3.0, 0.0], abs=1e-9)
    assert places_paid_for(world, places, 1e6, 0.0).tolist() == [0.0, 0.0, 0.0]
    dear_and_cheap = places_paid_for(world, places, np.array([1e6, 1e3, 1e6]), 4.9e7) * SCALE / 12
    assert (dear_and_cheap * np.array([1e6, 1e3, 1e6])).sum() / SCALE <= 4.9e7
