"""The built-in policies: more of each moves what it is for, nothing of it moves nothing, and it costs what it says.

Doses are far apart: a yearly count N has a standard deviation of at most sqrt(N / scale) persons (independent rows,
each standing for 1 / scale persons), and the runs are paired, so that doses whose yearly means differ by several of
these cannot change places by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy.stats import binom

from labsim.config import Config
from labsim.draws import key_of, uniforms
from labsim.model import LabourModel
from labsim.policies import BUILT_IN, Policy
from labsim.processes import new_employers
from labsim.world import NOT_FOUNDED, EnterpriseArrays, Enterprises, Kind, Level, Schooling, World

SCALE, MONTHS = 0.05, 24
HAZARDS_EVERYWHERE = "climate.frequency=5"
TEACHING = {"short_course": 2.0e6, "elementary": 3.0e6, "intermediate": 14e6, "college": 27e6}


def config_of(son_la, with_policies, policies: dict[str, Policy], *settings: str, scale: float = SCALE) -> Config:
    return with_policies(son_la(*settings, scale=scale), policies)


def yearly(frame, indicator: str) -> float:
    """Return a flow summed over the run, per year."""
    return float(frame[indicator].iloc[1:].sum() / (MONTHS / 12))


def at_end(frame, indicator: str) -> float:
    return float(frame[indicator].iloc[-1])


def less(read: Callable) -> Callable:
    """Read an indicator that the policy lowers."""
    return lambda frame, indicator: -read(frame, indicator)


# policy, its yearly amount, doses a year, indicator, how it is read, settings of the world
DOSES = [
    ("vocational_training", "seats_per_year", (0, 8_000, 24_000), "people_trained", yearly, ()),
    ("vocational_training", "seats_per_year", (0, 8_000, 24_000), "trained_share", at_end, ()),
    ("labour_export", "places_per_year", (0, 1_000, 4_000), "sent_abroad", yearly, ()),
    ("labour_export", "places_per_year", (0, 1_000, 4_000), "abroad", at_end, ()),
    ("talent_attraction", "places_per_year", (0, 400, 4_000), "talent_came", yearly, ()),
    ("climate_retraining", "seats_per_year", (0, 4_000, 12_000), "people_trained", yearly, (HAZARDS_EVERYWHERE,)),
    ("job_placement", "share_per_year", (0, 0.1, 0.35), "reached_by_services", at_end, ()),
    ("job_placement", "share_per_year", (0, 0.1, 0.35), "introduced", yearly, ()),
    ("job_placement", "share_per_year", (0, 0.1, 0.35), "placed", yearly, ()),
    ("school_enterprise_linkage", "share", (0, 0.2, 1.0), "hired_by_partners", yearly, ("linkage.partner_share=0.5",)),
    ("digital_skills", "persons_per_year", (0, 8_000, 30_000), "digital_trained", yearly, ()),
    ("digital_skills", "persons_per_year", (0, 8_000, 30_000), "digital_share", at_end, ()),
    (
        "climate_retraining",
        "conversions_per_year",
        (0, 10_000, 40_000),
        "businesses_opened",
        yearly,
        (HAZARDS_EVERYWHERE,),
    ),
    ("industrial_parks", "posts_per_year", (0, 2_000, 8_000), "employees", at_end, ()),
    ("industrial_parks", "posts_per_year", (0, 2_000, 8_000), "agricultural_share", less(at_end), ()),
    ("industrial_parks", "expansion", (0, 0.2, 0.8), "employees", at_end, ()),
    ("startups", "loans_per_year", (0, 10_000, 40_000), "businesses_opened", yearly, ()),
    ("startups", "loans_per_year", (0, 10_000, 40_000), "household_businesses", at_end, ()),
    ("startups", "digital_support_per_year", (0, 20_000, 100_000), "businesses_closed", less(yearly), ()),
    ("startups", "cooperatives_per_year", (0, 200, 800), "employees", at_end, ()),
    ("rural_minority_training", "campaign_days_per_year", (0, 3_000, 20_000), "training_applicants", yearly, ()),
]


@pytest.fixture(scope="module")
def frame_of(son_la, with_policies, series):
    """Return the series of a run with one policy at one dose, each run once."""
    found = {}

    def frame(name: str, amount: str, dose: float, settings: tuple[str, ...]):
        key = (name, amount, dose, settings) if dose else settings
        if key not in found:
            policies = {name: BUILT_IN[name](**{amount: {2021: float(dose)}})}
            config = config_of(son_la, with_policies, policies, *settings)
            found[key] = series(LabourModel(config, seed=21).run(MONTHS))
        return found[key]

    return frame


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "amount", "doses", "indicator", "read", "settings"), DOSES, ids=[f"{d[0]}-{d[3]}" for d in DOSES]
)
def test_more_of_a_policy_moves_what_it_is_for(frame_of, name, amount, doses, indicator, read, settings):
    none, some, much = (read(frame_of(name, amount, dose, settings), indicator) for dose in doses)
    assert none < some < much


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "indicator"), [("labour_export", "sent_abroad"), ("talent_attraction", "talent_came")]
)
def test_without_places_nobody_goes_or_comes(frame_of, name, indicator):
    frame = frame_of(name, "places_per_year", 0, ())
    assert yearly(frame, indicator) == 0
    assert yearly(frame, "spending") == 0


@pytest.mark.slow
def test_offered_places_are_filled_as_far_as_people_come(frame_of):
    """More people apply than there are places, so 1,000 places a year send 1,000.

    Each of four destinations rounds its monthly mean at random, with a variance of at most 1/4 row a month; in 24
    months the standard deviation of the yearly mean is at most sqrt(4 x 24 / 4) / 2 rows = 49 persons; three are
    allowed.
    """
    sent = yearly(frame_of("labour_export", "places_per_year", 1_000, ()), "sent_abroad")
    assert abs(sent - 1_000) < 3 * np.sqrt(4 * MONTHS / 4) / 2 / SCALE


@pytest.mark.slow
def test_more_seats_mean_less_than_as_many_people_trained(frame_of):
    """Seats are not people: some stay empty and some trainees drop out, so the gain lies below the seats."""
    none, much = (
        yearly(frame_of("vocational_training", "seats_per_year", dose, ()), "people_trained") for dose in (0, 24_000)
    )
    assert 0.5 * 24_000 < much - none < 24_000


def months(model: LabourModel, number: int) -> Iterator[dict]:
    """Step through months; yield the events of each and the payments made in it by purpose."""
    for _ in range(number):
        seen = len(model.world.ledger.payments)
        model.step()
        payments = model.world.ledger.payments[seen:]
        paid: dict[str, int] = {}
        for payment in payments:
            paid[payment.purpose] = paid.get(payment.purpose, 0) + payment.amount
        yield {**model.world.events, "paid": paid, "payments": payments}


def alone(son_la, with_policies, name: str, *settings: str, **amounts: object) -> LabourModel:
    return LabourModel(
        config_of(son_la, with_policies, {name: BUILT_IN[name](**amounts)}, *settings, scale=0.02), seed=3
    )


def test_labour_export_pays_preparation_for_each_person_sent(son_la, with_policies):
    model = alone(son_la, with_policies, "labour_export", places_per_year={2021: 6_000.0}, preparation=5e6)
    people = 0
    for month in months(model, 12):
        sent = int(month["sent_abroad"].sum())
        assert month["paid"].get("preparation", 0) == sent * 50 * 5_000_000
        assert sent == model.world.ledger.counts.get("sent_abroad", 0)
        people += sent
    assert people > 0


def test_talent_attraction_pays_a_lump_sum_and_sets_the_supplement_aside(son_la, with_policies):
    model = alone(
        son_la, with_policies, "talent_attraction", places_per_year={2021: 9_000.0}, lump_sum=3e8, supplement=0.25,
        supplement_months=10,
    )  # fmt: skip
    people = 0
    for month in months(model, 12):
        came = int(month["talent_came"].sum())
        assert month["paid"].get("lump sum", 0) == came * 50 * 300_000_000
        # a quarter of the wage for ten months; places are split over districts in doubles, one rounding each
        supplement = month["talent_pay"].sum() * 50 * 10 * 0.25
        assert month["paid"].get("wage supplement", 0) == pytest.approx(supplement, abs=1, rel=1e-12)
        people += came
    assert people > 0


def test_vocational_training_pays_teaching_for_each_person_admitted_to_its_seats(son_la, with_policies):
    """With no seats but those of the policy, every admission is paid at the cost of its level."""
    model = alone(
        son_la, with_policies, "vocational_training", "training.reallocation_rate=0", seats_per_year={2021: 30_000.0}
    )
    model.programmes.base_seats[:] = 0.0
    levels, people = model.programmes.level, 0
    for month in months(model, 12):
        admitted = month["admitted"] + month["admitted_paying"]
        for name, cost in TEACHING.items():
            n = int(admitted[levels == Level[name.upper()]].sum())
            assert month["paid"].get(f"teaching, {name}", 0) == n * 50 * int(cost)
        short = levels <= Level.ELEMENTARY
        helped = int((month["admitted"] * model.programmes.length)[short].sum())
        assert month["paid"].get("meals and travel", 0) == helped * 50 * 600_000
        people += int(admitted.sum())
    assert people > 0


def test_trainees_on_the_seats_of_institutions_are_not_paid_for(son_la, with_policies):
    """A programme splits its admissions between own and added seats by those free; teaching is paid for the added."""
    model = alone(son_la, with_policies, "vocational_training", seats_per_year={2021: 8_000.0})
    p, people = model.programmes, 0
    for month in months(model, 12):
        part = month["part_on_policies"]
        assert (part[model.world.levers["training_seats"] == 0] == 0).all()
        assert ((part >= 0) & (part <= 1)).all()
        admitted = month["admitted"] + month["admitted_paying"]
        for name, cost in TEACHING.items():
            here = p.level == Level[name.upper()]
            expected = float((admitted * part)[here].sum()) * 50 * cost
            assert month["paid"].get(f"teaching, {name}", 0) == pytest.approx(expected, abs=1, rel=1e-12)
        people += int(admitted.sum())
    assert people > 0


def test_every_allowance_that_a_trainee_receives_is_paid_by_somebody(son_la, with_policies):
    """What enrolment adds to savings as meals and travel is what the ledger pays out for them, in every month."""
    model = alone(son_la, with_policies, "vocational_training", seats_per_year={2021: 8_000.0})
    for month in months(model, 6):
        allowance = model.world.levers["training_allowance"] * model.programmes.length
        received = float((month["admitted"] * allowance).sum()) * 50
        assert month["paid"].get("meals and travel", 0) == pytest.approx(received, abs=1, rel=1e-12)


def test_climate_retraining_pays_grant_and_credit_for_each_farmer_converted(son_la, with_policies):
    model = alone(
        son_la, with_policies, "climate_retraining", HAZARDS_EVERYWHERE,
        conversions_per_year={2021: 30_000.0}, grant=7e6, credit=30e6,
    )  # fmt: skip
    people = 0
    for month in months(model, 18):
        converted = int(month["converted"].sum())
        assert month["paid"].get("conversion grant", 0) == converted * 50 * 7_000_000
        assert month["paid"].get("conversion credit (loan)", 0) == converted * 50 * 30_000_000
        payers = {payment.purpose: payment.payer for payment in month["payments"]}
        assert payers.get("conversion credit (loan)", "social policy bank") == "social policy bank"
        people += converted
    assert people > 0


def test_job_placement_pays_for_each_person_reached_by_channel(son_la, with_policies):
    model = alone(
        son_la, with_policies, "job_placement", share_per_year={2021: 0.4},
        cost_fair=7e4, cost_counselling=2e5, cost_portal=9e3,
    )  # fmt: skip
    people = 0
    for month in months(model, 12):
        reached = month["reached"].sum(axis=1)
        for purpose, n, cost in zip(("job fairs", "job counselling", "job portal"), reached, (70_000, 200_000, 9_000),
                                    strict=True):  # fmt: skip
            assert month["paid"].get(purpose, 0) == n * 50 * cost
        assert reached.sum() == model.world.ledger.counts["reached"]
        people += int(reached.sum())
    assert people > 0


def test_labour_information_costs_a_twelfth_of_its_year_every_month(son_la, with_policies):
    model = alone(
        son_la, with_policies, "labour_information", institutions={2021: 0.5}, workers={2021: 0.25},
        running_cost=1.2e9, cost_institution=12e6, cost_worker=1_200.0,
    )  # fmt: skip
    for month in months(model, 3):
        assert month["paid"]["running the information system"] == 100_000_000
        assert month["paid"]["forecasts for institutions"] == len(model.institutions) * 500_000
        people = float(model.world.counts["labour_force"].sum())  # as counted at the end of the month
        assert month["paid"]["forecasts for people"] == pytest.approx(people * 50 * 0.25 * 100.0, abs=1)


def test_linkage_pays_for_programmes_and_for_the_practice_of_each_person_admitted(son_la, with_policies):
    model = alone(
        son_la, with_policies, "school_enterprise_linkage", share={2021: 0.5}, cost_programme=24e6, cost_practice=2e6
    )
    people = 0
    for month in months(model, 10):
        linked = month["linked"]
        admitted = int((month["admitted"] + month["admitted_paying"])[linked].sum())
        assert month["paid"]["linked programmes"] == linked.sum() * 2_000_000
        assert month["paid"].get("practice in enterprises", 0) == admitted * 50 * 2_000_000
        people += admitted
    assert people > 0


def test_digital_skills_pay_for_each_person_admitted(son_la, with_policies):
    model = alone(son_la, with_policies, "digital_skills", persons_per_year={2021: 20_000.0}, cost=2e6)
    people = 0
    for month in months(model, 12):
        enrolled = int(month["digital_enrolled"].sum())
        assert month["paid"].get("courses in digital skills", 0) == enrolled * 50 * 2_000_000
        people += enrolled
    # twelve places a month and district are rounded, each with a variance of at most 1/4
    assert abs(people * 50 - 20_000) < 3 * np.sqrt(12 * 12 / 4) * 50


SPENDERS = {
    "job_placement": {"share_per_year": {2021: 0.35}},
    "labour_information": {"institutions": {2021: 1.0}, "workers": {2021: 1.0}},
    "school_enterprise_linkage": {"share": {2021: 1.0}},
    "digital_skills": {"persons_per_year": {2021: 20_000.0}},
}


@pytest.mark.parametrize("name", SPENDERS)
def test_a_budget_that_is_spent_pauses_the_policy_until_january(son_la, with_policies, name):
    """With a budget of little more than a month it spends no more in a year, writes no lever then, and begins again."""
    model = alone(son_la, with_policies, name, **SPENDERS[name])
    one = sum(next(months(model, 1))["paid"].values())
    model = alone(son_la, with_policies, name, budget={2021: 1.2 * one}, **SPENDERS[name])
    ran, spent = [], 0
    for number, month in enumerate(months(model, 15)):
        paid = sum(month["paid"].values())
        assert paid == 0 or model.world.levers.contributions
        assert model.imbalance() == []
        ran.append(paid > 0)
        spent += paid if number < 12 else 0
    assert ran[0]
    assert 0.5 * one < spent < 1.3 * one  # linkage rounds to whole programmes
    assert ran[12]


def test_climate_retraining_helps_where_a_hazard_struck_in_the_last_year_and_nowhere_else(son_la, with_policies):
    model = alone(
        son_la, with_policies, "climate_retraining",
        seats_per_year={2021: 9_000.0}, conversions_per_year={2021: 30_000.0},
    )  # fmt: skip
    p, helped, spared = model.programmes, 0, 0
    for _ in range(18):
        hit = model.world.places.hit_months < 12  # as it stood when the policy was decided
        model.step()
        seats, places = model.world.levers["training_seats"], model.world.levers["conversion_places"]
        converted = model.world.events["converted"]
        assert (seats[~hit[p.district]] == 0).all()
        assert (places[~hit] == 0).all()
        assert (converted[~hit] == 0).all()
        helped, spared = helped + int(converted[hit].sum()), spared + int((~hit).sum())
    assert helped > 0
    assert spared > 0


@pytest.mark.slow
def test_retraining_takes_people_in_the_districts_hit_first(son_la, with_policies):
    """One district is hit: the share of its people among those who enrol rises with the seats for it."""

    def share(seats: float) -> float:
        config = config_of(
            son_la, with_policies, {"climate_retraining": BUILT_IN["climate_retraining"](seats_per_year={2021: seats})},
            "climate.frequency=0",
        )  # fmt: skip
        model = LabourModel(config, seed=4)
        struck, inside, total = 5, 0, 0
        for _ in range(12):
            model.world.places.hit_months[struck] = 0.0
            before = model.workers.programme.copy()
            model.step()
            new = (model.workers.programme >= 0) & (before < 0)
            inside, total = inside + int((new & (model.workers.district == struck)).sum()), total + int(new.sum())
        return inside / total

    # with N = 250 or more enrolled the standard deviation of a share below 0.5 is below sqrt(0.25 / 250) = 0.03
    assert share(6_000.0) > share(0.0) + 3 * np.sqrt(2) * 0.03


def test_amounts_hold_from_their_year(son_la, with_policies, series):
    model = alone(son_la, with_policies, "labour_export", places_per_year={2022: 6_000.0}).run(14)
    sent = series(model)["sent_abroad"].dropna()
    assert (sent[sent.index.year == 2021] == 0).all()
    assert (sent[sent.index.year == 2022] > 0).all()


# where posts ask for nothing, so that there is somebody to teach: by the law few of communes lack the standard
LEVEL = 1e-4
LAWLESS = tuple(f"public_bodies.{body}=[0,0,0]" for body in ("officials", "public_employees", "communes"))
# which places, doses a year, the indicator that they move, months until it does
DEGREES = [
    ("officials_per_year", (0, 200, 600), "officials_degree_share", 60),
    ("public_employees_per_year", (0, 600, 2_400), "public_employees_degree_share", 60),
    ("communes_per_year", (0, 20, 400), "commune_officials_standard_share", 60),
    ("masters_per_year", (0, 100, 400), "officials_postgraduate_share", 36),
]


@pytest.mark.slow
@pytest.mark.parametrize(("places", "doses", "indicator", "length"), DEGREES, ids=[d[2] for d in DEGREES])
def test_degrees_in_service_show_when_study_is_over(son_la, with_policies, series, places, doses, indicator, length):
    """Four years for university, two for a master or the standard of communes: little moves before, more after."""
    ends, before = [], []
    for dose in doses:
        policies = {"officials_degrees": BUILT_IN["officials_degrees"](**{places: {2021: float(dose)}})}
        settings = ("in_service.own_cost_rate=0", *LAWLESS)
        config = with_policies(son_la(*settings, scale=SCALE, until="2026-12"), policies)
        frame = series(LabourModel(config, seed=5).run(length))[indicator].dropna()
        ends.append(float(frame.iloc[-1]))
        before.append(float(frame[frame.index.year == 2021].iloc[0]))
    print(indicator, [round(end, 2) for end in ends])
    assert ends[0] < ends[1] < ends[2]
    # what students pay leaves them with less money, by which a few decide otherwise
    assert abs(before[2] - before[0]) < 0.1 * (ends[2] - ends[0])


def test_who_studies_in_service_keeps_the_post_and_the_state_pays_its_part(son_la, with_policies):
    model = alone(
        son_la, with_policies, "officials_degrees", "in_service.own_cost_rate=0",
        masters_per_year={2021: 1_200.0}, communes_per_year={2021: 1_200.0}, cost=10e6, state_share=0.25,
    )  # fmt: skip
    w, people = model.workers, 0
    for month in months(model, 12):
        years = float(month["degree_years"].sum()) * 50
        assert month["paid"].get("study for a degree", 0) == pytest.approx(years * 2_500_000, abs=1)
        students = np.flatnonzero(w.degree_left > 0)
        assert students.tolist() == sorted(model.world.counts["in_service"].tolist())
        new = students[w.degree_left[students] == np.where(w.degree[students] == Level.UNIVERSITY, 48, 24)]
        assert len(new) == int(month["degree_started"].sum())
        assert (w.spell[new[w.employer[new] < 0]] <= 1).all()  # some posts end later in the month
        people += len(new)
    assert people > 0
    assert model.imbalance() == []


PARK = {"mai_son": 3.0, "moc_chau": 1.0}


def test_new_employers_open_in_the_first_dormant_rows_and_are_like_their_field():
    """Rows of the field come first, then those of the district by lot; shares and pay are means of the field."""
    n, key = 600, key_of(3, "dormant row", 1)
    e = Enterprises(n, {"tiers": 3})
    row = np.arange(n)
    e.district[:], e.field[:], e.kind[:] = row % 3, row % 7, np.where(row % 5 == 0, Kind.PUBLIC, Kind.PRIVATE)
    e.founded[:], e.active[:] = np.where(row % 2 == 0, NOT_FOUNDED, 0), row % 2
    e.weight[:], e.tier_share[:] = 1 + row % 11, np.stack([row % 4, row % 3, np.ones(n)], axis=1)
    e.headcount[:], e.wage_offer[:] = row[:, None] % 13, 1e6 * (1 + np.stack([row % 5, row % 6, row % 9], axis=1))
    arrays = EnterpriseArrays(*(getattr(e, name) for name in Enterprises.columns()))
    private = e.kind != Kind.PUBLIC
    free = np.flatnonzero((e.founded == NOT_FOUNDED) & private & (e.district == 1))
    order = np.lexsort((uniforms(key, free), e.field[free] != 4))
    for number in (1, 5, 20, len(free), len(free) + 9):
        found = new_employers._dormant_rows(arrays, 1, 4, number, key)
        assert found.tolist() == free[order[:number]].tolist()
    numbers = np.zeros(3 * 7, dtype=np.int64)
    numbers[7 + 4], numbers[7 + 5] = len(free) - 1, 9  # one row is left for the second market
    rows, markets = new_employers._take_rows(arrays, numbers, 7, 1, key)
    assert sorted(rows) == free.tolist()
    assert np.bincount(markets).tolist()[-2:] == [len(free) - 1, 1]
    world = cast(World, SimpleNamespace(employers=arrays, enterprises=e, n_fields=7))
    size, shares, pay = (of_field[4] for of_field in new_employers._likeness(world))
    like = private & (e.active > 0) & (e.field == 4)
    assert size == e.weight[like].sum()
    assert shares == pytest.approx(np.average(e.tier_share[like], axis=0, weights=e.weight[like]))
    assert pay == pytest.approx((e.headcount * e.wage_offer)[like].sum(axis=0) / e.headcount[like].sum(axis=0))


@pytest.mark.slow
def test_parks_draw_people_off_the_farms_and_in_part_from_other_employers(son_la, with_policies, series):
    """Nobody is placed: hires from farming rise, the agricultural share falls, and other employers are smaller."""
    more, fewer, displaced = [], [], []
    for seed in (1, 2, 3, 4):
        counts, frames, heads, others = [], [], 0, []
        for dose in (0.0, 6_000.0):
            policies = {"industrial_parks": BUILT_IN["industrial_parks"](posts_per_year={2021: dose}, districts=PARK)}
            model = LabourModel(with_policies(son_la(scale=SCALE), policies), seed)
            counts.append(0)
            for _ in range(MONTHS):
                model.step()
                counts[-1] += model.world.ledger.counts["hired_from_farming"]
            frames.append(series(model))
            park = model.enterprises.group == model.world.employer_groups.index("company_park")
            heads = int(model.enterprises.headcount[park].sum())
            others.append(int(model.enterprises.headcount[~park].sum()))
            sizes = model.enterprises.target[park & (model.enterprises.active > 0)].sum(axis=1)
            assert set(model.enterprises.district[park]) <= {model.world.places.names.index(name) for name in PARK}
        assert 5 <= sizes.mean() <= 15  # about 10 posts at 1:20: an enterprise of 100 is kept with 10
        more.append(counts[1] - counts[0])
        fewer.append(at_end(frames[0], "agricultural_share") - at_end(frames[1], "agricultural_share"))
        displaced.append((others[0] - others[1]) / heads)
    error = np.std(displaced, ddof=1) / 2
    print(f"posts in parks taken from other employers: {np.mean(displaced):.0%}, standard error {error:.0%}")
    print(f"hires from farming {np.array(more) / SCALE}, agricultural share {-np.array(fewer).round(2)} points")
    assert min(more) > 0
    assert min(fewer) > 0
    assert np.mean(displaced) < 1.0  # else there would be no gain


def test_parks_pay_for_each_post_that_settles_and_each_by_which_targets_rise(son_la, with_policies):
    model = alone(
        son_la, with_policies, "industrial_parks", posts_per_year={2021: 12_000.0}, expansion={2021: 0.25},
        cost_per_post=20e6, cost_of_expansion=12e6,
    )  # fmt: skip
    opened = 0
    for month in months(model, 12):
        posts = float(month.get("company_park_posts", np.zeros(1)).sum())
        assert month["paid"].get("posts in parks", 0) == pytest.approx(posts * 50 * 20_000_000, abs=1)
        raised = model.enterprises.target[model.world.levers["labour_demand"] > 1.0].sum() * 0.2
        assert month["paid"].get("expansion in parks", 0) == pytest.approx(raised * 50 * 1_000_000, abs=1)
        opened += posts
    assert opened > 0


def test_start_ups_pay_loans_from_the_policy_bank_and_the_rest_from_the_budget(son_la, with_policies):
    model = alone(
        son_la, with_policies, "startups", loans_per_year={2021: 60_000.0}, loan=20e6, grant=3e6,
        digital_support_per_year={2021: 20_000.0}, cost_of_support=2e6, cooperatives_per_year={2021: 900.0},
        cooperative_grant=50e6,
    )  # fmt: skip
    lent, supported, founded = 0, 0, 0.0
    for month in months(model, 12):
        new, helped = int(month["lent"].sum()), int(month.get("supported", np.zeros(1)).sum())
        number = float(month.get("cooperative_new_number", np.zeros(1)).sum())
        assert month["paid"].get("business loan", 0) == pytest.approx(new * 50 * 20_000_000, abs=1)
        assert month["paid"].get("business grant", 0) == pytest.approx(new * 50 * 3_000_000, abs=1)
        assert month["paid"].get("digital support", 0) == pytest.approx(helped * 50 * 2_000_000, abs=1)
        assert month["paid"].get("cooperative grant", 0) == pytest.approx(number * 50 * 50_000_000, abs=1)
        payers = {payment.purpose: payment.payer for payment in month["payments"]}
        assert payers.get("business loan", "social policy bank") == "social policy bank"
        assert payers.get("business grant", "state budget") == "state budget"
        lent, supported, founded = lent + new, supported + helped, founded + number
    assert lent > 0 and supported > 0 and founded > 0
    assert model.imbalance() == []


@pytest.mark.slow
def test_without_any_effect_loans_and_support_change_no_business(son_la, with_policies):
    """The ranges hold no effect at all: then nobody opens or keeps a business for the sake of the policy."""
    counts = []
    for dose in (0.0, 40_000.0):
        amounts = {"loans_per_year": {2021: dose}, "digital_support_per_year": {2021: dose}}
        model = alone(
            son_la, with_policies, "startups", "own_account.loan_take_up=0", "own_account.backing=0", **amounts
        ).run(12)
        counts.append(np.bincount(model.workers.activity, minlength=11).tolist())
    assert counts[0] == counts[1]


def admitted_in_one_month(son_la, with_policies, quotas: dict[str, float]) -> tuple[LabourModel, np.ndarray]:
    """Return a model after one month with few seats for many, and who is in a course for the first time."""
    config = config_of(
        son_la, with_policies,
        {"vocational_training": BUILT_IN["vocational_training"](seats_per_year={2021: 8_000.0}, priority={}),
         "rural_minority_training": BUILT_IN["rural_minority_training"](quotas=quotas)},
        "training.consider_rate=0.2",
    )  # fmt: skip
    model = LabourModel(config, seed=6)
    before = model.workers.programme.copy()
    model.step()
    return model, np.flatnonzero((model.workers.programme >= 0) & (before < 0))


@pytest.mark.slow
def test_seats_kept_for_a_group_go_to_it_first_and_the_rest_to_all(son_la, with_policies):
    shares, taken = [], []
    for quota in (0.0, 0.3, 0.7, 1.0):
        model, new = admitted_in_one_month(son_la, with_policies, {"poor": quota})
        shares.append(float(model.workers.poor[new].mean()))
        taken.append((model.world.events["admitted"] + model.world.events["admitted_paying"]).tolist())
    print("share of poor people among those admitted", [round(share, 3) for share in shares])
    assert shares[0] < shares[1] < shares[2] <= shares[3]
    assert shares[1] >= 0.9 * 0.3  # whole seats: small courses keep one by lot
    # no seat stays empty for want of a member: the same applicants fill the same seats
    assert taken[0] == taken[1] == taken[2] == taken[3]


def test_a_quota_for_nobody_moves_nobody(son_la, with_policies, first_difference):
    one, _ = admitted_in_one_month(son_la, with_policies, {})
    other, _ = admitted_in_one_month(son_la, with_policies, {"poor": 0.0, "minority": 0.0})
    assert first_difference(one, other) == ""


@pytest.mark.slow
def test_campaigns_reach_the_groups_that_they_address(son_la, with_policies):
    """The share of minority people among applicants rises when campaigns address them, and only them."""
    shares = []
    for groups in ({}, {"minority": 1.0}):
        amounts = {"campaign_days_per_year": {2021: 20_000.0}, "hearing": 6.0, "groups": groups}
        config = config_of(son_la, with_policies, {
            "vocational_training": BUILT_IN["vocational_training"](seats_per_year={2021: 60_000.0}, priority={}),
            "rural_minority_training": BUILT_IN["rural_minority_training"](**amounts),
        })  # fmt: skip
        model = LabourModel(config, seed=6)
        mine, all_ = 0, 0
        for _ in range(6):
            before = model.workers.programme.copy()
            model.step()
            new = (model.workers.programme >= 0) & (before < 0)
            mine, all_ = mine + int((model.workers.ethnicity[new] > 0).sum()), all_ + int(new.sum())
        shares.append(mine / all_)
    print("share of minority people among those admitted", np.round(shares, 3))
    # a share of N > 1,000 has a standard deviation below sqrt(0.25 / N) = 0.016
    assert shares[1] > shares[0] + 2 * np.sqrt(2) * 0.016


def test_campaigns_are_paid_by_the_day(son_la, with_policies):
    model = alone(
        son_la, with_policies, "rural_minority_training", campaign_days_per_year={2021: 1_200.0}, cost_per_day=4e6
    )
    for month in months(model, 3):
        assert month["paid"] == {"campaigns": 100 * 4_000_000}


def test_seats_may_be_given_to_some_districts(son_la, with_policies):
    model = alone(
        son_la, with_policies, "vocational_training", seats_per_year={2021: 8_000.0}, districts={"moc_chau": 1.0}
    )
    model.step()
    seats, place = model.world.levers["training_seats"], model.world.places.names.index("moc_chau")
    assert seats[model.programmes.district == place].sum() > 0
    assert seats[model.programmes.district != place].sum() == 0


def test_travel_is_paid_to_trainees_from_far(son_la, with_policies):
    model = alone(son_la, with_policies, "vocational_training", seats_per_year={2021: 30_000.0}, travel=200_000)
    people = 0
    for month in months(model, 6):
        far = int(month["travelled"].sum())
        assert month["paid"].get("travel", 0) == far * 50 * 200_000
        assert far <= int(month["admitted"].sum())
        people += far
    assert people > 0


def test_climate_retraining_may_help_districts_at_risk(son_la, with_policies):
    """No hazard strikes: without the weight nobody is helped, with it every district by its rate of hazards."""
    given = {}
    for weight in (0.0, 0.5):
        model = alone(
            son_la, with_policies, "climate_retraining", "climate.frequency=0", at_risk=weight,
            conversions_per_year={2021: 12_000.0},
        )  # fmt: skip
        farmers = model.world.counts["farmers"].copy()
        model.step()
        given[weight] = model.world.levers["conversion_places"] / farmers
    assert not given[0.0].any()
    rate = model.world.places.hazard_rate.sum(axis=0)
    np.testing.assert_allclose(given[0.5] / given[0.5].sum(), rate / rate.sum())


def test_degrees_are_counted_among_the_staff_of_public_bodies(son_la, with_policies, series):
    """The shares are those of a count person by person."""
    model = alone(son_la, with_policies, "officials_degrees").run(12)
    names, staff = model.world.employer_groups, {"officials": [], "public_employees": [], "communes": []}
    bodies = dict.fromkeys(("schools", "hospitals", "public_services"), "public_employees")
    bodies |= {"province_bodies": "officials", "district_bodies": "officials", "communes": "communes"}
    for row in np.flatnonzero(model.workers.employer >= 0):
        group = names[model.enterprises.group[model.workers.employer[row]]]
        if group in bodies:
            staff[bodies[group]].append(int(model.workers.level[row]))
    frame = series(model)
    for indicator, body, least in (
        ("officials_degree_share", "officials", Level.UNIVERSITY),
        ("officials_postgraduate_share", "officials", Level.POSTGRADUATE),
        ("public_employees_degree_share", "public_employees", Level.UNIVERSITY),
        ("commune_officials_standard_share", "communes", Level.INTERMEDIATE),
    ):
        levels = np.array(staff[body])
        assert at_end(frame, indicator) == pytest.approx(100.0 * (levels >= least).mean())
    everyone = sum(map(len, staff.values()))
    assert at_end(frame, "public_staff") == everyone * 50
    assert frame["officials_degree_share"].notna().sum() == 2  # both Decembers


def posts_taken_up(model: LabourModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels of this month's newcomers to public bodies, and what their posts ask for by the law."""
    world, w, e = model.world, model.workers, model.enterprises
    new = np.union1d(world.events.get("hired", []), world.events.get("talent_people", [])).astype(int)
    new = new[w.employer[new] >= 0]
    names = [*world.employer_groups, ""]  # -1, no group, is the last
    asked = {
        **dict.fromkeys(("province_bodies", "district_bodies", "communes"), (0, 3, 5)),
        **dict.fromkeys(("schools", "hospitals", "public_services"), (0, 4, 5)),
    }
    posts = [(names[g], t) for g, t in zip(e.group[w.employer[new]], w.tier[new], strict=True)]
    public = np.array([name in asked for name, _tier in posts], dtype=bool)
    least = np.array([asked[name][tier] for name, tier in posts if name in asked], dtype=int)
    return w.level[new][public].astype(int), least


