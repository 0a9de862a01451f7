"""What matching, training and work abroad do to a handful of people, worked out by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from labsim.applications import Applications, VacancyLists
from labsim.config import load
from labsim.draws import Draws, uniforms
from labsim.processes import abroad, matching, training
from labsim.simulation import Simulation
from labsim.world import NEVER, Activity, EnterpriseArrays, Enterprises, Level, Programmes, WorkerArrays, Workers

pytestmark = pytest.mark.tiny

DRAWS = Draws(5).at(0)
FARMING, BUSINESS, EMPLOYEE = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE)
UNEMPLOYED, IN_TRAINING, ABROAD = int(Activity.UNEMPLOYED), int(Activity.IN_TRAINING), int(Activity.ABROAD)


def with_values(parameters, **values):
    """Return parameters with values that may lie outside the range of an input."""
    return parameters.model_copy(update=values)


def arrays_of(table, kind):
    return kind(*(getattr(table, name) for name in type(table).columns()))


def world_of(activity, name="frictional", people=300):
    """Return a world of one employer in which everybody is 25 and does the same."""
    world = Simulation(load(f"reference/{name}", settings=[f"reference.people={people}"]), seed=3).world
    w = world.workers
    w.activity[:], w.employer[:], w.tier[:], w.work_field[:], w.birth_month[:] = activity, -1, 255, -1, -300
    w.spell[:], w.savings[:] = 7, 0.0
    world.enterprises.headcount[:] = 0
    world.ledger.start_month()
    return world


def flows_of(world):
    flows = world.ledger.flows
    return {(int(a), int(b)): int(flows[a, b]) for a, b in zip(*np.nonzero(flows), strict=True)}


# --- coming back from abroad ----------------------------------------------------------------------------------------


def test_a_contract_that_ends_brings_a_person_home_with_savings_and_skill():
    world = world_of(FARMING)
    w = world.workers
    w.activity[:4], w.months_left[:4], w.destination[:4], w.skill[:4] = ABROAD, (3, 2, 1, 1), (0, 1, 2, 3), 0.5
    abroad.come_back(world, with_values(abroad.AbroadParameters(), early_return=0.0), DRAWS)
    assert w.activity[:5].tolist() == [ABROAD, ABROAD, UNEMPLOYED, UNEMPLOYED, FARMING]
    assert w.months_left[:5].tolist() == [2, 1, 0, 0, 0]
    assert w.savings[:5].tolist() == [18e6, 11e6, 24e6, 8e6, 0.0]
    assert w.skill[:4] == pytest.approx([0.5, 0.5, 0.575, 0.575])
    assert w.spell[:5].tolist() == [7, 7, 0, 0, 7]
    assert flows_of(world) == {(ABROAD, UNEMPLOYED): 2}
    assert world.ledger.counts == {"returned_from_abroad": 2}


def test_a_contract_that_breaks_off_brings_savings_and_no_skill():
    world = world_of(ABROAD)
    w = world.workers
    w.months_left[:], w.destination[:], w.skill[:] = 9, 1, 0.5
    abroad.come_back(world, with_values(abroad.AbroadParameters(), early_return=0.3), DRAWS)
    early = uniforms(DRAWS.key("return from abroad"), np.arange(len(w))) < 0.3
    assert 50 < early.sum() < 130
    assert np.array_equal(w.activity == UNEMPLOYED, early)
    assert np.array_equal(w.months_left, np.where(early, 0, 8))
    assert np.all(w.skill == 0.5) and np.all(w.savings == 11e6)
    assert world.ledger.counts == {"returned_from_abroad": early.sum()}


# --- going abroad ---------------------------------------------------------------------------------------------------


def go(world, places, loan=0.0, preparation=0.0, **values):
    for lever, amount in {"export_places": places, "export_loan": loan, "export_preparation": preparation}.items():
        rule = "raise_to" if lever == "export_loan" else "add"
        getattr(world.levers.by("policy"), rule)(lever, np.broadcast_to(np.asarray(amount, float), 4))
    parameters = with_values(abroad.AbroadParameters(), **{"application_rate": 1.0} | values)
    abroad.go(world, parameters, DRAWS)
    return world.events.get("sent_people", np.zeros(0, int))


def test_only_who_may_and_can_afford_it_goes_abroad():
    world = world_of(UNEMPLOYED)
    w = world.workers
    w.savings[:], w.schooling[:] = 8e6, 2
    w.birth_month[:4] = -18 * 12 + 1, -18 * 12, -40 * 12 + 1, -40 * 12
    w.schooling[4:6] = 1, 3
    w.programme[6] = 0
    w.savings[7] = 7.9e6
    w.activity[8:12] = EMPLOYEE, IN_TRAINING, ABROAD, FARMING
    w.employer[8], w.tier[8], world.enterprises.headcount[0, 0] = 0, 0, 1
    w.activity[12:], w.birth_month[12:] = Activity.OUTSIDE, -300
    sent = go(world, [0, 12 * 300, 0, 0], loan=0.5, preparation=10e6)  # (90 - 10) million x (1 - 0.5) x 0.2 = 8 million
    assert sorted(sent.tolist()) == [1, 2, 5, 8, 11]
    assert np.all(w.activity[sent] == ABROAD) and np.all(w.destination[sent] == 1) and np.all(w.months_left[sent] == 36)
    assert np.all(w.savings[sent] == 8e6 - 80e6) and np.all(w.spell[sent] == 0)
    assert w.employer[8] == -1 and world.enterprises.headcount[0, 0] == 0
    assert np.count_nonzero(w.activity == ABROAD) == 6
    assert flows_of(world) == {(UNEMPLOYED, ABROAD): 3, (EMPLOYEE, ABROAD): 1, (FARMING, ABROAD): 1}
    assert world.ledger.counts == {"sent_abroad": 5}
    assert world.events["sent_abroad"].tolist() == [0, 5, 0, 0]
    assert world.events["cost_abroad"].tolist() == [140e6, 80e6, 70e6, 70e6]


def test_places_abroad_are_filled_by_lot():
    world = world_of(FARMING)
    world.workers.savings[:], world.workers.schooling[:] = 1e9, 2
    sent = go(world, [12 * 5, 12 * 3, 0, 0])
    assert world.events["sent_abroad"].tolist() == [5, 3, 0, 0]
    assert np.bincount(world.workers.destination[sent], minlength=4).tolist() == [5, 3, 0, 0]
    lots = uniforms(DRAWS.key("lot for a place abroad"), np.arange(300))
    alone = world_of(FARMING)
    alone.workers.savings[:], alone.workers.schooling[:] = 1e9, 2
    assert go(alone, [0, 0, 12 * 7, 0], preparation=100e6).tolist() == np.argsort(lots)[:7].tolist()
    assert alone.events["cost_abroad"].tolist() == [50e6, 0.0, 0.0, 0.0]  # preparation pays no more than the cost


def test_people_choose_where_to_go_by_places_and_savings():
    world = world_of(FARMING)
    world.workers.savings[:], world.workers.schooling[:] = 1e9, 2
    go(world, [12 * 600, 12 * 300, 0, 0])
    sent = world.events["sent_abroad"]
    assert sent.sum() == 300
    assert abs(sent[0] - 300 * 36 / 47) < 30  # 2 x 18 million against 1 x 11 million saved


def test_as_many_apply_as_the_rate_says_and_nobody_without_places():
    world = world_of(FARMING)
    world.workers.savings[:], world.workers.schooling[:] = 1e9, 2
    assert go(world, 0.0).size == 0
    assert world.events["sent_abroad"].tolist() == [0, 0, 0, 0]
    assert abs(go(world, 12 * 300, application_rate=0.25).size - 75) < 30


# --- training -------------------------------------------------------------------------------------------------------


def course_of(level, length=6, quality=0.5):
    world = world_of(FARMING, "erlang", 40)
    p = world.programmes
    p.level[0], p.length[0], p.quality[0], p.field[0], p.institution[0], p.taken[0] = level, length, quality, 4, 2, 9
    return world


def on(world, dropout=0.0, **values):
    training.progress(world, with_values(training.TrainingParameters(), dropout_rate=dropout, **values), DRAWS)
    return world.workers


@pytest.mark.parametrize(
    ("level", "length", "vocational", "certificate", "dated"),
    [
        (Level.SHORT_COURSE, 2, 1, 1, False),
        (Level.SHORT_COURSE, 3, 1, 1, True),
        (Level.ELEMENTARY, 3, 1, 2, True),
        (Level.COLLEGE, 36, 1, 2, True),
        (Level(Level.COLLEGE + 1), 48, 0, 2, True),
    ],
)
def test_what_a_graduate_takes_home(level, length, vocational, certificate, dated):
    world = course_of(level, length)
    w = world.workers
    w.programme[:3], w.months_left[:3], w.skill[:3], w.field[:3], w.school[:3] = 0, (1, 2, 1), 0.2, 0, -1
    w.level[2] = top = max(Level)
    w.urban[:3] = 0, 0, 1
    on(world, paper_share=1.0)
    assert w.level[:3].tolist() == [level, 0, top]
    assert w.vocational[:3].tolist() == [vocational, 0, vocational]
    assert w.certificate[:3].tolist() == [certificate, 0, certificate]
    assert w.graduated[:3].tolist() == [world.month if dated else NEVER, NEVER, world.month if dated else NEVER]
    assert (w.field[0], w.school[0], w.field[1], w.school[1]) == (4, 2, 0, -1)
    assert w.skill[:3] == pytest.approx([0.3, 0.2, 0.3])  # 0.25 x 0.5 of the 0.8 that are missing
    assert w.programme[:3].tolist() == [-1, 0, -1] and w.months_left[:3].tolist() == [0, 1, 0]
    assert world.programmes.taken[0] == 7 and flows_of(world) == {}
    counts, high = world.ledger.counts, level >= Level.INTERMEDIATE
    assert counts[f"graduates_{level.name.lower()}"] == counts["people_trained"] == 2
    assert counts["people_trained_highly_skilled"] == (2 if high else 0)
    assert counts["people_trained_below_intermediate"] == (0 if high else 2)
    assert counts["people_trained_rural"] == counts["people_trained_urban"] == 1
    assert counts["training_dropped_out"] == 0
    assert world.events["graduates"].tolist() == [0, 2] and world.events["completed"].tolist() == [2]


def test_a_short_course_may_end_without_paper_and_takes_none_away():
    world = course_of(Level.SHORT_COURSE, 2)
    w = world.workers
    w.programme[:2], w.months_left[:2], w.certificate[:2] = 0, 1, (0, 2)
    assert on(world, paper_share=0.0).certificate[:2].tolist() == [0, 2]


@pytest.mark.parametrize(("farm", "home"), [(1.0, FARMING), (0.0, UNEMPLOYED)])
def test_full_time_graduates_look_for_work_or_go_back_to_the_farm_in_the_country(farm, home):
    world = course_of(Level.ELEMENTARY)
    w = world.workers
    w.activity[:3], w.programme[:3], w.months_left[:3], w.urban[:3] = IN_TRAINING, 0, (1, 1, 2), (0, 1, 0)
    on(world, farm_return=farm)
    assert w.activity[:3].tolist() == [home, UNEMPLOYED, IN_TRAINING]
    assert w.spell[:4].tolist() == [0, 0, 7, 7]
    assert world.ledger.flows[IN_TRAINING].sum() == 2


@pytest.mark.parametrize(("dropout", "quality", "leave"), [(0.5, 0.0, 4), (0.5, 1.0, 0), (1.0, 0.5, 4), (0.0, 0.0, 0)])
def test_who_drops_out_gains_nothing_and_gives_the_seat_back(dropout, quality, leave):
    world = course_of(Level.ELEMENTARY, quality=quality)
    w = world.workers
    w.programme[:4], w.months_left[:4] = 0, 5
    on(world, dropout)
    assert w.programme[:4].tolist() == ([-1] * 4 if leave else [0] * 4)
    assert w.months_left[:4].tolist() == ([0] * 4 if leave else [4] * 4)
    assert not w.level.any() and not w.certificate.any() and world.programmes.taken[0] == 9 - leave
    assert world.ledger.counts["training_dropped_out"] == leave and world.ledger.counts["people_trained"] == 0


def test_practice_in_enterprises_adds_to_the_quality_of_linked_courses():
    for linked, quality, skill in ((True, 0.5, 0.2), (False, 0.5, 0.125), (True, 0.9, 0.25)):
        world = course_of(Level.ELEMENTARY, quality=quality)
        world.workers.programme[0], world.workers.months_left[0], world.workers.skill[0] = 0, 1, 0.0
        world.events.update(linked=np.array([linked]), quality_gain=0.3)
        assert on(world).skill[0] == pytest.approx(skill)


@pytest.mark.parametrize("full_time", [0, 1])
def test_seats_go_in_order_and_support_goes_to_who_has_no_training(full_time):
    world = course_of(Level.ELEMENTARY)
    w, p = world.workers, world.programmes
    p.seats[0], p.taken[0], p.fee[0], p.full_time[0] = 3, 1, 5e6, full_time
    w.level[7] = 1
    w.employer[7], w.tier[7], w.activity[7], world.enterprises.headcount[0, 0] = 0, 0, EMPLOYEE, 1
    admitted, paying, one = np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1)
    people, choices = np.array([9, 7, 4]), np.zeros(3, dtype=np.int16)
    n = training._admit(
        world.people, world.employers, world.courses, world.ledger.flows,
        people, choices, 0.6 * one, 1e6 * one, admitted, paying,
    )  # fmt: skip
    assert (n, p.taken[0], admitted[0], paying[0]) == (2, 3, 1, 1)
    assert w.programme[people].tolist() == [0, 0, -1] and w.months_left[people].tolist() == [6, 6, 0]
    assert w.savings[people].tolist() == [6e6 - 2e6, -5e6, 0.0]
    there = [IN_TRAINING, IN_TRAINING, FARMING] if full_time else [FARMING, EMPLOYEE, FARMING]
    assert w.activity[people].tolist() == there
    assert (w.employer[7], world.enterprises.headcount[0, 0]) == ((-1, 0) if full_time else (0, 1))


@pytest.mark.parametrize(("intake", "seats", "enrolled"), [(0, 9, 5), (12, 9, 5), (11, 9, 0), (0, 4, 0), (0, 50, 40)])
def test_people_enrol_where_an_intake_is_open_up_to_the_free_seats(intake, seats, enrolled):
    world = course_of(Level.ELEMENTARY)  # in December
    w, p = world.workers, world.programmes
    w.level[:], w.wage[:], w.field[:], p.field[0] = 0, 1e7, 0, 0
    p.intake_month[0], p.seats[0], p.taken[0], p.fee[0], p.full_time[0] = intake, seats, 4, 0.0, 0
    parameters = with_values(training.TrainingParameters(), consider_rate=1.1, expectation_error=0.0, oldest=10_000.0)
    training.enrol(world, parameters, DRAWS)
    assert np.count_nonzero(w.programme == 0) == enrolled and p.taken[0] == 4 + enrolled
    assert world.events["admitted"].tolist() == [enrolled] and world.events["admitted_paying"].tolist() == [0]
    assert world.ledger.counts["training_enrolled"] == enrolled
    assert world.ledger.counts["training_applicants"] == (0 if intake == 11 else 40)


@pytest.mark.parametrize(("intake", "enrolled"), [(0, 0), (12, 20), (11, 0)])
def test_school_leavers_think_of_training_at_the_yearly_intake(intake, enrolled):
    world = course_of(Level.ELEMENTARY)
    w, p = world.workers, world.programmes
    w.wage[:], w.birth_month[:20], w.schooling[:] = 1e7, -18 * 12, 3
    p.field[0], p.intake_month[0], p.seats[0], p.taken[0] = 0, intake, 99, 0
    values = {"consider_rate": 0.0, "school_leaver_rate": 1.0, "expectation_error": 0.0}
    training.enrol(world, with_values(training.TrainingParameters(), **values), DRAWS)
    assert np.flatnonzero(w.programme == 0).tolist() == list(range(enrolled))


def test_a_place_of_ones_own_is_thought_of_and_takes_nobody_elses_seat():
    world = course_of(Level.ELEMENTARY)
    w, p = world.workers, world.programmes
    w.wage[:], p.intake_month[0], p.field[0], p.seats[0], p.taken[0], p.fee[0] = 1e7, 0, 0, 5, 4, 0.0
    world.levers.by("policy").raise_to("training_place", 1.0, np.array([3, 30]))
    values = {"consider_rate": 0.0, "school_leaver_rate": 0.0, "expectation_error": 0.0}
    training.enrol(world, with_values(training.TrainingParameters(), **values), DRAWS)
    assert np.flatnonzero(w.programme == 0).tolist() == [3, 30]
    assert (p.taken[0], p.seats[0]) == (6, 7)


def plan(rate, forecast=None, taken=0):
    p = Programmes(4)
    p.institution[:], p.field[:], p.base_seats[:] = (0, 0, 1, 0), (0, 1, 0, 2), (30.0, 10.0, 8.0, 0.0)
    p.level[:], p.taken[:] = (Level.COLLEGE, Level.COLLEGE, Level.SHORT_COURSE, Level.COLLEGE), taken
    vacancies = np.zeros((2, 3, 3))
    vacancies[0, 1, 2] = vacancies[1, 1, 2] = 1.0
    vacancies[:, 0, 0] = vacancies[:, 0, 1] = 50.0
    world = SimpleNamespace(
        programmes=p,
        events={"forecast": forecast},
        market=SimpleNamespace(vacancies=vacancies),
        levers={"training_seats": np.zeros(4), "training_place": np.zeros(1)},
        tables={},
        calendar=(2021, 1),
    )
    training.plan_intake(world, with_values(training.TrainingParameters(), reallocation_rate=rate), DRAWS)
    return p


def test_seats_of_an_institution_move_toward_fields_with_vacancies():
    moved = 1.0 - math.exp(-1.2 / 12.0)  # toward 10 and 30 of 40 seats: one and three in four of the pull
    p = plan(1.2)
    assert p.base_seats == pytest.approx([30 - 20 * moved, 10 + 20 * moved, 8.0, 0.0])
    assert np.all((p.seats == np.floor(p.base_seats)) | (p.seats == np.ceil(p.base_seats)))
    assert plan(0.0).base_seats.tolist() == [30.0, 10.0, 8.0, 0.0]
    assert plan(0.0, taken=9).seats.tolist() == [30, 10, 9, 9]


def test_institutions_with_forecasts_go_by_them_and_faster():
    foreseen = np.zeros((3, 3))
    foreseen[0, 2] = 6.0  # and none in the other field: seven in eight of the pull
    forecast = SimpleNamespace(covered=np.array([True, True, False, False]), vacancies=foreseen, speed=1.2)
    moved = 1.0 - math.exp(-2.4 / 12.0)
    assert plan(1.2, forecast).base_seats == pytest.approx([30 + 5 * moved, 10 - 5 * moved, 8.0, 0.0])


# --- matching -------------------------------------------------------------------------------------------------------


def let_hire(world, people, choices, claims=None, **values):
    """Let one employer choose among people by the vacancy each applied for; three of its four vacancies are known."""
    n = len(people)
    world.enterprises.vacancies[0, 0], world.enterprises.opened[0, 0] = 4, 2
    nothing = dict.fromkeys(VacancyLists._fields, np.zeros(0))
    lists = VacancyLists(**nothing | {"rows": np.zeros(1, np.int32), "group": np.zeros(3, np.int32)})
    world.applications = Applications(
        np.array(people), np.array(choices, np.int32), np.zeros(n, np.int32), lists, np.zeros(1, np.int8), None,
        np.zeros(n, np.int16), claims,
    )  # fmt: skip
    usual = {"selectivity": 1.0, "reservation": 0.0, "switching_gain": -0.5, "attachment": 0.0}
    matching.hire(world, with_values(matching.MatchingParameters(), **usual | values), DRAWS)
    return world.events["hired"].tolist()


def test_the_best_applicant_of_each_vacancy_is_hired_and_the_books_say_from_where():
    world = world_of(UNEMPLOYED)
    w, e = world.workers, world.enterprises
    w.skill[:] = 0.0
    w.skill[[2, 5, 8]] = 0.1, 0.9, 0.5
    w.level[[11, 14]] = 1, 2
    w.activity[[5, 14, 20]] = FARMING, EMPLOYEE, BUSINESS
    w.employer[14], w.tier[14], e.headcount[0, 0] = 0, 0, 10
    world.market.vacancies[:], world.market.tightness[:] = 4.0, 0.5
    assert let_hire(world, [2, 5, 8, 11, 14, 20], [0, 0, 0, 1, 1, 2]) == [5, 14, 20]
    assert np.flatnonzero(w.activity == EMPLOYEE).tolist() == [5, 14, 20]
    assert w.wage[[5, 14, 20]] == pytest.approx([1e6 * (0.85 + 0.3 * skill) for skill in (0.9, 0.0, 0.0)])
    for place in (w.employer, w.tier, w.work_field):
        assert place[[5, 14, 20]].tolist() == [0, 0, 0]
    assert w.employer[2] == -1 and w.spell[[2, 5]].tolist() == [7, 0]
    assert e.headcount[0, 0] == 12 and e.vacancies[0, 0] == 4 - 3 + 2
    assert world.market.tightness == pytest.approx(0.5 + 0.2 * (0.25 - 0.5))
    assert world.ledger.counts == {
        "hires": 3, "job_changes": 1, "hired_from_farming": 1, "hired_from_unemployment": 0, "hired_from_business": 1
    }  # fmt: skip


def test_a_first_claim_counts_and_hires_on_claims_are_those_of_linked_courses():
    world = world_of(UNEMPLOYED)
    world.workers.skill[:] = np.linspace(1.0, 0.0, 300)
    world.events["linked"], claims = np.array([1, 0, 3]), np.array([0.0, 9.0, 0.0, 0.0, 9.0, 0.0])
    assert let_hire(world, [2, 5, 8, 11, 14, 20], [0, 0, 1, 1, 2, 2], claims) == [5, 8, 14]
    assert world.ledger.counts["hired_by_partners"] == 2
    assert world.events["hired_by_partners"].tolist() == [0.5, 0.0, 1.5]


def test_nobody_is_hired_where_nobody_searched():
    world = world_of(UNEMPLOYED)
    world.events.clear()
    world.enterprises.vacancies[0, 0], world.enterprises.opened[0, 0] = 4, 2
    matching.hire(world, matching.MatchingParameters(), DRAWS)
    assert world.enterprises.vacancies[0, 0] == 6 and not (world.workers.activity == EMPLOYEE).any()


def test_an_offer_is_taken_from_the_reservation_wage_upward():
    world = world_of(UNEMPLOYED)
    w = world.workers
    people = [1, 2, 3, 4, 5, 6]
    w.skill[:] = 0.0  # the offer is 850,000
    w.wage[people] = 0.94e6, 0.95e6, 1.0e6, 0.77e6, 0.78e6, 0.76e6
    w.spell[people] = 0, 0, 6, 0, 0, 0
    w.activity[[4, 5, 6]] = FARMING, FARMING, EMPLOYEE
    usual = {"reservation": 0.9, "switching_gain": 0.1}
    # 0.94 x 0.9 = 0.846; 0.95 x 0.9 = 0.855; 0.9 x exp(-0.12) = 0.798; 0.77 x 1.1 = 0.847; 0.78 x 1.1 = 0.858
    hired = [one for one in people if let_hire(world, [one], [0], **usual)]
    assert hired == [1, 3, 4, 6]


def test_attachment_to_the_farm_spreads_what_farmers_would_take_and_nobody_elses():
    by = matching.Reservation(0.9, 0.02, 0.1, 0.4, DRAWS.lasting_key("attachment to the farm"))
    least = [np.log([matching._least_pay(kind, 1e6, 3, i, by) for i in range(400)]) for kind in (FARMING, EMPLOYEE)]
    assert abs(least[0].mean() - math.log(1.1e6)) < 0.08 and abs(least[0].std() - 0.4) < 0.06
    assert least[1] == pytest.approx(math.log(1.1e6))
    assert matching._least_pay(FARMING, 1e6, 3, 1, by._replace(gain=-0.5)) == 0.0
    assert matching._least_pay(FARMING, 1e6, 3, 1, by._replace(gain=-0.4, attachment=0.0)) == pytest.approx(0.6e6)


def test_suitability_is_the_sum_of_its_parts():
    w, e = Workers(6), Enterprises(2, {"tiers": 2})
    w.field[:], w.skill[:], w.level[:], w.school[:] = (0, 1, 0, 0, 0, 0), 0.5, (0, 0, 3, 0, 2, 0), (-1, -1, -1, 7, 7, 8)
    e.field[:], e.partner[:], e.group[:] = (0, 1), (7, -1), (0, 1)
    access, asked = np.array([[1.0, 0.2], [0.4, 1.0]]), np.array([[0, 0], [0, 3]], np.uint8)
    ranking = matching.Ranking(access, 1.0, 0.3, 0.05, 0.1, np.array([0.0, 0, 0, 0, 0, 0.5]), asked, DRAWS.key("rank"))
    posts = matching.Posts(np.array([0, 1, 1], np.int32), np.array([0, 0, 1], np.int8))

    def scores(people, post, claims=(), how=ranking):
        people, bundles = np.array(people), np.full(len(people), post, np.int32)
        return matching.score_all(
            arrays_of(w, WorkerArrays), arrays_of(e, EnterpriseArrays), people, bundles, np.array(claims), posts, how
        )

    assert scores(range(6), 0) == pytest.approx([0.85, 0.43, 1.0, 0.95, 1.05, 1.35])
    assert scores([0, 1], 1) == pytest.approx([0.29, 0.85])
    assert scores([0, 2, 4], 2).tolist() == pytest.approx([-np.inf, 0.44, -np.inf])
    assert scores([0, 1], 0, [0.25, 2.0]) == pytest.approx([1.10, 2.43])
    lots = uniforms(DRAWS.key("rank"), np.arange(6))
    assert scores(range(6), 0, how=ranking._replace(selectivity=0.0)) == pytest.approx(lots)
    half = ranking._replace(selectivity=0.25)
    assert scores([1], 0, how=half) == pytest.approx(0.75 * lots[1] + 0.25 * 0.43)
    for_all = ranking._replace(subsidy=np.array([0.2]), asked=matching.NOTHING_ASKED)
    assert scores([0, 2], 2, how=for_all) == pytest.approx([0.49, 0.64])


def test_the_best_are_chosen_whatever_the_sign_of_their_scores():
    scores = np.array([-0.5, -2.0, 0.25, 0.0, -np.inf, 3.0, 1.0, -0.125, -0.25])
    choices = np.array([0, 0, 1, 1, 2, 3, 3, 4, 4], np.int32)
    assert matching._choose(scores, choices, 6).tolist() == [0, 2, 5, 7]
    assert matching._choose(scores, np.zeros(9, np.int32), 1).tolist() == [5]


def test_points_of_priority_are_those_of_the_applicants():
    applicants = np.array([3, 1, 2])
    everybody, claims = np.array([0.0, 10.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0])

    def points(priority, which, **events):
        applications = SimpleNamespace(people=applicants, claims=events.get("claims"))
        world = SimpleNamespace(applications=applications, levers={"hiring_priority": priority})
        return matching.claims_of(world, which).tolist()

    assert points(np.zeros(1), slice(None)) == []
    assert points(np.zeros(1), np.array([2, 0]), claims=claims) == [3.0, 1.0]
    assert points(everybody, slice(None)) == [30.0, 10.0, 20.0]
    assert points(everybody, np.array([2, 0]), claims=claims) == [23.0, 31.0]