@pytest.mark.parametrize("lawful", [True, False])
def test_public_bodies_hire_nobody_without_the_training_that_the_post_asks_for(son_la, with_policies, lawful):
    """Nor do reserved posts go to them; without the law, a good part of the newcomers lack it."""
    talent = {"talent_attraction": BUILT_IN["talent_attraction"](places_per_year={2021: 4_000.0})}
    model = LabourModel(config_of(son_la, with_policies, talent, *(() if lawful else LAWLESS)), seed=3)
    lacking = newcomers = 0
    for _ in range(12):
        model.step()
        levels, least = posts_taken_up(model)
        lacking, newcomers = lacking + int((levels < least).sum()), newcomers + len(levels)
    assert newcomers > 50
    # with the law, nobody; without it chance leaves more than one in twenty, all but never fewer
    assert (lacking == 0) if lawful else (binom.cdf(lacking, newcomers, 0.05) > 1.0 - LEVEL)


def test_staff_study_at_their_own_cost_and_some_did_before_the_run(son_la, with_policies, series):
    """As many begin as the rate says, a Poisson number; with more of them more have a degree in the end."""
    shares = []
    for rate in (0.0, 0.2):
        config = config_of(son_la, with_policies, {}, f"in_service.own_cost_rate={rate}", "in_service.dropout_rate=0")
        model, w = LabourModel(config, seed=3), None
        began, expected = 0, 0.0
        for month in range(1, 25):
            model.step()
            world, w = model.world, model.workers
            students = world.counts.get("at_own_cost", np.zeros(0, dtype=int))
            assert sorted(students) == np.flatnonzero(w.degree_left > 0).tolist()
            if rate and month == 1:
                # began k months ago with 48 to go: uniform but for the rate, so some finish in every year
                left = w.degree_left[students[w.degree[students] == Level.UNIVERSITY]]
                assert left.min() < 12 and left.max() == 48
                free = _free_to_study(model)
            if rate and month > 1:
                began += world.ledger.counts["degrees_at_own_cost"]
                expected += free * (1 - np.exp(-rate / 12))
                free = _free_to_study(model)
        shares.append(at_end(series(model), "public_staff_degree_share"))
        if rate:
            # people leave, turn fifty or finish within the month: a few in a hundred of those free
            assert abs(began - expected) < 4 * np.sqrt(expected) + 0.05 * expected
    assert shares[1] > shares[0] + 1


def _free_to_study(model: LabourModel) -> int:
    """Count by hand who is on the roll of the year, in a post that asks for training, and may begin to study."""
    world, w, e = model.world, model.workers, model.enterprises
    bodies = {"province_bodies", "district_bodies", "schools", "hospitals", "public_services", "communes"}
    names = [*world.employer_groups, ""]
    n = 0
    for i in world.counts["roll"]:
        if w.employer[i] < 0 or names[e.group[w.employer[i]]] not in bodies or w.tier[i] == 0 or w.degree_left[i] > 0:
            continue
        commune = names[e.group[w.employer[i]]] == "communes" and w.level[i] < Level.INTERMEDIATE
        young = world.month - int(w.birth_month[i]) < 600 and w.programme[i] < 0
        n += young and (commune or (w.level[i] < Level.UNIVERSITY and w.schooling[i] >= Schooling.UPPER_SECONDARY))
    return n
